//! Text for the people behind `go`, within what `go` shows of it.
//!
//! The go command prints the body of an error only if it is plain text: at most 8 lines and 648 bytes, up to the
//! first empty line, and nothing at all if one character is not printable. So a notice says first what, then why,
//! then what to do, and no text from outside can break it.

/// A short text: what happened, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    what: String,
    why: Vec<String>,
    advice: Option<String>,
}

impl Notice {
    /// Begins with what happened.
    pub(crate) fn new(what: &str) -> Self {
        Self { what: printable(what, MAX_LINE), why: Vec::new(), advice: None }
    }

    /// Adds the lines of a reason. Empty ones are left out.
    pub(crate) fn because(mut self, why: &str) -> Self {
        self.why.extend(why.lines().map(|line| printable(line, MAX_LINE)).filter(|line| !line.is_empty()));
        self
    }

    /// Says what to do. The last advice counts.
    pub(crate) fn advise(mut self, advice: &str) -> Self {
        self.advice = Some(printable(advice, MAX_LINE));
        self
    }

    /// The text, each line with its newline. Reasons that find no room are counted.
    pub(crate) fn text(&self) -> String {
        let advice = self.advice.as_deref();
        let mut room = MAX_BYTES - size(&self.what) - advice.map_or(0, size);
        let mut lines = MAX_LINES - 1 - usize::from(advice.is_some());
        if self.why.len() > lines || self.why.iter().map(|why| size(why)).sum::<usize>() > room {
            room -= MAX_MORE;
            lines -= 1;
        }
        let fits = |room: &mut usize, why: &String| {
            *room = room.checked_sub(size(why))?;
            Some(())
        };
        let shown = self.why.iter().take(lines).scan(room, fits).count();
        let hidden = self.why.len() - shown;
        let more = (hidden > 0).then(|| format!("(and {hidden} more)"));

        let mut text = String::with_capacity(MAX_BYTES);
        let reasons = self.why.iter().take(shown).map(String::as_str);
        for line in std::iter::once(self.what.as_str()).chain(reasons).chain(more.as_deref()).chain(advice) {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

fn size(line: &str) -> usize {
    line.len() + 1
}

/// One line of text that `go` prints: anything doubtful is replaced, and what is too long is cut.
fn printable(line: &str, max: usize) -> String {
    let mut out = String::with_capacity(line.len().min(max));
    for c in line.trim().chars() {
        let c = match c {
            _ if c.is_ascii_graphic() => c,
            _ if c.is_whitespace() => ' ',
            // `escape_debug` escapes what is not printable.
            _ if c.escape_debug().eq([c]) => c,
            _ => '?',
        };
        if out.len() + c.len_utf8() > max {
            out.truncate(out.floor_char_boundary(max - 3));
            out.push_str("...");
            break;
        }
        out.push(c);
    }
    out
}

/// The most that `go` shows.
pub(crate) const MAX_LINES: usize = 8;
/// The most that `go` shows, newlines included.
pub(crate) const MAX_BYTES: usize = 648;
/// So that the first and the last line leave room for two reasons.
const MAX_LINE: usize = 200;
/// Bytes of the line that counts what is left out.
const MAX_MORE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// What `go` demands of a text before it shows it.
    fn shown(text: &str) -> bool {
        text.len() <= MAX_BYTES
            && text.lines().count() <= MAX_LINES
            && text.ends_with('\n')
            && text.lines().all(|line| !line.trim().is_empty())
            && text.chars().all(|c| c == '\n' || !c.is_control())
    }

    #[test]
    fn says_what_why_and_what_to_do() {
        let notice = Notice::new("not found").because("nobody has it\n\nreally").advise("check the path");
        assert_eq!(notice.text(), "not found\nnobody has it\nreally\ncheck the path\n");
    }

    #[test]
    fn stays_within_the_limits_whatever_comes_in() {
        for (lines, width) in [(1, 10_000), (20, 5), (7, 1), (6, 150), (6, 60), (100, 100), (0, 1)] {
            for advice in [None, Some("do this ".repeat(50))] {
                let mut notice = Notice::new(&"w".repeat(width));
                for i in 0..lines {
                    notice = notice.because(&format!("{i}{}", "ü".repeat(width)));
                }
                if let Some(advice) = &advice {
                    notice = notice.advise(advice);
                }
                let text = notice.text();
                assert!(shown(&text), "{lines} {width} {text:?}");
                assert_eq!(text.lines().last().unwrap().starts_with("do this"), advice.is_some());
            }
        }
    }

    #[test]
    fn counts_what_is_left_out() {
        let reasons: Vec<String> = (0..20).map(|i| format!("reason {i}")).collect();
        let text = Notice::new("failed").because(&reasons.join("\n")).advise("try later").text();
        assert_eq!(text.lines().nth(5), Some("reason 4"));
        assert_eq!(text.lines().nth(6), Some("(and 15 more)"));
    }

    #[test]
    fn one_doubtful_character_does_not_hide_the_text() {
        let text = Notice::new("a\u{7}b\u{202e}c\u{feff}d\te").because("x\ry\u{0}").text();
        assert_eq!(text, "a?b?c?d e\nx y?\n");
        assert_eq!(Notice::new("größer 大").text(), "größer 大\n");
    }
}
