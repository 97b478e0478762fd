//! From an answer of the mirror to a response.

use std::sync::Arc;

use bytes::Bytes;
use gomod::Request;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use mirror::{AnswerMeta, CacheStatus, Follow, Keep};
use storage::Rot;

use crate::body::Body;
use crate::cache::Kept;
use crate::headers;
use crate::pieces::{self, StoredFile};
use crate::respond::{self, Refused};
use crate::select::{Selection, select};

/// A response, and what is to be counted and logged about it.
pub(crate) struct Reply {
    pub(crate) response: Response<Body>,
    pub(crate) cache: Option<CacheStatus>,
    pub(crate) source: Option<Arc<str>>,
    /// Why there is no good answer, in words for operators only.
    pub(crate) error: Option<String>,
}

impl Reply {
    /// A page, or an answer that is about the request alone.
    pub(crate) fn plain(response: Response<Body>) -> Self {
        Self { response, cache: None, source: None, error: None }
    }

    /// No module, and why.
    pub(crate) fn refused(head: &Parts, refused: Refused, error: Option<String>) -> Self {
        Self { response: refused.into_response(&head.method), cache: None, source: None, error }
    }
}

/// Answers from memory, at once.
pub(crate) fn from_memory(head: &Parts, kept: &Kept, bytes: &Bytes, cache: CacheStatus) -> Reply {
    let len = bytes.len() as u64;
    let selection = selection(head, kept, len);
    let body = match &selection {
        Selection::Whole => Body::whole(bytes.clone()),
        Selection::Part(range) => Body::whole(slice(bytes, range)),
        Selection::Unchanged | Selection::Outside => Body::empty(),
    };
    reply(head, kept, cache, selection, len, body)
}

/// Answers from a stored file, once its first piece is found to be right.
pub(crate) async fn from_file(
    head: &Parts,
    kept: &Kept,
    stored: StoredFile,
    cache: CacheStatus,
) -> Result<Reply, Rot> {
    let len = stored.blob.len();
    let selection = selection(head, kept, len);
    let range = match &selection {
        Selection::Whole => 0..len,
        Selection::Part(range) => range.clone(),
        Selection::Unchanged | Selection::Outside => 0..0,
    };
    let body = if range.is_empty() || head.method == Method::HEAD {
        Body::empty()
    } else {
        let first = pieces::first(&stored.blob, &range).await?;
        let len = range.end - range.start;
        Body::pieces(pieces::of_file(stored, range, first), Some(len))
    };
    Ok(reply(head, kept, cache, selection, len, body))
}

/// Answers with a body that still arrives. Neither parts nor validators exist before it was checked.
pub(crate) fn growing(head: &Parts, what: &Request, meta: &AnswerMeta, follow: Follow) -> Reply {
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers::of_answer(what, meta, None, Keep::Forever);
    headers::set_cache(response.headers_mut(), meta.cache);
    let len = follow.len_hint();
    if let Some(len) = len {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
    }
    if head.method != Method::HEAD {
        *response.body_mut() = Body::pieces(pieces::of_follow(follow), len);
    }
    Reply { response, cache: Some(meta.cache), source: meta.source.clone(), error: None }
}

fn selection(head: &Parts, kept: &Kept, len: u64) -> Selection {
    match &kept.etag {
        Some(etag) => select(&head.headers, head.method == Method::GET, etag, len),
        None => Selection::Whole,
    }
}

fn reply(head: &Parts, kept: &Kept, cache: CacheStatus, selection: Selection, len: u64, body: Body) -> Reply {
    if selection == Selection::Outside {
        return Reply::refused(head, respond::outside(len), None);
    }
    let mut response = Response::new(body);
    *response.headers_mut() = kept.headers.clone();
    let headers = response.headers_mut();
    headers::set_cache(headers, cache);
    if let Some(age) = kept.age() {
        headers::set_age(headers, age);
    }
    let status = match selection {
        Selection::Whole => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
            StatusCode::OK
        }
        Selection::Part(range) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
            let text = format!("bytes {}-{}/{len}", range.start, range.end - 1);
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(CONTENT_RANGE, value);
            }
            StatusCode::PARTIAL_CONTENT
        }
        Selection::Unchanged | Selection::Outside => StatusCode::NOT_MODIFIED,
    };
    *response.status_mut() = status;
    if head.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    Reply { response, cache: Some(cache), source: kept.source.clone(), error: None }
}

fn slice(bytes: &Bytes, range: &std::ops::Range<u64>) -> Bytes {
    match (usize::try_from(range.start), usize::try_from(range.end)) {
        (Ok(start), Ok(end)) if end <= bytes.len() => bytes.slice(start..end),
        _ => Bytes::new(),
    }
}
