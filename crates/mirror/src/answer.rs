//! What the mirror answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use storage::{Blob, Evidence};

use crate::follow::Follow;

/// A good answer: bytes that were checked, or that are checked while they leave.
#[derive(Debug)]
pub struct Answer {
    /// The content.
    pub body: Body,
    /// What is known about it.
    pub meta: AnswerMeta,
    /// How long the same answer may be given again without asking the mirror.
    pub keep: Keep,
}

/// The content of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it, checked.
    Bytes(Bytes),
    /// A stored file; each block is checked when it is read.
    Blob(Arc<Blob>),
    /// A file that still arrives; its last bytes are held back until it was checked.
    Growing(Follow),
}

/// What is known about an answer's content.
#[derive(Clone, Debug)]
pub struct AnswerMeta {
    /// Where the answer came from, as `X-Cache` says it.
    pub cache: CacheStatus,
    /// The source that the content came from, for `X-Larder-Source`.
    pub source: Option<Arc<str>>,
    /// What vouches for the content, for `X-Larder-Verified`; nothing where that is meaningless.
    pub verified: Option<Verified>,
    /// How long ago the source gave it; only for mutable answers.
    pub age: Option<Duration>,
    /// A strong validator made from the bytes, where it is known before they leave.
    pub etag: Option<Arc<str>>,
    /// The media type.
    pub content_type: &'static str,
}

/// What vouches for the content of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The record of a checksum database.
    Log,
    /// Nothing but that it was the first to be seen.
    FirstSight,
    /// A list of hashes that an operator took in from elsewhere.
    Imported,
    /// Nothing, by configuration.
    Off,
    /// Who had the right to publish it here.
    Published,
    /// Nothing yet: an operator lets it out before its database has said anything.
    Pending,
}

impl Verified {
    /// The word in `X-Larder-Verified`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verified::Log => "log",
            Verified::FirstSight => "first-sight",
            Verified::Imported => "imported",
            Verified::Published => "published",
            Verified::Off => "off",
            Verified::Pending => "pending",
        }
    }

    pub(crate) fn of(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Log { .. } => Verified::Log,
            Evidence::FirstSight => Verified::FirstSight,
            Evidence::Imported { .. } => Verified::Imported,
            Evidence::Published { .. } => Verified::Published,
            Evidence::Off => Verified::Off,
        }
    }
}

/// Whether an answer was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheStatus {
    /// It was stored, and is fresh or immutable.
    Hit,
    /// A source was asked.
    Miss,
    /// It was stored and is old, but no source could give a newer one.
    Stale,
    /// It was stored, was old, and a source was asked for it again.
    Revalidated,
}

impl CacheStatus {
    /// The word in `X-Cache` and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            CacheStatus::Hit => "HIT",
            CacheStatus::Miss => "MISS",
            CacheStatus::Stale => "STALE",
            CacheStatus::Revalidated => "REVALIDATED",
        }
    }
}

/// How long an answer may be repeated without asking the mirror again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It never changes.
    Forever,
    /// It never changes, but may be withdrawn at any moment, by another process too: nobody here repeats it without
    /// asking the mirror.
    Reread,
    /// For this long from the time of asking.
    For(Duration),
    /// Not at all.
    No,
}
