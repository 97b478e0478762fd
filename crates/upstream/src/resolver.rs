//! Who turns names into addresses.

use std::{io, net::SocketAddr, time::Duration};

use futures_util::future::BoxFuture;

/// Finds the addresses of a host. Tests and other resolvers put themselves here.
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `host`, best first; the ports do not matter. It is never asked about an IP address.
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own resolver, so `/etc/hosts` and the like count.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host.as_str(), 0)).await?.collect()) })
    }
}

/// Why a host has no address.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the name has no address")]
    None,
    #[error("{0}")]
    Failed(String),
    #[error("no answer from the resolver within {0:?}")]
    Late(Duration),
}
