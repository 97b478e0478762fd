//! What one element of a slash-separated name may be (x/mod `module.go`, `checkElem`).

use crate::path::PathFault;

/// Where an element stands; module paths are the narrower kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Module,
    Import,
}

/// Checks one element of a module or import path.
pub(crate) fn check(element: &str, place: Place) -> Result<(), PathFault> {
    if element.is_empty() {
        return Err(PathFault::EmptyElement);
    }
    if element.bytes().all(|b| b == b'.') {
        return Err(PathFault::Dots(element.len()));
    }
    if element.starts_with('.') && place == Place::Module {
        return Err(PathFault::LeadingDot);
    }
    if element.ends_with('.') {
        return Err(PathFault::TrailingDot);
    }
    let allowed = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b'-' | b'.' | b'_' | b'~')
            || (*b == b'+' && place == Place::Import)
    };
    // Whatever is not ASCII begins with a byte that is not allowed, so that this finds whole characters.
    if let Some(bad) = element.bytes().position(|b| !allowed(&b)) {
        let bad = element.get(bad..).and_then(|rest| rest.chars().next());
        return Err(PathFault::InvalidChar(bad.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    let stem = stem(element);
    if is_reserved_stem(stem) {
        return Err(PathFault::Reserved(stem.into()));
    }
    if ends_like_a_short_name(stem) {
        return Err(PathFault::ShortName);
    }
    Ok(())
}

/// The part of an element before its first dot, which is what Windows compares with its device names.
pub(crate) fn stem(element: &str) -> &str {
    element.bytes().position(|b| b == b'.').and_then(|dot| element.get(..dot)).unwrap_or(element)
}

/// Whether Windows keeps this stem for a device, in any case of letters: CON, PRN, AUX, NUL, COM1 to COM9,
/// LPT1 to LPT9.
pub(crate) fn is_reserved_stem(stem: &str) -> bool {
    match stem.as_bytes() {
        [a, b, c] => {
            let upper = [a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()];
            matches!(&upper, b"CON" | b"PRN" | b"AUX" | b"NUL")
        }
        [a, b, c, b'1'..=b'9'] => {
            let upper = [a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()];
            matches!(&upper, b"COM" | b"LPT")
        }
        _ => false,
    }
}

/// Windows gives long names short aliases such as `LONGNA~1`; a path must not look like one.
fn ends_like_a_short_name(stem: &str) -> bool {
    stem.rsplit_once('~')
        .is_some_and(|(_, tail)| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()))
}
