//! Proxies beside each other.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use gomod::{H1, Info, ModuleVersion, Request};
use upstream::{Bounds, Gauge, Over};

use super::{
    Advice, Measured, Place, Plan, Project, Standing, Tail, Trouble, Wanted,
    advice::advise,
    judge::{self, Part},
    measure::{Measurement, Tell},
    subject::Subject,
    tally::File,
};

/// A proxy that is to be measured.
#[derive(Debug)]
pub struct Target {
    /// Its URL as it is shown: without secrets.
    pub url: String,
    /// What named it.
    pub named_by: String,
    /// Asks it.
    pub gauge: Gauge,
}

/// What was measured of all proxies.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The proxies, the best first.
    pub proxies: Vec<Measured>,
    /// What was asked for.
    pub modules: Vec<String>,
    /// Requests that each was asked at most.
    pub most: u32,
    /// Which GOPROXY follows.
    pub advice: Advice,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// The modules that are asked for, and what is to be known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The modules. Never none.
    pub subjects: Vec<Subject>,
    /// What is not asked for, and why.
    pub notes: Vec<String>,
}

/// The version of each module; the latest one that somebody names where none was said. A module whose version nobody
/// says because nobody answers is not asked for, and where that leaves none, one is that everybody has. Where those who
/// answer know none, why.
pub async fn resolve(
    targets: &[Target],
    wanted: &[Wanted],
    project: &Project,
    bounds: &Bounds,
) -> Result<Resolved, String> {
    let mut resolved = Resolved::default();
    for Wanted { path, version } in wanted {
        let version = match version {
            Some(version) => version.clone(),
            None => {
                let what = Request::Latest(path.clone()).path();
                let asked = targets.iter().map(|target| target.gauge.ask(&what, Over::Own, bounds));
                let readings = join_all(asked).await;
                let answers: Vec<_> =
                    readings.into_iter().filter_map(|reading| reading.answer.ok()).collect();
                let info =
                    |(status, body): &(u16, Vec<u8>)| Info::parse(body).ok().filter(|_| *status == 200);
                match answers.iter().find_map(info) {
                    Some(info) => info.version().clone(),
                    None if answers.is_empty() => {
                        let why = "nobody answers which version is the latest";
                        resolved.notes.push(format!("{path} is not asked for: {why}"));
                        continue;
                    }
                    None => {
                        return Err(format!(
                            "no proxy says which version of {path} is the latest; name one: {path}@v1.2.3"
                        ));
                    }
                }
            }
        };
        let module = ModuleVersion::new(path.clone(), version).map_err(|error| error.to_string())?;
        resolved.subjects.push(project.subject(module));
    }
    if resolved.subjects.is_empty() {
        resolved.subjects = Project::well_known();
    }
    Ok(resolved)
}

/// Measures all of them: first every file once at each of them, all proxies beside each other; then the rest, one proxy
/// after the other, so that none takes bandwidth from another.
pub async fn compare(
    targets: Vec<Target>,
    subjects: Vec<Subject>,
    plan: Plan,
    tail: Tail,
    tell: Tell,
) -> Comparison {
    let (subjects, plan): (Arc<[Subject]>, _) = (subjects.into(), Arc::new(plan));
    let mut measurements: Vec<_> = targets
        .into_iter()
        .map(|target| Measurement::new(target, Arc::clone(&subjects), Arc::clone(&plan), Arc::clone(&tell)))
        .collect();
    join_all(measurements.iter_mut().map(Measurement::look)).await;
    for measurement in &mut measurements {
        measurement.go_on().await;
    }
    let mut notes = nobody_has(&measurements, &subjects);
    notes.extend(contradictions(&mut measurements, &subjects));
    let mut proxies: Vec<_> = measurements.into_iter().map(Measurement::measured).collect();
    for proxy in &mut proxies {
        proxy.absent.retain(|path| !notes.iter().any(|note| note.starts_with(&format!("nobody has {path}"))));
    }
    notes.extend(proxies.iter().filter(|proxy| proxy.standing() == Standing::Works).filter_map(|proxy| {
        let short = proxy.levels.len() < plan.levels.len();
        short.then(|| {
            format!(
                "{}: not all numbers of requests at once were measured; {} requests were sent",
                proxy.url, proxy.sent
            )
        })
    }));
    rank(&mut proxies);
    Comparison {
        modules: subjects.iter().map(|subject| subject.module.to_string()).collect(),
        most: plan.most,
        advice: advise(&proxies, tail),
        proxies,
        notes,
    }
}

