//! The one who appends: takes all that waits, as one batch, while it holds the log's lease.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use gomod::ModuleVersion;
use storage::Lease;
use sumdb::Lookup;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep},
};

use super::{Appended, OwnError, commit::Standing, log::Log};

/// Something that the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Append(Append),
    /// Keep the other signatures on a note of the current head.
    Cosign(Bytes, oneshot::Sender<Result<(), OwnError>>),
}

/// A record to be appended, unless it is there.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) version: ModuleVersion,
    pub(super) text: String,
    pub(super) done: oneshot::Sender<Result<Appended, OwnError>>,
}

/// The writer. It ends when nobody can ask it any more.
#[derive(Debug)]
pub(super) struct Writer {
    log: Arc<Log>,
    jobs: mpsc::Receiver<Job>,
    /// Where the log stood after the last batch.
    standing: Option<Standing>,
}

impl Writer {
    pub(super) fn new(log: Arc<Log>, jobs: mpsc::Receiver<Job>) -> Self {
        Writer { log, jobs, standing: None }
    }

    pub(super) async fn run(mut self) {
        let mut next = None;
        loop {
            let Some(job) = (match next.take() {
                Some(job) => Some(job),
                None => self.jobs.recv().await,
            }) else {
                return;
            };
            let lease = self.log.lease().await;
            match job {
                Job::Cosign(note, done) => {
                    let kept = match &lease {
                        Ok(_) => self.cosign(&note).await,
                        Err(error) => Err(error.clone()),
                    };
                    drop(done.send(kept));
                }
                Job::Append(first) => {
                    let mut batch = vec![first];
                    next = self.fill(&mut batch);
                    match &lease {
                        Ok(_) => self.serve(batch).await,
                        Err(error) => refuse(batch, error),
                    }
                }
            }
            drop(lease);
            if next.is_some() || !self.jobs.is_empty() {
                // Another process may wait for the lease.
                sleep(GAP).await;
            }
        }
    }

    /// Takes what waits to be appended; gives the first that is something else.
    fn fill(&mut self, batch: &mut Vec<Append>) -> Option<Job> {
        let mut bytes = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            match self.jobs.try_recv().ok()? {
                Job::Append(append) => {
                    bytes += append.text.len();
                    batch.push(append);
                }
                other @ Job::Cosign(..) => return Some(other),
            }
        }
        None
    }

    async fn serve(&mut self, batch: Vec<Append>) {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.try_to_append(&batch).await {
                Ok(outcomes) => {
                    for (append, outcome) in batch.into_iter().zip(outcomes) {
                        // Who has gone away finds the record the next time.
                        drop(append.done.send(outcome));
                    }
                    return;
                }
                Err(OwnError::Overtaken(_)) if tries > 0 => {}
                Err(error) => {
                    tracing::error!("nothing was appended: {error}");
                    return refuse(batch, &error);
                }
            }
        }
    }

    async fn try_to_append(&mut self, batch: &[Append]) -> Result<Vec<Result<Appended, OwnError>>, OwnError> {
        // After an error nobody knows where the log stands until it is read again.
        let standing = self.log.stand(self.standing.take()).await?;
        let old = standing.head();
        let mut texts: Vec<String> = Vec::new();
        let mut places = Vec::with_capacity(batch.len());
        {
            let mut index = self.log.index.lock().await;
            index.catch_up(&self.log, &old).await?;
            let mut here: HashMap<&ModuleVersion, (u64, &str)> = HashMap::new();
            for Append { version, text, .. } in batch {
                let had = match (here.get(version), index.get(version)) {
                    (Some((id, text)), _) => Some((*id, (*text).to_owned())),
                    (None, Some(id)) => Some((id, self.log.record(id, &old).await?)),
                    (None, None) => None,
                };
                places.push(match had {
                    Some((id, had)) if had == *text => Ok((id, false)),
                    Some((id, had)) => {
                        Err(OwnError::Recorded { version: version.clone(), id, had, got: text.clone() })
                    }
                    None => {
                        let id = old.size + texts.len() as u64;
                        here.insert(version, (id, text));
                        texts.push(text.clone());
                        Ok((id, true))
                    }
                });
            }
        }
        let standing = if texts.is_empty() { standing } else { self.log.append(standing, &texts).await? };
        self.log.index.lock().await.extend(&self.log, old.size, &texts)?;
        let note = self.log.sign(&standing.head())?;
        self.standing = Some(standing);
        let outcome = |(append, place): (&Append, Result<(u64, bool), OwnError>)| {
            place.map(|(id, new)| {
                let lookup = Lookup::compose(id, &append.text, note.as_bytes()).into();
                Appended { id, lookup, new }
            })
        };
        Ok(batch.iter().zip(places).map(outcome).collect())
    }

    async fn cosign(&mut self, note: &[u8]) -> Result<(), OwnError> {
        let cosigned = self.log.cosigned(note).await;
        // The stored head is another object now.
        self.standing = None;
        cosigned
    }
}

impl Log {
    /// The right to append, given back when dropped. Nobody appends without.
    pub(super) async fn lease(&self) -> Result<Lease, OwnError> {
        let name = format!("log/{}", self.name);
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST;
        loop {
            match self.store.catalog().lease(&name).await {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return Err(OwnError::Busy(self.name.clone())),
                Err(error) => {
                    return Err(OwnError::NoLease { log: self.name.clone(), why: error.to_string() });
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST);
        }
    }
}

fn refuse(batch: Vec<Append>, error: &OwnError) {
    for append in batch {
        drop(append.done.send(Err(error.clone())));
    }
}

/// How many records a batch has at most. Its journal must stay far below what is read of one.
const BATCH: usize = 1000;
/// How many bytes, less the last record.
const BATCH_BYTES: usize = 512 << 10;
/// How often a batch is tried again that another writer came before.
const TRIES: u32 = 4;
/// How long another process's batches are waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a lease that another holds is tried for: at first, and at most.
const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(5);
/// How long the lease stays free between two batches.
const GAP: Duration = Duration::from_millis(2);
