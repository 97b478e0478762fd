//! What follows from what lies in the cache of one version, and what is said of it.

mod content;
mod small;

use std::path::Path;

use gomod::{H1, ModuleVersion, SumFile};

use super::{
    broken::{Broken, Piece},
    lying::Lying,
    records::{Records, Voucher},
};
use crate::{
    Diagnosis, Finding, Seen,
    diagnoses::cache::UNREADABLE,
    gosum::{SumFiles, SumLine},
    modcache::ModCache,
    shell::word,
};

/// What a version is compared with.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) cache: &'a ModCache,
    pub(super) sums: &'a SumFiles,
    pub(super) records: &'a Records,
}

/// What was found out about one version.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) seen: Seen,
    pub(super) broken: Vec<Broken>,
    /// There is nothing of its content in the cache.
    pub(super) absent: bool,
    /// Nobody says what its content should be: it was compared with itself only.
    pub(super) unvouched: bool,
}

/// A hash, and who says that it is the right one.
#[derive(Clone, Copy)]
struct Right<'a> {
    h1: H1,
    who: Who<'a>,
}

#[derive(Clone, Copy)]
enum Who<'a> {
    Voucher(&'a Voucher),
    GoSum(&'a Path, &'a SumLine),
}

impl Bench<'_> {
    /// Judges one version.
    pub(super) fn judge(&self, module: &ModuleVersion, lying: &Lying) -> Judged {
        let right = self.right(module, SumFile::Zip);
        let absent = lying.is_absent();
        let mut judged = Judged { absent, unvouched: !absent && right.is_none(), ..Judged::default() };
        let mut case = Case { bench: self, module, lying, judged: &mut judged };
        case.content(right);
        case.gomod(self.right(module, SumFile::GoMod));
        case.info();
        judged
    }

    /// The hash that a file of a version should have.
    pub(super) fn hash(&self, module: &ModuleVersion, file: SumFile) -> Option<H1> {
        self.right(module, file).map(|right| right.h1)
    }

    /// What a file of a version should be: what somebody proves goes before go.sum, and that before what was merely
    /// seen first.
    fn right(&self, module: &ModuleVersion, file: SumFile) -> Option<Right<'_>> {
        let record = self.records.get(module, file).map(|(h1, by)| Right { h1, who: Who::Voucher(by) });
        let line = self.sums.deciding(module, file);
        let line = line.and_then(|(path, line)| Some(Right { h1: line.h1()?, who: Who::GoSum(path, line) }));
        match record {
            Some(record) if record.is_proven() => Some(record),
            weak => line.or(weak),
        }
    }
}

impl Right<'_> {
    /// Whether it is known to be right, and not only what go.sum says.
    fn is_proven(&self) -> bool {
        matches!(self.who, Who::Voucher(by) if by.is_binding())
    }

    fn said(&self) -> String {
        match self.who {
            Who::Voucher(by) => format!("{by}: {}", self.h1),
            Who::GoSum(path, line) => format!("{}:{}: {line}", path.display(), line.number()),
        }
    }
}

/// One version while it is judged.
struct Case<'a> {
    bench: &'a Bench<'a>,
    module: &'a ModuleVersion,
    lying: &'a Lying,
    judged: &'a mut Judged,
}

impl Case<'_> {
    /// A finding about a piece, which counts as broken from now on.
    fn finding(&mut self, diagnosis: &'static Diagnosis, piece: Piece) -> Finding {
        self.breaks(piece);
        self.about(diagnosis, piece)
    }

    fn about(&self, diagnosis: &'static Diagnosis, piece: Piece) -> Finding {
        let file = self.path(piece);
        let finding = Finding::new(diagnosis).name("module", &self.module.to_string());
        finding.name("file", &word(&file)).name("stem", &word(&file.with_extension("")))
    }

    fn breaks(&mut self, piece: Piece) {
        let broken = Broken { module: self.module.clone(), piece };
        if !self.judged.broken.contains(&broken) {
            self.judged.broken.push(broken);
        }
    }

    fn path(&self, piece: Piece) -> std::path::PathBuf {
        Broken { module: self.module.clone(), piece }.path(self.bench.cache)
    }

    /// A line that says what a piece is.
    fn is(&self, piece: Piece, what: impl std::fmt::Display) -> String {
        format!("{}: {what}", self.path(piece).display())
    }

    fn unreadable(&mut self, piece: Piece, error: &std::io::Error) {
        let line = self.is(piece, error);
        let finding = self.finding(&UNREADABLE, piece).evidence(line);
        self.judged.seen.found(finding);
    }
}
