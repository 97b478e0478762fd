//! The `!` escaping of module paths and versions (x/mod `module.go`): a capital letter becomes `!` and its
//! lower-case form, so that names stay different on file systems that ignore case.

use std::borrow::Cow;

/// Escapes `text`. The callers' types guarantee that it is ASCII without `!`, which makes this reversible.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    Cow::Owned(escaped)
}

/// Reverses [`escape`]. `None` for whatever [`escape`] could not have produced: a raw capital letter, a `!`
/// that is not followed by a lower-case letter, anything outside ASCII. So every name has one spelling.
pub(crate) fn unescape(escaped: &str) -> Option<Cow<'_, str>> {
    let mut plain = true;
    for byte in escaped.bytes() {
        if !byte.is_ascii() || byte.is_ascii_uppercase() {
            return None;
        }
        plain &= byte != b'!';
    }
    if plain {
        return Some(Cow::Borrowed(escaped));
    }
    let mut text = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        if c == '!' {
            text.push(chars.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase());
        } else {
            text.push(c);
        }
    }
    Some(Cow::Owned(text))
}
