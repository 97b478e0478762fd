//! The modules of the project in the module cache: are they what go.sum says, and whole?

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use gomod::{H1, ModuleVersion, SumFile, read_gomod};
use tokio::runtime::Handle;

use super::{
    case::{Case, Sums, word},
    database::Database,
    memory::wrong,
};
use crate::{
    Finding, Patient, Seen,
    diagnoses::{cache, proxy, state},
    modcache::{CachedZip, Part, ZipHash, read_tree, read_zip},
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(case) = Case::read(patient, "the module cache", &mut seen) else { return seen };
    if case.project.vendor().is_some() {
        seen.passed("module cache: packages come from vendor/");
        return seen;
    }
    let sums = case.sums();
    let database = Database::of(patient);
    let work = Work { case: &case, sums: &sums, database: database.as_ref(), runtime: Handle::current() };
    let modules: Vec<_> = case.list.fetched().collect();
    locked(&case, &modules, &mut seen);
    let (looked, left) = work.all(&modules, Instant::now() + HASHING, &mut seen);
    if left > 0 {
        seen.unchecked(format!(
            "module cache: the files of {left} of {} modules were not read within {} s; go mod verify reads all",
            modules.len(),
            HASHING.as_secs()
        ));
    }
    if seen.findings.is_empty() {
        seen.passed(format!("module cache: {looked} modules of the project are whole and as go.sum says"));
    }
    seen
}

/// Versions that somebody holds locked, now and a moment later.
fn locked(case: &Case, modules: &[&ModuleVersion], seen: &mut Seen) {
    let held: Vec<_> = modules.iter().filter(|module| case.cache.is_locked(module)).collect();
    if held.is_empty() {
        return;
    }
    thread::sleep(AGAIN);
    for module in held.into_iter().filter(|module| case.cache.is_locked(module)) {
        let file = case.cache.file(module, Part::Lock);
        let finding = Finding::new(&cache::LOCKED).name("module", &module.to_string());
        let evidence =
            format!("{}: held by another process for more than {} s", file.display(), AGAIN.as_secs());
        seen.found(finding.name("file", &word(&file)).evidence(evidence));
    }
}

/// What each module is compared with.
struct Work<'a> {
    case: &'a Case,
    sums: &'a Sums,
    database: Option<&'a Database>,
    /// Where the database is asked from.
    runtime: Handle,
}

