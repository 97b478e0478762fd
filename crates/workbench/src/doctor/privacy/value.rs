//! A list of patterns as it is, and as it should be.

use gomod::Patterns;

use crate::{Change, Found, GoSettings, GoVariable};

/// The value of GOPRIVATE, or of a variable that it stands for.
pub(super) struct Value {
    variable: GoVariable,
    text: String,
    patterns: Patterns,
    /// Where the variable itself is set, and not another one stands for it.
    found: Option<Found>,
}

impl Value {
    pub(super) fn of(go: &GoSettings, variable: GoVariable) -> Self {
        let found = go.get(variable);
        let text = found.as_ref().map(|found| found.value.clone()).unwrap_or_default();
        let found = found.filter(|found| found.variable == variable);
        Value { variable, patterns: Patterns::new(&text), text, found }
    }

    /// Whether the variable itself is set, and not another one stands for it.
    pub(super) fn is_set(&self) -> bool {
        self.found.is_some()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// Whether a pattern was written for this module, in a form that covers nothing.
    pub(super) fn is_meant_for(&self, path: &str) -> bool {
        !self.patterns.matches(path) && self.text.split(',').any(|item| is_meant(item, path))
    }

    /// What would make the variable that in the user's file, if that file decides.
    pub(super) fn change(&self, to: &str) -> Option<Change> {
        match &self.found {
            Some(found) => Change::set(found, to),
            None => Some(Change::add(self.variable, to)),
        }
    }

    /// The list with a pattern for each of these modules that it does not cover. What was meant for one of them is
    /// replaced.
    pub(super) fn with<'a>(&self, modules: impl Iterator<Item = (&'a str, String)>) -> String {
        let mut items: Vec<String> = self.text.split(',').map(str::to_owned).collect();
        for (path, pattern) in modules {
            if Patterns::new(&items.join(",")).matches(path) {
                continue;
            }
            items.retain(|item| !is_garbled(item, path) && item != "none");
            items.push(pattern);
        }
        items.retain(|item| !item.is_empty());
        items.join(",")
    }

    /// The list with another pattern in the place of a host's.
    pub(super) fn narrowed(&self, host: &str, to: &str) -> String {
        let narrow = |item| match item {
            item if is_of(item, host) => to,
            item => item,
        };
        self.text.split(',').filter(|item| !item.is_empty()).map(narrow).collect::<Vec<_>>().join(",")
    }
}

/// Whether a pattern is a whole host's.
fn is_of(item: &str, host: &str) -> bool {
    item.strip_prefix(host).is_some_and(|rest| matches!(rest, "" | "/" | "/*"))
}

/// Whether an item was written for a module that it does not cover: in a form that covers nothing, or for all hosts of
/// the domain that is itself the module's host.
fn is_meant(item: &str, path: &str) -> bool {
    let host = path.split('/').next().unwrap_or(path);
    is_garbled(item, path) || item.trim().strip_prefix("*.") == Some(host)
}

/// Whether an item would cover a module if it were written as patterns are.
fn is_garbled(item: &str, path: &str) -> bool {
    let cleaned = cleaned(item);
    cleaned != item && Patterns::new(&cleaned).matches(&path.to_lowercase())
}

/// Without what no pattern has: spaces, scheme, user, port, wildcards of other tools, capitals.
fn cleaned(item: &str) -> String {
    let item = item.trim().trim_matches(['"', '\'']);
    let item = item.split_once("://").map_or(item, |(_, rest)| rest);
    let item = item.split_once('@').map_or(item, |(_, rest)| rest);
    let (host, rest) = item.split_once('/').map_or((item, ""), |(host, rest)| (host, rest));
    let host = host.split(':').next().unwrap_or_default();
    let rest = rest.trim_end_matches("...").trim_end_matches("**").trim_end_matches('/');
    let slash = if rest.is_empty() { "" } else { "/" };
    let cleaned = format!("{host}{slash}{rest}").to_lowercase();
    match cleaned.strip_prefix('.') {
        Some(domain) => format!("*.{domain}"),
        None => cleaned,
    }
}

/// A text as one word of a shell.
pub(super) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/,:+~@".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        let patterns = Patterns::new(text);
        Value { variable: GoVariable::Private, text: text.to_owned(), patterns, found: None }
    }

    #[test]
    fn what_was_meant_for_a_module_is_known() {
        let path = "git.corp.example/team/lib";
        for meant in [
            "https://git.corp.example",
            "git.corp.example:8443",
            "a.example, git.corp.example",
            "Git.Corp.Example",
            "git@git.corp.example:team",
            "git.corp.example/...",
            ".corp.example",
            "git.corp.example/Team",
            "\"git.corp.example\"",
        ] {
            assert!(value(meant).is_meant_for(path), "{meant}");
        }
        assert!(value("*.corp.example").is_meant_for("corp.example/lib"));
        for other in ["", "git.corp.example", "corp.example", "other.example", " ", "*.corp.example"] {
            assert!(!value(other).is_meant_for(path), "{other}");
        }
    }

    #[test]
    fn the_present_value_is_kept() {
        let add = |present: &str, modules: &[(&str, &str)]| {
            value(present).with(modules.iter().map(|(path, pattern)| (*path, (*pattern).to_owned())))
        };
        let lib = ("git.corp.example/lib", "git.corp.example");
        assert_eq!(add("", &[lib]), "git.corp.example");
        assert_eq!(add("a.example,*.b.example", &[lib, lib]), "a.example,*.b.example,git.corp.example");
        assert_eq!(
            (word("a.example,b"), word("*.example")),
            ("a.example,b".to_owned(), "'*.example'".to_owned())
        );
        assert_eq!(add("git.corp.example", &[lib]), "git.corp.example");
        assert_eq!(add("https://git.corp.example,a.example", &[lib]), "a.example,git.corp.example");
        assert_eq!(add("none", &[lib]), "git.corp.example");
        assert_eq!(add("a.example, git.corp.example", &[lib]), "a.example,git.corp.example");
        assert_eq!(
            value("a.example,github.com/*").narrowed("github.com", "github.com/acme"),
            "a.example,github.com/acme"
        );
    }
}
