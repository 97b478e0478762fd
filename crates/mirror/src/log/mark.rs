//! A database that signed two histories is not used any more: not by this process, and by none on this directory.
//!
//! The evidence is stored, and its file is the mark. Only an operator takes it away.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;
use sumdb::Evil;
use tokio::time::Instant;

use super::{Log, locked};
use crate::{Change, Mirror, Misbehaviour, Refusal, Security};

/// What is known of a database's misbehaviour.
#[derive(Debug, Default)]
pub(super) struct Mark {
    found: Option<Misbehaviour>,
    /// Whether it is stored, so that it ends when its file is taken away.
    stored: bool,
    /// When the file was last looked for.
    looked: Option<Instant>,
}

impl Mirror {
    /// A refusal if the database is not to be used.
    pub(crate) async fn trusted(&self, log: &Log) -> Result<(), Refusal> {
        let now = Instant::now();
        let stored_before = {
            let mut mark = locked(&log.mark);
            if mark.looked.is_some_and(|looked| now < looked + LOOK) {
                return mark.verdict();
            }
            // Nobody goes by what was never looked for: all who come before the first look has ended look themselves.
            if mark.looked.is_some() {
                mark.looked = Some(now);
            }
            mark.stored
        };
        let stored = self.store.misbehaviour(&log.name).await;
        let mut mark = locked(&log.mark);
        mark.looked.get_or_insert(now);
        match stored {
            Ok(Some(evidence)) => {
                if mark.found.is_none() {
                    let text = String::from_utf8_lossy(&evidence);
                    let why = text.lines().next().unwrap_or_default().into();
                    mark.found = Some(Misbehaviour { db: log.name.clone(), why });
                    self.stop_using(log);
                }
                mark.stored = true;
            }
            // One that was stored during the look need not be in what was seen.
            Ok(None) if stored_before && mark.stored => {
                tracing::warn!(db = %log.name, "the mark of the checksum database was taken away: it is used again");
                self.meters.misbehaving.dec();
                (mark.found, mark.stored) = (None, false);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(db = %log.name, "cannot see whether the checksum database may be used: {error}");
            }
        }
        mark.verdict()
    }

    /// The database has signed what excludes what it signed before.
    pub(super) async fn condemn(&self, log: &Log, evil: &Evil, notes: &[Bytes]) -> Refusal {
        let mut evidence = evil.evidence();
        for note in notes {
            let _ = write!(evidence, "\nsigned:\n{}", String::from_utf8_lossy(note));
        }
        let found = Misbehaviour { db: log.name.clone(), why: evil.to_string().into() };
        let stored = match self.store.put_misbehaviour(&log.name, evidence.into()).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(db = %log.name, "the evidence cannot be stored: {error}");
                false
            }
        };
        let mut mark = locked(&log.mark);
        if mark.found.is_none() {
            mark.found = Some(found.clone());
            self.stop_using(log);
        }
        mark.stored |= stored;
        Refusal::Security(Security::Database(mark.found.clone().unwrap_or(found)))
    }

    fn stop_using(&self, log: &Log) {
        tracing::error!(db = %log.name, "SECURITY: the checksum database contradicts itself and is not used any more");
        self.meters.misbehaving.inc();
        self.vouches.forget();
        self.tell(Change::Everything);
    }
}

impl Mark {
    fn verdict(&self) -> Result<(), Refusal> {
        match &self.found {
            Some(found) => Err(Refusal::Security(Security::Database(found.clone()))),
            None => Ok(()),
        }
    }
}

/// How often it is looked whether another process has set the mark, or an operator has taken it away.
const LOOK: Duration = Duration::from_secs(1);
