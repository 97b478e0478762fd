//! What `git archive` does to a file's content on its way out (`convert.c`), with `core.autocrlf=input` and
//! `core.eol=lf`, where no filter is configured: `$Id$`, ends of lines, encoding, in this order.

use std::borrow::Cow;

use crate::Oid;

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conversion {
    pub(super) ends: Ends,
    /// Whether `$Id$` stands for the file's object.
    pub(super) ident: bool,
    /// The encoding that it gets.
    pub(super) encoding: Option<String>,
}

/// What becomes of its ends of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Keep,
    Crlf,
    /// If it looks like text in which no CR is.
    CrlfIfText,
}

/// An encoding that only the machine's iconv knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub(super) String);

impl Conversion {
    /// The content as it goes out. `id` is its object.
    pub(super) fn apply<'a>(&self, content: &'a [u8], id: Oid) -> Result<Cow<'a, [u8]>, Unknown> {
        let mut content = Cow::Borrowed(content);
        if self.ident
            && let Some(named) = with_ids(&content, id)
        {
            content = Cow::Owned(named);
        }
        if self.wants_crlf(&content) {
            content = Cow::Owned(with_crlf(&content));
        }
        if let Some(name) = self.encoding.as_deref().filter(|_| !content.is_empty())
            && let Some(encoded) = encode(&content, name)?
        {
            content = Cow::Owned(encoded);
        }
        Ok(content)
    }

    /// Whether its encoding is known here.
    pub(super) fn is_known(&self) -> bool {
        self.encoding.as_deref().is_none_or(|name| encode(b"", name).is_ok())
    }

    /// `will_convert_lf_to_crlf`.
    fn wants_crlf(&self, content: &[u8]) -> bool {
        let stats = || Stats::of(content);
        match self.ends {
            Ends::Keep => false,
            Ends::Crlf => stats().bare_lf,
            Ends::CrlfIfText => {
                let stats = stats();
                stats.bare_lf && !stats.cr && !stats.nul && stats.printable >> 7 >= stats.unprintable
            }
        }
    }
}

/// `gather_stats`, and what `convert_is_binary` makes of it.
struct Stats {
    /// An LF without CR before it.
    bare_lf: bool,
    /// Any CR.
    cr: bool,
    nul: bool,
    printable: usize,
    unprintable: usize,
}

impl Stats {
    fn of(content: &[u8]) -> Self {
        let mut stats = Stats { bare_lf: false, cr: false, nul: false, printable: 0, unprintable: 0 };
        let mut before = 0;
        for byte in content {
            match byte {
                b'\r' => stats.cr = true,
                b'\n' => stats.bare_lf |= before != b'\r',
                0 => {
                    stats.nul = true;
                    stats.unprintable += 1;
                }
                // Backspace, tab, escape and form feed occur in texts.
                8 | 9 | 27 | 12 | 32..=126 | 128.. => stats.printable += 1,
                _ => stats.unprintable += 1,
            }
            before = *byte;
        }
        // The end of a file of DOS.
        if before == 26 && !content.is_empty() {
            stats.unprintable = stats.unprintable.saturating_sub(1);
        }
        stats
    }
}

fn with_crlf(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + content.len() / 16);
    let mut before = 0;
    for byte in content {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

/// `ident_to_worktree`; `None` where there is nothing to do.
fn with_ids(content: &[u8], id: Oid) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = content;
    let mut any = false;
    while let Some(at) = rest.iter().position(|b| *b == b'$') {
        let (before, behind) = rest.split_at_checked(at + 1)?;
        out.extend_from_slice(before);
        rest = behind;
        let Some(keyword) = rest.strip_prefix(b"Id") else { continue };
        match keyword.split_first() {
            Some((b'$', behind)) => rest = behind,
            Some((b':', old)) => {
                // Nothing ends it: the rest is no keyword either.
                let Some(end) = old.iter().position(|b| *b == b'$') else { break };
                let (old, behind) = old.split_at_checked(end)?;
                // One of another system has spaces in it, or goes over a line: it stays.
                let inner = old.get(1..old.len().saturating_sub(1)).unwrap_or_default();
                if old.contains(&b'\n') || inner.contains(&b' ') {
                    continue;
                }
                rest = behind.get(1..)?;
            }
            _ => continue,
        }
        any = true;
        out.extend_from_slice(format!("Id: {id} $").as_bytes());
    }
    out.extend_from_slice(rest);
    any.then_some(out)
}

