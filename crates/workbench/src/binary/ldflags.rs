//! Flags of the linker that set variables: `-X main.CommitHash=1234`.

/// The value that recorded `-ldflags` gave a variable: the last one counts. `None` where they gave it none.
pub(super) fn value_of(ldflags: &str, name: &str) -> Option<String> {
    let mut words = words(ldflags).into_iter();
    let mut value = None;
    while let Some(word) = words.next() {
        // `-ldflags=all=-X...` and `-ldflags=./cmd/...=-X...` name packages first (cmd/go, `PerPackageFlag`).
        let word = match word.split_once("=-") {
            Some((pattern, flag)) if !pattern.starts_with('-') => format!("-{flag}"),
            _ => word,
        };
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        let setting = match flag {
            Some("X") => words.next(),
            Some(flag) => flag.strip_prefix("X=").map(str::to_owned),
            None => None,
        };
        if let Some((variable, text)) = setting.as_deref().and_then(|setting| setting.split_once('='))
            && variable == name
        {
            value = Some(text.to_owned());
        }
    }
    value
}

/// The flags that stamp a program with a revision: `-X main.CommitHash=1234`, quoted where that is needed.
pub fn stamp_flags(variable: &str, value: &str) -> String {
    let setting = format!("{variable}={value}");
    if setting.contains([' ', '\t', '"', '\'']) {
        let mark = if setting.contains('\'') { '"' } else { '\'' };
        return format!("-X {mark}{setting}{mark}");
    }
    format!("-X {setting}")
}

/// Words, of which some are quoted as a whole; there are no escapes (cmd/internal/quoted, `Split`).
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(SPACES);
    while let Some(first) = rest.chars().next() {
        let (word, after) = if first == '"' || first == '\'' {
            let inner = rest.get(1..).unwrap_or_default();
            inner.split_once(first).unwrap_or((inner, ""))
        } else {
            rest.split_at(rest.find(SPACES).unwrap_or(rest.len()))
        };
        words.push(word.to_owned());
        rest = after.trim_start_matches(SPACES);
    }
    words
}

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_setting_of_a_variable_counts() {
        for (flags, want) in [
            ("-X main.a=1", Some("1")),
            ("-s -w -X=main.a=1", Some("1")),
            ("--X main.a=1 -X 'main.a=2 3'", Some("2 3")),
            ("-X \"main.a=b=c\" -X main.b=1", Some("b=c")),
            ("all=-X main.a=1", Some("1")),
            ("./cmd/...=-X=main.a=1", Some("1")),
            ("-X main.a=", Some("")),
            ("-X main.ab=1 -X", None),
            ("main.a=1", None),
            ("", None),
        ] {
            assert_eq!(value_of(flags, "main.a").as_deref(), want, "{flags}");
        }
    }

    #[test]
    fn flags_are_read_as_they_are_written() {
        for value in ["1234", "two words", "it's", ""] {
            assert_eq!(value_of(&stamp_flags("main.a", value), "main.a").as_deref(), Some(value));
        }
    }
}
