//! Secrets taken out of texts that others wrote.

use std::ops::Range;

/// The same text with a `*` for every byte that could belong to a password or a token: so offsets stay what they
/// were, and a snippet of a file can still be underlined.
///
/// It errs on the side of stars: in each line, everything from the first `://` to the last `@` goes, as a password
/// that is not percent-encoded may hold any character, and so does the query of every URL, and a private key whose text
/// stands where its file should be named. A value in triple quotes counts as one line.
pub(crate) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in logical_lines(text) {
        let userinfo = userinfo(line);
        let (mut in_query, mut in_key) = (false, false);
        for (at, c) in line.char_indices() {
            in_query = in_query && !ends_a_url(c);
            in_key = in_key && !(c.is_whitespace() || matches!(c, '"' | '\''));
            if c != '\n' && (in_query || in_key || userinfo.contains(&at)) {
                out.extend(std::iter::repeat_n('*', c.len_utf8()));
            } else {
                out.push(c);
            }
            in_query = in_query || c == '?';
            in_key = in_key || (c == '+' && line.get(..=at).is_some_and(|before| before.ends_with(KEY)));
        }
    }
    out
}

/// What stands before the last `@`, or before an escape that may spell one. Without a `://` it begins at the quote
/// or `=` that begins the value, or else with the word.
fn userinfo(line: &str) -> Range<usize> {
    let ends = ["@", "\\u", "\\U", "\\x"];
    let Some(end) = ends.into_iter().filter_map(|end| line.rfind(end)).max() else { return 0..0 };
    let before = line.get(..end).unwrap_or(line);
    let scheme = before.find("://").map(|at| at + 3);
    let value = || before.find(['"', '\'']).or_else(|| before.find('=')).map(|at| at + 1);
    let word = || before.rfind(char::is_whitespace).map(|at| at + 1);
    scheme.or_else(value).or_else(word).unwrap_or_default()..end
}

fn ends_a_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | ',' | '|' | '<' | '>' | ')')
}

/// Lines with their ends; those that a `"""` or `'''` joins are one.
fn logical_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut begin, mut at) = (0, 0);
    let mut open: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        loop {
            let next = match open {
                Some(quotes) => rest.find(quotes).map(|at| (at, None)),
                None => ["\"\"\"", "'''"].iter().filter_map(|q| Some((rest.find(q)?, Some(*q)))).min(),
            };
            let Some((found, state)) = next else { break };
            open = state;
            rest = rest.get(found + 3..).unwrap_or_default();
        }
        at += line.len();
        if open.is_none() {
            lines.extend(text.get(begin..at));
            begin = at;
        }
    }
    lines.extend(text.get(begin..).filter(|rest| !rest.is_empty()));
    lines
}

/// What the private key of a checksum database begins with.
const KEY: &str = "PRIVATE+KEY+";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_where_a_secret_could() {
        for (text, want) in [
            ("listen = \"127.0.0.1:1\"", "listen = \"127.0.0.1:1\""),
            ("x = \"https://u:pw@h.example/p\"", "x = \"https://****@h.example/p\""),
            ("x = \"https://a.example|https://u:p|,\\\"@h\"", "x = \"https://*************************@h\""),
            ("x = \"u:pw@h\"", "x = \"****@h\""),
            ("x = u:pw@h", "x =*****@h"),
            ("see u:pw@h", "see ****@h"),
            ("x = \"https://u:p\\u0040h\"", "x = \"https://***\\u0040h\""),
            ("x = \"https://h/p?t=secret,https://i\"", "x = \"https://h/p?********,https://i\""),
            ("x = 'https://h/?a|https://i?b'", "x = 'https://h/?*|https://i?*'"),
            ("# why? because", "# why? because"),
            ("key = \"PRIVATE+KEY+a+0+A/b=\" # x", "key = \"PRIVATE+KEY+********\" # x"),
            ("a PRIVATE+KEY+a b PRIVATE+KEY+c", "a PRIVATE+KEY+* b PRIVATE+KEY+*"),
            ("x = \"https://é:ß@h\"\ny = 1", "x = \"https://*****@h\"\ny = 1"),
            ("x = \"\"\"https://u:\\\n  p@h\"\"\"\ny = 2\n", "x = \"\"\"https://***\n***@h\"\"\"\ny = 2\n"),
            ("x = '''https://u:p\nw@h", "x = '''https://***\n*@h"),
        ] {
            let got = masked(text);
            assert_eq!(got, want);
            assert_eq!(got.len(), text.len());
        }
    }
}
