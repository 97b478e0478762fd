//! The lists of patterns: what is private, what is not verified, what may be fetched without proof.

use gomod::Patterns;

use super::{
    super::{Patient, Seen},
    told,
};
use crate::{
    Change, GoVariable,
    diagnoses::settings::{risk, value},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    for variable in [GoVariable::Private, GoVariable::NoProxy, GoVariable::NoSumdb, GoVariable::Insecure] {
        let Some(found) = patient.go().get(variable).filter(|found| found.variable == variable) else {
            continue;
        };
        let faults: Vec<_> = found.value.split(',').filter_map(|item| Some((item, fault(item)?))).collect();
        if faults.is_empty() {
            continue;
        }
        let list = corrected(&found.value);
        let mut finding = told::finding(patient, &value::PATTERN, &found);
        if told::is_plain(&list) {
            finding = finding.name("list", &list).fixed(Change::set(&found, &list));
        }
        for (item, fault) in faults {
            finding = finding.evidence(format!("{:?} {fault}", told::shown(item)));
        }
        seen.found(finding);
    }
    let all = |variable| patient.go().get(variable).filter(|found| covers_all(&found.value));
    if let Some(found) = all(GoVariable::NoSumdb) {
        seen.found(told::finding(patient, &risk::NONE_VERIFIED, &found));
    }
    if let Some(found) = all(GoVariable::Insecure) {
        seen.found(told::finding(patient, &risk::INSECURE, &found).fixed(Change::unset(&found)));
    }
    if seen.is_clean() {
        seen.passed("the patterns of GOPRIVATE and its like match what they name, and not everything");
    }
    seen
}

/// Why a pattern matches nothing. An empty one is passed over by go, and means nothing.
fn fault(item: &str) -> Option<&'static str> {
    if item.is_empty() {
        None
    } else if item.contains(char::is_whitespace) {
        Some("holds a space, and nothing is trimmed")
    } else if item.contains("://") {
        Some("is a URL")
    } else if item.contains(['@', ':']) {
        Some("holds a port or a version, which are no part of a module path")
    } else if item.contains("...") {
        Some("holds dots that are no wildcard here: a pattern covers all that begins so")
    } else if item.contains(['"', '\'']) {
        Some("holds a quote")
    } else if Patterns::new(item).malformed().next().is_some() {
        Some("is malformed")
    } else {
        None
    }
}

/// The list as it was meant, as far as that can be told.
fn corrected(list: &str) -> String {
    let items = list.split(|c: char| c == ',' || c.is_whitespace()).map(|item| {
        let item = item.trim_matches(['"', '\'']);
        let item = item.split_once("://").map_or(item, |(_, rest)| rest);
        let item = item.split('@').next_back().unwrap_or(item);
        let (host, path) = item.split_once('/').unwrap_or((item, ""));
        let host = host.split(':').next().unwrap_or(host);
        let path = path.strip_suffix("...").unwrap_or(path).trim_end_matches('/');
        if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") }
    });
    items.filter(|item| !item.is_empty()).collect::<Vec<_>>().join(",")
}

/// Whether a list matches modules that have nothing in common.
fn covers_all(list: &str) -> bool {
    let patterns = Patterns::new(list);
    ["github.com/a/b", "golang.org/x/y", "k8s.io/z", "example.org", "go.uber.org/x"]
        .iter()
        .all(|module| patterns.matches(module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_corrected() {
        for (list, want) in [
            ("a.test, b.test", "a.test,b.test"),
            ("a.test b.test", "a.test,b.test"),
            ("https://git.corp.example/team/", "git.corp.example/team"),
            ("git.corp.example:8443/x", "git.corp.example/x"),
            ("corp.example/...", "corp.example"),
            ("\"corp.example\"", "corp.example"),
            ("*.corp.example\r", "*.corp.example"),
        ] {
            assert!(list.split(',').any(|item| fault(item).is_some()), "{list}");
            assert_eq!(corrected(list), want);
            assert!(want.split(',').all(|item| fault(item).is_none()), "{want}");
        }
    }

    #[test]
    fn a_list_that_covers_everything() {
        for (list, want) in [
            ("*", true),
            ("a.test,*", true),
            ("*.*", true),
            ("*.test", false),
            ("github.com", false),
            ("", false),
        ] {
            assert_eq!(covers_all(list), want, "{list}");
        }
    }
}
