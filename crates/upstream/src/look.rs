//! A look at the first bytes of a body: can it be what was asked, or is it a login page?

use gomod::{Request, SumdbPath};
use http::HeaderValue;

/// What the first bytes must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A zip: the mark of its first file, or of its end if it holds none.
    Zip,
    /// Text that is not HTML.
    Text,
    /// Hashes may begin with any byte.
    Any,
}

/// What a look at the first bytes says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It can be what was asked.
    Plausible,
    /// More bytes are needed.
    TooLittle,
    /// It is something else.
    Lie(&'static str),
}

impl Look {
    pub(crate) fn at(what: &Request) -> Self {
        match what {
            Request::Zip(_) => Look::Zip,
            Request::Sumdb(_, SumdbPath::Tile(_)) => Look::Any,
            Request::List(_)
            | Request::Latest(_)
            | Request::Query(..)
            | Request::Info(_)
            | Request::Mod(_)
            | Request::Sumdb(..) => Look::Text,
        }
    }

    /// Judges the first bytes of a body; `ended` says that there are no more.
    pub(crate) fn judge(self, start: &[u8], ended: bool) -> Seen {
        match self {
            Look::Any => Seen::Plausible,
            Look::Text => {
                let text = start.strip_prefix(BOM).unwrap_or(start).trim_ascii_start();
                match text.first() {
                    Some(b'<') => Seen::Lie(HTML),
                    None if !ended && start.len() < ENOUGH => Seen::TooLittle,
                    Some(_) | None => Seen::Plausible,
                }
            }
            Look::Zip => match start.get(..4) {
                Some(b"PK\x03\x04" | b"PK\x05\x06") => Seen::Plausible,
                Some(_) if Look::Text.judge(start, true) == Seen::Lie(HTML) => Seen::Lie(HTML),
                Some(_) => Seen::Lie("it does not begin like a zip"),
                None if ended && start.is_empty() => Seen::Lie("an empty body where a zip was asked"),
                None if ended => Seen::Lie("it does not begin like a zip"),
                None => Seen::TooLittle,
            },
        }
    }
}

/// Whether a source itself says that its answer is HTML.
pub(crate) fn is_html(content_type: Option<&HeaderValue>) -> bool {
    let media_type =
        content_type.and_then(|value| value.to_str().ok()).and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| {
        let media_type = media_type.trim();
        media_type.eq_ignore_ascii_case("text/html")
            || media_type.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// What is said of a page where something else was asked.
pub(crate) const HTML: &str = "a web page where something else was asked; is there a login page in between?";

/// White space without end is not waited out.
const ENOUGH: usize = 512;

const BOM: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_begins_like_a_zip() {
        for (start, ended, seen) in [
            (&b"PK\x03\x04rest"[..], false, Seen::Plausible),
            (b"PK\x05\x06", true, Seen::Plausible),
            (b"PK", false, Seen::TooLittle),
            (b"", false, Seen::TooLittle),
            (b"PK", true, Seen::Lie("it does not begin like a zip")),
            (b"", true, Seen::Lie("an empty body where a zip was asked")),
            (b"<html>", false, Seen::Lie(HTML)),
            (b"Rar!", false, Seen::Lie("it does not begin like a zip")),
        ] {
            assert_eq!(Look::Zip.judge(start, ended), seen, "{start:?}");
        }
    }

    #[test]
    fn text_is_not_html() {
        for (start, ended, seen) in [
            (&b"v1.0.0\n"[..], false, Seen::Plausible),
            (b"", true, Seen::Plausible),
            (b"", false, Seen::TooLittle),
            (b" \r\n\t", false, Seen::TooLittle),
            (b" \r\n<!doctype html>", false, Seen::Lie(HTML)),
            (b"\xef\xbb\xbf<html>", false, Seen::Lie(HTML)),
            (&[b' '; 600], false, Seen::Plausible),
        ] {
            assert_eq!(Look::Text.judge(start, ended), seen, "{start:?}");
        }
        assert_eq!(Look::Any.judge(b"<", false), Seen::Plausible);
    }

    #[test]
    fn html_is_known_by_its_media_type() {
        for (value, html) in
            [("text/html", true), ("Text/HTML; charset=utf-8", true), ("text/plain", false), ("", false)]
        {
            assert_eq!(is_html(Some(&HeaderValue::from_static(value))), html, "{value}");
        }
        assert!(!is_html(None));
    }
}
