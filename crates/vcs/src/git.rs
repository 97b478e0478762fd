//! Git: repositories on other machines, and what is kept of them here.

mod binary;
mod cache;
mod config;
mod fault;
mod remote;
mod run;

pub use binary::{Binary, Gone};
pub use cache::{Cache, CacheConfig};
pub use config::{Config, CredentialRules, Http};
pub use remote::{Remote, Transport};
pub use run::{Git, Limits};