impl Work<'_> {
    /// Looks at all of them on as many threads as there are processors. Small files are always read; zips and trees as
    /// long as there is time. Says how many were read, and how many not.
    fn all(&self, modules: &[&ModuleVersion], until: Instant, seen: &mut Seen) -> (usize, usize) {
        let (next, read, left) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let found = Mutex::new(Vec::new());
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(module) = modules.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let mut here = Seen::default();
                        self.gomod(module, &mut here);
                        if Instant::now() < until {
                            if self.content(module, &mut here) {
                                read.fetch_add(1, Ordering::Relaxed);
                            }
                        } else {
                            left.fetch_add(1, Ordering::Relaxed);
                        }
                        found.lock().unwrap_or_else(PoisonError::into_inner).push(((*module).clone(), here));
                    }
                });
            }
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (_, here) in found {
            seen.add(here);
        }
        (read.into_inner(), left.into_inner())
    }

    /// The go.mod by itself.
    fn gomod(&self, module: &ModuleVersion, seen: &mut Seen) {
        let Some((path, line)) = self.sums.deciding(module, SumFile::GoMod) else { return };
        let (Some(wanted), Ok(Some(bytes))) = (line.h1(), self.case.cache.gomod(module)) else { return };
        let found = H1::of_gomod(&bytes);
        if found == wanted {
            return;
        }
        let file = self.case.cache.file(module, Part::Mod);
        let evidence = format!("{}: {found}", file.display());
        let recorded = format!("{}:{}: {line}", path.display(), line.number());
        let known = self.database.and_then(|database| database.remembers(module)?.gomod);
        let in_zip = self.gomod_of_zip(module);
        seen.found(match known.or(in_zip) {
            Some(right) if right == found => wrong(module, path, line).evidence(evidence),
            Some(right) if right == wanted => Finding::new(&cache::MOD_ALTERED)
                .name("module", &module.to_string())
                .name("file", &word(&file))
                .evidence(evidence)
                .evidence(recorded),
            _ => Finding::new(&proxy::SUM_MISMATCH_GOSUM)
                .name("module", &module.to_string())
                .evidence(evidence)
                .evidence(recorded),
        });
    }

    fn gomod_of_zip(&self, module: &ModuleVersion) -> Option<H1> {
        let file = std::fs::File::open(self.case.cache.file(module, Part::Zip)).ok()?;
        let len = file.metadata().ok()?.len();
        read_gomod(module, &file, len).ok().flatten().map(|bytes| H1::of_gomod(&bytes))
    }

    /// The zip, its kept hash, and what was unpacked of it. Says whether anything of them is there.
    fn content(&self, module: &ModuleVersion, seen: &mut Seen) -> bool {
        self.leftovers(module, seen);
        let zip = read_zip(&self.case.cache, module);
        let unpacked = self.case.cache.is_unpacked(module);
        if !unpacked && matches!(zip, CachedZip::Absent) {
            return false;
        }
        let kept = match self.case.cache.ziphash(module) {
            Ok(ZipHash::Says(kept)) => Some(kept),
            _ => None,
        };
        self.zip(module, &zip, kept, unpacked, seen);
        if unpacked {
            self.tree(module, &zip, kept, seen);
        }
        true
    }

    fn zip(
        &self,
        module: &ModuleVersion,
        zip: &CachedZip,
        kept: Option<H1>,
        unpacked: bool,
        seen: &mut Seen,
    ) {
        let file = self.case.cache.file(module, Part::Zip);
        let finding = |diagnosis| {
            let finding = Finding::new(diagnosis).name("module", &module.to_string());
            finding.name("file", &word(&file)).name("stem", &word(&file.with_extension("")))
        };
        let found = match zip {
            CachedZip::Absent => return,
            CachedZip::Broken(fault) => {
                let diagnosis = if unpacked { &cache::ZIP_ALTERED } else { &state::CACHE_DAMAGED };
                seen.found(finding(diagnosis).evidence(format!("{}: {fault}", file.display())));
                return;
            }
            CachedZip::Unreadable(error) => {
                seen.found(finding(&state::IO).evidence(format!("{}: {error}", file.display())));
                return;
            }
            CachedZip::Whole(contents) => contents.facts.h1,
        };
        let evidence = format!("{}: {found}", file.display());
        let recorded = self.recorded(module);
        match recorded.filter(|recorded| *recorded != found) {
            // What go compares is the kept hash.
            Some(recorded) if kept == Some(recorded) => {
                let finding = finding(&cache::ZIP_ALTERED).evidence(evidence);
                seen.found(finding.evidence(format!("go.sum, and the .ziphash beside it: {recorded}")));
            }
            Some(recorded) => seen.found(self.mismatch(module, recorded, found).evidence(evidence)),
            None => {
                let Some(kept) = kept.filter(|kept| *kept != found) else { return };
                let file = self.case.cache.file(module, Part::ZipHash);
                let finding = Finding::new(&cache::ZIPHASH_WRONG).name("module", &module.to_string());
                let finding = finding.name("file", &word(&file)).evidence(evidence);
                seen.found(finding.evidence(format!("{}: {kept}", file.display())));
            }
        }
    }

    /// The hash that go.sum has for the zip.
    fn recorded(&self, module: &ModuleVersion) -> Option<H1> {
        self.sums.deciding(module, SumFile::Zip)?.1.h1()
    }

    /// What go.sum and what lies here say differ, and both the zip and its kept hash are one. The database decides.
    fn mismatch(&self, module: &ModuleVersion, recorded: H1, found: H1) -> Finding {
        let known = self.database.and_then(|database| {
            let known = database.remembers(module).or_else(|| database.ask_now(&self.runtime, module));
            known?.zip
        });
        let said = format!("go.sum: {recorded}");
        match (known, self.sums.deciding(module, SumFile::Zip)) {
            (Some(known), Some((path, line))) if known == found => wrong(module, path, line),
            (Some(known), _) if known == recorded => {
                let finding = Finding::new(&proxy::SUM_MISMATCH_DB).name("module", &module.to_string());
                finding.evidence(said).evidence(format!("the checksum database: {known}"))
            }
            _ => {
                let finding = Finding::new(&proxy::SUM_MISMATCH_GOSUM).name("module", &module.to_string());
                finding.evidence(said)
            }
        }
    }

    fn tree(&self, module: &ModuleVersion, zip: &CachedZip, kept: Option<H1>, seen: &mut Seen) {
        let dir = self.case.cache.tree(module);
        let tree = match read_tree(&dir) {
            Ok(tree) => tree,
            Err(error) => {
                seen.unchecked(format!("{}: {error}", dir.display()));
                return;
            }
        };
        let finding =
            |diagnosis| Finding::new(diagnosis).name("module", &module.to_string()).name("file", &word(&dir));
        // A zip that was replaced says nothing of a tree that was unpacked before.
        let right = match zip {
            CachedZip::Whole(contents) => {
                Some(contents).filter(|contents| kept.is_none_or(|h1| h1 == contents.facts.h1))
            }
            _ => None,
        };
        let Some(contents) = right else {
            let before = self.recorded(module).or(kept);
            if before.is_some() && tree.h1(&module.to_string()) != before {
                let evidence = format!("{}: not what go.sum says of it", dir.display());
                let diagnosis = if tree.is_empty() { &cache::TREE_INCOMPLETE } else { &cache::TREE_EDITED };
                seen.found(finding(diagnosis).evidence(evidence));
            }
            return;
        };
        let difference = tree.against(&contents.files);
        if difference.is_none() {
            return;
        }
        let diagnosis =
            if difference.missing.is_empty() { &cache::TREE_EDITED } else { &cache::TREE_INCOMPLETE };
        let mut finding = finding(diagnosis);
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
        seen.found(finding);
    }

    /// Files of downloads that were broken off long ago: nobody writes to them any more.
    fn leftovers(&self, module: &ModuleVersion, seen: &mut Seen) {
        for leftover in self.case.cache.leftovers(module, SystemTime::now()) {
            if leftover.age < OLD {
                continue;
            }
            let file = leftover.path.display();
            let evidence =
                format!("{file}: {} bytes, {} hours old", leftover.size, leftover.age.as_secs() / 3600);
            let finding = Finding::new(&cache::LEFTOVERS).name("module", &module.to_string());
            seen.found(finding.name("file", &word(&leftover.path)).evidence(evidence));
        }
    }
}

/// How long zips and trees are read.
const HASHING: Duration = Duration::from_secs(2);
/// How long a lock has to be held before that is told.
const AGAIN: Duration = Duration::from_secs(1);
/// How old a temporary file has to be before it is nobody's.
const OLD: Duration = Duration::from_hours(1);
/// Reading more files at once makes no disk faster.
const MOST_THREADS: usize = 8;
/// How many files of one kind are named.
const SHOWN: usize = 5;
