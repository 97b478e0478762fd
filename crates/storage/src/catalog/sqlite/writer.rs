//! The thread that has the database: it takes what is waiting, and commits it together.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use gomod::ModuleVersion;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::oneshot;

use super::{
    super::{CatalogError, Event, Used},
    audit, deeds,
    file::{self, Opened},
    statements,
};

/// Work for the thread.
pub(super) enum Job {
    Record(Vec<Event>, oneshot::Sender<Result<(), CatalogError>>),
    Note(Used),
    Ask(Question),
}

/// A question to the database, which is not there if it could not be opened; it answers by itself.
pub(super) type Question = Box<dyn FnOnce(Option<&Connection>) + Send>;

pub(super) struct Writer {
    dir: PathBuf,
    database: Option<Opened>,
    /// The last use of each version that is not written yet.
    used: HashMap<ModuleVersion, Used>,
}

impl Writer {
    /// Opens the database of a data directory, or goes without one and says so.
    pub(super) fn open(dir: &Path) -> Self {
        let database = file::open(dir)
            .inspect_err(|why| tracing::warn!("no catalog: {why}; everything is served all the same"))
            .ok();
        Writer { dir: dir.to_owned(), database, used: HashMap::new() }
    }

    /// Works until nobody can send jobs any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(NOTES_WAIT) {
                Ok(job) => self.take(job, jobs),
                Err(RecvTimeoutError::Timeout) => self.write_used(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.write_used();
    }

    /// One job, and all that is waiting behind it, in one transaction.
    fn take(&mut self, first: Job, jobs: &Receiver<Job>) {
        let mut records = Vec::new();
        let mut questions = Vec::new();
        for job in std::iter::once(first).chain(jobs.try_iter().take(GROUP)) {
            match job {
                Job::Record(events, done) => records.push((events, done)),
                Job::Note(used) => {
                    self.used.insert(used.version.clone(), used);
                }
                Job::Ask(question) => questions.push(question),
            }
        }
        if self.used.len() >= NOTES {
            self.write_used();
        }
        if !records.is_empty() {
            let all = self
                .commit(|db| records.iter().flat_map(|(events, _)| events).try_for_each(|e| record(db, e)));
            for (events, done) in records {
                // One event that the database refuses must not take the others with it.
                let result = match &all {
                    Ok(()) => Ok(()),
                    Err(_) => self.commit(|db| events.iter().try_for_each(|event| record(db, event))),
                };
                let _ = done.send(result);
            }
        }
        for question in questions {
            question(self.database.as_ref().map(|opened| &opened.connection));
        }
    }

    fn write_used(&mut self) {
        let used = std::mem::take(&mut self.used);
        if used.is_empty() || self.database.is_none() {
            return;
        }
        if let Err(error) = self.commit(|db| used.values().try_for_each(|used| statements::used(db, used))) {
            tracing::debug!("the last use of {} versions is lost: {error}", used.len());
        }
    }

    fn commit(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), CatalogError> {
        let opened = self.database.as_mut().ok_or(CatalogError::Unavailable)?;
        let done =
            opened.connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|all| {
                work(&all)?;
                all.commit()
            });
        if let Err(rusqlite::Error::SqliteFailure(error, _)) = &done
            && matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        {
            tracing::warn!("the catalog is damaged; the next start makes a new one from the receipts");
            self.database = None;
            file::condemn(&self.dir);
        }
        Ok(done?)
    }
}

fn record(db: &Connection, event: &Event) -> rusqlite::Result<()> {
    match event {
        Event::Stored(receipt) => statements::stored(db, receipt),
        Event::Quarantined { version, kind, reason, at } => {
            statements::quarantined(db, version, *kind, reason, *at)
        }
        Event::Refused(refused) => audit::refused(db, refused),
        Event::Deed(deed) => deeds::done(db, deed),
    }
}

/// How long uses are gathered before they are written.
const NOTES_WAIT: Duration = Duration::from_secs(5);
/// How many versions are gathered at most, at a few hundred bytes each.
const NOTES: usize = 4096;
/// Jobs in one transaction.
const GROUP: usize = 256;
