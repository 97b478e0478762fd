//! Which bytes of a representation a request wants: all, a part, or none because the client has them.
//!
//! RFC 9110, sections 13 and 14, for strong validators and one range. Several ranges in one request, and ranges in
//! other units, are answered with the whole, as the standard allows.

use std::ops::Range;

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What is to be sent of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// Everything, with status 200.
    Whole,
    /// These bytes, with status 206. Never empty.
    Part(Range<u64>),
    /// Nothing, with status 304: the client has it.
    Unchanged,
    /// Nothing, with status 416: the range lies outside.
    Outside,
}

/// Decides for a representation with this validator and length. `ranges` says whether the method knows ranges.
pub(crate) fn select(headers: &HeaderMap, ranges: bool, etag: &str, len: u64) -> Selection {
    if matches_any(headers, etag) {
        return Selection::Unchanged;
    }
    match headers.get(RANGE).and_then(|range| range.to_str().ok()) {
        Some(range) if ranges && may_range(headers, etag) => parse(range, len),
        _ => Selection::Whole,
    }
}

/// `If-None-Match` compares weakly: a cache that weakened the validator still has the same content.
fn matches_any(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
    })
}

/// `If-Range` compares strongly, and a date in it matches nothing because no date is sent.
fn may_range(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes())
}

fn parse(value: &str, len: u64) -> Selection {
    let Some(range) = value.strip_prefix("bytes=").map(str::trim) else { return Selection::Whole };
    let Some((first, last)) = range.split_once('-') else { return Selection::Whole };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Selection::Whole,
        (Some(first), last) if last.is_some() || range.ends_with('-') => part(first, last, len),
        (None, Some(suffix)) if first.is_empty() => match suffix.min(len) {
            0 => Selection::Outside,
            suffix => Selection::Part(len - suffix..len),
        },
        _ => Selection::Whole,
    }
}

fn part(first: u64, last: Option<u64>, len: u64) -> Selection {
    if first >= len {
        return Selection::Outside;
    }
    let end = last.map_or(len, |last| last.saturating_add(1).min(len));
    Selection::Part(first..end)
}

/// Digits alone; a number that does not fit is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn ask(headers: &[(http::HeaderName, &str)]) -> Selection {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        select(&headers, true, TAG, 1000)
    }

    fn range(value: &str) -> Selection {
        ask(&[(RANGE, value)])
    }

    #[test]
    fn one_range_is_served() {
        assert_eq!(range("bytes=0-0"), Selection::Part(0..1));
        assert_eq!(range("bytes=10-19"), Selection::Part(10..20));
        assert_eq!(range("bytes=990-"), Selection::Part(990..1000));
        assert_eq!(range("bytes=0-99999999999999999999999"), Selection::Part(0..1000));
        assert_eq!(range("bytes=-10"), Selection::Part(990..1000));
        assert_eq!(range("bytes=-5000"), Selection::Part(0..1000));
    }

    #[test]
    fn a_range_outside_is_refused() {
        assert_eq!(range("bytes=1000-"), Selection::Outside);
        assert_eq!(range("bytes=18446744073709551615-"), Selection::Outside);
        assert_eq!(range("bytes=-0"), Selection::Outside);
    }

    #[test]
    fn what_is_no_single_byte_range_gets_the_whole() {
        for value in ["bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=1-x", "bytes=x-1", "bytes=+1-2"] {
            assert_eq!(range(value), Selection::Whole, "{value}");
        }
        for value in ["bytes=0-1,5-6", "lines=0-1", "0-1", "bytes=1--2", "bytes 0-1"] {
            assert_eq!(range(value), Selection::Whole, "{value}");
        }
    }

    #[test]
    fn a_part_of_other_bytes_is_never_sent() {
        assert_eq!(ask(&[(RANGE, "bytes=0-1"), (IF_RANGE, TAG)]), Selection::Part(0..2));
        for other in ["\"abd\"", "W/\"abc\"", "Sat, 21 Nov 2026 12:00:00 GMT"] {
            assert_eq!(ask(&[(RANGE, "bytes=0-1"), (IF_RANGE, other)]), Selection::Whole, "{other}");
        }
    }

    #[test]
    fn a_client_that_has_it_gets_nothing() {
        for value in [TAG, "*", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\" "] {
            assert_eq!(ask(&[(IF_NONE_MATCH, value), (RANGE, "bytes=0-1")]), Selection::Unchanged, "{value}");
        }
        assert_eq!(ask(&[(IF_NONE_MATCH, "\"x\""), (IF_NONE_MATCH, TAG)]), Selection::Unchanged);
        assert_eq!(ask(&[(IF_NONE_MATCH, "\"x\""), (RANGE, "bytes=0-1")]), Selection::Part(0..2));
        assert_eq!(ask(&[(IF_NONE_MATCH, "abc")]), Selection::Whole);
    }

    #[test]
    fn methods_without_ranges_ignore_them() {
        let headers = HeaderMap::from_iter([(RANGE, "bytes=0-1".parse().unwrap())]);
        assert_eq!(select(&headers, false, TAG, 1000), Selection::Whole);
        assert_eq!(select(&headers, true, TAG, 0), Selection::Outside);
    }
}
