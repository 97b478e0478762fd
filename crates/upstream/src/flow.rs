//! A body on its way: bounded in time and size, and ended cleanly only when it is whole.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::{
    fs::File,
    io::AsyncReadExt,
    time::{Instant, timeout_at},
};

use crate::{
    Fault, FaultKind, Limits, Piece,
    attempt::{Attempt, Due},
    client::Response,
    gunzip::Gunzip,
    look::{Look, Seen},
    pace::Pace,
};

/// Where the bytes come from.
pub(crate) enum Feed {
    Http(Response),
    File(File),
}

/// What a body must keep to.
pub(crate) struct Bounds {
    /// The largest size, decompressed.
    pub(crate) cap: u64,
    /// The size on the wire, where it was announced.
    pub(crate) len: Option<u64>,
    /// Whether it is compressed.
    pub(crate) gzip: bool,
    /// When it must be complete.
    pub(crate) due: Option<Due>,
    /// When what is looked at must be here.
    pub(crate) begin: Option<Due>,
    /// Whether it may flow as slowly as it likes.
    pub(crate) may_trickle: bool,
}

/// A body on its way.
pub(crate) struct Flow {
    feed: Feed,
    attempt: Attempt,
    limits: Limits,
    bounds: Bounds,
    gunzip: Option<Gunzip>,
    pace: Option<Pace>,
    trickled: bool,
    /// Pieces that were looked at and not given yet.
    seen: VecDeque<Bytes>,
    arrived: u64,
    given: u64,
}

impl Flow {
    /// Fails at once if the announced size is too large already.
    pub(crate) fn new(
        mut attempt: Attempt,
        limits: Limits,
        feed: Feed,
        bounds: Bounds,
    ) -> Result<Self, Fault> {
        if let Some(len) = bounds.len.filter(|&len| len > bounds.cap) {
            return Err(
                attempt.fault(FaultKind::TooLarge, &format!("{len} bytes; the limit is {}", bounds.cap))
            );
        }
        let gunzip = bounds.gzip.then(Gunzip::new);
        let pace = (!bounds.may_trickle).then(|| Pace::new(limits.trickle, limits.trickle_over));
        Ok(Flow {
            feed,
            attempt,
            limits,
            bounds,
            gunzip,
            pace,
            trickled: false,
            seen: VecDeque::new(),
            arrived: 0,
            given: 0,
        })
    }

    /// Waits for the first bytes and fails if they cannot be what was asked.
    pub(crate) async fn look(&mut self, look: Look) -> Result<(), Fault> {
        self.look_at(look).await?;
        self.bounds.begin = None;
        Ok(())
    }

    /// Takes as many bytes from the start as `expected` has, and says whether they are the same.
    pub(crate) async fn repeats(&mut self, expected: &[u8]) -> Result<bool, Fault> {
        let mut left = expected;
        while !left.is_empty() {
            let Some(mut piece) = self.next().await? else { return Ok(false) };
            let start = piece.split_to(piece.len().min(left.len()));
            let Some(rest) = left.strip_prefix(&*start) else { return Ok(false) };
            left = rest;
            if !piece.is_empty() {
                self.seen.push_front(piece);
            }
        }
        self.bounds.begin = None;
        Ok(true)
    }

    async fn look_at(&mut self, look: Look) -> Result<(), Fault> {
        let mut start = Vec::new();
        let mut ended = false;
        loop {
            match look.judge(&start, ended) {
                Seen::Plausible => return Ok(()),
                Seen::Lie(what) => return Err(self.attempt.fault(FaultKind::Lie, what)),
                Seen::TooLittle => {}
            }
            match self.pull().await? {
                Some(piece) => {
                    start.extend(piece.iter().take(LOOK_AT));
                    self.seen.push_back(piece);
                }
                None => ended = true,
            }
        }
    }

