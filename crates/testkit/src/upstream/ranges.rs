//! Validators and parts of bodies, as RFC 9110 has them: what a good static server does.

use sha2::{Digest, Sha256};

use super::Seen;
use crate::archive::Body;

/// How a reply treats requests for a part of its body.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ranges {
    /// As it should.
    #[default]
    Honest,
    /// The whole body, whatever part was asked.
    Ignored,
    /// The part that was asked, though `If-Range` names another body.
    Regardless,
    /// The part that was asked, with this `Content-Range`.
    Mislabelled(String),
}

/// What is sent of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) status: u16,
    pub(super) content_range: Option<String>,
    pub(super) from: u64,
    pub(super) len: u64,
}

/// A strong validator: equal for equal bodies only.
pub(super) fn etag(body: &Body) -> String {
    let digest = match body {
        Body::Bytes(bytes) => Sha256::digest(bytes),
        Body::Noise { head, seed, len, tail } => {
            let mut digest = Sha256::new();
            for part in [&**head, &seed.to_le_bytes(), &len.to_le_bytes(), &**tail] {
                digest.update(part);
            }
            digest.finalize()
        }
    };
    let number = digest[..8].iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("\"{number:016x}\"")
}

/// Whether the client has the body already.
pub(super) fn is_current(seen: &Seen, etag: Option<&str>, last_modified: Option<&str>) -> bool {
    match (seen.header("if-none-match"), seen.header("if-modified-since")) {
        // Weak comparison (RFC 9110, 13.1.2).
        (Some(known), _) => etag.is_some_and(|etag| {
            known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag.trim_start_matches("W/"))
        }),
        (None, Some(known)) => last_modified == Some(known),
        (None, None) => false,
    }
}

/// The part of a body of `len` bytes that a request gets.
pub(super) fn part(
    seen: &Seen,
    ranges: &Ranges,
    len: u64,
    etag: Option<&str>,
    last_modified: Option<&str>,
) -> Part {
    let whole = Part { status: 200, content_range: None, from: 0, len };
    let Some(asked) = seen.header("range").and_then(|range| range.strip_prefix("bytes=")) else {
        return whole;
    };
    let same = seen.header("if-range").is_none_or(|known| {
        let strong = etag.filter(|etag| !etag.starts_with("W/"));
        strong == Some(known) || last_modified == Some(known)
    });
    match ranges {
        Ranges::Ignored => return whole,
        Ranges::Honest if !same => return whole,
        Ranges::Honest | Ranges::Regardless | Ranges::Mislabelled(_) => {}
    }
    let Some((first, last)) = asked.split_once('-') else { return whole };
    let (first, last) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first, last.min(len.saturating_sub(1))),
        (Ok(first), Err(_)) if last.is_empty() => (first, len.saturating_sub(1)),
        (Err(_), Ok(suffix)) if first.is_empty() => (len.saturating_sub(suffix), len.saturating_sub(1)),
        // Several parts at once, or nonsense: a server may send all.
        _ => return whole,
    };
    if first >= len || first > last {
        return Part { status: 416, content_range: Some(format!("bytes */{len}")), from: 0, len: 0 };
    }
    let told = match ranges {
        Ranges::Mislabelled(told) => told.clone(),
        _ => format!("bytes {first}-{last}/{len}"),
    };
    Part { status: 206, content_range: Some(told), from: first, len: last - first + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(headers: &[(&str, &str)]) -> Seen {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Seen { method: "GET".into(), target: "/x".into(), path: "x".into(), headers, connection: 0 }
    }

    #[test]
    fn parts_are_as_they_were_asked() {
        for (range, status, told, from, len) in [
            ("bytes=0-", 206, Some("bytes 0-9/10"), 0, 10),
            ("bytes=3-5", 206, Some("bytes 3-5/10"), 3, 3),
            ("bytes=3-50", 206, Some("bytes 3-9/10"), 3, 7),
            ("bytes=-4", 206, Some("bytes 6-9/10"), 6, 4),
            ("bytes=10-", 416, Some("bytes */10"), 0, 0),
            ("bytes=1-2,4-5", 200, None, 0, 10),
            ("lines=1-2", 200, None, 0, 10),
        ] {
            let want = Part { status, content_range: told.map(str::to_owned), from, len };
            let got = part(&seen(&[("Range", range)]), &Ranges::Honest, 10, None, None);
            assert_eq!(got, want, "{range}");
        }
    }

    #[test]
    fn another_body_is_sent_whole() {
        for (known, ranges, status) in [
            ("\"a\"", Ranges::Honest, 206),
            ("\"b\"", Ranges::Honest, 200),
            ("W/\"a\"", Ranges::Honest, 200),
            ("\"b\"", Ranges::Regardless, 206),
            ("\"a\"", Ranges::Ignored, 200),
        ] {
            let seen = seen(&[("Range", "bytes=3-"), ("If-Range", known)]);
            assert_eq!(part(&seen, &ranges, 10, Some("\"a\""), None).status, status, "{known} {ranges:?}");
        }
    }
}
