//! The steps of a connection, by the clock.

use std::{net::IpAddr, sync::OnceLock, time::Duration};

use tokio::{net::TcpStream, time::Instant};

/// When the steps of the first connection were done that somebody makes. Those of later ones, behind redirects, are
/// not noted.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    begun: OnceLock<Instant>,
    resolved: OnceLock<Instant>,
    connected: OnceLock<Instant>,
    secured: OnceLock<Instant>,
    peer: OnceLock<IpAddr>,
    behind_proxy: OnceLock<()>,
}

/// How long the steps of a connection took. A step that was not taken, or not done, is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Looking up the addresses of the host, or of the HTTP proxy before it.
    pub resolve: Option<Duration>,
    /// TCP to the first address that answered, and the tunnel through an HTTP proxy.
    pub connect: Option<Duration>,
    /// The TLS handshake.
    pub tls: Option<Duration>,
    /// The address that answered. Missing behind an HTTP proxy.
    pub peer: Option<IpAddr>,
}

impl Watch {
    /// Whether this is the first connection.
    pub(crate) fn begins(&self) -> bool {
        self.begun.set(Instant::now()).is_ok()
    }

    pub(crate) fn resolved(&self) {
        let _ = self.resolved.set(Instant::now());
    }

    pub(crate) fn reached(&self, stream: &TcpStream) {
        if let Ok(peer) = stream.peer_addr() {
            let _ = self.peer.set(peer.ip().to_canonical());
        }
    }

    pub(crate) fn leads_through_a_proxy(&self) {
        let _ = self.behind_proxy.set(());
    }

    pub(crate) fn connected(&self) {
        let _ = self.connected.set(Instant::now());
    }

    pub(crate) fn secured(&self) {
        let _ = self.secured.set(Instant::now());
    }

    pub(crate) fn steps(&self) -> Steps {
        let between = |from: &OnceLock<Instant>, to: &OnceLock<Instant>| {
            Some(to.get()?.saturating_duration_since(*from.get()?))
        };
        Steps {
            resolve: between(&self.begun, &self.resolved),
            connect: between(&self.resolved, &self.connected),
            tls: between(&self.connected, &self.secured),
            peer: self.peer.get().filter(|_| self.behind_proxy.get().is_none()).copied(),
        }
    }
}
