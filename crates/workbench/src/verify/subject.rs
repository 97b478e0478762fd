//! What there is to look at.

use std::{collections::BTreeSet, path::Path};

use gomod::{ModuleVersion, SumFile, SumdbSpec};
use sumdb::Verifier;

use super::{
    judge::Bench,
    kept, lines, listing,
    lying::Lying,
    measure, needed,
    records::Records,
    sums,
    vendor::{self, Originals},
};
use crate::{
    GoSettings, GoVariable, Seen,
    build_list::BuildList,
    gosum::SumFiles,
    kept_log::KeptLog,
    modcache::ModCache,
    project::{Project, ProjectError},
    repair::Right,
    verify::broken::Broken,
};

/// A project and the module cache that it is built from, or that cache alone.
#[derive(Debug)]
pub struct Subject {
    pub(super) project: Option<(Project, BuildList)>,
    pub(super) sums: SumFiles,
    pub(super) cache: ModCache,
    kept: Option<KeptLog>,
    /// The versions of which it is looked at what lies in the cache, each once.
    modules: Vec<ModuleVersion>,
}

/// What was read of the files.
#[derive(Debug)]
pub struct Read {
    /// In the order of the versions.
    lying: Vec<Lying>,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Verified {
    /// What there is to say of it.
    pub seen: Seen,
    /// What in the module cache is broken.
    pub broken: Vec<Broken>,
}

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// The project cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// No place for modules is known.
    #[error("there is no place for a module cache: set HOME, GOPATH or GOMODCACHE to an absolute path")]
    NoCache,
    /// The module cache cannot be listed.
    #[error("the module cache {path}: {why}")]
    Unlisted {
        /// Where it is.
        path: String,
        /// What the system says.
        why: std::io::Error,
    },
}

impl Subject {
    /// The project of a directory, and of the module cache what it is built from.
    pub fn project(dir: &Path, go: &GoSettings) -> Result<Self, SubjectError> {
        let project = Project::read(dir, go)?;
        let (cache, kept) = cache(go)?;
        let list = BuildList::read(&project, &cache);
        let sums = SumFiles::read(&project);
        let modules = list.fetched().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        Ok(Subject { project: Some((project, list)), sums, cache, kept, modules })
    }

    /// The whole module cache.
    pub fn modcache(go: &GoSettings) -> Result<Self, SubjectError> {
        let (cache, kept) = cache(go)?;
        let listed = listing::versions(&cache);
        let modules =
            listed.map_err(|why| SubjectError::Unlisted { path: cache.root().display().to_string(), why })?;
        Ok(Subject { project: None, sums: SumFiles::default(), cache, kept, modules })
    }

    /// What a version should be, as far as somebody says it.
    pub fn should_be(&self, module: &ModuleVersion, records: &Records) -> Right {
        let bench = Bench { cache: &self.cache, sums: &self.sums, records };
        Right { zip: bench.hash(module, SumFile::Zip), gomod: bench.hash(module, SumFile::GoMod) }
    }

    /// The module cache.
    pub fn cache(&self) -> &ModCache {
        &self.cache
    }

    /// How many versions are looked at in the module cache.
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// The versions of which it helps to know what others say: those that are looked at, and those that go.sum names.
    pub fn asked(&self) -> BTreeSet<ModuleVersion> {
        let named = self.sums.lines().filter_map(|(_, line)| line.module_version());
        self.modules.iter().cloned().chain(named).collect()
    }

    /// Reads and hashes everything. `done` hears how many versions are read so far.
    pub fn read(&self, done: &(dyn Fn(usize) + Sync)) -> Read {
        Read { lying: measure::all(&self.cache, &self.modules, done) }
    }

    /// What the checksum database said to this machine before, as far as `go` keeps it and it is proven still.
    pub fn remembered(&self) -> Records {
        let mut records = Records::default();
        if let Some(log) = &self.kept {
            kept::look(log, &self.asked(), &mut records);
        }
        records
    }

    /// Says what follows from what was read and from what others say. `elsewhere` are files to compare vendored ones with,
    /// which the module cache has not.
    pub fn judge(&self, read: &Read, records: &Records, elsewhere: &Originals) -> Verified {
        let mut verified = Verified::default();
        let seen = &mut verified.seen;
        sums::look(self, records, seen);
        needed::look(self, seen);
        let lines = lines::look(&self.sums, records, seen);
        if lines > 0 && seen.findings.is_empty() {
            seen.passed(format!(
                "go.sum: {lines} lines are as the checksum database or Larder's ledger has them"
            ));
        }
        let before = seen.findings.len();
        let bench = Bench { cache: &self.cache, sums: &self.sums, records };
        let (mut whole, mut absent, mut unvouched) = (0_usize, 0_usize, 0_usize);
        for (module, lying) in self.modules.iter().zip(&read.lying) {
            let judged = bench.judge(module, lying);
            whole += usize::from(judged.broken.is_empty() && !judged.absent);
            absent += usize::from(judged.absent);
            unvouched += usize::from(judged.unvouched);
            seen.add(judged.seen);
            verified.broken.extend(judged.broken);
        }
        if seen.findings.len() == before {
            let not_there = if absent > 0 { format!("; {absent} are not downloaded") } else { String::new() };
            seen.passed(format!(
                "module cache: the zips, files, .mod and .info of {whole} modules are whole{not_there}"
            ));
        }
        vendor::look(self, records, elsewhere, seen);
        if unvouched > 0 {
            seen.unchecked(format!(
                "module cache: of {unvouched} modules nobody here knows what they should be; each was compared with itself"
            ));
        }
        for finding in records.findings() {
            seen.found(finding.clone());
        }
        for note in records.notes() {
            seen.unchecked(note);
        }
        verified
    }
}

/// The module cache, and what is kept there and beside it of the database of GOSUMDB.
fn cache(go: &GoSettings) -> Result<(ModCache, Option<KeptLog>), SubjectError> {
    let cache = go.mod_cache().filter(|path| path.is_absolute()).map(ModCache::new);
    let cache = cache.ok_or(SubjectError::NoCache)?;
    let kept = match go.value(GoVariable::Sumdb).parse() {
        Ok(SumdbSpec::On { name, key, .. }) => {
            let place = Verifier::parse(&key).ok().zip(go.gopath().into_iter().next());
            place.map(|(key, gopath)| KeptLog::new(&name, key, &gopath, &cache))
        }
        _ => None,
    };
    Ok((cache, kept))
}
