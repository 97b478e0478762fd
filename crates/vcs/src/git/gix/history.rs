//! Questions about what lies behind what.

use std::collections::{HashSet, VecDeque};

use super::objects::Objects;
use crate::{Oid, git::trouble::Trouble};

/// Commits that can be reached from some, each once, in no order that means anything.
pub(super) struct Behind<'a> {
    objects: &'a Objects,
    seen: HashSet<Oid>,
    left: VecDeque<Oid>,
}

impl<'a> Behind<'a> {
    /// From these on, which count themselves. What is no commit is passed over.
    pub(super) fn of(objects: &'a Objects, from: impl IntoIterator<Item = Oid>) -> Self {
        let mut seen = HashSet::new();
        let left = from.into_iter().filter(|id| seen.insert(*id)).collect();
        Self { objects, seen, left }
    }

    /// The next one.
    pub(super) fn next(&mut self) -> Result<Option<Oid>, Trouble> {
        while let Some(id) = self.left.pop_front() {
            let Some(commit) = self.objects.commit(id)? else { continue };
            let new = commit.parents.into_iter().filter(|parent| self.seen.insert(*parent));
            self.left.extend(new);
            return Ok(Some(id));
        }
        Ok(None)
    }

    /// Whether one of these is among them.
    pub(super) fn finds(&mut self, wanted: impl Fn(Oid) -> bool) -> Result<Option<Oid>, Trouble> {
        while let Some(id) = self.next()? {
            if wanted(id) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}
