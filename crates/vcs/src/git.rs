//! Git: repositories on other machines, and what is kept of them here.

mod binary;
mod cache;
mod fault;
mod remote;
mod run;

pub use binary::{Binary, Gone};
pub use cache::{Cache, CacheConfig};
pub use remote::Remote;
pub use run::{Git, Limits};
