//! Reads a page as the go command does: as XML that need not be strict (Go's `encoding/xml`, `Strict = false`). Where
//! that gives up, the page ends, and what stood before it counts. Linear in the page.
//!
//! Names with letters beyond ASCII are judged by Unicode's letters and digits, not by the older tables of XML 1.0.

use std::{borrow::Cow, fmt, str, str::Utf8Chunk};

/// One piece of a page, as far as it matters.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name …>`
    Start(&'a str, Vec<(&'a str, String)>),
    /// `</name>`, or the end of `<name/>`.
    End(&'a str),
    /// Text, comments, directives and instructions.
    Other,
}

/// Why the rest of a page cannot be read, in the go command's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    Syntax { line: usize, why: Cow<'static, str> },
    Version(String),
    Charset(String),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unreadable::Syntax { line, why } => write!(f, "XML syntax error on line {line}: {why}"),
            Unreadable::Version(version) => {
                write!(f, "xml: unsupported version {version:?}; only version 1.0 is supported")
            }
            Unreadable::Charset(name) => {
                write!(f, "xml: opening charset {name:?}: can't decode XML document using charset {name:?}")
            }
        }
    }
}

/// The tokens of a page, from its beginning.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    page: &'a [u8],
    at: usize,
    /// The name of an element that has just begun and ended at once.
    closing: Option<&'a str>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(page: &'a [u8]) -> Self {
        Tokens { page, at: 0, closing: None }
    }

    /// The next token; none at the end of the page. After an error there is nothing more.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, Unreadable> {
        if let Some(name) = self.closing.take() {
            return Ok(Some(Token::End(name)));
        }
        let Some(first) = self.peek() else { return Ok(None) };
        if first != b'<' {
            self.text(None, false)?;
            return Ok(Some(Token::Other));
        }
        self.at += 1;
        match self.must_peek()? {
            b'/' => {
                self.at += 1;
                let name = self.name("expected element name after </")?;
                self.space();
                if self.byte()? != b'>' {
                    return Err(self.error(format!("invalid characters between </{} and >", short(name))));
                }
                Ok(Some(Token::End(name)))
            }
            b'?' => {
                self.at += 1;
                self.instruction()?;
                Ok(Some(Token::Other))
            }
            b'!' => {
                self.at += 1;
                self.declaration()?;
                Ok(Some(Token::Other))
            }
            _ => self.element().map(Some),
        }
    }

    fn element(&mut self) -> Result<Token<'a>, Unreadable> {
        let name = self.name("expected element name after <")?;
        let mut attributes = Vec::new();
        loop {
            self.space();
            match self.must_peek()? {
                b'/' => {
                    self.at += 1;
                    if self.byte()? != b'>' {
                        return Err(self.error("expected /> in element"));
                    }
                    self.closing = Some(name);
                    break;
                }
                b'>' => {
                    self.at += 1;
                    break;
                }
                _ => {
                    let key = self.name("expected attribute name in element")?;
                    self.space();
                    let value = if self.must_peek()? == b'=' {
                        self.at += 1;
                        self.space();
                        self.value()?
                    } else {
                        key.to_owned()
                    };
                    attributes.push((key, value));
                }
            }
        }
        Ok(Token::Start(name, attributes))
    }

    /// An attribute's value, quoted or not.
    fn value(&mut self) -> Result<String, Unreadable> {
        let first = self.must_peek()?;
        if matches!(first, b'"' | b'\'') {
            self.at += 1;
            return self.text(Some(first), false);
        }
        let start = self.at;
        while matches!(self.must_peek()?, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b':' | b'-') {
            self.at += 1;
        }
        Ok(String::from_utf8_lossy(self.since(start)).into_owned())
    }

    /// `<?target data?>`
    fn instruction(&mut self) -> Result<(), Unreadable> {
        let target = self.whole_name("expected target name after <?")?;
        self.space();
        let start = self.at;
        while !self.since(start).ends_with(b"?>") {
            self.byte()?;
        }
        if target != "xml" {
            return Ok(());
        }
        let data = self.since(start);
        let data = data.strip_suffix(b"?>").unwrap_or(data);
        if let Some(version) = pseudo_attribute(data, b"version=").filter(|&version| version != b"1.0") {
            return Err(Unreadable::Version(short(&String::from_utf8_lossy(version)).into_owned()));
        }
        match pseudo_attribute(data, b"encoding=").map(String::from_utf8_lossy) {
            Some(name) if !["utf-8", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                Err(Unreadable::Charset(short(&name).into_owned()))
            }
            _ => Ok(()),
        }
    }

    /// What begins with `<!`: a comment, a section of raw text, or a directive.
    fn declaration(&mut self) -> Result<(), Unreadable> {
        match self.byte()? {
            b'-' => {
                if self.byte()? != b'-' {
                    return Err(self.error("invalid sequence <!- not part of <!--"));
                }
                let (mut b0, mut b1) = (0, 0);
                loop {
                    let b = self.byte()?;
                    match (b0, b1) {
                        (b'-', b'-') if b == b'>' => return Ok(()),
                        (b'-', b'-') => {
                            return Err(self.error(r#"invalid sequence "--" not allowed in comments"#));
                        }
                        _ => (b0, b1) = (b1, b),
                    }
                }
            }
            b'[' => {
                for &wanted in b"CDATA[" {
                    if self.byte()? != wanted {
                        return Err(self.error("invalid <![ sequence"));
                    }
                }
                self.text(None, true).map(drop)
            }
            _ => self.directive(),
        }
    }

    /// `<!DOCTYPE …>`: up to the `>` that belongs to it. Those in quotes and comments do not count.
    fn directive(&mut self) -> Result<(), Unreadable> {
        let (mut quote, mut depth) = (None, 0u32);
        let mut b = self.byte()?;
        loop {
            match (quote, b) {
                (None, b'>') if depth == 0 => return Ok(()),
                (Some(open), _) if b == open => quote = None,
                (None, b'\'' | b'"') => quote = Some(b),
                (None, b'>') => depth -= 1,
                (None, b'<') => match self.opens_comment()? {
                    Some(other) => {
                        depth += 1;
                        b = other;
                        continue;
                    }
                    None => self.rest_of_comment()?,
                },
                _ => {}
            }
            b = self.byte()?;
        }
    }

    /// Whether a comment follows the `<` of a directive; if not, the first byte that is none of it.
    fn opens_comment(&mut self) -> Result<Option<u8>, Unreadable> {
        for &wanted in b"!--" {
            let b = self.byte()?;
            if b != wanted {
                return Ok(Some(b));
            }
        }
        Ok(None)
    }

    fn rest_of_comment(&mut self) -> Result<(), Unreadable> {
        let (mut b0, mut b1) = (0, 0);
        loop {
            let b = self.byte()?;
            if (b0, b1, b) == (b'-', b'-', b'>') {
                return Ok(());
            }
            (b0, b1) = (b1, b);
        }
    }

    /// Text up to a quote, the end of a raw section, or the next `<`.
    fn text(&mut self, quote: Option<u8>, raw: bool) -> Result<String, Unreadable> {
        let mut out = Vec::new();
        let (mut b0, mut b1) = (0, 0);
        loop {
            let Some(b) = self.peek() else {
                if raw {
                    return Err(self.error("unexpected EOF in CDATA section"));
                }
                break;
            };
            if quote.is_none() && (b0, b1, b) == (b']', b']', b'>') {
                if !raw {
                    return Err(self.error("unescaped ]]> not in CDATA section"));
                }
                self.at += 1;
                out.truncate(out.len().saturating_sub(2));
                break;
            }
            if b == b'<' && !raw {
                if quote.is_some() {
                    return Err(self.error("unescaped < inside quoted string"));
                }
                break;
            }
            self.at += 1;
            if Some(b) == quote {
                break;
            }
            if b == b'&' && !raw {
                self.entity(&mut out)?;
                (b0, b1) = (0, 0);
                continue;
            }
            match b {
                b'\r' => out.push(b'\n'),
                b'\n' if b1 == b'\r' => {}
                _ => out.push(b),
            }
            (b0, b1) = (b1, b);
        }
        let first = out.utf8_chunks().next();
        let text = first.as_ref().map(Utf8Chunk::valid).unwrap_or_default();
        if let Some(c) = text.chars().find(|&c| !is_character(c)) {
            return Err(self.error(format!("illegal character code U+{:04X}", u32::from(c))));
        }
        if text.len() < out.len() {
            return Err(self.error("invalid UTF-8"));
        }
        Ok(text.to_owned())
    }

    /// What follows `&`. Whatever is not understood stays as it is.
    fn entity(&mut self, out: &mut Vec<u8>) -> Result<(), Unreadable> {
        let start = self.at;
        let mut meant = None;
        if self.must_peek()? == b'#' {
            self.at += 1;
            let hex = self.must_peek()? == b'x';
            self.at += usize::from(hex);
            let digits = self.at;
            while self.must_peek()?.is_ascii_digit() || hex && self.must_peek()?.is_ascii_hexdigit() {
                self.at += 1;
            }
            let number = str::from_utf8(self.since(digits)).unwrap_or_default();
            let number = u32::from_str_radix(number, if hex { 16 } else { 10 });
            if self.must_peek()? == b';' {
                self.at += 1;
                meant = number
                    .ok()
                    .filter(|&code| code <= u32::from(char::MAX))
                    .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        } else {
            while self.must_peek().map(is_name_byte)? {
                self.at += 1;
            }
            let name = self.since(start);
            if self.must_peek()? == b';' {
                self.at += 1;
                meant = match name {
                    b"lt" => Some('<'),
                    b"gt" => Some('>'),
                    b"amp" => Some('&'),
                    b"apos" => Some('\''),
                    b"quot" => Some('"'),
                    _ => None,
                };
            }
        }
        match meant {
            Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {
                out.push(b'&');
                out.extend_from_slice(self.since(start));
            }
        }
        Ok(())
    }

    /// A name without its namespace.
    fn name(&mut self, missing: &'static str) -> Result<&'a str, Unreadable> {
        let name = self.whole_name(missing)?;
        match name.split_once(':') {
            Some((_, local)) if local.contains(':') => Err(self.error(missing)),
            Some((space, local)) if !space.is_empty() && !local.is_empty() => Ok(local),
            _ => Ok(name),
        }
    }

    fn whole_name(&mut self, missing: &'static str) -> Result<&'a str, Unreadable> {
        let start = self.at;
        while self.must_peek().map(is_name_byte)? {
            self.at += 1;
        }
        let name = self.since(start);
        if name.is_empty() {
            return Err(self.error(missing));
        }
        let name = str::from_utf8(name).map_err(|_| {
            self.error(format!("invalid XML name: {}", short(&String::from_utf8_lossy(name))))
        })?;
        let begins = |c: char| c.is_alphabetic() || matches!(c, '_' | ':');
        let continues = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '.' | '-' | '\u{b7}');
        if name.starts_with(begins) && name.chars().all(continues) {
            Ok(name)
        } else {
            Err(self.error(format!("invalid XML name: {}", short(name))))
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\r' | b'\n' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.page.get(self.at).copied()
    }

    fn must_peek(&self) -> Result<u8, Unreadable> {
        self.peek().ok_or_else(|| self.error("unexpected EOF"))
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        let b = self.must_peek()?;
        self.at += 1;
        Ok(b)
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.page.get(start..self.at).unwrap_or_default()
    }

    fn error(&self, why: impl Into<Cow<'static, str>>) -> Unreadable {
        let before = self.page.get(..self.at).unwrap_or_default();
        Unreadable::Syntax { line: before.split(|&b| b == b'\n').count(), why: why.into() }
    }
}

/// The value that follows `name=` in quotes, if it is not empty.
fn pseudo_attribute<'d>(data: &'d [u8], name: &[u8]) -> Option<&'d [u8]> {
    let mut rest = data;
    loop {
        let found = rest.windows(name.len()).position(|window| window == name)?;
        let (quote, after) = rest.get(found + name.len()..)?.split_first()?;
        if matches!(quote, b'\'' | b'"') {
            let end = after.iter().position(|b| b == quote)?;
            return after.get(..end).filter(|value| !value.is_empty());
        }
        rest = after;
    }
}

fn is_name_byte(b: u8) -> bool {
    b >= 0x80 || b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.' | b'-')
}

fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

/// What a message repeats of a page.
fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_SHOWN) {
        None => text.into(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
    }
}

const MAX_SHOWN: usize = 60;
