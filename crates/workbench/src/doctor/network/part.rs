//! A part of a body, asked for by `Range`.

use http::{HeaderMap, StatusCode, header::CONTENT_RANGE};

use crate::wire::Answer;

/// Makes of an answer to a question for the beginning of a body what it would be to one for the whole, of which no more was
/// read. False where it is no such part: then nothing is known of how the whole would come.
pub(super) fn as_whole(answer: &mut Answer) -> bool {
    if answer.status != StatusCode::PARTIAL_CONTENT {
        return true;
    }
    let Some((first, last, total)) = content_range(&answer.headers) else { return false };
    if first != 0 || (answer.whole && last.checked_add(1) != Some(answer.len)) {
        return false;
    }
    answer.status = StatusCode::OK;
    answer.whole = answer.whole && total == Some(answer.len);
    true
}

/// Whether it is the beginning of a body and no more of it.
pub(super) fn is_beginning(answer: &Answer) -> bool {
    answer.status == StatusCode::PARTIAL_CONTENT
        && answer.whole
        && content_range(&answer.headers).is_some_and(|(first, ..)| first == 0)
}

/// `bytes FIRST-LAST/TOTAL` (RFC 9110, 14.4); a total that is not known is `*`.
fn content_range(headers: &HeaderMap) -> Option<(u64, u64, Option<u64>)> {
    let value = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && total.is_none_or(|total| last < total)).then_some((first, last, total))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;

    use super::*;

    fn part(range: &'static str, len: u64) -> Answer {
        Answer {
            status: StatusCode::PARTIAL_CONTENT,
            headers: [(CONTENT_RANGE, HeaderValue::from_static(range))].into_iter().collect(),
            head_after: Duration::ZERO,
            first_after: Duration::ZERO,
            took: Duration::ZERO,
            body: Vec::new(),
            len,
            whole: true,
            pause: crate::wire::Pause::default(),
            broken: None,
        }
    }

    #[test]
    fn the_beginning_of_a_body_stands_for_it() {
        for (range, len, stands, whole) in [
            ("bytes 0-9/10", 10, true, true),
            ("bytes 0-9/20", 10, true, false),
            ("bytes 0-9/*", 10, true, false),
            ("bytes 5-9/10", 5, false, true),
            ("bytes 5-9/10", 10, false, true),
            ("bytes 0-9/10", 9, false, true),
            ("bytes 0-9/5", 10, false, true),
            ("lines 0-9/10", 10, false, true),
            ("bytes 9-0/10", 10, false, true),
            ("", 10, false, true),
        ] {
            let mut answer = part(range, len);
            assert_eq!((as_whole(&mut answer), answer.whole), (stands, whole), "{range}");
        }
        assert!(is_beginning(&part("bytes 0-9/20", 10)) && !is_beginning(&part("bytes 1-9/20", 9)));
    }
}
