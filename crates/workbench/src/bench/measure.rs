//! Asking one proxy.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use gomod::SumdbPath;
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use upstream::{Bounds, Gauge, Over};

use super::{
    Level, Measured, Place, Plan, Target,
    judge::{self, Part, SMALL},
    subject::Subject,
    tally::{Counted, File, Outcome, Tally, outcome},
};

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Every file once, over connections of their own.
    Cold,
    /// One after another, over a connection that is kept.
    Warm,
    /// Zips.
    Zips,
    /// So many at once.
    AtOnce(u32),
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The proxy's URL without secrets.
    pub url: String,
    /// What is under way there.
    pub phase: Phase,
    /// Requests of it that are done.
    pub done: u32,
    /// Requests of it.
    pub of: u32,
}

/// Hears of every step.
pub type Tell = Arc<dyn Fn(&Step) + Send + Sync>;

/// One proxy under measurement.
pub(super) struct Measurement {
    url: String,
    named_by: String,
    gauge: Arc<Gauge>,
    subjects: Arc<[Subject]>,
    plan: Arc<Plan>,
    tell: Tell,
    pub(super) tally: Tally,
    relays: Option<bool>,
    cold: Counted,
    warm: Counted,
    zip_cold: Counted,
    zip_warm: Counted,
    levels: Vec<Level>,
}

impl Measurement {
    pub(super) fn new(target: Target, subjects: Arc<[Subject]>, plan: Arc<Plan>, tell: Tell) -> Self {
        let Target { url, named_by, gauge } = target;
        Measurement {
            url,
            named_by,
            gauge: Arc::new(gauge),
            subjects,
            plan,
            tell,
            tally: Tally::default(),
            relays: None,
            cold: Counted::default(),
            warm: Counted::default(),
            zip_cold: Counted::default(),
            zip_warm: Counted::default(),
            levels: Vec::new(),
        }
    }

    /// Asks for every small file once. Somebody who is not reached [`LOST`] times in a row is left alone.
    pub(super) async fn look(&mut self) {
        let files = self.files();
        let end = Instant::now() + self.plan.phase;
        for (done, file) in files.iter().enumerate() {
            if self.tally.lost >= LOST || self.gauge.left() == 0 || Instant::now() >= end {
                break;
            }
            self.say(Phase::Cold, done, files.len());
            let Some(outcome) = self.ask(*file, Over::Own, self.plan.small).await else { break };
            self.tally.add(outcome, &mut self.cold);
        }
        if !self.tally.has.is_empty() && Instant::now() < end {
            self.relays = self.passes_on().await;
        }
    }

    /// Whether it passes on what the checksum database is asked (modfetch, `initBase`). It counts in nothing.
    async fn passes_on(&self) -> Option<bool> {
        let path = SumdbPath::Supported.to_string();
        let path = format!("sumdb/{}/{path}", self.plan.database.as_ref()?.as_str());
        let (status, _) = self.gauge.ask(&path, Over::Own, &self.plan.small).await.answer.ok()?;
        Some(status == 200)
    }

    /// The rest, with the files that it did not say it has not. Nothing of it is done where the look saw nothing good.
    pub(super) async fn go_on(&mut self) {
        if self.tally.has.is_empty() {
            return;
        }
        let files: Vec<File> =
            self.files().into_iter().filter(|file| !self.tally.absent.contains(file)).collect();
        let end = Instant::now() + self.plan.whole;
        self.warm(&files, end).await;
        self.zips(&files, end).await;
        for (at_once, requests) in self.plan.levels.clone() {
            // So many at once are not there any more.
            if Instant::now() >= end || self.gauge.left() < at_once {
                break;
            }
            self.at_once(&files, at_once, requests.min(self.gauge.left())).await;
        }
    }

    async fn warm(&mut self, files: &[File], end: Instant) {
        let end = end.min(Instant::now() + self.plan.phase);
        self.tally.lost = 0;
        for done in 0..self.plan.warm {
            if self.tally.lost >= LOST || self.gauge.left() == 0 || Instant::now() >= end {
                break;
            }
            self.say(Phase::Warm, done, self.plan.warm);
            let Some(file) = nth(files, done) else { break };
            let Some(outcome) = self.ask(file, Over::Kept, self.plan.small).await else { break };
            self.tally.add(outcome, &mut self.warm);
        }
    }

