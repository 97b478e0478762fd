//! Hashing the content of all entries, on two threads when there is enough to do.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::fault::ZipFault;
use super::layout::Record;
use super::stream::Digest;
use super::unpack::{BATCH, Unpacker};
use crate::read_at::ReadAt;

/// Bytes of a zip from which a second thread pays.
const WORTH_A_THREAD: u64 = 512 << 10;

/// SHA-256 of each entry's content, in the order of the directory. Along the way everything that was only stated is
/// compared with what is there.
pub(super) fn digests(
    source: &(impl ReadAt + Sync),
    records: &[Record<'_>],
) -> Result<Vec<Digest>, ZipFault> {
    let work = Work {
        source,
        records,
        batches: batches(records),
        next: AtomicUsize::new(0),
        faulty: AtomicUsize::new(usize::MAX),
    };
    let shares = if records.last().is_some_and(|last| last.end > WORTH_A_THREAD) {
        thread::scope(|scope| {
            // Without a second thread the first one does it all.
            let other = thread::Builder::new().spawn_scoped(scope, || work.share()).ok();
            let own = work.share();
            let other =
                other.map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            [Some(own), other]
        })
    } else {
        [Some(work.share()), None]
    };

    let mut digests = vec![[0; 32]; records.len()];
    let mut first: Option<(usize, ZipFault)> = None;
    for share in shares.into_iter().flatten() {
        for (index, digest) in share.digests {
            if let Some(slot) = digests.get_mut(index) {
                *slot = digest;
            }
        }
        if let Some((batch, fault)) = share.fault
            && first.as_ref().is_none_or(|(earliest, _)| batch < *earliest)
        {
            first = Some((batch, fault));
        }
    }
    first.map_or(Ok(digests), |(_, fault)| Err(fault))
}

/// Runs of records that are read together.
fn batches(records: &[Record<'_>]) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut limit = 0;
    for (at, record) in records.iter().enumerate() {
        match batches.last_mut() {
            Some(batch) if record.end <= limit => batch.end = at + 1,
            _ => {
                batches.push(at..at + 1);
                limit = record.start + BATCH as u64;
            }
        }
    }
    batches
}

/// What the threads share.
struct Work<'a, S> {
    source: &'a S,
    records: &'a [Record<'a>],
    batches: Vec<Range<usize>>,
    /// The next batch to be taken.
    next: AtomicUsize,
    /// The first batch known to be faulty; later ones need not be looked at, earlier ones decide what is reported.
    faulty: AtomicUsize,
}

/// What one thread did.
struct Share {
    digests: Vec<(usize, Digest)>,
    fault: Option<(usize, ZipFault)>,
}

impl<S: ReadAt> Work<'_, S> {
    fn share(&self) -> Share {
        let mut unpacker = Unpacker::new(self.source, self.records.last().map_or(0, |last| last.end));
        let mut digests = Vec::new();
        loop {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let records = self.batches.get(at).and_then(|batch| self.records.get(batch.clone()));
            let Some(records) = records.filter(|_| at < self.faulty.load(Ordering::Relaxed)) else {
                return Share { digests, fault: None };
            };
            if let Err(fault) = unpacker.batch(records, &mut digests) {
                self.faulty.fetch_min(at, Ordering::Relaxed);
                return Share { digests, fault: Some((at, fault)) };
            }
        }
    }
}
