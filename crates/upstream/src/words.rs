//! A source's own words in an error body, as far as the go command would show them (PROTOCOL 1.9, trap 16).

use http::HeaderValue;

/// How much of an error body is read.
pub(crate) const READ: usize = 4096;

/// The words in an error body, or nothing: only `text/plain` in UTF-8 or ASCII, up to the first blank line,
/// [`MAX_LINES`] and [`MAX_BYTES`]; nothing at all if a character of it is not printable.
pub(crate) fn words(content_type: Option<&HeaderValue>, body: &[u8]) -> Option<String> {
    if is_plain_text(content_type?.to_str().ok()?) { plain(body) } else { None }
}

/// The words in a text: up to the first blank line, [`MAX_LINES`] and [`MAX_BYTES`]; nothing at all if a character of
/// it is not printable.
pub(crate) fn plain(body: &[u8]) -> Option<String> {
    let mut kept = String::new();
    for line in body.split(|&b| b == b'\n').take(MAX_LINES) {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let room = MAX_BYTES.saturating_sub(kept.len() + usize::from(!kept.is_empty()));
        let (line, cut) = match line.get(..room) {
            Some(start) if start.len() < line.len() => (start, true),
            _ => (line, false),
        };
        let line = match std::str::from_utf8(line) {
            Ok(line) => line,
            // The limit may have cut a character in two.
            Err(e) if cut && e.error_len().is_none() => {
                std::str::from_utf8(line.get(..e.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        if !is_printable(line) {
            return None;
        }
        if !kept.is_empty() && !line.is_empty() {
            kept.push('\n');
        }
        kept.push_str(line);
        if cut {
            break;
        }
    }
    (!kept.is_empty()).then_some(kept)
}

fn is_plain_text(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let plain = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case("text/plain"));
    let charset =
        parts.filter_map(|p| p.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    plain
        && charset.is_none_or(|(_, value)| {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii")
        })
}

/// Whether every character is a graphic one, a space or a tab. `escape_debug` escapes what is not printable,
/// and besides it only these three.
fn is_printable(line: &str) -> bool {
    let mut rest = String::from("a");
    // A combining mark is escaped only where it comes first, so something else does.
    rest.extend(line.chars().filter(|c| !matches!(c, '\\' | '\'' | '"' | '\t')));
    rest.escape_debug().eq(rest.chars())
}

const MAX_LINES: usize = 8;
const MAX_BYTES: usize = 648;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: impl AsRef<[u8]>) -> Option<String> {
        words(Some(&HeaderValue::from_static("text/plain; charset=utf-8")), body.as_ref())
    }

    #[test]
    fn trap_16_only_plain_text_is_kept() {
        for (content_type, kept) in [
            ("text/plain", true),
            ("Text/Plain;charset=\"UTF-8\"", true),
            ("text/plain; format=flowed; charset=us-ascii", true),
            ("text/plain; charset=iso-8859-1", false),
            ("text/html; charset=utf-8", false),
            ("application/json", false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(content_type);
            assert_eq!(words(Some(&value), b"not found: no such module").is_some(), kept, "{content_type}");
        }
        assert_eq!(words(None, b"x"), None);
    }

    #[test]
    fn eight_lines_648_bytes_or_the_first_blank_line() {
        assert_eq!(said("one\r\ntwo\n\nthree").as_deref(), Some("one\ntwo"));
        assert_eq!(said("l\n".repeat(20)), Some(["l"; 8].join("\n")));
        assert_eq!(said("x".repeat(2000)), Some("x".repeat(648)));
        let cut_character = format!("{}é", "x".repeat(647));
        assert_eq!(said(&cut_character), Some("x".repeat(647)));
        assert_eq!(said(format!("{}\nmore", "x".repeat(647))), Some("x".repeat(647)));
        assert_eq!(said("\n\nlate"), None);
        assert_eq!(said(""), None);
    }

    #[test]
    fn an_unprintable_character_takes_all_words_away() {
        for body in
            ["a\u{1b}[31mb", "a\u{0}", "a\u{202e}b", "a\u{200b}b", "a\rb", "fine\nbad\u{7}", "\u{e000}"]
        {
            assert_eq!(said(body), None, "{body:?}");
        }
        assert_eq!(said(b"\xff\xfe"), None);
        for body in ["grüße \\ \"x\" 'y'\tz", "日本語", "e\u{301}", "\u{301}"] {
            assert_eq!(said(body).as_deref(), Some(body), "{body:?}");
        }
    }
}
