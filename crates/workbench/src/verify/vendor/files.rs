//! The vendored files of one module, against those of the module.

use std::path::{Path, PathBuf};

use gomod::GoMod;

use super::Vendor;
use crate::{
    Finding, Seen,
    build_line::counts_anywhere,
    diagnoses::{layout, state},
    modcache::Tree,
    shell::word,
    vendor_tree::Vendored,
    verify::original::{Original, digest_in},
};

/// What vendored files are compared with.
pub(super) enum Source<'a> {
    /// The module as it was published.
    Module(&'a Original),
    /// The directory that is used instead of it.
    Directory(PathBuf),
}

impl Vendor<'_> {
    pub(super) fn compare(&self, vendored: &Vendored, source: &Source<'_>, files: &Tree, seen: &mut Seen) {
        let mut said = Vec::new();
        for (path, digest) in files.files() {
            let Some(below) = self.below(vendored, path) else { continue };
            let found = match source {
                Source::Module(original) => original.digest(below).copied(),
                Source::Directory(dir) => match digest_in(dir, below) {
                    Ok(found) => found,
                    Err(error) => {
                        seen.unchecked(format!("{}: {error}", dir.join(below).display()));
                        continue;
                    }
                },
            };
            let shown = self.tree.dir().join(path);
            match found {
                Some(found) if found == *digest => {}
                Some(_) => said.push(format!("{}: changed", shown.display())),
                None => said.push(format!("{}: not of the module", shown.display())),
            }
        }
        for (path, why) in files.odd() {
            if self.below(vendored, path).is_some() {
                said.push(format!("{}: {why}", self.tree.dir().join(path).display()));
            }
        }
        if let Source::Module(original) = source {
            let missing = self.missing(vendored, original, files);
            said.extend(
                missing.iter().map(|path| format!("{}: missing", self.tree.dir().join(path).display())),
            );
            language(vendored, original, seen);
        }
        if said.is_empty() {
            return;
        }
        let name = vendored.source().map_or_else(|| vendored.path.clone(), |module| module.to_string());
        let finding = Finding::new(&layout::VENDOR_EDITED).name("module", &name);
        let mut finding = finding.name("dir", &word(self.tree.dir()));
        let more = said.len().saturating_sub(SHOWN);
        for line in said.into_iter().take(SHOWN) {
            finding = finding.evidence(line);
        }
        seen.found(if more > 0 { finding.evidence(format!("{more} more")) } else { finding });
    }

    /// Where a file lies in the module, if it belongs to this one and to none below it.
    fn below<'p>(&self, vendored: &Vendored, path: &'p str) -> Option<&'p str> {
        let below = vendored.below(path)?;
        let inner = |other: &Vendored| other.path.len() > vendored.path.len() && other.below(path).is_some();
        (!self.tree.modules().iter().any(inner)).then_some(below)
    }

    /// What `go mod vendor` copies and is not there: all files of a package but tests and those that count in no build, and
    /// licenses and the like from there up to the root (cmd/go/internal/modcmd, `vendor.go`).
    fn missing(&self, vendored: &Vendored, original: &Original, files: &Tree) -> Vec<String> {
        let keeps_gomod = !self.project.language().is_some_and(|go| go.is_at_least(1, 17));
        let mut missing = Vec::new();
        let mut lacks = |below: &str| {
            let path = format!("{}/{below}", vendored.path);
            if files.get(&path).is_none() && !files.is_odd(&path) && !missing.contains(&path) {
                missing.push(path);
            }
        };
        for package in &vendored.packages {
            let Some(dir) = vendored.below(package) else { continue };
            for name in original.names_in(dir) {
                let path = join(dir, name);
                let is_copied = match name {
                    "go.mod" | "go.sum" => keeps_gomod,
                    _ if name.ends_with("_test.go") => false,
                    _ if Path::new(name).extension().is_some_and(|ending| ending == "go")
                        && files.get(&format!("{}/{path}", vendored.path)).is_none() =>
                    {
                        original.text(&path).is_none_or(|text| counts_anywhere(&text))
                    }
                    _ => true,
                };
                if is_copied {
                    lacks(&path);
                }
            }
            let mut above = dir;
            while !above.is_empty() {
                above = above.rsplit_once('/').map_or("", |(above, _)| above);
                for name in original.names_in(above).filter(|name| is_metadata(name)) {
                    lacks(&join(above, name));
                }
            }
        }
        missing
    }
}

/// The version of the language that the list gives a module: its own go.mod says it, and the compiler believes the
/// list.
fn language(vendored: &Vendored, original: &Original, seen: &mut Seen) {
    let Some(text) = original.text("go.mod") else { return };
    let Ok(mods) = GoMod::parse(text.as_bytes()) else { return };
    let own = mods.go().map(ToString::to_string);
    if let Some(listed) = &vendored.language
        && own.as_ref().is_none_or(|own| own != listed)
    {
        let own = own.unwrap_or_else(|| "none".to_owned());
        let evidence =
            format!("{}: vendor/modules.txt: go {listed}; its go.mod: go {own}", original.module());
        seen.found(Finding::new(&state::VENDOR).evidence(evidence));
    }
}

fn join(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn is_metadata(name: &str) -> bool {
    METADATA.iter().any(|start| name.starts_with(start))
}

/// With what the names begin of files that are copied from above a package too.
const METADATA: [&str; 9] =
    ["AUTHORS", "CONTRIBUTORS", "COPYLEFT", "COPYING", "COPYRIGHT", "LEGAL", "LICENSE", "NOTICE", "PATENTS"];
/// How many files are named.
pub(super) const SHOWN: usize = 10;
