//! How a line sets a variable: in shells, Dockerfiles, YAML, JSON, TOML, XML and makefiles.

use std::path::{Path, PathBuf};

/// What a line sets a variable to, if it does.
pub(super) fn value(line: &str, name: &str) -> Option<String> {
    let trimmed = line.trim_start();
    if trimmed.starts_with('#') || trimmed.starts_with("//") {
        return None;
    }
    line.match_indices(name).find_map(|(at, _)| {
        let before = line.get(..at)?;
        let after = line.get(at + name.len()..)?;
        let whole = !before.ends_with(is_of_a_name) && !after.starts_with(is_of_a_name);
        let others = before.ends_with(['$', '{']) || writes_elsewhere(before);
        if whole && !others { assigned(before, after) } else { None }
    })
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// `go env -w` writes go's own file, `unset` and `docker run -e NAME` set nothing.
fn writes_elsewhere(before: &str) -> bool {
    before.contains("go env -") || before.trim_end().ends_with("unset") || before.contains("printenv")
}

/// The value behind a name and what joins them.
fn assigned(before: &str, after: &str) -> Option<String> {
    // `name: GOPROXY` stands in YAML of Kubernetes above its value; `"GOPROXY": "…"` in JSON.
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
    let rest = quote.map_or(after, |quote| after.strip_prefix(quote).unwrap_or(after));
    if let Some(value) = rest.trim_start().strip_prefix("value=") {
        return Some(word(value));
    }
    let word_before = before.split_whitespace().collect::<Vec<_>>();
    let spaced = word_before.iter().any(|word| matches!(*word, "ENV" | "setenv" | "set" | "SETUVAR"));
    let joined = rest.trim_start();
    for sign in [":=", "?=", "::=", "="] {
        if let Some(value) = joined.strip_prefix(sign) {
            return Some(word(value.trim_start()));
        }
    }
    if let Some(value) = joined.strip_prefix(':') {
        return Some(word(value.trim_start()));
    }
    (spaced && rest.starts_with(char::is_whitespace) && !joined.is_empty()).then(|| word(joined))
}

/// The first word, without its quotes.
fn word(text: &str) -> String {
    let quoted = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quoted.and_then(|quote| text.get(1..)?.split_once(quote)) {
        Some((value, _)) => value.to_owned(),
        None => {
            let end = text.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(text.len());
            let word = text.get(..end).unwrap_or(text);
            word.strip_suffix(['"', '\'']).unwrap_or(word).to_owned()
        }
    }
}

/// The file that a line of a shell reads: `. FILE` or `source FILE`.
pub(super) fn sourced(line: &str, home: &Path) -> Option<PathBuf> {
    let at = line.find("source ").map(|at| at + 7).or_else(|| line.find(". ").map(|at| at + 2))?;
    let before = line.get(..at)?.trim_end().strip_suffix(['.', 'e'])?;
    let before = before.strip_suffix("sourc").unwrap_or(before);
    if !(before.is_empty() || before.ends_with([' ', '\t', ';', '&', '{', '(']))
        || before.trim_start().starts_with('#')
    {
        return None;
    }
    let file = word(line.get(at..)?.trim_start());
    let below = |begin: &str| file.strip_prefix(begin).map(|rest| home.join(rest));
    let file = below("~/").or_else(|| below("$HOME/")).or_else(|| below("${HOME}/"));
    let absolute =
        || Some(PathBuf::from(word(line.get(at..)?.trim_start()))).filter(|file| file.is_absolute());
    file.or_else(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_kinds_set_variables() {
        for (line, want) in [
            ("export GOPROXY=https://a.example,direct", Some("https://a.example,direct")),
            ("  export GOPROXY='https://a.example' # why", Some("https://a.example")),
            ("A=b GOPROXY=\"off\"; export GOPROXY", Some("off")),
            ("declare -x GOPROXY=off", Some("off")),
            ("set -gx GOPROXY https://a.example", Some("https://a.example")),
            ("SETUVAR --export GOPROXY:off", Some("off")),
            ("setenv GOPROXY off", Some("off")),
            ("ENV GOPROXY off", Some("off")),
            ("ENV CGO_ENABLED=0 GOPROXY=off GOFLAGS=-x", Some("off")),
            ("ARG GOPROXY=off", Some("off")),
            ("  GOPROXY: https://a.example", Some("https://a.example")),
            ("  GOPROXY: \"off\"", Some("off")),
            ("  - GOPROXY=off", Some("off")),
            ("    \"GOPROXY\": \"https://a.example\",", Some("https://a.example")),
            ("export GOPROXY ?= off", Some("off")),
            ("GOPROXY := off", Some("off")),
            ("<env name=\"GOPROXY\" value=\"off\" />", Some("off")),
            ("RUN go env -w GOPROXY=off", None),
            ("unset GOPROXY", None),
            ("# export GOPROXY=off", None),
            ("// \"GOPROXY\": \"off\"", None),
            ("echo $GOPROXY", None),
            ("export MYGOPROXY=off", None),
            ("export GOPROXYX=off", None),
            ("export OTHER=$GOPROXY:x", None),
            ("ENV GOPROXY", None),
        ] {
            assert_eq!(value(line, "GOPROXY").as_deref(), want, "{line}");
        }
    }

    #[test]
    fn files_that_are_read_by_others() {
        let home = Path::new("/home/u");
        for (line, want) in [
            (". ~/.work", Some("/home/u/.work")),
            ("source \"$HOME/.work\"", Some("/home/u/.work")),
            ("[ -f ~/.work ] && . ~/.work", Some("/home/u/.work")),
            ("  if true; then source ${HOME}/x; fi", Some("/home/u/x")),
            ("source /etc/work", Some("/etc/work")),
            ("# . ~/.work", None),
            ("resource ~/x", None),
            ("echo a. b", None),
        ] {
            assert_eq!(sourced(line, home).as_deref(), want.map(Path::new), "{line}");
        }
    }
}
