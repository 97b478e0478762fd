//! Asking the sources of a database. Which of them sent an answer does not matter: its form is judged here, its truth
//! by a proof.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use gomod::{Request, SumdbPath};
use upstream::{FaultKind, Fetched, Miss, Urgency, Want};

use super::Log;
use crate::{
    Ask, Mirror, Refusal,
    collect::collect,
    fetch::{body, lie},
    judge,
    policy::{ChainEnd, Database},
    race::Worth,
    refusal::Absent,
    source::Source,
    walk::{Rules, Turn, Walk},
};

/// The sources of a database, asked for one thing.
pub(super) struct Sources<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) ask: &'a Ask,
    pub(super) database: &'a Database,
    pub(super) log: &'a Log,
    pub(super) path: SumdbPath,
    pub(super) urgency: &'a Arc<Urgency>,
}

impl Sources<'_> {
    fn what(&self, path: SumdbPath) -> Request {
        Request::Sumdb(self.database.name.clone(), path)
    }

    fn want(&self, path: SumdbPath) -> Want {
        Want { via: self.ask.via.clone(), ..Want::new(self.what(path), Arc::clone(self.urgency)) }
    }

    /// A walk along all of them, or to one alone.
    pub(super) fn walk(&self, only: Option<usize>) -> Walk {
        let links = &self.database.links;
        let links = match only {
            Some(place) => links.get(place..=place).unwrap_or_default(),
            None => links,
        };
        Walk::over(self.what(self.path.clone()), links, ChainEnd::Exhausted, Rules::of_database())
    }

    /// The next answer along the walk that has the form that was asked for.
    pub(super) async fn next(&self, walk: &mut Walk) -> Result<Option<(Turn, Bytes)>, Refusal> {
        let judge = |turn: Turn, said| async move {
            let judged = self.judged(&turn, said).await;
            if matches!(&judged, Err(Miss::Failed(fault)) if fault.kind() == FaultKind::Lie) {
                self.mirror.meters.database_lies.inc();
            }
            match judged {
                Ok(bytes) => Worth::Good(bytes),
                Err(Miss::Absent(unknown)) if self.is_final(&turn).await => {
                    let said = vec![unknown];
                    Worth::Final(Refusal::Absent(Absent::Everywhere { said }))
                }
                Err(miss) => Worth::Miss(miss),
            }
        };
        self.mirror.first_good(walk, |_| self.want(self.path.clone()), judge).await
    }

    /// What a source's answer says, in the form that was asked for.
    async fn judged(&self, turn: &Turn, said: Result<Fetched, Miss>) -> Result<Bytes, Miss> {
        let started = Instant::now();
        let sent = collect(body(turn, said)?).await?;
        let open = |note: &[u8]| self.log.open(note, &self.database.key);
        judge::checksum(&self.path, &sent, open).map_err(|error| lie(turn.source.name(), started, &error))?;
        Ok(sent)
    }

    /// Whether an "unknown" is the database's own, whatever failed on the way to it. The last link is the database
    /// itself; a tile that one lacks may be had elsewhere.
    async fn is_final(&self, turn: &Turn) -> bool {
        match self.path {
            SumdbPath::Lookup(_) => turn.last || self.relays(&turn.source).await,
            SumdbPath::Tile(_) | SumdbPath::Latest | SumdbPath::Supported => false,
        }
    }

    /// Whether a proxy says that it relays the database. Then its "unknown" is the database's, as it is for `go`
    /// (PROTOCOL 4.8); of one that does not, it only means that there is nothing at this path.
    async fn relays(&self, source: &Source) -> bool {
        matches!(source.fetch(&self.want(SumdbPath::Supported)).await, Ok(Fetched::Body(_)))
    }

    /// An answer was not true: the walk goes on without the source that sent it.
    pub(super) fn was_a_lie(&self, walk: &mut Walk, turn: &Turn, why: &str) {
        tracing::error!(source = %turn.source.name(), "SECURITY: {why}");
        self.mirror.meters.database_lies.inc();
        turn.source.lied(&self.what(self.path.clone()));
        walk.miss(turn, Miss::Failed(lie(turn.source.name(), Instant::now(), why)));
    }
}
