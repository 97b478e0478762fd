//! A body that goes on by itself after it broke.

use bytes::{Buf, Bytes};
use futures_util::stream::{self, BoxStream, StreamExt};

use crate::{
    Fault, FaultKind, Meta, Miss, Piece, Troubles,
    effort::{Effort, Got},
    flow::Flow,
    resume::{Have, Tail},
};

/// A body that goes on by itself after it broke: it is continued where the rest is proven to be the rest, and begun
/// anew elsewhere.
pub(crate) struct Download {
    effort: Effort,
    flow: Box<Flow>,
    meta: Meta,
    /// How many bytes of the whole were given, those before the first one included.
    at: u64,
    /// How many of the bytes to come were given before.
    skip: u64,
    /// How far it came in any try.
    furthest: u64,
    resumes: u32,
    stalls: u32,
    tail: Tail,
}

impl Download {
    /// A body that begins. `meta.start` bytes, which end with `tail`, came from elsewhere.
    pub(crate) fn new(effort: Effort, meta: Meta, flow: Box<Flow>, tail: &[u8]) -> Self {
        let at = meta.start;
        let mut kept = Tail::default();
        kept.push(tail);
        Download { effort, flow, meta, at, skip: 0, furthest: at, resumes: 0, stalls: 0, tail: kept }
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    pub(crate) fn troubles(&self) -> &Troubles {
        self.effort.troubles()
    }

    /// The body as a stream. A fault is its last item.
    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<Piece, Fault>> {
        stream::try_unfold(self, |mut download| async move {
            Ok(download.next().await?.map(|piece| (piece, download)))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Piece>, Fault> {
        loop {
            match self.flow.next().await {
                Ok(Some(piece)) => {
                    let piece = self.take(piece);
                    if !piece.is_empty() {
                        return Ok(Some(Piece::Bytes(piece)));
                    }
                }
                Ok(None) => {
                    self.effort.succeeded();
                    return Ok(None);
                }
                Err(fault) => {
                    if let Some(meta) = self.go_on(fault).await? {
                        return Ok(Some(Piece::Anew(Box::new(meta))));
                    }
                }
            }
        }
    }

    fn take(&mut self, mut piece: Bytes) -> Bytes {
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        piece.advance(known);
        self.skip -= known as u64;
        self.at += piece.len() as u64;
        if self.effort.is_zip() && Have::needs_tail(&self.meta) {
            self.tail.push(&piece);
        }
        piece
    }

    /// Whether another source should take over: it flows too slowly, or it stopped once more.
    fn gives_way(&mut self, fault: &Fault) -> bool {
        self.stalls += u32::from(fault.kind() == FaultKind::Stall);
        !self.effort.is_alone() && (self.flow.trickled() || self.stalls > 1)
    }

    /// Finds out how the body goes on after a failure: where it was, or anew with this meta.
    async fn go_on(&mut self, mut fault: Fault) -> Result<Option<Meta>, Fault> {
        if self.at >= self.furthest + PROGRESS {
            self.effort.progressed();
            self.resumes += 1;
        }
        self.furthest = self.furthest.max(self.at);
        if self.resumes > self.effort.most_resumes() || self.gives_way(&fault) {
            return Err(self.effort.failed(fault));
        }
        loop {
            if !self.effort.another(&fault).await {
                return Err(self.effort.failed(fault));
            }
            let have = self.effort.is_zip().then(|| Have::here(self.at, &self.meta, self.tail.bytes()));
            match self.effort.get(have.as_ref()).await {
                Ok(Got::Rest(meta, flow)) => {
                    self.flow = flow;
                    self.skip = 0;
                    self.meta.len = self.meta.len.or(meta.len);
                    return Ok(None);
                }
                Ok(Got::Whole(meta, flow)) if have.is_some_and(|have| have.is_part_of(&meta)) => {
                    self.flow = flow;
                    self.skip = self.at;
                    return Ok(None);
                }
                Ok(Got::Whole(meta, flow)) => {
                    self.flow = flow;
                    (self.at, self.skip) = (0, 0);
                    self.tail.clear();
                    self.meta = meta.clone();
                    return Ok(Some(meta));
                }
                // It is not there any more: what broke stays broken.
                Ok(Got::NotModified) | Err(Miss::Absent(_)) => return Err(self.effort.failed(fault)),
                Err(Miss::Failed(again)) => fault = again,
            }
        }
    }
}

/// How many new bytes count as progress.
const PROGRESS: u64 = 1 << 10;
