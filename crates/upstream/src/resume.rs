//! Going on with a body that broke: how the rest is asked for, and when an answer is proven to be it.

use bytes::Bytes;

use crate::{Meta, OVERLAP, Resume};

/// A part of a body that is asked for: from a byte to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) from: u64,
    /// The validator that the whole must still have.
    pub(crate) if_range: Option<String>,
}

/// What is there of a body, and what is known of the whole.
#[derive(Clone, Debug)]
pub(crate) struct Have {
    /// How many bytes are there.
    at: u64,
    len: Option<u64>,
    /// A strong `ETag`.
    etag: Option<String>,
    last_modified: Option<String>,
    /// The last bytes that are there.
    tail: Bytes,
    /// Whether they came from another source: its validators mean nothing to this one, unless they are the same.
    elsewhere: bool,
}

/// A `Content-Range` of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total: Option<u64>,
}

/// Whether a part continues what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// It does, if its first bytes, so many, repeat the last ones that are there.
    Repeats(usize),
    /// It is another part, or one of another body.
    Other,
}

impl Have {
    /// What came from the same source.
    pub(crate) fn here(at: u64, meta: &Meta, tail: Bytes) -> Self {
        Have {
            at,
            len: meta.len,
            etag: meta.etag.clone().filter(|etag| is_strong(etag)),
            last_modified: meta.last_modified.clone(),
            tail,
            elsewhere: false,
        }
    }

    /// What came from another source.
    pub(crate) fn elsewhere(resume: &Resume) -> Self {
        let kept = resume.tail.len().min(OVERLAP).min(usize::try_from(resume.have).unwrap_or(OVERLAP));
        Have {
            at: resume.have,
            len: resume.len,
            etag: resume.etag.clone().filter(|etag| is_strong(etag)),
            last_modified: None,
            tail: resume.tail.slice(resume.tail.len() - kept..),
            elsewhere: true,
        }
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The last bytes that are there.
    pub(crate) fn tail(&self) -> &Bytes {
        &self.tail
    }

    /// How to ask for the rest; nothing where no answer could be proven to be it.
    pub(crate) fn part(&self) -> Option<Part> {
        if self.at == 0 {
            return None;
        }
        let if_range = self.validator().map(str::to_owned);
        let provable = if_range.is_some()
            || (self.len.is_some() && !self.tail.is_empty())
            || (self.elsewhere && self.etag.is_some());
        provable.then(|| Part { from: self.at - self.overlap() as u64, if_range })
    }

    /// Whether a part continues what is there.
    pub(crate) fn proof(&self, range: ContentRange, meta: &Meta) -> Proof {
        let overlap = self.overlap();
        let etag = meta.etag.as_deref().filter(|etag| is_strong(etag));
        let same_etag = etag.is_some() && etag == self.etag.as_deref();
        let same_len = self.len.is_some() && range.total == self.len;
        let to_the_end = range.total.is_some_and(|total| total >= self.at && range.last + 1 == total);
        let len_fits = self.len.is_none() || same_len;
        let same = if self.elsewhere {
            same_etag || (same_len && overlap > 0)
        } else if self.etag.is_some() {
            // Who heeds `If-Range` may leave the validator out; who names another one did not.
            same_etag || meta.etag.is_none()
        } else if self.last_modified.is_some() {
            meta.last_modified.is_none() || meta.last_modified == self.last_modified
        } else {
            same_len && overlap > 0
        };
        if range.first.checked_add(overlap as u64) == Some(self.at) && to_the_end && len_fits && same {
            Proof::Repeats(overlap)
        } else {
            Proof::Other
        }
    }

    /// Whether a whole body is the one of which a part is there, so that that part may be skipped.
    pub(crate) fn is_part_of(&self, whole: &Meta) -> bool {
        !self.elsewhere
            && self.etag.is_some()
            && whole.etag == self.etag
            && self.len.is_some()
            && whole.len == self.len
    }

    /// Whether only a comparison of bytes can prove that a part continues what came from the same source.
    pub(crate) fn needs_tail(meta: &Meta) -> bool {
        Have::here(1, meta, Bytes::new()).validator().is_none()
    }

    /// What makes a source of the same body send the rest, and any other body whole.
    fn validator(&self) -> Option<&str> {
        if self.elsewhere {
            return None;
        }
        self.etag.as_deref().or(self.last_modified.as_deref())
    }

    /// How many bytes are asked for once more, to be compared.
    fn overlap(&self) -> usize {
        if self.validator().is_some() { 0 } else { self.tail.len() }
    }
}

impl ContentRange {
    /// How many bytes it has: at least one.
    pub(crate) fn len(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Reads `bytes 5-9/10` or `bytes 5-9/*`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, total) = rest.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = ContentRange {
            first: number(first)?,
            last: number(last)?,
            total: if total == "*" { None } else { Some(number(total)?) },
        };
        let sound = range.first <= range.last && range.total.is_none_or(|total| range.last < total);
        (unit.eq_ignore_ascii_case("bytes") && sound).then_some(range)
    }
}

