//! An address at which nobody ever answers, not even with a refusal.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    os::fd::OwnedFd,
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

/// A loopback port that swallows every SYN: connecting to it takes as long as the client's patience lasts. It listens,
/// accepts nobody, and its queue is full.
#[derive(Debug)]
pub struct BlackHole {
    address: SocketAddr,
    _listener: OwnedFd,
    _queue: Vec<TcpStream>,
}

impl Default for BlackHole {
    fn default() -> Self {
        Self::new()
    }
}

impl BlackHole {
    /// A black hole on a free port.
    pub fn new() -> Self {
        Self::at(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).expect("a loopback address")
    }

    /// The same at an address of this machine; none where that cannot be had, as where there is no IPv6.
    pub fn at(address: SocketAddr) -> Option<Self> {
        let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
        let listener = socket(family, SocketType::STREAM, None).ok()?;
        bind(&listener, &address).ok()?;
        listen(&listener, 0).unwrap();
        let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
        let mut queue = Vec::new();
        // The kernel lets a few in, whatever the backlog says. On loopback an answer takes no time.
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(250)) {
            queue.push(stream);
        }
        Some(Self { address, _listener: listener, _queue: queue })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address at which nobody answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
