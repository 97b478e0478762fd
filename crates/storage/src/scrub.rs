//! Looking at everything that is stored, before somebody asks for it.
//!
//! A walk reads each file once, at a bounded rate: files of modules are compared with the checksums and the h1 of
//! their receipt, those without a receipt get the check of their kind, everything that Larder writes for itself is
//! compared with its own checksum. What is wrong is set aside, so that the next question fetches it anew. It works
//! beside any number of running servers.

mod cursor;
mod examine;
mod pace;
mod tally;
mod walk;

use std::{
    num::NonZeroU64,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

pub use self::tally::{Tally, Walked};
use self::{cursor::Cursor, examine::Examiner, pace::Pace, walk::Walk};
use crate::{Data, Key, QuarantineId, Store, StoreError, blocking::blocking, data::lock};

/// How a scrub goes about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScrubOptions {
    /// Bytes per second that are read at most; `None` for as many as the disk gives.
    pub rate: Option<NonZeroU64>,
    /// Whether to begin at the beginning, where an earlier one did not come to its end.
    pub restart: bool,
}

/// A walk over everything that is stored in a data directory.
#[derive(Debug)]
pub struct Scrub {
    data: Arc<Data>,
    store: Arc<Store>,
    rate: Option<NonZeroU64>,
    tally: Arc<Tally>,
    after: Option<PathBuf>,
    /// Held so that two walks do not share one cursor; nothing in a directory that cannot be written.
    alone: Option<lock::Held>,
}

/// Why a scrub cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// There is one on this directory already.
    #[error("another scrub of {} is under way", .0.display())]
    Running(PathBuf),
    /// The directory cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the data directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
    /// What was done about it.
    #[serde(flatten)]
    pub done: Done,
}

/// What was done about a damaged file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "done", content = "detail")]
pub enum Done {
    /// It lies in quarantine under this name, and is fetched anew when it is asked for.
    SetAside(#[serde(serialize_with = "shown")] QuarantineId),
    /// It was written anew from a sound copy.
    Mended,
    /// Another process has put it aside, or a new one in its place, at the same time.
    Replaced,
    /// Nothing could be done; the text says why.
    Left(String),
}

impl Scrub {
    /// Gets ready; what an earlier one has not finished goes on. Blocking for a moment.
    pub fn begin(data: &Arc<Data>, store: &Arc<Store>, options: ScrubOptions) -> Result<Self, ScrubError> {
        let alone = if data.is_read_only() {
            None
        } else {
            let lock = lock::try_exclusive(&data.dir().join("locks/scrub"))?;
            Some(lock.ok_or_else(|| ScrubError::Running(data.dir().to_owned()))?)
        };
        let cursor = if options.restart { None } else { Cursor::load(data.dir()) };
        let (after, walked) = cursor.map(|cursor| (cursor.after, cursor.walked)).unzip();
        Ok(Scrub {
            data: Arc::clone(data),
            store: Arc::clone(store),
            rate: options.rate,
            tally: Arc::new(Tally::from(walked.unwrap_or_default())),
            after,
            alone,
        })
    }

    /// The file after which it goes on; nothing when it begins at the beginning.
    pub fn resumes_after(&self) -> Option<&Path> {
        self.after.as_deref()
    }

    /// What counts while it runs, with what an earlier one has counted.
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Walks to the end. Findings go to `tell`, which is waited for. Dropping it stops the walk within a block, and
    /// the next one goes on where it was at most a second before.
    pub async fn run(self, tell: mpsc::Sender<Finding>) -> Walked {
        let Scrub { data, store, rate, tally, after, alone } = self;
        let keep = alone.is_some();
        let examiner = Examiner::new(store, Pace::new(rate), Arc::clone(&tally), tell);
        let mut walk = Walk::new(data.dir().to_owned(), &["answers", "modules"], after);
        let mut saved = Instant::now();
        loop {
            let stepped = blocking(move || {
                let next = walk.next();
                Ok((walk, next))
            });
            let next = match stepped.await {
                Ok((same, next)) => {
                    walk = same;
                    next
                }
                Err(error) => {
                    tally.cannot_check(&error);
                    break;
                }
            };
            match next {
                None => break,
                Some(Err(error)) => tally.cannot_check(&error),
                Some(Ok(path)) => {
                    let found = tally.walked().found;
                    match Key::at(&path) {
                        Some(key) => examiner.look_at(&key).await,
                        None => tally.passed(&path),
                    }
                    if keep && (saved.elapsed() >= SAVED || tally.walked().found > found) {
                        save(&data, path, tally.walked()).await;
                        saved = Instant::now();
                    }
                }
            }
        }
        if keep && let Err(error) = clear(&data).await {
            tracing::warn!("the next scrub may begin at the end of this one: {error}");
        }
        drop(alone);
        tally.walked()
    }
}

async fn save(data: &Arc<Data>, after: PathBuf, walked: Walked) {
    let data = Arc::clone(data);
    let saved = blocking(move || Cursor { after, walked }.save(data.dir())).await;
    if let Err(error) = saved {
        tracing::warn!("if this scrub ends early, the next one goes on further back: {error}");
    }
}

async fn clear(data: &Arc<Data>) -> Result<(), StoreError> {
    let data = Arc::clone(data);
    blocking(move || Cursor::clear(data.dir())).await
}

fn shown<S: serde::Serializer>(id: &QuarantineId, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

/// How often the place in the walk is kept.
const SAVED: Duration = Duration::from_secs(1);
