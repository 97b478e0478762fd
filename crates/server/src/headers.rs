//! The headers of a good answer.

use std::time::Duration;

use gomod::{Request, SumdbPath};
use http::header::{ACCEPT_RANGES, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, VIA, WARNING};
use http::{HeaderMap, HeaderName, HeaderValue};
use mirror::{AnswerMeta, CacheStatus, Keep, Verified};
use storage::{Key, Kind, Question};

/// The headers that do not depend on which part of the answer is asked for.
pub(crate) fn of_answer(what: &Request, meta: &AnswerMeta, etag: Option<&str>, keep: Keep) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(meta.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(what, meta, keep)));
    headers.insert(VIA, HeaderValue::from_static("1.1 larder"));
    if let Some(source) = &meta.source
        && let Ok(source) = HeaderValue::from_str(source)
    {
        headers.insert(X_SOURCE, source);
    }
    if let Some(verified) = meta.verified {
        headers.insert(X_VERIFIED, HeaderValue::from_static(verified.as_str()));
    }
    if let Some(age) = meta.age {
        headers.insert(AGE, HeaderValue::from(age.as_secs()));
    }
    if meta.cache == CacheStatus::Stale {
        headers.insert(WARNING, HeaderValue::from_static("110 larder \"Response is Stale\""));
    }
    if let Some(etag) = etag
        && let Ok(etag) = HeaderValue::from_str(etag)
    {
        headers.insert(ETAG, etag);
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    headers
}

/// How long others may keep it: as the store says, but nothing that this mirror itself would not give again, and
/// nothing that may yet turn out to be wrong.
fn cache_control(what: &Request, meta: &AnswerMeta, keep: Keep) -> &'static str {
    let file = matches!(what, Request::Info(_) | Request::Mod(_) | Request::Zip(_));
    let pending = meta.verified == Some(Verified::Pending);
    if meta.cache == CacheStatus::Stale || pending || (file && keep == Keep::No) {
        return "no-cache";
    }
    key(what).cache_control()
}

/// Under which key an answer is stored.
fn key(what: &Request) -> Key {
    match what.clone() {
        Request::List(module) => Key::Answer(Question::List(module)),
        Request::Latest(module) => Key::Answer(Question::Latest(module)),
        Request::Query(module, rev) => Key::Answer(Question::Query(module, rev)),
        Request::Info(version) => Key::File(version, Kind::Info),
        Request::Mod(version) => Key::File(version, Kind::Mod),
        Request::Zip(version) => Key::File(version, Kind::Zip),
        Request::Sumdb(name, SumdbPath::Supported) => Key::Supported(name),
        Request::Sumdb(name, SumdbPath::Latest) => Key::Head(name),
        Request::Sumdb(name, SumdbPath::Lookup(version)) => Key::Lookup(name, version),
        Request::Sumdb(name, SumdbPath::Tile(tile)) => Key::Tile(name, tile),
    }
}

/// Says whether this answer was stored.
pub(crate) fn set_cache(headers: &mut HeaderMap, cache: CacheStatus) {
    headers.insert(X_CACHE, HeaderValue::from_static(cache.as_str()));
}

/// Brings the age of a kept answer up to date.
pub(crate) fn set_age(headers: &mut HeaderMap, age: Duration) {
    headers.insert(AGE, HeaderValue::from(age.as_secs()));
}

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_SOURCE: HeaderName = HeaderName::from_static("x-larder-source");
const X_VERIFIED: HeaderName = HeaderName::from_static("x-larder-verified");
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_keeps_what_is_pending_also_while_it_still_arrives() {
        let zip = Request::parse("example.com/m/@v/v1.0.0.zip").unwrap();
        for (verified, control) in [
            (Verified::Log, "max-age=31536000, immutable"),
            (Verified::FirstSight, "max-age=31536000, immutable"),
            (Verified::Pending, "no-cache"),
        ] {
            let meta = AnswerMeta {
                cache: CacheStatus::Miss,
                source: None,
                verified: Some(verified),
                age: None,
                etag: None,
                content_type: "application/zip",
            };
            // What still arrives is said to be kept for ever, see `reply::growing`.
            let headers = of_answer(&zip, &meta, None, Keep::Forever);
            assert_eq!(headers.get(CACHE_CONTROL).unwrap(), control, "{verified:?}");
        }
    }
}
