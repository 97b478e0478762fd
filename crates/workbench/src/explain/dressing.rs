//! What build systems put around the lines of a log: colours, timestamps, names of steps, JSON.

use serde_json::Value;

/// A line of a log as the program printed it: without colours, without what a build system put before it, and only what
/// stands after the last return to the line's beginning.
pub(super) fn undress(line: &str) -> String {
    let plain = without_escapes(line);
    let plain = plain.trim_end_matches(['\r', '\n']);
    let mut rest = plain.rsplit_once('\r').map_or(plain, |(_, last)| last);
    while let Some(shorter) = without_one(rest) {
        rest = shorter;
    }
    rest.to_owned()
}

/// The texts of a line that is JSON, as `go build -json`, `go test -json`, `go list -json` and `go mod download -json`
/// print it; `None` if it is none.
pub(super) fn texts(line: &str) -> Option<Vec<String>> {
    let trimmed = line.trim().trim_end_matches(',');
    if trimmed.starts_with('{') && trimmed.ends_with('}') {
        let value: Value = serde_json::from_str(trimmed).ok()?;
        return Some(WORDS.iter().filter_map(|word| text_of(value.get(word)?)).collect());
    }
    // One member of an object that is spread over lines.
    let (name, value) = trimmed.strip_prefix('"')?.split_once("\": ")?;
    let known = WORDS.contains(&name);
    let value: Value = serde_json::from_str(value).ok().filter(Value::is_string)?;
    known.then(|| text_of(&value).into_iter().collect())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(members) => WORDS.iter().find_map(|word| text_of(members.get(*word)?)),
        _ => None,
    }
}

/// The members that hold what a program said.
const WORDS: [&str; 6] = ["Error", "Err", "Output", "log", "message", "msg"];

/// Without the sequences that colour a terminal, move its cursor, or set its title.
fn without_escapes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        match chars.next() {
            // CSI: up to a letter.
            Some('[') => {
                let _ = chars.by_ref().find(|c| ('@'..='~').contains(c));
            }
            // What is meant for the terminal or the build system alone: up to BEL or ST.
            Some(']' | '_' | 'P' | '^' | 'X') => {
                let mut before = ' ';
                let _ = chars.by_ref().find(|c| {
                    let end = *c == '\u{7}' || before == '\u{1b}' && *c == '\\';
                    before = *c;
                    end
                });
            }
            _ => {}
        }
    }
    out
}

/// The line without one thing before it; `None` if nothing is there that is not the program's own.
fn without_one(line: &str) -> Option<&str> {
    let trimmed = line.trim_start_matches(' ');
    if let Some(rest) = MARKS.iter().find_map(|mark| trimmed.strip_prefix(mark)) {
        return Some(rest.trim_start_matches(' '));
    }
    let (word, rest) = trimmed.split_once([' ', '\t'])?;
    let inner = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')).unwrap_or(word);
    let dress = is_time(inner) || is_date(inner) || is_step(word) || is_make(word) || is_runner(word);
    // A tab belongs to the program: it says that the line goes on with the one before.
    if dress {
        return rest_from(trimmed, word);
    }
    of_service(trimmed).or_else(|| rest_of_day(word, rest))
}

/// `web-1  | text`, as compose prints it.
fn of_service(line: &str) -> Option<&str> {
    let (service, text) = line.split_once("| ")?;
    let service = service.trim_end();
    let speaks = ["go: ", "verifying ", "\t"].iter().any(|said| text.starts_with(said));
    let is_one = service.len() <= 40
        && (speaks || service.ends_with(|c: char| c.is_ascii_digit()))
        && service.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    is_one.then_some(text)
}

/// What stands behind a word and one space.
fn rest_from<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.get(word.len()..)?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// `Nov 21 10:00:00 host text`, as syslog and journals print it: month and day are taken away together.
fn rest_of_day<'a>(word: &str, rest: &'a str) -> Option<&'a str> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, rest) = rest.trim_start().split_once(' ')?;
    let is_day = day.len() <= 2 && day.bytes().all(|b| b.is_ascii_digit());
    (MONTHS.contains(&word) && is_day && rest.split(' ').next().is_some_and(is_time)).then_some(rest)
}

