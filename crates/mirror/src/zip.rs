//! A zip on its way into a staging file, from one source or, where one breaks off, from several.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::BytesMut;
use futures_util::StreamExt;
use gomod::{ZipCheck, ZipFault};
use storage::{Staged, Staging};
use upstream::{Fault, FaultKind, Incoming, Meta, OVERLAP, Piece, Resume, SourceName, Troubles, Want};

use crate::{
    Refusal, Security, Verified,
    artifact::Landed,
    carry::Lineage,
    fetch::{Fetch, Sent, Useless, body, lie},
    flight::Flowing,
    judge,
    race::Worth,
    vouching::{Vouching, Word},
    walk::{Turn, Walk},
};

/// The bytes of a zip that have arrived so far.
struct Arrival {
    staging: Staging,
    staged: Arc<Staged>,
    check: ZipCheck,
    /// Who sent the last of them.
    source: SourceName,
    started: Instant,
    /// The length that was announced.
    len: Option<u64>,
    /// The `ETag` they came with.
    etag: Option<String>,
    /// What broke off before the first of them.
    lineage: Lineage,
    /// Who sent what came before that, if it was somebody else.
    before: Vec<SourceName>,
    /// What went wrong at the source that sent the last of them.
    troubles: Troubles,
}

impl Fetch {
    /// Asks the sources of the chain, one after another, until a whole zip is here that passes its check.
    pub(crate) async fn zip(&self, mut walk: Walk) -> Result<Arc<Landed>, Refusal> {
        let judge = async |turn: Turn, said| body(&turn, said).map_or_else(Worth::Miss, Worth::Good);
        let mut lineage = Lineage::default();
        let mut broken: Option<(Arrival, Resume)> = None;
        loop {
            let resume = broken.as_ref().map(|(_, resume)| resume);
            let want = |_: &Turn| Want { resume: resume.cloned(), ..self.want() };
            let Some((turn, incoming)) = self.mirror.first_good(&mut walk, want, judge).await? else {
                return Err(walk.refusal());
            };
            let mut arrival = match broken.take() {
                Some((arrival, resume)) if incoming.meta.start == resume.have => {
                    arrival.goes_on(&incoming.meta)
                }
                _ => self.anew(&incoming.meta, &incoming.troubles, std::mem::take(&mut lineage)),
            };
            let useless = match self.receive(&mut arrival, incoming).await {
                Ok(()) => match self.whole(&mut arrival).await {
                    Ok(landed) => {
                        walk.arrived(&self.mirror.meters);
                        return Ok(landed);
                    }
                    Err(useless) => useless,
                },
                Err(useless) => useless,
            };
            lineage = arrival.lineage.and(Arc::clone(&arrival.staged), useless.refusal());
            self.pilot.broke_off(lineage.clone());
            match useless {
                Useless::Broken(fault) => {
                    broken = arrival.resume(&fault).await.map(|resume| (arrival, resume));
                    self.goes_on(&mut walk, &turn, Useless::Broken(fault))?;
                }
                // Nobody knows which of its parts is wrong, so each source may yet be right.
                Useless::Lie(fault) if arrival.is_patchwork() && walk.once_more(&turn) => {
                    tracing::warn!(version = %self.version, "put together from parts, and useless: {fault}");
                    walk.troubled();
                }
                Useless::Contradiction(contradiction) if arrival.is_spliced() && walk.once_more(&turn) => {
                    tracing::error!("SECURITY: put together from parts: {contradiction}");
                    self.mirror.meters.contradictions.inc();
                    walk.troubled();
                }
                useless => self.goes_on(&mut walk, &turn, useless)?,
            }
            self.take_place().await?;
        }
    }

    /// The beginning of a body of which nothing is here.
    fn anew(&self, meta: &Meta, troubles: &Troubles, lineage: Lineage) -> Arrival {
        let staging = self.mirror.store.stage();
        Arrival {
            staged: staging.staged(),
            staging,
            check: ZipCheck::new(&self.version),
            source: meta.source.clone(),
            started: Instant::now(),
            len: meta.len,
            etag: meta.etag.clone(),
            lineage,
            before: Vec::new(),
            troubles: troubles.clone(),
        }
    }

    /// Takes in what a source sends, to the end of its body.
    async fn receive(&self, arrival: &mut Arrival, mut incoming: Incoming) -> Result<(), Useless> {
        if incoming.meta.start != arrival.staged.written() {
            let what = format!("the body begins at byte {}", incoming.meta.start);
            return Err(Useless::Lie(lie(&arrival.source, arrival.started, &what)));
        }
        // Nobody is fed with what may turn out to be unverifiable: that is said in words, not by breaking off.
        let mut awaited = self.vouching.clone();
        let mut fed = match &awaited {
            None => Some(self.feed(arrival, None)?),
            Some(_) => None,
        };
        let mut unwanted = Unwanted::default();
        loop {
            let piece = tokio::select! {
                biased;
                word = word(awaited.clone()) => {
                    awaited = None;
                    fed = Some(self.feed(arrival, Some(word))?);
                    continue;
                }
                piece = incoming.bytes.next() => piece,
            };
            let Some(piece) = piece else { return Ok(()) };
            match piece.map_err(Useless::Broken)? {
                Piece::Bytes(bytes) => {
                    arrival.check.feed(&bytes).map_err(|fault| arrival.bad(&fault))?;
                    // Nobody sees a byte before it was compared.
                    if arrival.lineage.compare(arrival.staged.written(), &bytes).await {
                        self.pilot.look_again();
                    }
                    arrival.staging.append(bytes).await.map_err(Useless::Disk)?;
                }
                Piece::Anew(meta) => {
                    let fault = arrival.fault(FaultKind::Truncated, "the body broke off and began anew");
                    let why = Refusal::Failed(vec![fault]);
                    let lineage = arrival.lineage.and(Arc::clone(&arrival.staged), why);
                    *arrival = self.anew(&meta, &Troubles::default(), lineage);
                    if let Some(verified) = fed {
                        self.pilot.flowing(arrival.flowing(verified));
                    }
                }
            }
            if unwanted.since(self.pilot.alone(), Instant::now()) > self.mirror.config.linger {
                let why = "too slow for a zip that nobody waits for";
                return Err(Useless::Unwanted(arrival.fault(FaultKind::Timeout, why)));
            }
        }
    }