/// The best first: those that work, by what a module costs; then by the share of right answers. Of those that work and
/// cost about the same, those come first that pass the checksum database on.
pub(super) fn rank(proxies: &mut [Measured]) {
    let key = |proxy: &Measured| {
        let standing = proxy.standing();
        let (asked, good) = proxy.answered();
        // In thousandths, so that it can be compared.
        let failed = if standing == Standing::Works {
            0
        } else {
            1000 - u64::from(good) * 1000 / u64::from(asked.max(1))
        };
        (standing, failed, proxy.cost().is_none(), proxy.cost())
    };
    proxies.sort_by_key(key);
    let mut rest = proxies;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|other| costs_as(first, other)).count().max(1);
        let Some((tied, behind)) = rest.split_at_mut_checked(alike) else { return };
        tied.sort_by_key(|proxy| proxy.relays != Some(true));
        rest = behind;
    }
}

/// Whether two work and cost about the same: a difference that the next measurement may turn round.
pub(super) fn costs_as(cheap: &Measured, other: &Measured) -> bool {
    let works = |proxy: &Measured| proxy.standing() == Standing::Works;
    let (Some(cost), Some(dear)) = (cheap.cost(), other.cost()) else { return false };
    works(cheap) && works(other) && cost.abs_diff(dear) <= cost.max(dear) / TIE
}

/// Costs that differ by less than one part of so many are about the same.
const TIE: u32 = 10;

fn nobody_has(measurements: &[Measurement], subjects: &[Subject]) -> Vec<String> {
    let mut notes = Vec::new();
    for (number, subject) in subjects.iter().enumerate() {
        for part in [Part::Info, Part::Mod] {
            let file: File = (number, part);
            let someone = measurements.iter().any(|m| m.tally.has.contains(&file));
            if !someone && measurements.iter().any(|m| m.tally.absent.contains(&file)) {
                notes.push(format!("nobody has {}: it does not count", judge::path(subject, part)));
            }
        }
    }
    notes
}

/// Where proxies gave different bytes and go.sum did not decide: what the fewer gave is wrong; where they are as many,
/// it is said.
fn contradictions(measurements: &mut [Measurement], subjects: &[Subject]) -> Vec<String> {
    let mut given: BTreeMap<File, BTreeMap<H1, Vec<usize>>> = BTreeMap::new();
    for (proxy, measurement) in measurements.iter().enumerate() {
        for (file, h1) in &measurement.tally.hashes {
            given.entry(*file).or_default().entry(*h1).or_default().push(proxy);
        }
    }
    let mut notes = Vec::new();
    for (file, versions) in given {
        let most = versions.values().map(Vec::len).max().unwrap_or_default();
        let leaders = versions.values().filter(|by| by.len() == most).count();
        let Some(path) = subjects.get(file.0).map(|subject| judge::path(subject, file.1)) else { continue };
        if versions.len() > 1 && leaders > 1 {
            notes.push(format!(
                "{path}: proxies give different content, and go.sum has no line that decides; the checksum database does: \
                 go mod download"
            ));
        } else if versions.len() > 1 {
            for by in versions.values().filter(|by| by.len() < most).flatten() {
                let Some(measurement) = measurements.get_mut(*by) else { continue };
                *measurement.tally.errors.entry(Trouble::Wrong).or_default() += 1;
                let words = format!("{path}: it is not what {most} other proxies give");
                measurement.tally.evidence.entry(Trouble::Wrong).or_insert(words);
            }
        }
    }
    notes
}

/// Whether names that only this place may know would go further out when `later` is asked before `proxy`.
pub(super) fn is_nearer(proxy: &Measured, later: &Measured) -> bool {
    proxy.place.is_some_and(|place| place != Place::Public) && later.place == Some(Place::Public)
}