/// Marks of single systems.
const MARKS: [&str; 9] = [
    "##[error]",
    "##[warning]",
    "::error::",
    "::warning::",
    "Error: go: ",
    "remote: ",
    "stderr: ",
    "stdout: ",
    "> ",
];

/// `10:00:00`, with a fraction, a zone, a comma.
fn is_time(word: &str) -> bool {
    let word = word.trim_end_matches(['Z', ',', ':']);
    let word = word.split(['.', '+']).next().unwrap_or_default();
    let parts: Vec<_> = word.split(':').collect();
    parts.len() == 3 && parts.iter().all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()))
}

/// `2026-11-21`, `2026/11/21`, alone or with `T` and a time behind it.
fn is_date(word: &str) -> bool {
    let (date, time) = word.split_once('T').map_or((word, None), |(date, time)| (date, Some(time)));
    let parts: Vec<_> = date.split(['-', '/']).collect();
    let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    let is_day = matches!(parts.as_slice(), [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2));
    let rest = time.map(|time| time.split(['-', '+']).next().unwrap_or_default());
    is_day && rest.is_none_or(is_time)
}

/// `#12` and `0.345`, as BuildKit prints them.
fn is_step(word: &str) -> bool {
    if let Some(number) = word.strip_prefix('#') {
        return !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    }
    word.split_once('.').is_some_and(|(whole, part)| {
        (1..=5).contains(&whole.len())
            && (1..=3).contains(&part.len())
            && whole.bytes().chain(part.bytes()).all(|b| b.is_ascii_digit())
    })
}

/// `make:` and `make[2]:`.
fn is_make(word: &str) -> bool {
    let word = word.strip_prefix('g').unwrap_or(word);
    word.strip_prefix("make").is_some_and(|rest| rest == ":" || rest.starts_with('[') && rest.ends_with("]:"))
}

/// `00O` and `01E+`, as a GitLab runner writes them.
fn is_runner(word: &str) -> bool {
    let word = word.trim_end_matches('+');
    matches!(word.as_bytes(), [a, b, b'O' | b'E'] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_build_systems_add_is_taken_away() {
        const SAID: &str = "go: example.com/m@v1.0.0: unexpected EOF";
        for before in [
            "",
            "2026-11-21T10:00:00.1234567Z ",
            "2026-11-21T10:00:00Z 00O ",
            "2026-11-21T10:00:00.000000Z 01E+",
            "[2026-11-21T10:00:00+01:00] ",
            "[10:00:00] ",
            "2026/11/21 10:00:00 ",
            "#12 3.456 ",
            "12.345 ",
            "make[2]: ",
            "builder-1  | ",
            "builder  | ",
            "##[error]",
            "2026-11-21T10:00:00Z ##[error]",
            "\u{1b}[31m",
            "\u{1b}_bk;t=1700000000\u{7}",
            "Nov 21 10:00:00 ",
            "downloading 10%\rdownloading 90%\r",
            " > ",
        ] {
            let before = before.replace("01E+", "01E+ ");
            assert_eq!(undress(&format!("{before}{SAID}\u{1b}[0m\r\n")), SAID, "{before:?}");
        }
    }

    #[test]
    fn what_a_program_says_stays() {
        for said in [
            "\tfatal: could not read Username",
            "main.go:4:2: no required module provides package example.com/a; to add it:",
            "a | b",
            "go: downloading example.com/m v1.0.0",
            "{ \"a\": 1",
        ] {
            assert_eq!(undress(said), said);
        }
        assert_eq!(undress("#9 0.123 \tfatal: early EOF"), "\tfatal: early EOF");
    }

    #[test]
    fn json_is_read() {
        let said = |line| texts(line).unwrap_or_default();
        assert_eq!(said(r#"{"Action":"output","Output":"go: x\n"}"#), ["go: x\n"]);
        assert_eq!(said(r#"	"Error": "a@v1.0.0: unexpected EOF","#), ["a@v1.0.0: unexpected EOF"]);
        assert_eq!(said(r#"{"Path":"a","Error":{"Err":"no such host"}}"#), ["no such host"]);
        assert_eq!(texts("plain"), None);
        assert_eq!(texts(r#"{"broken": "#), None);
    }
}
