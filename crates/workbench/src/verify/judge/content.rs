//! The zip, the hash that is kept of it, and the tree: each is told from the others by who says what is right.

use gomod::H1;

use super::{Case, Piece, Right};
use crate::{
    Diagnosis, Finding,
    diagnoses::{cache, proxy, state},
    modcache::{TreeDifference, ZipHash},
    verify::lying::{Unpacked, Zip},
};

impl Case<'_> {
    pub(super) fn content(&mut self, right: Option<Right<'_>>) {
        if self.replaced(right) {
            return;
        }
        self.zip(right);
        self.kept(right);
        self.tree(right);
    }

    /// All that is there agrees, and it is something else than it should be: one thing happened, and not three.
    fn replaced(&mut self, right: Option<Right<'_>>) -> bool {
        let (Some(right), Zip::Whole(found)) = (right, &self.lying.zip) else { return false };
        let found = *found;
        let others = [self.lying.kept(), self.lying.tree.h1()];
        let alone = !matches!(self.lying.tree, Unpacked::Read { .. });
        if found == right.h1 || others[0] != Some(found) || !(alone || others[1] == Some(found)) {
            return false;
        }
        let diagnosis = if right.is_proven() { &proxy::SUM_MISMATCH_DB } else { &proxy::SUM_MISMATCH_GOSUM };
        let finding = self.finding(diagnosis, Piece::Zip);
        self.breaks(Piece::ZipHash);
        if !alone {
            self.breaks(Piece::Tree);
        }
        let found = self.is(Piece::Zip, found);
        self.judged.seen.found(finding.evidence(found).evidence(right.said()));
        true
    }

    fn zip(&mut self, right: Option<Right<'_>>) {
        let found = match &self.lying.zip {
            Zip::Absent => return,
            Zip::Whole(found) => *found,
            Zip::Broken(fault) => {
                let unpacked = matches!(self.lying.tree, Unpacked::Read { .. });
                let diagnosis = if unpacked { &cache::ZIP_ALTERED } else { &state::CACHE_DAMAGED };
                let line = self.is(Piece::Zip, fault);
                let finding = self.finding(diagnosis, Piece::Zip).evidence(line);
                self.judged.seen.found(finding);
                return;
            }
            Zip::Unreadable(error) => {
                self.unreadable(Piece::Zip, error);
                return;
            }
        };
        // Where nobody says what is right, two against one do.
        let two = self.lying.kept().filter(|kept| Some(*kept) == self.lying.tree.h1());
        let said = match (right, two) {
            (Some(right), _) => (right.h1 != found).then(|| right.said()),
            (None, Some(two)) => {
                (two != found).then(|| format!("its .ziphash, and the files unpacked from it: {two}"))
            }
            (None, None) => None,
        };
        let Some(said) = said else { return };
        let mut finding = self.finding(&cache::ZIP_ALTERED, Piece::Zip);
        finding = finding.evidence(self.is(Piece::Zip, found)).evidence(said);
        if self.lying.kept() == Some(found) {
            self.breaks(Piece::ZipHash);
            finding = finding.evidence(self.is(Piece::ZipHash, found));
        }
        self.judged.seen.found(finding);
    }

    fn kept(&mut self, right: Option<Right<'_>>) {
        let zip = match self.lying.zip {
            Zip::Whole(h1) => Some(h1),
            _ => None,
        };
        let (what, diagnosis) = match &self.lying.kept {
            Err(error) => {
                self.unreadable(Piece::ZipHash, error);
                return;
            }
            Ok(ZipHash::Absent) if !matches!(self.lying.zip, Zip::Absent) => {
                ("not there".to_owned(), &cache::ZIPHASH_ABSENT)
            }
            Ok(ZipHash::Absent) => return,
            Ok(ZipHash::Torn) => ("no hash".to_owned(), &cache::ZIPHASH_WRONG),
            // Told together with the zip.
            Ok(ZipHash::Says(kept)) if zip == Some(*kept) => return,
            Ok(ZipHash::Says(kept)) => {
                let should = right.map(|right| right.h1).or(zip).or(self.lying.tree.h1());
                if should.is_none_or(|should| should == *kept) || self.outvoted(right, *kept) {
                    return;
                }
                (kept.to_string(), &cache::ZIPHASH_WRONG)
            }
        };
        let line = self.is(Piece::ZipHash, what);
        let mut finding = self.finding(diagnosis, Piece::ZipHash).evidence(line);
        if let Some(right) = right {
            finding = finding.evidence(right.said());
        } else if let Some(zip) = zip {
            finding = finding.evidence(self.is(Piece::Zip, zip));
        }
        self.judged.seen.found(finding);
    }

    /// Whether the zip was called wrong because the kept hash and the tree say the same.
    fn outvoted(&self, right: Option<Right<'_>>, kept: H1) -> bool {
        right.is_none() && self.lying.tree.h1() == Some(kept)
    }

    fn tree(&mut self, right: Option<Right<'_>>) {
        let (h1, is_empty, from_zip, odd) = match &self.lying.tree {
            Unpacked::Absent | Unpacked::Unfinished => return,
            Unpacked::Unreadable(error) => {
                self.unreadable(Piece::Tree, error);
                return;
            }
            Unpacked::Read { h1, is_empty, from_zip, odd } => (*h1, *is_empty, from_zip, odd),
        };
        let zip = match self.lying.zip {
            Zip::Whole(h1) => Some(h1),
            _ => None,
        };
        let should = right.map(|right| right.h1).or(match (self.lying.kept(), zip) {
            // The zip is the one that differs.
            (Some(kept), _) if Some(kept) == h1 => Some(kept),
            (kept, zip) => zip.or(kept),
        });
        let Some(should) = should.filter(|should| h1 != Some(*should)) else { return };
        // A zip that is another one says nothing of the tree.
        let difference = from_zip.as_ref().filter(|_| zip == Some(should));
        let missing = difference.is_some_and(|difference| !difference.missing.is_empty());
        let diagnosis: &'static Diagnosis =
            if missing || is_empty { &cache::TREE_INCOMPLETE } else { &cache::TREE_EDITED };
        let mut finding = self.finding(diagnosis, Piece::Tree);
        match difference {
            Some(difference) => finding = self.named(finding, difference),
            None => {
                let found = h1.map_or("nothing that a module can hold".to_owned(), |h1| h1.to_string());
                finding = finding.evidence(self.is(Piece::Tree, found));
                finding = finding.evidence(match right {
                    Some(right) => right.said(),
                    None => format!("what it was unpacked from: {should}"),
                });
            }
        }
        for line in odd.iter().take(SHOWN) {
            finding = finding.evidence(format!("{}/{line}", self.path(Piece::Tree).display()));
        }
        self.judged.seen.found(finding);
    }

    /// The files by which the tree differs.
    fn named(&self, mut finding: Finding, difference: &TreeDifference) -> Finding {
        let dir = self.path(Piece::Tree);
        for (what, files) in
            [("missing", &difference.missing), ("changed", &difference.changed), ("added", &difference.added)]
        {
            for file in files.iter().take(SHOWN) {
                finding = finding.evidence(format!("{}/{file}: {what}", dir.display()));
            }
            if let Some(more) = files.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                finding = finding.evidence(format!("{more} more are {what}"));
            }
        }
        finding
    }
}

/// How many files of one kind are named.
const SHOWN: usize = 5;
