//! The proposals, in their order, each tried with `go build`.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use gomod::{ModulePath, ModuleVersion, Version};
use serde_json::{Value, json};
use storage::Kind;
use workbench::{GoSettings, gosum::SumLines, modcache::ModCache, needs::Needs, project::Project};

use super::{
    copy,
    journal::{Journal, MARK},
    lacking::Lacking,
    spaced,
    trial::{ModFiles, Trials},
};
use crate::{
    args::Proposed,
    progress::Progress,
    warm::{self, Place},
};

/// What is tried, and for which project.
pub(super) struct Site<'a> {
    pub(super) root: &'a Path,
    /// The data directory.
    pub(super) data: &'a Path,
    pub(super) lacking: &'a Lacking<'a>,
    pub(super) go: &'a GoSettings,
    pub(super) trials: &'a Trials,
    pub(super) progress: &'a Progress,
}

/// What was tried, and what came of it.
pub(super) struct Proposal {
    kind: Proposed,
    /// What takes the place of what: `PATH VERSION`, and what stands behind `=>`.
    instead: Vec<(String, String)>,
    /// Why it does not work.
    fails: Option<String>,
}

/// What is written.
pub(super) enum Works {
    /// These files, and copies of these directories below the project.
    Files { files: ModFiles, copies: Vec<(PathBuf, PathBuf)> },
    /// This directory as `vendor`.
    Vendor(PathBuf),
}

impl Proposal {
    fn new(kind: Proposed) -> Self {
        Proposal { kind, instead: Vec::new(), fails: None }
    }

    fn fails(mut self, why: impl Into<String>) -> (Self, Option<Works>) {
        self.fails = Some(why.into());
        (self, None)
    }

    fn name(&self) -> &'static str {
        match self.kind {
            Proposed::Version => "version",
            Proposed::Vendor => "vendor",
            Proposed::Copy => "copy",
        }
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        let what = match self.kind {
            Proposed::Version => "another version that is stored",
            Proposed::Vendor => "`go mod vendor` from the store",
            Proposed::Copy => "a verified copy from this machine's module cache",
        };
        let mut text = match &self.fails {
            None => format!("proposal: {what}; go build ./... works with it"),
            Some(why) => format!("not {what}: {why}"),
        };
        if self.fails.is_none() {
            for (from, to) in &self.instead {
                let _ = write!(text, "\n  {from} => {to}");
            }
        }
        text
    }

    /// For programs.
    pub(super) fn object(&self) -> Value {
        let instead: Vec<_> =
            self.instead.iter().map(|(from, to)| json!({"module": from, "instead": to})).collect();
        json!({
            "kind": self.name(), "works": self.fails.is_none(), "why": self.fails, "changes": instead,
        })
    }
}

