//! The catalog in SQLite: a database file in the data directory, written by one thread per process.

mod audit;
mod deeds;
mod file;
mod statements;
mod tokens;
mod writer;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use gomod::ModuleVersion;
use rusqlite::Connection;
use tokio::sync::oneshot;

use self::{
    tokens::Added,
    writer::{Job, Writer},
};
use super::{Catalog, CatalogError, Deed, Event, Lease, Refused, Token, TokenHash, TokenName, Totals, Used};
use crate::{BoxFuture, Data, StoreError, blocking::blocking};

/// The catalog of a data directory in `catalog.sqlite`.
///
/// It is opened by its own thread, so it delays no start. A file that is lost or damaged is moved aside and
/// begun anew; one that cannot be had for another reason leaves this process without a catalog.
#[derive(Debug)]
pub struct SqliteCatalog {
    jobs: Option<SyncSender<Job>>,
    leases: PathBuf,
    thread: Option<JoinHandle<()>>,
}

impl SqliteCatalog {
    /// Starts the thread that opens and writes the database.
    pub fn start(data: &Arc<Data>) -> Self {
        let (sender, jobs) = sync_channel(QUEUE);
        let owned = Arc::clone(data);
        let thread = std::thread::Builder::new()
            .name("catalog".into())
            .spawn(move || Writer::open(owned.dir()).run(&jobs))
            .inspect_err(|error| tracing::warn!("no catalog: cannot start its thread: {error}"));
        SqliteCatalog { jobs: Some(sender), leases: data.dir().join("leases"), thread: thread.ok() }
    }

    /// Hands a job over at once; the future waits only if the queue is full.
    fn hand_over<T: Send + 'static>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, CatalogError>>) -> Job,
    ) -> BoxFuture<'static, Result<T, CatalogError>> {
        let (done, result) = oneshot::channel();
        let Some(jobs) = &self.jobs else { return Box::pin(async { Err(CatalogError::Unavailable) }) };
        let left = match jobs.try_send(job(done)) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => None,
            Err(TrySendError::Full(job)) => Some((jobs.clone(), job)),
        };
        Box::pin(async move {
            if let Some((jobs, job)) = left {
                blocking(move || jobs.send(job).map_err(|_| StoreError::Stopped)).await?;
            }
            result.await.unwrap_or(Err(CatalogError::Unavailable))
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, CatalogError>> {
        self.hand_over(|done| {
            Job::Ask(Box::new(move |connection| {
                let result = connection.ok_or(CatalogError::Unavailable).and_then(|db| Ok(work(db)?));
                let _ = done.send(result);
            }))
        })
    }
}

impl Catalog for SqliteCatalog {
    fn note(&self, used: Used) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.try_send(Job::Note(used));
        }
    }

    fn record(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), CatalogError>> {
        self.hand_over(|done| Job::Record(events, done))
    }

    fn lease(&self, name: &str) -> BoxFuture<'static, Result<Option<Lease>, CatalogError>> {
        let (dir, name) = (self.leases.clone(), name.to_owned());
        Box::pin(async move { Ok(blocking(move || Lease::take(&dir, &name)).await?) })
    }

    fn audit(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Refused>, CatalogError>> {
        self.ask(move |db| audit::newest(db, limit))
    }

    fn deeds(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Deed>, CatalogError>> {
        self.ask(move |db| deeds::newest(db, limit))
    }

    fn tokens(&self) -> BoxFuture<'static, Result<Vec<Token>, CatalogError>> {
        self.ask(tokens::all)
    }

    fn add_token(&self, token: Token, hash: TokenHash) -> BoxFuture<'static, Result<bool, CatalogError>> {
        let added = self.ask(move |db| tokens::add(db, &token, &hash));
        Box::pin(async move {
            match added.await? {
                Added::Yes => Ok(true),
                Added::Taken => Ok(false),
                Added::Crowded => Err(CatalogError::Crowded(tokens::MOST)),
            }
        })
    }

    fn revoke_token(&self, name: TokenName) -> BoxFuture<'static, Result<bool, CatalogError>> {
        self.ask(move |db| tokens::revoke(db, &name))
    }

    fn token(&self, hash: TokenHash) -> BoxFuture<'static, Result<Option<Token>, CatalogError>> {
        self.ask(move |db| tokens::of_hash(db, &hash))
    }

    fn versions(
        &self,
        after: Option<ModuleVersion>,
        limit: u32,
    ) -> BoxFuture<'static, Result<Vec<ModuleVersion>, CatalogError>> {
        self.ask(move |db| statements::versions(db, after.as_ref(), limit))
    }

    fn totals(&self) -> BoxFuture<'static, Result<Totals, CatalogError>> {
        self.ask(statements::totals)
    }

    fn is_complete(&self) -> BoxFuture<'static, Result<bool, CatalogError>> {
        self.ask(statements::is_complete)
    }

    fn set_complete(&self, complete: bool) -> BoxFuture<'static, Result<(), CatalogError>> {
        self.ask(move |db| statements::set_complete(db, complete))
    }
}

/// What was handed over is written before the catalog is gone.
impl Drop for SqliteCatalog {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the catalog's thread has failed");
        }
    }
}

/// Jobs that may wait; at most a few kilobytes each.
const QUEUE: usize = 1024;
