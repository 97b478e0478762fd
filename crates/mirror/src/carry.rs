//! Files that broke off, and how far the next one repeats them.
//!
//! Zips of one version may differ in bytes between sources though their content is the same, so a client that was
//! fed from one file goes on with another only where all that it has is known to be in both. That is compared byte
//! by byte, before the bytes of the new file can be seen.

use std::sync::{Arc, OnceLock};

use storage::Staged;

use crate::{Refusal, refusal::LOST};

/// The files of a flight that broke off, oldest first, compared with the one that arrives now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineage(Vec<Arc<Forerunner>>);

/// A file that broke off.
#[derive(Debug)]
struct Forerunner {
    staged: Arc<Staged>,
    why: Refusal,
    /// Where the file that arrives now differs from it. Until that is known, it repeats all that both have.
    differs: OnceLock<u64>,
}

/// What becomes of a client that was fed from a file which is not the one that arrives.
#[derive(Debug)]
pub(crate) enum Carried {
    /// It goes on with the new file.
    Over,
    /// The new file has not come as far.
    NotYet,
    /// The new file is another one before the place where the client is, and the old one ended for this reason.
    Never(Refusal),
}

/// How many files are compared. Clients of older ones are let go.
const MOST: usize = 3;

impl Lineage {
    /// The same and one more, for a file that is yet to come.
    pub(crate) fn and(&self, staged: Arc<Staged>, why: Refusal) -> Self {
        let older = self.0.iter().map(|old| (Arc::clone(&old.staged), old.why.clone()));
        let mut all: Vec<_> = older.chain([(staged, why)]).collect();
        let all = all.split_off(all.len().saturating_sub(MOST)).into_iter();
        let anew = |(staged, why)| Arc::new(Forerunner { staged, why, differs: OnceLock::new() });
        Lineage(all.map(anew).collect())
    }

    /// Compares the bytes that come next in the new file, at `offset`, and says whether a difference was found.
    pub(crate) async fn compare(&self, offset: u64, bytes: &[u8]) -> bool {
        let mut found = false;
        for old in self.0.iter().filter(|old| old.differs.get().is_none()) {
            if let Some(at) = difference(&old.staged, offset, bytes).await {
                found |= old.differs.set(at).is_ok();
            }
        }
        found
    }

    /// The new file ends here: one that was longer is another one.
    pub(crate) fn end(&self, len: u64) {
        for old in self.0.iter().filter(|old| old.staged.written() > len) {
            old.differs.get_or_init(|| len);
        }
    }

    /// What becomes of a client that has `offset` bytes of `from`, as `to` arrives.
    pub(crate) fn carried(&self, from: &Arc<Staged>, offset: u64, to: &Staged) -> Carried {
        let Some(old) = self.0.iter().find(|old| Arc::ptr_eq(&old.staged, from)) else {
            return Carried::Never(self.why());
        };
        // What can be seen of the new file was compared before, so the difference is looked at after.
        let there = to.written();
        match old.differs.get() {
            Some(differs) if *differs < offset => Carried::Never(old.why.clone()),
            _ if offset <= there => Carried::Over,
            _ => Carried::NotYet,
        }
    }

    /// Whether another file may still repeat this one.
    pub(crate) fn has(&self, staged: &Arc<Staged>) -> Result<(), Refusal> {
        let has = self.0.iter().any(|old| Arc::ptr_eq(&old.staged, staged));
        if has { Ok(()) } else { Err(self.why()) }
    }

    /// Why the last one broke off.
    pub(crate) fn why(&self) -> Refusal {
        self.0.last().map_or(LOST, |old| old.why.clone())
    }
}

/// The first place at or behind `offset` where the old file has another byte. What cannot be read is not the same.
async fn difference(old: &Staged, mut offset: u64, mut bytes: &[u8]) -> Option<u64> {
    while !bytes.is_empty() {
        let had = match old.read_at(offset, bytes.len() as u64).await {
            Ok(had) if had.is_empty() => return None,
            Ok(had) => had,
            Err(_) => return Some(offset),
        };
        let both = had.iter().zip(bytes);
        if let Some(same) = both.clone().position(|(had, new)| had != new) {
            return Some(offset + same as u64);
        }
        bytes = bytes.get(both.len()..).unwrap_or_default();
        offset += had.len() as u64;
    }
    None
}

#[cfg(test)]
mod tests {
    use storage::StagingArea;

    use super::*;

    #[tokio::test]
    async fn a_client_is_carried_over_as_far_as_the_bytes_are_the_same() {
        let area = StagingArea::in_memory(1 << 20);
        let mut old = area.stage();
        old.append("abcdef".into()).await.unwrap();
        let from = old.staged();
        let lineage = Lineage::default().and(Arc::clone(&from), Refusal::Internal("broke off"));
        assert!(lineage.has(&from).is_ok());
        let mut new = area.stage();
        let to = new.staged();
        let mut at = 0;
        // What arrives; whether it differs; for each place what becomes of a client there.
        for (piece, differs, places) in [
            ("", false, ".wwwwww"),
            ("abc", false, "....www"),
            ("dX", true, ".....xx"),
            ("f", false, ".....xx"),
        ] {
            assert_eq!(lineage.compare(at, piece.as_bytes()).await, differs, "{piece}");
            new.append(piece.into()).await.unwrap();
            at += piece.len() as u64;
            let became: String = (0..=6)
                .map(|offset| match lineage.carried(&from, offset, &to) {
                    Carried::Over => '.',
                    Carried::NotYet => 'w',
                    Carried::Never(why) => {
                        assert_eq!(why.to_string(), "internal: broke off");
                        'x'
                    }
                })
                .collect();
            assert_eq!(became, places, "after {piece}");
        }
        // The next one is compared from the beginning.
        let next = lineage.and(Arc::clone(&to), Refusal::Internal("too"));
        assert!(matches!(next.carried(&from, 6, &area.stage().staged()), Carried::NotYet));
        assert!(!next.compare(0, b"abcd").await);
        assert!(next.compare(4, b"e").await);
        assert!(!next.compare(5, b"fgh").await);
        assert!(matches!(next.carried(&to, 5, &from), Carried::Never(_)));
        assert!(matches!(next.carried(&from, 6, &from), Carried::Over));
    }

    #[tokio::test]
    async fn a_file_that_ends_sooner_is_another_one() {
        let area = StagingArea::in_memory(1 << 20);
        let mut old = area.stage();
        old.append("abcdef".into()).await.unwrap();
        let from = old.staged();
        let lineage = Lineage::default().and(Arc::clone(&from), LOST);
        let mut new = area.stage();
        assert!(!lineage.compare(0, b"abcd").await);
        new.append("abcd".into()).await.unwrap();
        lineage.end(4);
        let to = new.finish();
        assert!(matches!(lineage.carried(&from, 4, &to), Carried::Over));
        assert!(matches!(lineage.carried(&from, 5, &to), Carried::Never(_)));
    }

    #[test]
    fn the_oldest_are_let_go() {
        let area = StagingArea::in_memory(1 << 20);
        let files: Vec<_> = (0..=MOST).map(|_| area.stage().staged()).collect();
        let lineage =
            files.iter().fold(Lineage::default(), |lineage, file| lineage.and(Arc::clone(file), LOST));
        assert!(lineage.has(&files[0]).is_err());
        assert!(files[1..].iter().all(|file| lineage.has(file).is_ok()));
    }
}
