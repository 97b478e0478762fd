//! Git: repositories on other machines, and what is kept of them here.

mod binary;
mod cache;
mod config;
mod far;
mod fault;
mod gix;
mod object;
mod progress;
mod remote;
mod run;
mod trouble;

pub use binary::{Binary, Gone};
pub use cache::{Cache, CacheConfig};
pub use config::{Config, CredentialRules, Http};
pub use far::open;
pub(crate) use fault::words;
pub use gix::Gix;
pub(crate) use progress::{Counters, Progress};
pub use remote::{Remote, Transport};
pub(crate) use run::Running;
pub use run::{Git, Limits};
