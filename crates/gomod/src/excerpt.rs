//! A bounded, printable piece of somebody else's text, for error messages.

use std::fmt;

/// A quoted piece of text from outside: control characters escaped, cut after [`LIMIT`] characters, so
/// that an error stays one short line whatever was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt(Box<str>);

impl Excerpt {
    /// Takes what an error message needs of `text`.
    pub(crate) fn of(text: &str) -> Self {
        let mut shown = String::with_capacity(text.len().min(LIMIT) + 2);
        shown.push('"');
        let mut chars = text.chars();
        for c in chars.by_ref().take(LIMIT) {
            match c {
                '\'' => shown.push(c),
                _ => shown.extend(c.escape_debug()),
            }
        }
        shown.push('"');
        if !chars.as_str().is_empty() {
            shown.push_str("...");
        }
        Self(shown.into())
    }

    /// The same for bytes that may not be text: what is not UTF-8 becomes a replacement character.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        // No character takes more than four bytes, so one of these is always left over to show the cut.
        let head = bytes.get(..4 * (LIMIT + 1)).unwrap_or(bytes);
        Self::of(&String::from_utf8_lossy(head))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LIMIT: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_short_printable_line() {
        assert_eq!(Excerpt::of("a'b\n\u{7}ü").to_string(), r#""a'b\n\u{7}ü""#);
        let long = Excerpt::of(&"x".repeat(1_000_000)).to_string();
        assert_eq!(long, format!("\"{}\"...", "x".repeat(LIMIT)));
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_too() {
        assert_eq!(Excerpt::of_bytes(b"a\xffb").to_string(), "\"a\u{fffd}b\"");
        let long = Excerpt::of_bytes("\u{1d11e}".repeat(LIMIT + 1).as_bytes()).to_string();
        assert_eq!(long, format!("\"{}\"...", "\u{1d11e}".repeat(LIMIT)));
    }
}
