//! What follows from what.

use super::{network, settings, source};
use crate::{
    Diagnosis, Finding, Severity,
    diagnoses::{self, cache, gosum, layout, places, proxy, state},
};

/// A cause, what follows from it, and where.
pub(super) type Follows = (&'static Diagnosis, &'static [&'static Diagnosis], Scope);

/// How far a cause reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// What happens at the same host.
    Host,
    /// What happens to the same module.
    Module,
    /// What is about the same name at this place.
    Same(&'static str),
    /// Whatever happens on this machine.
    Machine,
}

/// Everything that follows from something else. Several may explain one thing; the first of them that was found does.
const FOLLOWS: &[Follows] = &[
    (
        &state::DISK_FULL,
        &[
            &places::NEARLY_FULL,
            &cache::LEFTOVERS,
            &state::CACHE_DAMAGED,
            &cache::TREE_INCOMPLETE,
            &gosum::HEAD_DAMAGED,
            &gosum::KEPT_DAMAGED,
        ],
        Scope::Machine,
    ),
    (&gosum::MERGE_MARKS, &[&gosum::CONTRADICTS, &gosum::SECOND_HASH, &proxy::SUM_MISSING], Scope::Machine),
    (&proxy::SUM_MALFORMED, &[&proxy::SUM_MISSING], Scope::Machine),
    (&gosum::BYTE_ORDER_MARK, &[&proxy::SUM_MISSING], Scope::Machine),
    (&gosum::BAD_HASH, &[&gosum::CONTRADICTS, &gosum::LINE_WRONG, &proxy::SUM_MISMATCH_GOSUM], Scope::Module),
    (&gosum::CONTRADICTS, &[&gosum::LINE_WRONG, &proxy::SUM_MISMATCH_GOSUM], Scope::Module),
    (&gosum::LINE_WRONG, &[&proxy::SUM_MISMATCH_GOSUM, &proxy::SUM_MISMATCH_DB], Scope::Module),
    (&state::CACHE_DAMAGED, &[&cache::LEFTOVERS, &state::PACKAGE_ABSENT], Scope::Module),
    (&cache::TREE_INCOMPLETE, &[&state::PACKAGE_ABSENT], Scope::Module),
    (&layout::REPLACE_NO_GOMOD, &[&state::PACKAGE_ABSENT], Scope::Module),
    (&layout::VENDOR_NO_LIST, &[&state::VENDOR, &state::VENDOR_LACKS], Scope::Machine),
    (&state::VENDOR, &[&state::VENDOR_LACKS, &layout::VENDOR_EDITED], Scope::Machine),
    (&layout::WORK_NOT_LISTED, &[&gosum::ABSENT, &state::NOT_REQUIRED, &proxy::SUM_MISSING], Scope::Machine),
];

/// All lines of all layers.
fn follows() -> impl Iterator<Item = &'static Follows> {
    [settings::FOLLOWS, network::FOLLOWS, source::FOLLOWS, FOLLOWS].into_iter().flatten()
}

/// The findings in order of cause: what `go` fails of before risks, and behind each cause what follows from it, which then says so.
pub(crate) fn by_cause(mut findings: Vec<Finding>) -> Vec<Finding> {
    let place = |finding: &Finding| {
        let place = diagnoses::all().position(|known| known == finding.diagnosis);
        (finding.diagnosis.severity == Severity::Risk, place)
    };
    findings.sort_by_key(place);
    let causes: Vec<_> = findings.iter().map(|effect| cause(effect, &findings)).collect();
    let mut ordered = Vec::with_capacity(findings.len());
    let roots = causes.iter().enumerate().filter(|(_, cause)| cause.is_none()).map(|(n, _)| n);
    for root in roots {
        walk(root, &findings, &causes, &mut ordered);
    }
    ordered
}

/// Which of the findings another one follows from.
fn cause(effect: &Finding, findings: &[Finding]) -> Option<usize> {
    follows().find_map(|(cause, effects, scope)| {
        let here = |found: &Finding| match scope {
            Scope::Machine => true,
            Scope::Module => same("module", found, effect),
            Scope::Host => same("host", found, effect),
            Scope::Same(place) => same(place, found, effect),
        };
        effects
            .contains(&effect.diagnosis)
            .then(|| findings.iter().position(|found| found.diagnosis == *cause && here(found)))
            .flatten()
    })
}

/// Both are about the same name there.
fn same(place: &str, found: &Finding, effect: &Finding) -> bool {
    found.names.get(place).is_some_and(|name| effect.names.get(place) == Some(name))
}

fn walk(at: usize, findings: &[Finding], causes: &[Option<usize>], ordered: &mut Vec<Finding>) {
    let Some(found) = findings.get(at) else { return };
    let follows = causes.get(at).copied().flatten().and_then(|cause| findings.get(cause)).map(Finding::code);
    ordered.push(Finding { follows, ..found.clone() });
    for (effect, cause) in causes.iter().enumerate() {
        if *cause == Some(at) {
            walk(effect, findings, causes, ordered);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnoses::network;

    fn effects(of: &'static Diagnosis) -> impl Iterator<Item = &'static Diagnosis> {
        follows().filter(move |(cause, ..)| *cause == of).flat_map(|(_, effects, _)| effects.iter().copied())
    }

    #[test]
    fn nothing_follows_from_itself() {
        for start in diagnoses::all() {
            let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
            while let Some(one) = next.pop() {
                for effect in effects(one) {
                    assert_ne!(effect, start, "{} follows from itself", start.code);
                    if seen.insert(effect.code) {
                        next.push(effect);
                    }
                }
            }
        }
    }

    #[test]
    fn what_happens_at_another_host_does_not_follow() {
        let at = |diagnosis, host| Finding::new(diagnosis).name("host", host);
        let refused = at(&network::REFUSED, "proxy.example.com");
        for (host, follows) in [("proxy.example.com", Some("L2-CONNECT-REFUSED")), ("sum.example.com", None)]
        {
            let ordered = by_cause(vec![refused.clone(), at(&proxy::SUMDB_UNREACHABLE, host)]);
            let found = ordered.iter().find(|finding| finding.diagnosis == &proxy::SUMDB_UNREACHABLE);
            assert_eq!(found.unwrap().follows, follows, "{host}");
        }
    }

    #[test]
    fn causes_come_first_and_risks_last() {
        let risk = diagnoses::all().find(|known| known.severity == Severity::Risk);
        let at = |diagnosis, host| Finding::new(diagnosis).name("host", host);
        let mut found = vec![
            at(&proxy::SUMDB_UNREACHABLE, "sum.example.com"),
            at(&network::TLS_EXPIRED, "proxy.example.com"),
            at(&network::CLOCK, ""),
            at(&network::REFUSED, "other.example.com"),
        ];
        found.extend(risk.map(Finding::new));
        let ordered = by_cause(found);
        let codes: Vec<_> = ordered.iter().map(|finding| (finding.code(), finding.follows)).collect();
        assert_eq!(
            codes[..4],
            [
                ("L2-CLOCK-WRONG", None),
                ("L2-TLS-EXPIRED", Some("L2-CLOCK-WRONG")),
                ("L3-SUMDB-UNREACHABLE", Some("L2-CLOCK-WRONG")),
                ("L2-CONNECT-REFUSED", None),
            ]
        );
    }
}
