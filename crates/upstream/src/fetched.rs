//! What a source gives.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::{Fault, SourceName};

/// A good answer.
#[derive(Debug)]
pub enum Fetched {
    /// The thing itself.
    Body(Incoming),
    /// What the [`Validator`](crate::Validator) stands for is still current. Only where one was sent.
    NotModified,
}

/// A body that arrives.
///
/// The stream ends cleanly only after the whole body. Everything else is a [`Fault`] as its last item: a cut, a
/// stall, a body above its cap. Dropping it closes the connection or the HTTP/2 stream.
pub struct Incoming {
    /// What the source says about it.
    pub meta: Meta,
    /// The bytes, decompressed.
    pub bytes: BoxStream<'static, Result<Piece, Fault>>,
    /// What went wrong and was overcome at the source itself.
    pub troubles: Troubles,
}

/// How often a source was tried again for one body. It grows while the body arrives; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<AtomicU32>);

impl Troubles {
    /// How often so far.
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The next part of a body.
#[derive(Clone, Debug)]
pub enum Piece {
    /// The bytes that follow those before.
    Bytes(Bytes),
    /// The body broke and could not be continued: it begins anew, and what was given so far counts for nothing.
    Anew(Box<Meta>),
}

/// What a source says about a body. None of it is checked.
#[derive(Clone, Debug)]
pub struct Meta {
    /// The number of bytes of the whole body, `start` included; unknown for chunked and for compressed answers.
    pub len: Option<u64>,
    /// How many bytes come before the first that the stream gives: 0, or what the [`Resume`](crate::Resume) of the
    /// [`Want`](crate::Want) has, which this body then continues.
    pub start: u64,
    /// Its `ETag`, if it is a header value of at most 1 KiB.
    pub etag: Option<String>,
    /// Its `Last-Modified`, likewise.
    pub last_modified: Option<String>,
    /// Its `Content-Type`, likewise.
    pub content_type: Option<String>,
    /// The source.
    pub source: SourceName,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("meta", &self.meta).finish_non_exhaustive()
    }
}
