//! One place that modules come from, and its place in a chain.

use std::{sync::Arc, time::Duration};

use gomod::{Request, Separator};
use upstream::{DirProxy, Fetched, Miss, Proxy, SourceName, Want};
use vcs::Way;

/// One place that modules come from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are few, and each is shared")]
pub enum Source {
    /// A GOPROXY, or a checksum database, over HTTP.
    Proxy(Proxy),
    /// A GOPROXY in a local directory (`file://`).
    Dir(DirProxy),
    /// The repositories themselves: `direct`.
    Direct(Way),
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
            Source::Direct(way) => way.name(),
        }
    }

    /// One attempt at one artifact.
    pub async fn fetch(&self, want: &Want) -> Result<Fetched, Miss> {
        match self {
            Source::Proxy(proxy) => proxy.fetch(want).await,
            Source::Dir(dir) => dir.fetch(want).await,
            Source::Direct(way) => way.fetch(want).await,
        }
    }

    /// Whether it is `direct`: it reaches every server that a module's path or its page names, and no proxy.
    pub fn is_direct(&self) -> bool {
        matches!(self, Source::Direct(_))
    }

    /// Whether its breaker would refuse this request where another source can be asked.
    pub fn tripped(&self, what: &Request) -> bool {
        self.proxy().is_some_and(|proxy| proxy.tripped(what))
    }

    /// After how much silence another source is asked as well. A directory is never hedged, and nothing stands behind
    /// repositories.
    pub fn hedge_after(&self) -> Option<Duration> {
        self.proxy().map(Proxy::hedge_after)
    }

    /// How long it takes until an answer begins, once that is known. A directory answers at once, and repositories are
    /// as fast as what is kept of them.
    pub fn latency(&self) -> Option<Duration> {
        match self {
            Source::Proxy(proxy) => proxy.latency(),
            Source::Dir(_) => Some(Duration::ZERO),
            Source::Direct(_) => None,
        }
    }

    /// What is wrong with it at the moment, one sentence for each kind of request; nothing when all is well.
    pub fn troubles(&self) -> Vec<String> {
        self.proxy().map_or_else(Vec::new, Proxy::troubles)
    }

    /// Another source answered while this one, asked before it, was silent.
    pub fn lost(&self, what: &Request) {
        if let Some(proxy) = self.proxy() {
            proxy.lost(what);
        }
    }

    /// What it sent whole is not what was asked for.
    pub fn lied(&self, what: &Request) {
        if let Some(proxy) = self.proxy() {
            proxy.lied(what);
        }
    }

    fn proxy(&self) -> Option<&Proxy> {
        match self {
            Source::Proxy(proxy) => Some(proxy),
            Source::Dir(_) | Source::Direct(_) => None,
        }
    }
}
