//! The `.mod` and the `.info`.

use super::{Case, Piece, Right};
use crate::{
    Finding,
    diagnoses::{cache, proxy},
};

impl Case<'_> {
    /// The go.mod, which `go` reads without the zip. Where neither go.sum nor a database has its hash, the zip does.
    pub(super) fn gomod(&mut self, right: Option<Right<'_>>) {
        let found = match &self.lying.gomod {
            Ok(Some(found)) => *found,
            Ok(None) => return,
            Err(error) => {
                self.unreadable(Piece::Mod, error);
                return;
            }
        };
        // The go.mod of a version that was made before its path named the major version is made up.
        let in_zip = self.lying.gomod_in_zip.filter(|_| !self.module.version().is_incompatible());
        let zip_is_broken = self.judged.broken.iter().any(|broken| broken.piece == Piece::Zip);
        let in_zip = in_zip.filter(|_| !zip_is_broken);
        let line = self.is(Piece::Mod, found);
        match right {
            Some(right) if right.h1 == found => {}
            // Two against go.sum: its line is the likelier one to be wrong.
            Some(right) if !right.is_proven() && in_zip == Some(found) => {
                let finding =
                    Finding::new(&proxy::SUM_MISMATCH_GOSUM).name("module", &self.module.to_string());
                self.judged.seen.found(finding.evidence(line).evidence(right.said()));
            }
            Some(right) => {
                let finding = self.finding(&cache::MOD_ALTERED, Piece::Mod).evidence(line);
                self.judged.seen.found(finding.evidence(right.said()));
            }
            None if in_zip.is_some_and(|in_zip| in_zip != found) => {
                let in_zip = in_zip.map(|h1| format!("the go.mod in its zip: {h1}")).unwrap_or_default();
                let finding = self.finding(&cache::MOD_ALTERED, Piece::Mod).evidence(line);
                self.judged.seen.found(finding.evidence(in_zip));
            }
            None => {}
        }
    }

    pub(super) fn info(&mut self) {
        match &self.lying.info {
            Ok(None) => {}
            Ok(Some(why)) => {
                let line = self.is(Piece::Info, why);
                let finding = self.finding(&cache::INFO_WRONG, Piece::Info).evidence(line);
                self.judged.seen.found(finding);
            }
            Err(error) => self.unreadable(Piece::Info, error),
        }
    }
}
