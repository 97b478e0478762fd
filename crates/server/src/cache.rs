//! Answers kept in memory with their headers ready: a hit neither asks the mirror nor touches the disk.
//!
//! Two budgets, so that zips cannot push out the small answers that a build asks for in thousands. Everything kept
//! was checked when it was loaded, and is looked at again in the store after a short time, which is how this process
//! learns what another one withdrew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gomod::Request;
use http::HeaderMap;
use mirror::{AnswerMeta, CacheStatus, Keep, Reach};
use moka::sync::Cache;
use storage::Blob;

use crate::config::Config;
use crate::headers;

/// What is kept of an answer.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) headers: HeaderMap,
    /// A strong validator with its quotes; without one neither ranges nor conditions are honoured.
    pub(crate) etag: Option<Arc<str>>,
    pub(crate) content: Content,
    /// How old the answer was when it was kept, and when that was; only for answers that change.
    age: Option<(Duration, Instant)>,
    /// What it counts as when it is given again.
    pub(crate) cache: CacheStatus,
    /// Where it came from, for the log.
    pub(crate) source: Option<Arc<str>>,
    until: Instant,
    hits: AtomicU32,
}

/// The content of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    Bytes(Bytes),
    /// Checked block by block while it is read.
    File(Arc<Blob>),
}

impl Kept {
    pub(crate) fn new(what: &Request, meta: AnswerMeta, content: Content, keep: Keep) -> Self {
        let now = Instant::now();
        let etag = match (&meta.etag, &content) {
            (None, Content::Bytes(bytes)) if !bytes.is_empty() => Some(etag(bytes)),
            _ => meta.etag.clone(),
        };
        Self {
            headers: headers::of_answer(what, &meta, etag.as_deref(), keep),
            etag,
            content,
            age: meta.age.map(|age| (age, now)),
            cache: if meta.cache == CacheStatus::Stale { CacheStatus::Stale } else { CacheStatus::Hit },
            source: meta.source,
            until: now,
            hits: AtomicU32::new(0),
        }
    }

    /// How old the answer is by now; nothing for what never changes.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.age.map(|(age, since)| age + since.elapsed())
    }

    /// The same answer with its content in memory.
    fn in_memory(&self, bytes: Bytes) -> Self {
        Self {
            headers: self.headers.clone(),
            etag: self.etag.clone(),
            content: Content::Bytes(bytes),
            age: self.age,
            cache: self.cache,
            source: self.source.clone(),
            until: self.until,
            hits: AtomicU32::new(0),
        }
    }
}

/// A strong validator made from the bytes, for answers that come without one.
fn etag(bytes: &[u8]) -> Arc<str> {
    format!("\"{:08x}-{:x}\"", crc32c::crc32c(bytes), bytes.len()).into()
}

/// The answers kept by this process.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    small: Cache<Arc<str>, Arc<Kept>>,
    zips: Cache<Arc<str>, Arc<Kept>>,
    hot_largest: u64,
    recheck: Duration,
    recheck_databases: Duration,
}

impl Memory {
    pub(crate) fn new(config: &Config) -> Self {
        let cache = |budget| {
            Cache::builder()
                .max_capacity(budget)
                .weigher(|key: &Arc<str>, kept: &Arc<Kept>| weight(key, kept))
                .time_to_live(FORGET)
                .build()
        };
        Self {
            small: cache(config.small_budget),
            zips: cache(config.hot_budget),
            hot_largest: config.hot_largest,
            recheck: config.recheck,
            recheck_databases: config.recheck_databases,
        }
    }

    /// What is kept at a place, unless it is due to be looked at again. A file that is asked for repeatedly is loaded
    /// into memory on the side, if it is small enough.
    pub(crate) fn get(&self, place: &Place) -> Option<Arc<Kept>> {
        let kept = self.of(place).get(&*place.path).filter(|kept| Instant::now() < kept.until)?;
        if let Content::File(blob) = &kept.content
            && blob.len() <= self.hot_largest
            && kept.hits.fetch_add(1, Ordering::Relaxed) == 0
        {
            let (zips, path) = (self.zips.clone(), Arc::clone(&place.path));
            let (kept, blob) = (Arc::clone(&kept), Arc::clone(blob));
            tokio::spawn(async move {
                // A file that turns out to be rotten is dealt with by whoever is answered from it.
                if let Ok(bytes) = blob.bytes().await {
                    zips.insert(path, Arc::new(kept.in_memory(bytes)));
                }
            });
        }
        Some(kept)
    }

