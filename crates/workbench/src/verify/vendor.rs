//! The vendor directory, file by file: everything in it is of the modules that its list names, and nothing is missing.

mod files;

use std::{collections::BTreeMap, path::Path};

use gomod::{H1, ModuleVersion, SumFile};

use super::{Subject, original::Original, records::Records};
use crate::{
    Finding, Seen,
    diagnoses::{layout, state},
    imports::Imports,
    modcache::{Tree, read_tree},
    project::Project,
    vendor_tree::{VendorTree, Vendored},
};

/// The files of modules that were found elsewhere than in the module cache.
pub type Originals = BTreeMap<ModuleVersion, Original>;

/// A vendor directory that builds use.
pub(super) struct Vendor<'a> {
    project: &'a Project,
    tree: VendorTree,
}

impl Subject {
    /// The versions whose files are vendored and do not lie in the module cache as they should be: to be compared, they
    /// have to come from elsewhere.
    pub fn vendored_elsewhere(&self, records: &Records) -> Vec<ModuleVersion> {
        let Some(vendor) = self.vendor(&mut Seen::default()) else { return Vec::new() };
        let sources = vendor.with_files().filter_map(Vendored::source);
        sources
            .filter(|module| Original::cached(&self.cache, module, self.right(module, records)).is_none())
            .collect()
    }

    /// The vendor directory, if builds use one and it has a list.
    pub(super) fn vendor(&self, seen: &mut Seen) -> Option<Vendor<'_>> {
        let (project, list) = self.project.as_ref()?;
        let dir = project.vendor()?;
        match VendorTree::read(&dir) {
            Ok(Some(tree)) => return Some(Vendor { project, tree }),
            Ok(None) if list.needed().is_empty() => {}
            Ok(None) => {
                let evidence = format!("{}: not there", dir.join("modules.txt").display());
                seen.found(Finding::new(&layout::VENDOR_NO_LIST).evidence(evidence));
            }
            Err(error) => seen.unchecked(format!("{}: {error}", dir.join("modules.txt").display())),
        }
        None
    }

    /// The hash that the files of a version must have.
    fn right(&self, module: &ModuleVersion, records: &Records) -> Option<H1> {
        let known = records.get(module, SumFile::Zip);
        let line = || self.sums.deciding(module, SumFile::Zip).and_then(|(_, line)| line.h1());
        match known {
            Some((h1, by)) if by.is_binding() => Some(h1),
            weak => line().or(weak.map(|(h1, _)| h1)),
        }
    }
}

/// Compares all of it.
pub(super) fn look(subject: &Subject, records: &Records, elsewhere: &Originals, seen: &mut Seen) {
    let before = seen.findings.len();
    let Some(vendor) = subject.vendor(seen) else { return };
    for difference in vendor.tree.differences(vendor.project) {
        seen.found(Finding::new(&state::VENDOR).evidence(difference.to_string()));
    }
    let files = match read_tree(vendor.tree.dir()) {
        Ok(files) => files,
        Err(error) => {
            seen.unchecked(format!("{}: {error}", vendor.tree.dir().display()));
            return;
        }
    };
    vendor.packages(&files, seen);
    vendor.strays(&files, seen);
    let (mut compared, mut left) = (0_usize, Vec::new());
    for vendored in vendor.with_files() {
        let cached;
        let original = match vendored.source() {
            Some(module) => {
                let right = subject.right(&module, records);
                cached = Original::cached(&subject.cache, &module, right);
                let found = cached.as_ref().or_else(|| elsewhere.get(&module));
                let Some(original) = found.filter(|found| right.is_none_or(|right| right == found.h1()))
                else {
                    left.push(module);
                    continue;
                };
                files::Source::Module(original)
            }
            None => match vendor.directory(vendored) {
                Some(dir) => files::Source::Directory(dir),
                None => continue,
            },
        };
        compared += 1;
        vendor.compare(vendored, &original, &files, seen);
    }
    if !left.is_empty() {
        let named: Vec<_> = left.iter().take(3).map(ToString::to_string).collect();
        seen.unchecked(format!(
            "vendor: the files of {} modules were not compared, because nothing here has them ({}{})",
            left.len(),
            named.join(", "),
            if left.len() > named.len() { ", ..." } else { "" }
        ));
    }
    if seen.findings.len() == before && compared > 0 {
        seen.passed(format!(
            "vendor: {} files, of {compared} modules all as they were published, and as go.mod says",
            files.len()
        ));
    }
}

impl Vendor<'_> {
    /// The modules of which it has packages.
    fn with_files(&self) -> impl Iterator<Item = &Vendored> {
        self.tree.modules().iter().filter(|module| !module.packages.is_empty())
    }

    /// The directory that is used instead of a module.
    fn directory(&self, vendored: &Vendored) -> Option<std::path::PathBuf> {
        let instead = vendored.instead.as_deref()?;
        let base: &Path = self.tree.dir().parent()?;
        Some(crate::project::absolute(base, instead))
    }

    /// Packages that the list names and that are not there, and imports that it does not name.
    fn packages(&self, files: &Tree, seen: &mut Seen) {
        let lacks = |package: &str, evidence: String| {
            Finding::new(&state::VENDOR_LACKS).name("package", package).evidence(evidence)
        };
        let listed = || self.tree.modules().iter().flat_map(|module| &module.packages);
        for package in listed() {
            if !files.has_directory(package) {
                let dir = self.tree.dir().join(package);
                seen.found(lacks(
                    package,
                    format!("{}: in vendor/modules.txt, and not there", dir.display()),
                ));
            }
        }
        let own: Vec<_> = self.project.mains().iter().map(|main| (main.path(), main.dir())).collect();
        for dir in own.iter().map(|(_, dir)| *dir).chain([self.tree.dir()]) {
            let imports = Imports::of_module(dir);
            for (package, import) in imports.packages() {
                let of_a_module = package.split('/').next().is_some_and(|first| first.contains('.'));
                let is_own = own.iter().any(|(path, _)| package.starts_with(path));
                if of_a_module && !is_own && import.always && !listed().any(|known| known == package) {
                    seen.found(lacks(package, format!("{}: import {package:?}", import.file.display())));
                }
            }
        }
    }

    /// Files of no module at all. What lies beside the list and is hidden, as `.gitattributes`, is the project's own.
    fn strays(&self, files: &Tree, seen: &mut Seen) {
        let modules = self.tree.modules();
        let mut finding = None;
        let mut more = 0_usize;
        for (path, _) in files.files() {
            let own = path == "modules.txt" || (path.starts_with('.') && !path.contains('/'));
            if own || modules.iter().any(|module| module.below(path).is_some()) {
                continue;
            }
            more += 1;
            if more <= files::SHOWN {
                let known = finding.take().unwrap_or_else(|| Finding::new(&layout::VENDOR_STRAY));
                finding = Some(known.evidence(self.tree.dir().join(path).display().to_string()));
            }
        }
        if let Some(finding) = finding {
            let rest = more.saturating_sub(files::SHOWN);
            seen.found(if rest > 0 { finding.evidence(format!("{rest} more")) } else { finding });
        }
    }
}