/// Digits only: no sign, no white space.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Whether an `ETag` promises that equal ones mean equal bytes.
fn is_strong(etag: &str) -> bool {
    etag.len() >= 2 && etag.starts_with('"') && etag.ends_with('"')
}

/// The last bytes of what flowed by, at most [`OVERLAP`] of them.
#[derive(Debug, Default)]
pub(crate) struct Tail(Vec<u8>);

impl Tail {
    pub(crate) fn push(&mut self, piece: &[u8]) {
        let kept = piece.get(piece.len().saturating_sub(OVERLAP)..).unwrap_or_default();
        self.0.extend_from_slice(kept);
        if self.0.len() > 2 * OVERLAP {
            self.0.drain(..self.0.len() - OVERLAP);
        }
    }

    pub(crate) fn bytes(&self) -> Bytes {
        Bytes::copy_from_slice(self.0.get(self.0.len().saturating_sub(OVERLAP)..).unwrap_or_default())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SafeUrl;

    fn meta(len: Option<u64>, etag: Option<&str>, last_modified: Option<&str>) -> Meta {
        Meta {
            len,
            start: 0,
            etag: etag.map(str::to_owned),
            last_modified: last_modified.map(str::to_owned),
            content_type: None,
            source: SafeUrl::parse("https://proxy.example.com").unwrap().source_name(),
        }
    }

    fn range(text: &str) -> ContentRange {
        ContentRange::parse(text).unwrap()
    }

    fn here(meta: &Meta) -> Have {
        Have::here(50, meta, Bytes::from_static(&[7; 20]))
    }

    fn elsewhere(have: u64, len: Option<u64>, etag: Option<&str>, tail: &'static [u8]) -> Have {
        Have::elsewhere(&Resume { have, len, etag: etag.map(str::to_owned), tail: Bytes::from_static(tail) })
    }

    #[test]
    fn the_rest_is_asked_for_with_the_strongest_validator() {
        let part = |from, if_range: Option<&str>| Some(Part { from, if_range: if_range.map(str::to_owned) });
        for (len, etag, last_modified, asked) in [
            (Some(100), Some("\"a\""), Some("then"), part(50, Some("\"a\""))),
            (None, Some("\"a\""), None, part(50, Some("\"a\""))),
            (Some(100), Some("W/\"a\""), Some("then"), part(50, Some("then"))),
            (Some(100), Some("W/\"a\""), None, part(30, None)),
            (Some(100), None, None, part(30, None)),
            (None, None, None, None),
        ] {
            assert_eq!(
                here(&meta(len, etag, last_modified)).part(),
                asked,
                "{len:?} {etag:?} {last_modified:?}"
            );
        }
        assert_eq!(Have::here(0, &meta(Some(100), Some("\"a\""), None), Bytes::new()).part(), None);
        assert_eq!(elsewhere(50, Some(100), Some("\"a\""), &[7; 20]).part(), part(30, None));
        assert_eq!(elsewhere(50, Some(100), None, &[]).part(), None);
        assert_eq!(elsewhere(50, None, Some("\"a\""), &[]).part(), part(50, None));
        assert_eq!(elsewhere(0, Some(100), Some("\"a\""), &[]).part(), None);
        assert_eq!(elsewhere(5, Some(100), None, &[7; 20]).part(), part(0, None), "more tail than there is");
    }

    #[test]
    fn a_part_of_another_body_and_another_part_are_told_apart() {
        let strong = here(&meta(Some(100), Some("\"a\""), Some("then")));
        let dated = here(&meta(Some(100), None, Some("then")));
        let bare = here(&meta(Some(100), None, None));
        let chunked = here(&meta(None, Some("\"a\""), None));
        let other = elsewhere(50, Some(100), Some("\"a\""), &[7; 20]);
        let unlike = elsewhere(50, None, Some("\"a\""), &[]);
        for (have, told, etag, last_modified, overlap) in [
            (&strong, "bytes 50-99/100", Some("\"a\""), None, Some(0)),
            (&strong, "bytes 50-99/100", None, None, Some(0)),
            (&strong, "bytes 50-99/100", Some("\"b\""), None, None),
            (&strong, "bytes 50-99/100", Some("W/\"a\""), None, None),
            (&strong, "bytes 49-99/100", Some("\"a\""), None, None),
            (&strong, "bytes 20-39/40", Some("\"a\""), None, None),
            (&strong, "bytes 50-98/100", Some("\"a\""), None, None),
            (&strong, "bytes 50-100/101", Some("\"a\""), None, None),
            (&strong, "bytes 50-99/*", Some("\"a\""), None, None),
            (&dated, "bytes 50-99/100", Some("\"new\""), Some("then"), Some(0)),
            (&dated, "bytes 50-99/100", None, Some("later"), None),
            (&bare, "bytes 30-99/100", None, None, Some(20)),
            (&bare, "bytes 30-98/99", None, None, None),
            (&bare, "bytes 50-99/100", None, None, None),
            (&bare, "bytes 18446744073709551614-18446744073709551614/18446744073709551615", None, None, None),
            (&chunked, "bytes 50-99/100", Some("\"a\""), None, Some(0)),
            (&other, "bytes 30-99/100", Some("\"b\""), None, Some(20)),
            (&other, "bytes 30-98/99", Some("\"b\""), None, None),
            (&unlike, "bytes 50-98/99", Some("\"a\""), None, Some(0)),
            (&unlike, "bytes 50-98/99", Some("\"b\""), None, None),
            (&unlike, "bytes 50-98/99", None, None, None),
        ] {
            let proof = have.proof(range(told), &meta(None, etag, last_modified));
            assert_eq!(proof, overlap.map_or(Proof::Other, Proof::Repeats), "{have:?} {told} {etag:?}");
        }
    }

    #[test]
    fn only_a_strong_etag_and_the_length_let_a_beginning_be_skipped() {
        let strong = here(&meta(Some(100), Some("\"a\""), None));
        assert!(strong.is_part_of(&meta(Some(100), Some("\"a\""), None)));
        assert!(!strong.is_part_of(&meta(Some(100), Some("\"b\""), None)));
        assert!(!strong.is_part_of(&meta(None, Some("\"a\""), None)));
        assert!(!here(&meta(Some(100), None, Some("then"))).is_part_of(&meta(Some(100), None, Some("then"))));
        assert!(!elsewhere(50, Some(100), Some("\"a\""), &[]).is_part_of(&meta(
            Some(100),
            Some("\"a\""),
            None
        )));
    }

    #[test]
    fn content_ranges_are_read_strictly() {
        assert_eq!(range("bytes 5-9/10"), ContentRange { first: 5, last: 9, total: Some(10) });
        assert_eq!(range("Bytes 0-0/*").total, None);
        for bad in
            ["", "bytes */10", "bytes 9-5/10", "bytes 5-10/10", "items 5-9/10", "bytes +5-9/10", "bytes 5-9"]
        {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tail_keeps_the_last_bytes_of_pieces_of_any_size() {
        let all: Vec<u8> = (0..1_000_000u32).map(|i| (i % 253) as u8).collect();
        for size in [1000, 70_000, 500_000] {
            let mut tail = Tail::default();
            all.chunks(size).for_each(|piece| tail.push(piece));
            assert_eq!(tail.bytes(), all[all.len() - OVERLAP..], "{size}");
        }
        let mut tail = Tail::default();
        tail.push(b"abc");
        assert_eq!(tail.bytes(), b"abc"[..]);
        tail.clear();
        assert!(tail.bytes().is_empty());
    }
}
