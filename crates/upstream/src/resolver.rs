//! Names to addresses: every lookup of the program goes through here.

use std::{error::Error, fmt, io, net::SocketAddr, sync::Arc, time::Duration};

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

/// A resolver with a time limit.
#[derive(Clone)]
pub(crate) struct Bounded {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) limit: Duration,
}

impl Bounded {
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, NoAddress> {
        match tokio::time::timeout(self.limit, self.resolver.resolve(host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(NoAddress::None),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(e)) => Err(NoAddress::Failed(e)),
            Err(_) => Err(NoAddress::Late(self.limit)),
        }
    }
}

/// Why a host has no address.
#[derive(Debug)]
pub(crate) enum NoAddress {
    None,
    Failed(io::Error),
    Late(Duration),
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAddress::None => f.write_str("the name has no address"),
            NoAddress::Failed(e) => write!(f, "{e}"),
            NoAddress::Late(limit) => write!(f, "no answer from the resolver within {limit:?}"),
        }
    }
}

impl Error for NoAddress {}
