//! Quoting of words in go.mod files (x/mod `modfile/rule.go`, Go's `strconv`).

use std::borrow::Cow;

/// The word as it is written in a go.mod: quoted where it would not be one word otherwise (`AutoQuote`).
///
/// A go.mod that a proxy makes for a module without one is `module ` and this and a line feed, byte for byte.
pub fn auto_quote(word: &str) -> Cow<'_, str> {
    let plain = !word.is_empty()
        && !word.contains("//")
        && !word.contains("/*")
        && word.chars().all(|c| match c {
            ' ' | '"' | '\'' | '`' => false,
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => word.len() == 1,
            c => is_print(c),
        });
    if plain { Cow::Borrowed(word) } else { Cow::Owned(quote(word)) }
}

/// A text in double quotes as Go's `strconv.Quote` and `%q` write it.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_print(c) => quoted.push(c),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            c => {
                let code = u32::from(c);
                let (letter, width) = match code {
                    0..0x80 => ('x', 2),
                    0x80..0x10000 => ('u', 4),
                    _ => ('U', 8),
                };
                quoted.extend(['\\', letter]);
                quoted.extend((0..width).rev().filter_map(|at| char::from_digit(code >> (4 * at) & 0xf, 16)));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Go's `strconv.Unquote` of a text in double quotes or backquotes. Bytes that are no UTF-8 (`\xff`) come out
/// as U+FFFD.
pub fn unquote(quoted: &str) -> Option<String> {
    if let Some(raw) = quoted.strip_prefix('`') {
        let text = raw.strip_suffix('`').filter(|text| !text.contains('`'))?;
        return Some(text.replace('\r', ""));
    }
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        match c {
            '"' | '\n' => return None,
            '\\' => rest = unescape_one(rest, &mut bytes)?,
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads what follows a backslash; gives back the text behind it.
fn unescape_one<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let kind = text.chars().next()?;
    let rest = text.get(kind.len_utf8()..)?;
    let plain = match kind {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' => b'\\',
        '"' => b'"',
        '0'..='7' => {
            let (digits, rest) = text.split_at_checked(3)?;
            bytes.push(u8::try_from(number(digits, 8)?).ok()?);
            return Some(rest);
        }
        'x' => {
            let (digits, rest) = rest.split_at_checked(2)?;
            bytes.push(u8::try_from(number(digits, 16)?).ok()?);
            return Some(rest);
        }
        'u' | 'U' => {
            let (digits, rest) = rest.split_at_checked(if kind == 'u' { 4 } else { 8 })?;
            let c = char::from_u32(number(digits, 16)?)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(rest);
        }
        _ => return None,
    };
    bytes.push(plain);
    Some(rest)
}

fn number(digits: &str, radix: u32) -> Option<u32> {
    if digits.starts_with('+') { None } else { u32::from_str_radix(digits, radix).ok() }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols, and the ASCII space. The standard
/// library escapes exactly the other characters when it shows a string for debugging, save three of ASCII; a
/// letter goes in front because at the very beginning it escapes combining marks too.
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    let mut buffer = [b'a'; 5];
    let length = c.len_utf8();
    if let Some(place) = buffer.get_mut(1..=length) {
        c.encode_utf8(place);
    }
    let pair = buffer.get(..=length).and_then(|bytes| std::str::from_utf8(bytes).ok());
    pair.is_some_and(|pair| pair.escape_debug().count() == 2)
}
