//! Slips in the list of proxies: what is nearly something that this machine knows.

use std::collections::BTreeSet;

use super::{
    super::{Patient, Seen},
    chain, told, trace,
};
use crate::{Change, Found, GoVariable, diagnoses::settings::value};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(found) = patient.go().get(GoVariable::Proxy) else { return seen };
    let known = known(patient, &found);
    for entry in chain::entries(&found.value) {
        let Some((slip, meant, from)) = slip(entry, &known) else { continue };
        let finding = told::finding(patient, &value::MISSPELT, &found)
            .name("entry", &told::shown(slip))
            .name("meant", &meant)
            .name("host", chain::host(entry).unwrap_or_default())
            .evidence(from);
        seen.found(finding.fixed(Change::set(&found, &found.value.replacen(slip, &meant, 1))));
    }
    if seen.is_clean() {
        seen.passed("no entry of GOPROXY looks misspelt");
    }
    seen
}

/// The part of an entry that is a slip, what is meant, and how that is known.
fn slip<'a>(entry: &'a str, known: &BTreeSet<(String, String)>) -> Option<(&'a str, String, String)> {
    if entry == "direct" || entry == "off" {
        return None;
    }
    let of_go = |meant: &str| format!("go knows the word {meant}");
    if !entry.contains(['.', ':', '/']) {
        let word = ["direct", "off"]
            .into_iter()
            .find(|word| distance(entry, word) <= if *word == "off" { 1 } else { 2 })?;
        return Some((entry, word.to_owned(), of_go(word)));
    }
    // `https//host` has no scheme for go, which then looks for a host called https.
    if let Some(scheme) = ["https", "http"]
        .into_iter()
        .find(|scheme| entry.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("//")))
    {
        let end = scheme.len() + 2;
        return Some((
            entry.get(..end)?,
            format!("{scheme}://"),
            "without its colon a scheme is taken for a host".to_owned(),
        ));
    }
    if let Some((scheme, _)) = entry.split_once(":/")
        && !["https", "http", "file"].contains(&scheme)
        && scheme.bytes().all(|b| b.is_ascii_alphabetic())
    {
        let meant = ["https", "http", "file"].into_iter().find(|known| distance(scheme, known) <= 1)?;
        return Some((scheme, meant.to_owned(), format!("go knows the scheme {meant}")));
    }
    let host = chain::host(entry)?;
    if known.iter().any(|(other, _)| other.eq_ignore_ascii_case(host)) {
        return None;
    }
    let near =
        known.iter().filter(|(other, _)| is_near(host, other)).min_by_key(|(other, _)| distance(host, other));
    near.map(|(other, place)| (host, other.clone(), format!("{other} is named in {place}")))
}

/// The hosts that settings name elsewhere, and where: other places of GOPROXY, files that export it, and what it was
/// before it was changed.
fn known(patient: &Patient, in_force: &Found) -> BTreeSet<(String, String)> {
    let mut known = BTreeSet::new();
    let mut add = |value: &str, place: &str| {
        known.extend(
            chain::hosts(value)
                .filter(|host| told::is_plain(host))
                .map(|host| (host.to_owned(), place.to_owned())),
        );
    };
    for found in patient.go().everywhere(GoVariable::Proxy) {
        if found.place != in_force.place {
            add(&found.value, &found.place.to_string());
        }
    }
    for export in trace::trace(patient, GoVariable::Proxy.name()) {
        if export.value != in_force.value {
            add(&export.value, &export.place);
        }
    }
    for (file, value) in crate::amend::earlier(patient.go(), GoVariable::Proxy) {
        if value != in_force.value {
            add(&value, &file.display().to_string());
        }
    }
    known
}

/// A letter or two apart, and not just another number: proxy1 and proxy2 are two proxies. Addresses are none either.
fn is_near(host: &str, other: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let name = |text: &str| text.split(':').next().unwrap_or(text).to_ascii_lowercase();
    let (host, other) = (name(host), name(other));
    let most = if host.len() < SHORT { 1 } else { 2 };
    host != other
        && host.len() >= SHORTEST
        && letters(&host) != letters(&other)
        && host.parse::<std::net::IpAddr>().is_err()
        && distance(&host, &other) <= most
}

/// How many letters were left out, put in, replaced or swapped with their neighbour.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<_>, Vec<_>) = (a.chars().take(LONGEST).collect(), b.chars().take(LONGEST).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut least =
                (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

/// Names up to here may differ in one letter only.
const SHORT: usize = 10;
/// Shorter names are all near each other.
const SHORTEST: usize = 6;
/// Longer names are not compared further.
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        for (a, b, want) in [
            ("", "", 0),
            ("direct", "direct", 0),
            ("dirct", "direct", 1),
            ("GOPORXY", "GOPROXY", 1),
            ("GO_PROXY", "GOPROXY", 1),
            ("proxy.exmaple.cmo", "proxy.example.com", 2),
            ("abc", "xyz", 3),
        ] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn what_is_nearly_something_known_is_a_slip() {
        let known = BTreeSet::from([("proxy.corp.example".to_owned(), "somewhere".to_owned())]);
        for (entry, want) in [
            ("drect", Some(("drect", "direct"))),
            ("of", Some(("of", "off"))),
            ("htps://a.example", Some(("htps", "https"))),
            ("https//a.example", Some(("https//", "https://"))),
            ("https://proxy.crop.example/x", Some(("proxy.crop.example", "proxy.corp.example"))),
            ("https://proxy.corp.exmple", Some(("proxy.corp.exmple", "proxy.corp.example"))),
            ("https://proxy.corp.example", None),
            ("https://proxy2.corp.example", None),
            ("https://mirror.example", None),
            ("file:///srv/x", None),
            ("direct", None),
        ] {
            let found = slip(entry, &known);
            assert_eq!(found.as_ref().map(|(slip, meant, _)| (*slip, meant.as_str())), want, "{entry}");
        }
    }
}