impl Site<'_> {
    /// Tries one.
    pub(super) async fn tried(&self, kind: Proposed) -> anyhow::Result<(Proposal, Option<Works>)> {
        match kind {
            Proposed::Version => self.version().await,
            Proposed::Vendor => self.vendor().await,
            Proposed::Copy => self.copy().await,
        }
    }

    /// Other versions that are stored: the next higher ones first, which replace what was asked for as minimal version
    /// selection would, then lower ones.
    async fn version(&self) -> anyhow::Result<(Proposal, Option<Works>)> {
        let mut choices = Vec::new();
        for module in self.lacking.modules() {
            let others = self.stored_beside(module).await?;
            if others.is_empty() {
                let proposal = Proposal::new(Proposed::Version);
                return Ok(proposal.fails(format!("no other version of {} is stored", module.path())));
            }
            choices.push((module, others));
        }
        let before = ModFiles::read(self.root)?;
        let mut last = String::new();
        let most = choices.iter().map(|(_, others)| others.len()).max().unwrap_or(0).min(TRIES);
        for round in 0..most {
            let chosen: Vec<_> = choices
                .iter()
                .filter_map(|(module, others)| {
                    let other = others.get(round.min(others.len().saturating_sub(1)))?;
                    Some((spaced(module), format!("{} {other}", module.path())))
                })
                .collect();
            let tried = chosen.iter().map(|(_, to)| to.as_str()).collect::<Vec<_>>().join(", ");
            self.progress.draw(|| format!("go build ./... with {tried}"));
            let files = replaced(&before, &chosen);
            self.fetch(&files).await?;
            match self.trials.build(&files).await? {
                Ok(files) => {
                    let proposal = Proposal { instead: chosen, ..Proposal::new(Proposed::Version) };
                    return Ok((proposal, Some(Works::Files { files, copies: Vec::new() })));
                }
                Err(said) => last = format!("with {tried}, go says\n  {said}"),
            }
        }
        Ok(Proposal::new(Proposed::Version).fails(last))
    }

    /// Other versions may need other modules, which perhaps can be had.
    async fn fetch(&self, files: &ModFiles) -> anyhow::Result<()> {
        let file = self.trials.beside(files)?;
        let Ok(project) = Project::read(file.parent().unwrap_or(self.root), self.go) else { return Ok(()) };
        // go.mod lists what the other version needs only after `go` has written it.
        let mut needs = Needs::new(true);
        needs.project(&project);
        let place = Place::store(&self.trials.mirror, self.data);
        // What does not come, go will miss.
        warm::fetch(needs, &[], &place.into(), &mut Lacking::new(self.progress)).await?;
        Ok(())
    }

    /// The other versions of a module whose files are stored.
    async fn stored_beside(&self, module: &ModuleVersion) -> anyhow::Result<Vec<Version>> {
        let path: &ModulePath = module.path();
        let mut found = Vec::new();
        for version in self.trials.mirror.versions_stored(path).await? {
            let Ok(other) = ModuleVersion::new(path.clone(), version.clone()) else { continue };
            let has = async |kind| self.trials.mirror.stored(&other, kind).await.map(|fact| fact.is_some());
            if other != *module && has(Kind::Mod).await? && has(Kind::Zip).await? {
                found.push(version);
            }
        }
        found.sort_by(Version::precedence);
        let (lower, mut higher): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|version| version.precedence(module.version()).is_lt());
        // Who wants a release gets none that was not released, as long as there are others.
        if !module.version().is_prerelease() {
            higher.sort_by_key(Version::is_prerelease);
        }
        higher.extend(lower.into_iter().rev());
        Ok(higher)
    }

    async fn vendor(&self) -> anyhow::Result<(Proposal, Option<Works>)> {
        let proposal = Proposal::new(Proposed::Vendor);
        if self.root.join("vendor").exists() {
            return Ok(proposal.fails("there is a directory vendor already"));
        }
        let to = self.trials.dir("vendor");
        self.progress.draw(|| "go mod vendor".to_owned());
        match self.trials.vendor(&ModFiles::read(self.root)?, &to).await? {
            Ok(()) if to.join("modules.txt").is_file() => Ok((proposal, Some(Works::Vendor(to)))),
            Ok(()) => Ok(proposal.fails("the project imports no packages of modules")),
            Err(said) => Ok(proposal.fails(format!("go says\n  {said}"))),
        }
    }

    /// Copies of what lies unpacked in the module cache and is what go.sum records.
    async fn copy(&self) -> anyhow::Result<(Proposal, Option<Works>)> {
        let mut proposal = Proposal::new(Proposed::Copy);
        let Some(cache) = self.go.mod_cache().map(ModCache::new) else {
            return Ok(proposal.fails("no module cache is known"));
        };
        let sums = SumLines::read(&self.root.join("go.sum"))?.unwrap_or_default();
        let mut copies = Vec::new();
        let mut trial = Vec::new();
        for module in self.lacking.modules() {
            let from = match copy::verified(&cache, module, &sums) {
                Ok(from) => from,
                Err(why) => return Ok(proposal.fails(format!("{module}: {why}"))),
            };
            let below = format!(".larder/{}-{}", module.path(), module.version());
            let aside = self.trials.dir(&below);
            copy::tree(&from, &aside, module)?;
            trial.push((spaced(module), aside.display().to_string()));
            proposal.instead.push((spaced(module), format!("./{below}")));
            copies.push((aside, self.root.join(&below)));
        }
        self.progress.draw(|| "go build ./... with copies".to_owned());
        match self.trials.build(&replaced(&ModFiles::read(self.root)?, &trial)).await? {
            Ok(mut files) => {
                for ((_, aside), (_, below)) in trial.iter().zip(&proposal.instead) {
                    files.go_mod = files.go_mod.replace(aside.as_str(), below);
                }
                Ok((proposal, Some(Works::Files { files, copies })))
            }
            Err(said) => Ok(proposal.fails(format!("go says\n  {said}"))),
        }
    }

    /// Writes what works, and lets `go build` say so once more; what it refuses is taken back.
    pub(super) async fn write(&self, works: Works) -> anyhow::Result<Vec<String>> {
        let before = ModFiles::read(self.root)?;
        let (mode, lines) = match works {
            Works::Files { files, copies } => {
                Journal::begin(self.root, before, files, copies.iter().map(|(_, to)| to.as_path()), None)?;
                for (aside, to) in &copies {
                    copy::plain(aside, to)?;
                }
                ("-mod=readonly", "go.mod and go.sum are written, with a comment that says so")
            }
            Works::Vendor(from) => {
                let mut after = before.clone();
                let _ = write!(after.go_mod, "\n{MARK}\n");
                let to = self.root.join("vendor");
                Journal::begin(self.root, before, after, [to.as_path()], Some(&from))?;
                let new = self.root.join(".larder/vendor.new");
                copy::plain(&from, &new)?;
                fs::rename(&new, &to)?;
                ("-mod=vendor", "vendor/ is written; since `go 1.14` in go.mod, go builds from it by itself")
            }
        };
        Journal::write(self.root)?;
        if let Err(said) = self.trials.accepts(mode).await? {
            Journal::take_back(self.root)?;
            anyhow::bail!("go build does not accept it after all, and it was taken back: {said}");
        }
        Ok(vec![lines.to_owned(), "larder vendor plan --undo takes it back".to_owned()])
    }
}

/// A go.mod with replacements at its end, below a comment that says where they come from.
fn replaced(files: &ModFiles, instead: &[(String, String)]) -> ModFiles {
    let mut go_mod = files.go_mod.trim_end().to_owned();
    let _ = write!(go_mod, "\n\n{MARK}\nreplace (\n");
    for (from, to) in instead {
        let _ = writeln!(go_mod, "\t{from} => {to} // larder: it cannot be had");
    }
    go_mod.push_str(")\n");
    ModFiles { go_mod, go_sum: files.go_sum.clone() }
}

/// How many other versions are tried.
const TRIES: usize = 6;