/// As glibc's iconv encodes UTF-8. `None`: the content cannot be encoded and stays, or has this encoding already.
fn encode(content: &[u8], name: &str) -> Result<Option<Vec<u8>>, Unknown> {
    let (mark, little, wide) = match &*name.to_ascii_uppercase().replace("UTF-", "UTF") {
        "UTF8" => return Ok(None),
        "UTF16" | "UTF16LE-BOM" => (true, true, false),
        "UTF16BE-BOM" => (true, false, false),
        "UTF16LE" => (false, true, false),
        "UTF16BE" => (false, false, false),
        "UTF32" => (true, true, true),
        "UTF32LE" => (false, true, true),
        "UTF32BE" => (false, false, true),
        _ => return Err(Unknown(name.to_owned())),
    };
    let Ok(text) = std::str::from_utf8(content) else { return Ok(None) };
    let mut out = Vec::with_capacity(text.len() * 2 + 4);
    let mark = mark.then_some('\u{feff}');
    for c in mark.into_iter().chain(text.chars()) {
        if wide {
            let unit = u32::from(c);
            out.extend_from_slice(&if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.extend_from_slice(&if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
            }
        }
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "055c8729cdcc372500a08db659c045e16c4409fb";

    #[test]
    fn ids_stand_where_git_puts_them() {
        let id: Oid = ID.parse().unwrap();
        let ids = |text: &str| with_ids(text.as_bytes(), id).map(|out| String::from_utf8(out).unwrap());
        let there = format!("$Id: {ID} $");
        for (text, expected) in [
            ("a $Id$ b", format!("a {there} b")),
            ("$Id: 0123 $", there.clone()),
            ("$Id:$", there.clone()),
            ("$Id: $", there.clone()),
            ("$$Id$$", format!("${there}$")),
            ("$Id: two words $ $Id$", format!("$Id: two words $ {there}")),
            ("$Id: a\n$ $Id$", format!("$Id: a\n$ {there}")),
            ("$Id$ $Id: open", format!("{there} $Id: open")),
        ] {
            assert_eq!(ids(text).as_deref(), Some(&*expected), "{text}");
        }
        for text in ["", "$", "$I", "$Id", "$id$", "$Id: two words $", "$Idx$"] {
            assert_eq!(ids(text), None, "{text}");
        }
    }

    #[test]
    fn lines_end_as_git_ends_them() {
        let id: Oid = ID.parse().unwrap();
        let out = |ends, content: &[u8]| {
            let conversion = Conversion { ends, ident: false, encoding: None };
            conversion.apply(content, id).unwrap().into_owned()
        };
        assert_eq!(out(Ends::Crlf, b"a\nb\r\n\n"), b"a\r\nb\r\n\r\n");
        assert_eq!(out(Ends::Crlf, b"a\0\n"), b"a\0\r\n");
        assert_eq!(out(Ends::CrlfIfText, b"a\nb\n"), b"a\r\nb\r\n");
        for content in [&b"a\nb\r\n"[..], b"a\0\n", b"\x01\n", b"a\rb\n", b""] {
            assert_eq!(out(Ends::CrlfIfText, content), content);
        }
        assert_eq!(out(Ends::CrlfIfText, b"a\n\x1a"), b"a\r\n\x1a");
        assert_eq!(out(Ends::Keep, b"a\n"), b"a\n");
    }

    #[test]
    fn texts_get_their_encoding() {
        let of = |name: &str| encode("é\n".as_bytes(), name);
        assert_eq!(of("UTF-16LE"), Ok(Some(vec![0xe9, 0, 10, 0])));
        assert_eq!(of("utf16be"), Ok(Some(vec![0, 0xe9, 0, 10])));
        assert_eq!(of("UTF-16"), Ok(Some(vec![0xff, 0xfe, 0xe9, 0, 10, 0])));
        assert_eq!(of("UTF-16BE-BOM"), Ok(Some(vec![0xfe, 0xff, 0, 0xe9, 0, 10])));
        assert_eq!(of("UTF-32BE"), Ok(Some(vec![0, 0, 0, 0xe9, 0, 0, 0, 10])));
        assert_eq!(of("utf-8"), Ok(None));
        assert_eq!(encode(b"\xff", "UTF-16"), Ok(None));
        assert_eq!(of("SHIFT-JIS"), Err(Unknown("SHIFT-JIS".to_owned())));
    }
}
