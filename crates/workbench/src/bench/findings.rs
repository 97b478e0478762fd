//! What is wrong with proxies, in the form that all commands share.

use gomod::ModulePath;

use super::{Comparison, Measured, Standing, Trouble, figures};
use crate::{Finding, Report, diagnoses::proxy};

impl Comparison {
    /// Which proxies fail, and why. Those that work are what passed.
    pub fn report(&self) -> Report {
        let (works, others): (Vec<_>, Vec<_>) =
            self.proxies.iter().partition(|proxy| proxy.standing() == Standing::Works);
        let verdict = match (works.first(), works.len(), others.len()) {
            (None, _, _) => "No proxy works as it should.".to_owned(),
            (Some(one), 1, 0) => format!("{} works.", one.url),
            (Some(best), n, 0) => format!("All {n} proxies work; {} is the fastest.", best.url),
            (Some(best), working, n) => {
                let best = if working == 1 {
                    format!("{} works", best.url)
                } else {
                    format!("{} is the fastest that works", best.url)
                };
                let not = if n == 1 { "does not" } else { "do not" };
                format!("{best}; {n} of {} {not}.", self.proxies.len())
            }
        };
        Report {
            verdict,
            findings: others.into_iter().map(finding).collect(),
            passed: works.into_iter().map(passed).collect(),
            ..Report::default()
        }
    }

    /// Whether any proxy was asked, and answered or failed.
    pub fn measured_anything(&self) -> bool {
        self.proxies.iter().any(|proxy| proxy.sent > 0 || !proxy.errors.is_empty())
    }
}

fn passed(proxy: &Measured) -> String {
    let (asked, good) = proxy.answered();
    format!("{} answered {good} of {asked} requests rightly", proxy.url)
}

fn finding(proxy: &Measured) -> Finding {
    let (asked, good) = proxy.answered();
    let main = main_trouble(proxy);
    let words = main.and_then(|trouble| proxy.evidence.get(&trouble)).map_or("", String::as_str);
    let diagnosis = match main {
        Some(Trouble::Wrong) if words.contains("go.sum says") => &proxy::SUM_MISMATCH_GOSUM,
        Some(trouble) => trouble.diagnosis(words),
        None => &proxy::NOT_FOUND,
    };
    let summary = format!("{}: {good} of {asked} requests answered rightly", proxy.url);
    let module = words.split_once("/@v/").and_then(|(path, _)| ModulePath::from_escaped(path).ok());
    let module = module.map(|path| path.to_string()).unwrap_or_default();
    let mut finding =
        Finding::new(diagnosis).name("host", host(&proxy.url)).name("module", &module).evidence(summary);
    if let Some(dir) = proxy.url.strip_prefix("file://") {
        finding = finding.name("file", dir);
    } else if let Some((scheme, _)) = proxy.url.split_once("://") {
        finding = finding.name("url", &format!("{scheme}://{}", host(&proxy.url)));
    }
    for (trouble, count) in &proxy.errors {
        let words = proxy.evidence.get(trouble).map_or("", String::as_str);
        finding =
            finding.evidence(format!("{}, {} {}: {words}", trouble.name(), count, figures::times(*count)));
    }
    for path in &proxy.absent {
        finding = finding.evidence(format!("it has no {path}"));
    }
    finding
}

/// A wrong answer is worse than none; else what happened most often.
fn main_trouble(proxy: &Measured) -> Option<Trouble> {
    let wrong = proxy.errors.contains_key(&Trouble::Wrong).then_some(Trouble::Wrong);
    wrong.or_else(|| proxy.errors.iter().max_by_key(|(_, count)| **count).map(|(trouble, _)| *trouble))
}

/// The host of a URL that may hold stars in place of credentials.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}
