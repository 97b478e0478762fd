//! How old an answer a client takes.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CACHE_CONTROL, PRAGMA};

/// The age that a client sets as its limit: zero for `no-cache`, in the modern form or the old one; nothing where it
/// leaves that to the mirror. Of several limits the smallest counts; what cannot be read sets none.
pub(crate) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let mut directives = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    if directives.peek().is_none() {
        // The old form counts only where the modern one is missing (RFC 9111, 5.4).
        let pragma = headers.get(PRAGMA)?.to_str().ok()?;
        return pragma
            .split(',')
            .any(|word| word.trim().eq_ignore_ascii_case(NO_CACHE))
            .then_some(Duration::ZERO);
    }
    directives.filter_map(limit).min()
}

fn limit(directive: &str) -> Option<Duration> {
    if directive.eq_ignore_ascii_case(NO_CACHE) {
        return Some(Duration::ZERO);
    }
    let (name, value) = directive.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("max-age") {
        return None;
    }
    value.trim().trim_matches('"').parse().ok().map(Duration::from_secs)
}

const NO_CACHE: &str = "no-cache";

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn said(lines: &[(HeaderName, &'static str)]) -> Option<u64> {
        let lines = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        let headers: HeaderMap = lines.collect();
        max_age(&headers).map(|age| age.as_secs())
    }

    #[test]
    fn the_smallest_limit_that_can_be_read_counts() {
        for (value, limit) in [
            ("no-cache", Some(0)),
            ("No-Cache", Some(0)),
            ("max-age=0", Some(0)),
            ("MAX-AGE = 7", Some(7)),
            ("max-age=\"7\"", Some(7)),
            ("no-store, max-age=60,no-cache", Some(0)),
            ("max-age=60, max-age=5", Some(5)),
            ("no-store", None),
            ("max-stale=3", None),
            ("max-age", None),
            ("max-age=-1", None),
            ("max-age=soon, max-age=9", Some(9)),
            ("max-age=99999999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(said(&[(CACHE_CONTROL, value)]), limit, "{value}");
        }
        assert_eq!(said(&[(CACHE_CONTROL, "max-age=9"), (CACHE_CONTROL, "max-age=3")]), Some(3));
    }

    #[test]
    fn the_old_form_counts_where_the_modern_one_is_missing() {
        assert_eq!(said(&[(PRAGMA, "no-cache")]), Some(0));
        assert_eq!(said(&[(PRAGMA, "x, No-Cache")]), Some(0));
        assert_eq!(said(&[(PRAGMA, "x")]), None);
        assert_eq!(said(&[(PRAGMA, "no-cache"), (CACHE_CONTROL, "max-age=5")]), Some(5));
        assert_eq!(said(&[]), None);
    }
}