    /// Keeps an answer for as long as it may be repeated.
    pub(crate) fn keep(&self, place: &Place, mut kept: Kept, keep: Keep) -> Arc<Kept> {
        let recheck = if place.of_database { self.recheck_databases } else { self.recheck };
        let time = match keep {
            Keep::Forever => recheck,
            Keep::For(time) => time.min(recheck),
            Keep::Reread | Keep::No => return Arc::new(kept),
        };
        kept.until += time;
        if let (Content::File(_), Some(etag)) = (&kept.content, &kept.etag)
            && let Some(before) = self.of(place).get(&*place.path)
            && let (Content::Bytes(bytes), Some(same)) = (&before.content, &before.etag)
            && same == etag
        {
            // It was looked at again and is the same.
            kept.content = Content::Bytes(bytes.clone());
        }
        let kept = Arc::new(kept);
        self.of(place).insert(Arc::clone(&place.path), Arc::clone(&kept));
        kept
    }

    /// Forgets all answers to a request.
    pub(crate) fn forget(&self, request: &Request) {
        for reach in [Reach::Anywhere, Reach::Stored] {
            let place = Place::of(request, reach);
            self.of(&place).invalidate(&*place.path);
        }
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        self.small.invalidate_all();
        self.zips.invalidate_all();
    }

    fn of(&self, place: &Place) -> &Cache<Arc<str>, Arc<Kept>> {
        if place.zip { &self.zips } else { &self.small }
    }
}

/// Under what an answer is kept: the request in its one spelling, and how far it may be answered from.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: Arc<str>,
    zip: bool,
    /// Whether it is a checksum database's: another process may find out that none of those is to be believed.
    of_database: bool,
}

impl Place {
    pub(crate) fn of(request: &Request, reach: Reach) -> Self {
        let path = match reach {
            Reach::Anywhere => request.path().into(),
            Reach::Stored => format!("/{request}").into(),
        };
        let zip = matches!(request, Request::Zip(_));
        Self { path, zip, of_database: matches!(request, Request::Sumdb(..)) }
    }
}

/// Bytes of memory, with some for the headers. An open file counts as much as keeps their number in bounds.
fn weight(path: &str, kept: &Kept) -> u32 {
    let content = match &kept.content {
        Content::Bytes(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        Content::File(_) => OPEN_FILE,
    };
    content.saturating_add(OVERHEAD).saturating_add(u32::try_from(path.len()).unwrap_or(u32::MAX))
}

const OVERHEAD: u32 = 1024;
const OPEN_FILE: u32 = 128 * 1024;
/// When an answer that nobody asks for leaves the memory, at the latest.
const FORGET: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_databases_are_looked_at_again_in_a_time_of_their_own() {
        let config = Config { recheck_databases: Duration::ZERO, ..Config::default() };
        let memory = Memory::new(&config);
        let meta = AnswerMeta {
            cache: CacheStatus::Hit,
            source: None,
            verified: None,
            age: None,
            etag: None,
            content_type: "text/plain; charset=utf-8",
        };
        for (path, again) in [
            ("example.com/m/@v/v1.0.0.mod", true),
            ("sumdb/sum.example.com/lookup/example.com/m@v1.0.0", false),
            ("sumdb/sum.example.com/tile/8/0/000", false),
            ("sumdb/sum.example.com/latest", false),
        ] {
            let what = Request::parse(path).unwrap();
            let place = Place::of(&what, Reach::Anywhere);
            let kept =
                Kept::new(&what, meta.clone(), Content::Bytes(Bytes::from_static(b"x")), Keep::Forever);
            memory.keep(&place, kept, Keep::Forever);
            assert_eq!(memory.get(&place).is_some(), again, "{path}");
        }
    }
}
