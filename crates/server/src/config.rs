//! What an operator may set about serving HTTP.

use std::time::Duration;

use gomod::DbName;

use crate::client_address::TrustedProxies;
use crate::peer::Patience;

/// Limits and budgets of the server. `Default` holds the documented values.
#[derive(Clone, Debug)]
pub struct Config {
    /// Names this process in `Via` headers, as [`upstream::DoorConfig::instance`] does: a request that came through it
    /// before is not answered. Default: none, which no request came through.
    pub instance: String,
    /// Connections served at once; further ones wait to be accepted. Default 4,096.
    pub connections: usize,
    /// How long a client may take to send a request's head, from its first byte. Default 10 s.
    pub head: Duration,
    /// How long a connection may stay open without a request. Default 90 s, as the go command keeps them.
    pub idle: Duration,
    /// How long a client may take no byte of its answer. Default 60 s.
    pub stall: Duration,
    /// How long running responses may take to finish after the order to stop. Default 10 s.
    pub grace: Duration,
    /// Memory for small answers, in bytes. Default 32 MiB.
    pub small_budget: u64,
    /// Memory for zips that are asked for again and again, in bytes. Default 64 MiB; 0 keeps none.
    pub hot_budget: u64,
    /// The largest zip that is kept in memory, in bytes. Default 8 MiB.
    pub hot_largest: u64,
    /// How long an immutable answer is given from memory before the store is looked at again, which is when a
    /// withdrawal by another process is seen. Default 30 s.
    pub recheck: Duration,
    /// The same for answers of checksum databases, which is when it is seen that another process has found one to
    /// misbehave. Default 1 s.
    pub recheck_databases: Duration,
    /// The database of one's own that answers at the root paths `/lookup/`, `/tile/`, `/latest` and `/supported` too, where
    /// a GOSUMDB with a URL looks for it. Default: none.
    pub own_log: Option<DbName>,
    /// How many may send something to be published at once; others are told to come back. Default 8.
    pub uploads: usize,
    /// How long all of what is published may take to come. Default 10 min.
    pub upload_time: Duration,
    /// Proxies whose `X-Forwarded-For` is believed. Default: none.
    pub trusted_proxies: TrustedProxies,
    /// Also log requests that were answered from memory or the store. Default off.
    pub log_hits: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            instance: String::new(),
            connections: 4096,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(90),
            stall: Duration::from_mins(1),
            grace: Duration::from_secs(10),
            small_budget: 32 << 20,
            hot_budget: 64 << 20,
            hot_largest: 8 << 20,
            recheck: Duration::from_secs(30),
            recheck_databases: Duration::from_secs(1),
            own_log: None,
            uploads: 8,
            upload_time: Duration::from_mins(10),
            trusted_proxies: TrustedProxies::default(),
            log_hits: false,
        }
    }
}

impl Config {
    pub(crate) fn patience(&self) -> Patience {
        Patience { head: self.head, idle: self.idle, stall: self.stall }
    }
}
