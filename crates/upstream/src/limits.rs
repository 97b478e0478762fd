//! How long and how large an answer may be.

use std::time::Duration;

use gomod::Request;

/// The bounds of one attempt at one source. Every wait and every body has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Looking up a host's addresses. Default 3 s.
    pub resolve: Duration,
    /// How long the resolver is waited for where a host's last good addresses are known; then they are used, and the
    /// lookup goes on behind. Default 300 ms.
    pub resolve_patience: Duration,
    /// How long the last good addresses of a host are used while the resolver fails. Default 1 h.
    pub resolve_memory: Duration,
    /// A TCP connection to the host, or to the HTTP proxy before it; all addresses share it. As long again for what
    /// such a proxy has to do. Default 3 s.
    pub connect: Duration,
    /// The TLS handshake. Default 5 s.
    pub tls: Duration,
    /// From the start of the attempt to the head of the answer, redirects and connecting included. Default 10 s.
    pub first_byte: Duration,
    /// Between two pieces of a body, while somebody waits for the next. Default 5 s.
    pub stall: Duration,
    /// The slowest body that is waited for where another source may take over, in bytes a second. Default 4 KiB.
    pub trickle: u64,
    /// Over which time it is measured. Default 20 s.
    pub trickle_over: Duration,
    /// From the first attempt to the last byte of anything but a zip. Default 30 s.
    pub small: Duration,
    /// The largest body of each kind, in bytes after decompression.
    pub caps: Caps,
}

/// The largest bodies that are accepted, in bytes, inclusive, after decompression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// `.info`, `@latest` and queries. Default 1 MiB.
    pub info: u64,
    /// `.mod`. Default 16 MiB, as inside a zip (PROTOCOL 2.2).
    pub gomod: u64,
    /// `@v/list`. Default 32 MiB.
    pub list: u64,
    /// `.zip`. Default 500 MiB (PROTOCOL trap 60).
    pub zip: u64,
    /// Whatever a checksum database answers. Default 1 MiB.
    pub sumdb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            resolve: Duration::from_secs(3),
            resolve_patience: Duration::from_millis(300),
            resolve_memory: Duration::from_hours(1),
            connect: Duration::from_secs(3),
            tls: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            stall: Duration::from_secs(5),
            trickle: 4 << 10,
            trickle_over: Duration::from_secs(20),
            small: Duration::from_secs(30),
            caps: Caps::default(),
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Caps { info: MIB, gomod: 16 * MIB, list: 32 * MIB, zip: 500 * MIB, sumdb: MIB }
    }
}

impl Caps {
    /// The cap for an answer to `what`.
    pub(crate) fn of(&self, what: &Request) -> u64 {
        match what {
            Request::List(_) => self.list,
            Request::Latest(_) | Request::Query(..) | Request::Info(_) => self.info,
            Request::Mod(_) => self.gomod,
            Request::Zip(_) => self.zip,
            Request::Sumdb(..) => self.sumdb,
        }
    }
}

const MIB: u64 = 1 << 20;