    async fn zips(&mut self, files: &[File], end: Instant) {
        let subjects: Vec<usize> =
            files.iter().filter(|(_, part)| *part == Part::Mod).map(|(s, _)| *s).collect();
        let subjects: Vec<usize> = subjects.into_iter().take(self.plan.zips).collect();
        self.tally.lost = 0;
        for (round, over) in [Over::Own, Over::Kept].into_iter().enumerate() {
            for (done, subject) in subjects.iter().enumerate() {
                if self.tally.lost >= LOST || self.gauge.left() == 0 || Instant::now() >= end {
                    return;
                }
                self.say(Phase::Zips, round * subjects.len() + done, 2 * subjects.len());
                let Some(outcome) = self.ask((*subject, Part::Zip), over, self.plan.zip).await else { break };
                let counted = if over == Over::Own { &mut self.zip_cold } else { &mut self.zip_warm };
                self.tally.add(outcome, counted);
            }
        }
    }

    async fn at_once(&mut self, files: &[File], at_once: u32, requests: u32) {
        let begun = Instant::now();
        let end = begun + self.plan.phase;
        let next = Arc::new(AtomicU32::new(0));
        let files: Arc<[File]> = files.into();
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut askers = JoinSet::new();
        for _ in 0..at_once {
            let (next, files, tell) = (Arc::clone(&next), Arc::clone(&files), tell.clone());
            let (gauge, subjects) = (Arc::clone(&self.gauge), Arc::clone(&self.subjects));
            let bounds = self.plan.small;
            askers.spawn(async move {
                while Instant::now() < end {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let file = nth(&files, number).filter(|_| number < requests && gauge.left() > 0);
                    let Some(file) = file else { return };
                    let outcome = ask(&gauge, &subjects, file, Over::Kept, bounds).await;
                    if let Some(outcome) = outcome
                        && tell.send(outcome).is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(tell);
        let (mut counted, mut done) = (Counted::default(), 0);
        while let Some(outcome) = told.recv().await {
            self.tally.add(outcome, &mut counted);
            done += 1;
            self.say(Phase::AtOnce(at_once), done, requests);
        }
        let per_second = f64::from(counted.good()) / begun.elapsed().as_secs_f64().max(f64::EPSILON);
        self.levels.push(Level { at_once, series: counted.series(), per_second });
    }

    fn files(&self) -> Vec<File> {
        SMALL
            .into_iter()
            .flat_map(|part| (0..self.subjects.len()).map(move |subject| (subject, part)))
            .collect()
    }

    async fn ask(&self, file: File, over: Over, bounds: Bounds) -> Option<Outcome> {
        ask(&self.gauge, &self.subjects, file, over, bounds).await
    }

    fn say(&self, phase: Phase, done: impl TryInto<u32>, of: impl TryInto<u32>) {
        let [done, of] = [done.try_into().unwrap_or(u32::MAX), of.try_into().unwrap_or(u32::MAX)];
        (self.tell)(&Step { url: self.url.clone(), phase, done, of });
    }

    /// What was measured.
    pub(super) fn measured(self) -> Measured {
        let absent: Vec<_> = self.tally.absent.iter().filter(|(_, part)| *part != Part::List).collect();
        Measured {
            place: if self.gauge.is_directory() {
                Some(Place::Loopback)
            } else {
                self.cold.peer().map(Place::of)
            },
            relays: self.relays,
            url: self.url,
            named_by: self.named_by,
            http2: self.tally.http2,
            sent: self.gauge.sent(),
            connecting: self.cold.connecting(),
            cold: self.cold.series(),
            warm: self.warm.series(),
            levels: self.levels,
            zip_cold: self.zip_cold.throughput(),
            zip_warm: self.zip_warm.throughput(),
            absent: absent
                .iter()
                .filter_map(|(s, part)| Some(judge::path(self.subjects.get(*s)?, *part)))
                .collect(),
            errors: self.tally.errors,
            evidence: self.tally.evidence,
        }
    }
}

/// Asks for a file, and judges the answer where that holds nobody up.
async fn ask(
    gauge: &Gauge,
    subjects: &Arc<[Subject]>,
    file: File,
    over: Over,
    bounds: Bounds,
) -> Option<Outcome> {
    let path = judge::path(subjects.get(file.0)?, file.1);
    let reading = gauge.ask(&path, over, &bounds).await;
    let subjects = Arc::clone(subjects);
    let judged = move || subjects.get(file.0).map(|subject| outcome(subject, file, reading));
    if file.1 == Part::Zip { tokio::task::spawn_blocking(judged).await.ok().flatten() } else { judged() }
}

fn nth(files: &[File], number: u32) -> Option<File> {
    let number = usize::try_from(number).ok()?;
    files.get(number.checked_rem(files.len())?).copied()
}

/// How often somebody may not be reached in a row before he is left alone.
const LOST: u32 = 3;