    /// Lets clients follow what arrives, if what its database says allows that; `word` is nothing where none is asked.
    fn feed(&self, arrival: &Arrival, word: Option<Word>) -> Result<Verified, Useless> {
        let verified = self.demanded(word)?.verified();
        self.pilot.flowing(arrival.flowing(verified));
        Ok(verified)
    }

    /// Checks and stores what has arrived whole.
    async fn whole(&self, arrival: &mut Arrival) -> Result<Arc<Landed>, Useless> {
        let staging = std::mem::replace(&mut arrival.staging, self.mirror.store.stage());
        let check = std::mem::replace(&mut arrival.check, ZipCheck::new(&self.version));
        let staged = staging.finish();
        let len = staged.written();
        arrival.lineage.end(len);
        let facts = judge::zip(check, Arc::clone(&staged), len).await.map_err(|fault| arrival.bad(&fault))?;
        self.publish(staged, Some(facts.h1), arrival.sent(), arrival.lineage.clone()).await
    }
}

impl Arrival {
    /// Another source goes on where these bytes end.
    fn goes_on(mut self, meta: &Meta) -> Self {
        if self.source != meta.source {
            self.before.push(std::mem::replace(&mut self.source, meta.source.clone()));
        }
        self.len = self.len.or(meta.len);
        self.etag = self.etag.or_else(|| meta.etag.clone());
        self
    }

    /// Whether its parts came from more than one source.
    fn is_spliced(&self) -> bool {
        !self.before.is_empty()
    }

    fn sent(&self) -> Sent<'_> {
        let mut names: Vec<String> =
            self.before.iter().chain([&self.source]).map(ToString::to_string).collect();
        names.dedup();
        Sent { source: &self.source, names: names.join(" and ") }
    }

    /// Whether it was put together from parts.
    fn is_patchwork(&self) -> bool {
        self.is_spliced() || self.troubles.count() > 0
    }

    fn flowing(&self, verified: Verified) -> Flowing {
        Flowing {
            verified,
            staged: Arc::clone(&self.staged),
            len: self.len,
            source: self.source.clone().into(),
            lineage: self.lineage.clone(),
        }
    }

    /// What another source has to continue, after this fault; nothing where that would lead nowhere.
    async fn resume(&self, fault: &Fault) -> Option<Resume> {
        let have = self.staged.written();
        if have == 0 || matches!(fault.kind(), FaultKind::TooLarge | FaultKind::Encoding | FaultKind::Lie) {
            return None;
        }
        let mut tail = BytesMut::new();
        let mut at = have.saturating_sub(OVERLAP as u64);
        while at < have {
            // A disk that cannot be read now has no part in what comes next.
            let piece = self.staged.read_at(at, have - at).await.ok().filter(|piece| !piece.is_empty())?;
            at += piece.len() as u64;
            tail.extend_from_slice(&piece);
        }
        let strong = self.etag.clone().filter(|etag| etag.starts_with('"'));
        Some(Resume { have, len: self.len, etag: strong, tail: tail.freeze() })
    }

    fn fault(&self, kind: FaultKind, why: &str) -> Fault {
        Fault::new(self.source.clone(), kind, why, self.started.elapsed())
    }

    fn bad(&self, fault: &ZipFault) -> Useless {
        Useless::Lie(lie(&self.source, self.started, fault))
    }
}

impl Useless {
    /// The same for those who were fed.
    fn refusal(&self) -> Refusal {
        match self {
            Useless::Broken(fault) | Useless::Lie(fault) | Useless::Unwanted(fault) => {
                Refusal::Failed(vec![fault.clone()])
            }
            Useless::Contradiction(contradiction) => {
                Refusal::Security(Security::Content(contradiction.clone()))
            }
            Useless::Unverified(refusal) => refusal.clone(),
            Useless::Withdrawn(why) => Refusal::Gone(why.clone()),
            Useless::Disk(_) => Refusal::Internal("the disk has no room for this"),
        }
    }
}

/// What a database says; never anything where none is asked.
async fn word(awaited: Option<Vouching>) -> Word {
    match awaited {
        Some(vouching) => vouching.word().await,
        None => std::future::pending().await,
    }
}

/// How long nobody has waited for what arrives.
#[derive(Debug, Default)]
struct Unwanted(Option<Instant>);

impl Unwanted {
    fn since(&mut self, alone: bool, now: Instant) -> Duration {
        if !alone {
            self.0 = None;
            return Duration::ZERO;
        }
        now.duration_since(*self.0.get_or_insert(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_which_nobody_waits_begins_anew_with_each_who_joins() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut unwanted = Unwanted::default();
        for (now, alone, since) in
            [(100, false, 0), (200, true, 0), (203, true, 3), (204, false, 0), (300, true, 0), (301, true, 1)]
        {
            assert_eq!(unwanted.since(alone, at(now)), Duration::from_secs(since), "at {now}");
        }
    }
}
