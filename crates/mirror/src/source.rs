//! One place that modules come from, and its place in a chain.

use std::sync::Arc;

use gomod::Separator;
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
}
