//! What becomes of requests, counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use gomod::H1;
use upstream::{Reading, Steps};

use super::{
    Connecting, Quantiles, Series, Throughput, Trouble,
    judge::{self, Part},
    subject::Subject,
};

/// Which file of which subject.
pub(super) type File = (usize, Part);

/// What became of one request for a file.
pub(super) struct Outcome {
    pub(super) file: File,
    pub(super) steps: Steps,
    pub(super) http2: bool,
    pub(super) first_byte: Option<Duration>,
    pub(super) total: Duration,
    pub(super) bytes: u64,
    pub(super) end: End,
}

pub(super) enum End {
    /// What was asked for, with its hash where it has one.
    Good(Option<H1>),
    /// 404 or 410.
    Absent,
    /// In words without secrets.
    Failed(Trouble, String),
    /// No request was sent.
    NotAsked,
}

/// Judges an answer.
pub(super) fn outcome(subject: &Subject, file: File, reading: Reading) -> Outcome {
    let Reading { steps, first_byte, total, http2, bytes, answer } = reading;
    let end = match answer {
        Ok((200, body)) => match judge::judge(subject, file.1, &body) {
            Ok(h1) => End::Good(h1),
            Err(why) => End::Failed(Trouble::Wrong, format!("{}: {why}", judge::path(subject, file.1))),
        },
        Ok(_) => End::Absent,
        Err(fault) => match Trouble::of(fault.kind()) {
            // So much of it came, and the rest was not wanted.
            Some(Trouble::TooLarge) if file.1 == Part::Zip => End::Good(None),
            Some(trouble) => End::Failed(trouble, fault.detail().to_owned()),
            None => End::NotAsked,
        },
    };
    Outcome { file, steps, http2, first_byte, total, bytes, end }
}

/// What was counted of one proxy so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) errors: BTreeMap<Trouble, u32>,
    pub(super) evidence: BTreeMap<Trouble, String>,
    /// What it gave, by file.
    pub(super) hashes: BTreeMap<File, H1>,
    pub(super) has: BTreeSet<File>,
    pub(super) absent: BTreeSet<File>,
    pub(super) http2: bool,
    /// Failures one after another in which nobody was reached.
    pub(super) lost: u32,
}

/// Requests of one kind.
#[derive(Debug, Default)]
pub(super) struct Counted {
    asked: u32,
    good: u32,
    bytes: u64,
    times: Vec<Duration>,
    steps: Vec<(Steps, Duration)>,
}

impl Tally {
    /// Counts what became of a request, also in `counted`.
    pub(super) fn add(&mut self, outcome: Outcome, counted: &mut Counted) {
        let Outcome { file, steps, http2, first_byte, total, bytes, end } = outcome;
        let trouble = match end {
            End::NotAsked => return,
            End::Good(h1) => {
                self.has.insert(file);
                if let Some(h1) = h1 {
                    self.hashes.entry(file).or_insert(h1);
                }
                None
            }
            // Somebody who never had it says so. That is an answer, but none whose time counts.
            End::Absent if !self.has.contains(&file) => {
                self.absent.insert(file);
                self.lost = 0;
                return;
            }
            End::Absent => Some((Trouble::Vanished, "it said 404 for what it gave before".to_owned())),
            End::Failed(trouble, words) => Some((trouble, words)),
        };
        self.http2 |= http2;
        counted.asked += 1;
        if let Some(first_byte) = first_byte {
            counted.steps.push((steps, first_byte));
        }
        match trouble {
            None => {
                self.lost = 0;
                counted.good += 1;
                counted.bytes += bytes;
                counted.times.push(total);
            }
            Some((trouble, words)) => {
                self.lost = if trouble.is_of_the_way() { self.lost + 1 } else { 0 };
                *self.errors.entry(trouble).or_default() += 1;
                self.evidence.entry(trouble).or_insert(words);
            }
        }
    }
}

impl Counted {
    pub(super) fn series(&self) -> Series {
        Series { asked: self.asked, good: self.good, times: Quantiles::of(&self.times) }
    }

    pub(super) fn throughput(&self) -> Throughput {
        Throughput { asked: self.asked, good: self.good, bytes: self.bytes, time: self.times.iter().sum() }
    }

    pub(super) fn good(&self) -> u32 {
        self.good
    }

    pub(super) fn connecting(&self) -> Connecting {
        let of = |step: fn(&Steps) -> Option<Duration>| {
            Quantiles::of(&self.steps.iter().filter_map(|(steps, _)| step(steps)).collect::<Vec<_>>())
        };
        let first_byte: Vec<_> = self.steps.iter().map(|(_, first_byte)| *first_byte).collect();
        Connecting {
            dns: of(|steps| steps.resolve),
            tcp: of(|steps| steps.connect),
            tls: of(|steps| steps.tls),
            first_byte: Quantiles::of(&first_byte),
        }
    }

    pub(super) fn peer(&self) -> Option<std::net::IpAddr> {
        self.steps.iter().find_map(|(steps, _)| steps.peer)
    }
}
