//! One place that modules come from, and its place in a chain.

use std::{sync::Arc, time::Duration};

use gomod::{Request, Separator};
use upstream::{DirProxy, Fetched, Miss, Proxy, SourceName, Want};

/// One place that modules come from.
#[derive(Debug)]
pub enum Source {
    /// A GOPROXY, or a checksum database, over HTTP.
    Proxy(Proxy),
    /// A GOPROXY in a local directory (`file://`).
    Dir(DirProxy),
}

/// A source and the separator that follows it.
#[derive(Clone, Debug)]
pub struct Link {
    /// The source; the same one may stand in several chains.
    pub source: Arc<Source>,
    /// `|` goes on after any failure, `,` only after a confirmed absence.
    pub after: Separator,
}

impl Source {
    /// Its name for logs, headers and metrics.
    pub fn name(&self) -> &SourceName {
        match self {
            Source::Proxy(proxy) => proxy.name(),
            Source::Dir(dir) => dir.name(),
        }
    }

    /// One attempt at one artifact.
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        match self {
            Source::Proxy(proxy) => proxy.fetch(want).await,
            Source::Dir(dir) => dir.fetch(want).await,
        }
    }
    /// Whether its breaker would refuse this request while another source can be asked.
    pub fn tripped(&self, _what: &Request) -> bool {
        false
    }

    /// After how much silence another source is asked as well. A local directory is never hedged.
    pub fn hedge_after(&self) -> Option<Duration> {
        None
    }

    /// Another source answered while this one, asked before it, was silent.
    pub fn lost(&self, _what: &Request) {}
}
