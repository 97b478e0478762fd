//! The grammar of git's configuration files (git's `config.c`).

/// One setting as a file has it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// `section.name` in lower case, or `section.Sub.Section.name` whose middle is as written.
    pub(super) key: String,
    /// `None`: the name alone, which means true.
    pub(super) value: Option<String>,
}

/// Reads a file. An error is the number of the line that is none.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { rest: text, line: 1, ended: false };
    reader.all().ok_or(reader.line)
}

struct Reader<'a> {
    rest: &'a str,
    /// Of the character that was read last.
    line: usize,
    ended: bool,
}

impl Reader<'_> {
    /// The next character; CR before LF is none.
    fn next(&mut self) -> Option<char> {
        let c = match self.rest.chars().next()? {
            '\r' if self.rest.starts_with("\r\n") => {
                self.rest = self.rest.strip_prefix('\r').unwrap_or_default();
                '\n'
            }
            c => c,
        };
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        self.line += usize::from(self.ended);
        self.ended = c == '\n';
        Some(c)
    }

    fn all(&mut self) -> Option<Vec<Line>> {
        let mut lines = Vec::new();
        let mut section = None;
        while let Some(c) = self.next() {
            match c {
                '#' | ';' => while self.next().is_some_and(|c| c != '\n') {},
                '[' => section = Some(self.section()?),
                c if c.is_ascii_whitespace() || c == '\u{b}' => {}
                c if c.is_ascii_alphabetic() => {
                    let key = format!("{}.{}", section.as_deref()?, self.name(c)?);
                    let value = self.assigned()?;
                    lines.push(Line { key, value });
                }
                _ => return None,
            }
        }
        Some(lines)
    }

    /// What stands in brackets, the first of which is read.
    fn section(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            match self.next()? {
                ']' => return Some(name),
                c if c.is_ascii_alphanumeric() || c == '-' || c == '.' => name.push(c.to_ascii_lowercase()),
                '\n' => return None,
                c if c.is_ascii_whitespace() => break,
                _ => return None,
            }
        }
        loop {
            match self.next()? {
                '"' => break,
                '\n' => return None,
                c if c.is_ascii_whitespace() => {}
                _ => return None,
            }
        }
        name.push('.');
        loop {
            match self.next()? {
                '"' => break,
                '\n' => return None,
                '\\' => name.push(self.next().filter(|c| *c != '\n')?),
                c => name.push(c),
            }
        }
        (self.next()? == ']').then_some(name)
    }

    /// A name whose first character is read.
    fn name(&mut self, first: char) -> Option<String> {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let (name, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        Some(format!("{first}{name}").to_ascii_lowercase())
    }

    /// What stands behind a name.
    #[expect(clippy::option_option, reason = "a wrong line, a name alone, a value")]
    fn assigned(&mut self) -> Option<Option<String>> {
        loop {
            match self.next() {
                None | Some('\n') => return Some(None),
                Some(' ' | '\t') => {}
                Some('=') => return Some(Some(self.value()?)),
                Some(_) => return None,
            }
        }
    }

    fn value(&mut self) -> Option<String> {
        let (mut value, mut quoted, mut spaces) = (String::new(), false, String::new());
        loop {
            let c = match self.next() {
                Some('\n') | None if quoted => return None,
                None | Some('\n') => return Some(value),
                Some(c) => c,
            };
            match c {
                c if c.is_ascii_whitespace() && !quoted => {
                    if !value.is_empty() {
                        spaces.push(' ');
                    }
                    continue;
                }
                '#' | ';' if !quoted => {
                    while self.next().is_some_and(|c| c != '\n') {}
                    return Some(value);
                }
                _ => value.push_str(&std::mem::take(&mut spaces)),
            }
            match c {
                '"' => quoted = !quoted,
                '\\' => match self.next()? {
                    '\n' => {}
                    't' => value.push('\t'),
                    'b' => value.push('\u{8}'),
                    'n' => value.push('\n'),
                    c @ ('\\' | '"') => value.push(c),
                    _ => return None,
                },
                c => value.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, Option<String>)>, usize> {
        lines(text).map(|lines| lines.into_iter().map(|line| (line.key, line.value)).collect())
    }

    fn one(text: &str) -> (String, Option<String>) {
        let mut lines = read(text).unwrap();
        assert_eq!(lines.len(), 1, "{text}");
        lines.remove(0)
    }

    #[test]
    fn settings_are_read_as_git_reads_them() {
        for (text, key, value) in [
            ("[a]\nb=c", "a.b", Some("c")),
            ("[A]B", "a.b", None),
            ("[a \"B.\\\"C\"] D-e = x y  # z", "a.B.\"C.d-e", Some("x y")),
            ("[a.B]\r\nc = \" x ; \" y\r\n", "a.b.c", Some(" x ;  y")),
            ("[a]b = \\\"x\\t\\\\\\\n y", "a.b", Some("\"x\t\\ y")),
            ("\u{feff}; x\n[a] # y\n\tb =", "a.b", Some("")),
        ] {
            assert_eq!(one(text), (key.to_owned(), value.map(str::to_owned)), "{text:?}");
        }
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        for (text, line) in [
            ("a=b", 1),
            ("[a]\n=b", 2),
            ("[a", 1),
            ("[a \"b]\nc", 1),
            ("[a]b=\"c\n", 1),
            ("[a]\n\nb=\\x", 3),
            ("[a]b c", 1),
            ("[a]1=2", 1),
        ] {
            assert_eq!(read(text), Err(line), "{text:?}");
        }
    }
}