    /// The next piece, those that were looked at first; nothing after the whole body.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        let piece = match self.seen.pop_front() {
            Some(piece) => Some(piece),
            None => self.pull().await?,
        };
        if piece.is_none() {
            self.attempt.complete();
        }
        Ok(piece)
    }

    /// The body as a stream. A fault is its last item.
    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<Piece, Fault>> {
        stream::try_unfold(self, |mut flow| async move {
            Ok(flow.next().await?.map(|piece| (Piece::Bytes(piece), flow)))
        })
        .boxed()
    }

    /// The next piece, decompressed and counted. After the end it gives nothing again.
    async fn pull(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let unpacked = self.gunzip.as_mut().map_or(Ok(None), Gunzip::step);
            let unpacked =
                unpacked.map_err(|e| self.attempt.fault(FaultKind::Encoding, &format!("gzip: {e}")))?;
            if let Some(piece) = unpacked {
                return self.give(piece).map(Some);
            }
            match (self.arrive().await?, &mut self.gunzip) {
                (Some(piece), None) => return self.give(piece).map(Some),
                (Some(piece), Some(gunzip)) => gunzip.feed(piece),
                (None, None) => return Ok(None),
                (None, Some(gunzip)) => {
                    let last = gunzip.finish();
                    self.gunzip = None;
                    let last = last.map_err(|_| {
                        self.attempt.fault(FaultKind::Truncated, "gzip: the end is missing or damaged")
                    })?;
                    return last.map(|piece| self.give(piece)).transpose();
                }
            }
        }
    }

    /// The next piece from the wire, in time.
    async fn arrive(&mut self) -> Result<Option<Bytes>, Fault> {
        let now = Instant::now();
        let stalled = now + self.limits.stall;
        let due = self.bounds.due.into_iter().chain(self.bounds.begin).min_by_key(|due| due.at);
        let due = due.filter(|due| due.at <= stalled);
        if let Some(due) = due.filter(|due| due.at <= now) {
            return Err(self.late(due));
        }
        let Ok(piece) = timeout_at(due.map_or(stalled, |due| due.at), self.feed.next()).await else {
            return Err(match due {
                Some(due) => self.late(due),
                None => self.stalled(),
            });
        };
        match piece {
            Ok(Some(piece)) => {
                self.arrived += piece.len() as u64;
                self.attempt.received(piece.len());
                if let Some(len) = self.bounds.len.filter(|&len| self.arrived > len) {
                    let words = format!("more than the {len} bytes that were announced");
                    return Err(self.attempt.fault(FaultKind::Protocol, &words));
                }
                let slow =
                    self.pace.as_mut().is_some_and(|pace| pace.is_too_slow(now.elapsed(), piece.len()));
                if slow { Err(self.trickles()) } else { Ok(Some(piece)) }
            }
            Ok(None) => match self.bounds.len {
                Some(len) if self.arrived != len => {
                    let words = format!("{} of {len} bytes", self.arrived);
                    Err(self.attempt.fault(FaultKind::Truncated, &words))
                }
                _ => Ok(None),
            },
            Err((kind, words)) => {
                let words = format!("{words} (after {} bytes)", self.arrived);
                Err(self.attempt.fault(kind, &words))
            }
        }
    }

    fn give(&mut self, piece: Bytes) -> Result<Bytes, Fault> {
        self.given += piece.len() as u64;
        if self.given > self.bounds.cap {
            let words = format!("more than {} bytes", self.bounds.cap);
            return Err(self.attempt.fault(FaultKind::TooLarge, &words));
        }
        Ok(piece)
    }

    fn late(&mut self, due: Due) -> Fault {
        let words = format!("the body was not complete {due}, after {} bytes", self.arrived);
        self.attempt.fault(FaultKind::Timeout, &words)
    }

    /// Whether it ended because it flowed too slowly.
    pub(crate) fn trickled(&self) -> bool {
        self.trickled
    }

    fn trickles(&mut self) -> Fault {
        self.trickled = true;
        let Limits { trickle, trickle_over, .. } = self.limits;
        let words = format!("less than {trickle} bytes/s for {trickle_over:?}, after {} bytes", self.arrived);
        self.attempt.fault(FaultKind::Stall, &words)
    }

    fn stalled(&mut self) -> Fault {
        let words = format!("no byte for {:?}, after {} bytes", self.limits.stall, self.arrived);
        self.attempt.fault(FaultKind::Stall, &words)
    }
}

impl Feed {
    async fn next(&mut self) -> Result<Option<Bytes>, (FaultKind, String)> {
        match self {
            Feed::Http(response) => response.chunk().await,
            Feed::File(file) => {
                let mut piece = BytesMut::with_capacity(FILE_PIECE);
                let read = file.read_buf(&mut piece).await;
                read.map(|n| (n > 0).then(|| piece.freeze()))
                    .map_err(|e| (FaultKind::Disk, e.kind().to_string()))
            }
        }
    }
}

const LOOK_AT: usize = 512;
const FILE_PIECE: usize = 64 << 10;
