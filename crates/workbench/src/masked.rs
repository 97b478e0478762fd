//! Secrets taken out of texts that others wrote.

use std::ops::Range;

use gomod::{ModulePath, Version};

/// The same text with a `*` for every byte that could belong to a password or a token: so offsets stay what they
/// were, and a snippet of a file can still be underlined.
///
/// It errs on the side of stars: in each line, everything from the first `://` to the last `@` that is not part of a
/// version goes, as a password that is not percent-encoded may hold any character, and so does the query of every URL, and a private key whose text
/// stands where its file should be named. A value in triple quotes counts as one line.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in logical_lines(text) {
        let userinfo = userinfo(line);
        let token = token(line);
        let (mut in_query, mut in_key) = (false, false);
        for (at, c) in line.char_indices() {
            in_query = in_query && !ends_a_url(c);
            in_key = in_key && !(c.is_whitespace() || matches!(c, '"' | '\''));
            if c != '\n' && (in_query || in_key || at >= token || userinfo.contains(&at)) {
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

/// Where the value of a setting begins that is called `token`; behind the line where there is none.
fn token(line: &str) -> usize {
    let begins = line.match_indices("token").find_map(|(at, word)| {
        let before = line.get(..at)?;
        let alone = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let rest = line.get(at + word.len()..)?;
        let value = rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix('=')?;
        alone.then_some(line.len() - value.len())
    });
    begins.unwrap_or(line.len())
}

/// What stands before the last `@`, or before an escape that may spell one. Without a `://` it begins at the quote
/// or `=` that begins the value, or else with the word.
fn userinfo(line: &str) -> Range<usize> {
    let sign = line.rmatch_indices('@').map(|(at, _)| at).find(|at| !is_of_a_version(line, *at));
    let escapes = ["\\u", "\\U", "\\x"].into_iter().filter_map(|escape| line.rfind(escape));
    let Some(end) = sign.into_iter().chain(escapes).max() else { return 0..0 };
    let before = line.get(..end).unwrap_or(line);
    let scheme = before.find("://").map(|at| at + 3);
    let value = || before.find(['"', '\'']).or_else(|| before.find('=')).map(|at| at + 1);
    let word = || before.rfind(char::is_whitespace).map(|at| at + 1);
    scheme.or_else(value).or_else(word).unwrap_or_default()..end
}

/// Whether an `@` belongs to a version, as in `MODULE@VERSION`, `…/lookup/MODULE@VERSION` or `…/MODULE/@v/…`. No host is
/// called like a version, and no module is called like a user with a password.
fn is_of_a_version(line: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (line.get(..at), line.get(at + 1..)) else { return false };
    let word = before.rsplit(begins_a_word).next().unwrap_or_default();
    let of_module = match word.split_once("://") {
        None => ModulePath::new(word.strip_suffix('/').unwrap_or(word)).is_ok(),
        Some((_, rest)) => rest.split_once('/').is_some_and(|(authority, _)| is_host(authority)),
    };
    if !of_module {
        return false;
    }
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || ".+-".contains(c))).unwrap_or(after.len());
    let (name, rest) = after.split_at_checked(end).unwrap_or_default();
    if word.ends_with('/') && name == "v" && rest.starts_with('/') {
        return true;
    }
    let rest = rest.strip_prefix("/go.mod").unwrap_or(rest);
    let ended =
        rest.strip_prefix(':').unwrap_or(rest).chars().next().is_none_or(|c| ends_a_url(c) || c == ';');
    let name = name.strip_suffix('.').unwrap_or(name);
    ended && (name == "latest" || Version::new(name).is_ok())
}

/// A host with a port or without, and nothing before it but what an `@` ends.
fn is_host(text: &str) -> bool {
    let text = text.rsplit('@').next().unwrap_or(text);
    let (host, port) = text.split_once(':').unwrap_or((text, ""));
    port.chars().all(|c| c.is_ascii_digit())
        && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c))
}

fn begins_a_word(c: char) -> bool {
    ends_a_url(c) || c == '('
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
            ("token = \"hunter2\"", "token =**********"),
            ("x = [{ host = \"h\", 'token'= 'a b' }]", "x = [{ host = \"h\", 'token'=*********"),
            ("token_file = \"t\"", "token_file = \"t\""),
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

    #[test]
    fn versions_are_no_secrets() {
        for text in [
            "example.com/m@v1.0.0: not found",
            "record 5: example.com/m@v1.0.0 has no stored answer",
            "(example.com/m/v2@v2.0.0-20240506070809-0123456789ab) and \"gopkg.in/yaml.v3@v3.0.1\".",
            "line 7: example.com/m@v1.0.0/go.mod h1:AAAA=",
            "example.com/m@v3.0.0+incompatible, and example.com/m@latest.",
            "cannot ask https://proxy.example.com:8080/example.com/m/@v/v1.0.0.zip: it is gone",
            "cannot ask https://proxy.example.com/example.com/m/@latest",
            "https://sum.example.com/lookup/example.com/m@v1.0.0 for example.com/n@v1.1.0",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn secrets_beside_versions_stay_hidden() {
        for (text, want) in [
            ("https://u:pw@h.example: example.com/m@v1.0.0", "https://****@h.example: example.com/m@v1.0.0"),
            ("https://u:pw@h/example.com/m/@v/v1.0.0.zip", "https://****@h/example.com/m/@v/v1.0.0.zip"),
            ("https://u:p/w@h/lookup/example.com/m@v1.0.0", "https://****************************@v1.0.0"),
            ("example.com/m@v1.0.0 of https://u:pw@h", "example.com/m@v1.0.0 of https://****@h"),
            ("https://u:example.com/m@v1.0.0", "https://***************@v1.0.0"),
            ("https://u:p example.com/m@v1.0.0@h", "https://************************@h"),
            ("https://u:p example.com/m@v1.0.0.example", "https://*****************@v1.0.0.example"),
            ("https://token/w@v1.0.0:8080/", "https://*******@v1.0.0:8080/"),
            ("u:pw@v1.0.0", "****@v1.0.0"),
            ("token@v1.0.0", "*****@v1.0.0"),
            ("https://u:p/@v/v1.0.0.zip", "https://****@v/v1.0.0.zip"),
            ("git@example.com:m@v1.0.0", "*****************@v1.0.0"),
        ] {
            assert_eq!(masked(text), want);
        }
    }
}
