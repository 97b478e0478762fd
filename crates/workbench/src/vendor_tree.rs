//! A vendor directory: what its modules.txt says, and whether that is what go.mod says.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use gomod::{ModulePath, ModuleVersion, Replacement, Version};

use crate::{modcache::small_file, project::Project};

/// What a vendor directory has, by its modules.txt.
#[derive(Clone, Debug, Default)]
pub struct VendorTree {
    dir: PathBuf,
    modules: Vec<Vendored>,
}

/// A module of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vendored {
    /// Its path.
    pub path: String,
    /// Its version; empty where all versions are replaced.
    pub version: String,
    /// What is used instead: a directory, or a path and a version with a blank between.
    pub instead: Option<String>,
    /// The version of the language that its packages are compiled as, if the list says one.
    pub language: Option<String>,
    /// Whether go.mod requires it by itself.
    pub explicit: bool,
    /// The packages that are there.
    pub packages: Vec<String>,
}

/// Where modules.txt and go.mod differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Required in go.mod, not marked so in modules.txt.
    NotVendored(String),
    /// Marked as required in modules.txt, not so in go.mod.
    NotRequired(String),
    /// Replaced otherwise, or on one side only.
    Replaced {
        /// The module.
        module: String,
        /// What go.mod says.
        gomod: Option<String>,
        /// What modules.txt says.
        vendored: Option<String>,
    },
}

impl VendorTree {
    /// Reads modules.txt of a vendor directory. `None` if it is not there.
    ///
    /// Form: `# PATH VERSION [=> ...]`, then `## ` and what is known of the module, then its packages (cmd/go/internal/
    /// modload, `readVendorList`).
    ///
    /// # Errors
    /// Those of the system.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        let Some(bytes) = small_file(&dir.join("modules.txt"), LARGEST)? else { return Ok(None) };
        let mut tree = VendorTree { dir: dir.to_owned(), modules: Vec::new() };
        for line in String::from_utf8_lossy(&bytes).lines() {
            tree.line(line);
        }
        Ok(Some(tree))
    }

    fn line(&mut self, line: &str) {
        if let Some(notes) = line.strip_prefix("## ") {
            if let Some(last) = self.modules.last_mut() {
                let mut notes = notes.split(';').map(str::trim);
                last.explicit |= notes.clone().any(|note| note == "explicit");
                let language = notes.find_map(|note| note.strip_prefix("go "));
                last.language = language.map(str::to_owned).or_else(|| last.language.take());
            }
        } else if let Some(module) = line.strip_prefix("# ") {
            let (module, instead) = match module.split_once(" => ") {
                Some((module, instead)) => (module, Some(instead.trim().to_owned())),
                None => (module, None),
            };
            let mut words = module.split_whitespace();
            let path = words.next().unwrap_or_default().to_owned();
            let version = words.next().unwrap_or_default().to_owned();
            self.modules.push(Vendored { path, version, instead, ..Vendored::default() });
        } else if let Some(last) = self.modules.last_mut()
            && !line.trim().is_empty()
            && !line.starts_with('#')
        {
            last.packages.push(line.trim().to_owned());
        }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its modules, in the order of the file.
    pub fn modules(&self) -> &[Vendored] {
        &self.modules
    }

    /// How it differs from the go.mod files of the project (modload, `checkVendorConsistency`).
    pub fn differences(&self, project: &Project) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut vendored: BTreeMap<(&str, &str), (bool, Option<&str>)> = BTreeMap::new();
        for module in &self.modules {
            let known = vendored.entry((&module.path, &module.version)).or_default();
            known.0 |= module.explicit;
            known.1 = known.1.or(module.instead.as_deref());
        }
        let requires = || project.mains().iter().flat_map(|main| main.mods().require());
        for require in requires() {
            let key = (require.path(), require.version().as_str());
            if !vendored.get(&key).is_some_and(|(explicit, _)| *explicit) {
                differences.push(Difference::NotVendored(format!("{}@{}", key.0, key.1)));
            }
        }
        let required = |path, version| {
            requires().any(|require| require.path() == path && require.version().as_str() == version)
        };
        for ((path, version), (explicit, _)) in &vendored {
            if *explicit && !required(*path, *version) {
                differences.push(Difference::NotRequired(format!("{path}@{version}")));
            }
        }
        replacements(project, &vendored, &mut differences);
        differences
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::NotVendored(module) => {
                write!(f, "{module}: required in go.mod, not marked as explicit in vendor/modules.txt")
            }
            Difference::NotRequired(module) => {
                write!(f, "{module}: marked as explicit in vendor/modules.txt, not required in go.mod")
            }
            Difference::Replaced { module, gomod, vendored } => {
                let or_not =
                    |what: &Option<String>| what.clone().unwrap_or_else(|| "not replaced".to_owned());
                write!(f, "{module}: go.mod: {}; vendor/modules.txt: {}", or_not(gomod), or_not(vendored))
            }
        }
    }
}

impl Vendored {
    /// The version whose files are there; none for a directory.
    pub fn source(&self) -> Option<ModuleVersion> {
        let (path, version) = match &self.instead {
            Some(instead) => instead.split_once(' ')?,
            None => (self.path.as_str(), self.version.as_str()),
        };
        ModuleVersion::new(ModulePath::new(path).ok()?, Version::new(version).ok()?).ok()
    }

    /// Where a package lies in the module; empty for its root.
    pub fn below<'a>(&self, package: &'a str) -> Option<&'a str> {
        let rest = package.strip_prefix(self.path.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

/// Where a line of go.mod and the list in the directory replace a module differently.
fn replacements(
    project: &Project,
    vendored: &BTreeMap<(&str, &str), (bool, Option<&str>)>,
    differences: &mut Vec<Difference>,
) {
    // In a workspace directories are written relative to another place; only the single module is compared.
    let ([main], None) = (project.mains(), project.work()) else { return };
    let mut replaced = BTreeMap::new();
    for line in main.mods().replace() {
        let version = line.version().map_or("", Version::as_str);
        replaced.insert((line.path(), version), shown(line.with()));
    }
    for ((path, version), gomod) in &replaced {
        let known = vendored.get(&(*path, *version)).and_then(|(_, instead)| *instead);
        if known != Some(gomod.as_str()) {
            differences.push(Difference::Replaced {
                module: format!("{path} {version}").trim_end().to_owned(),
                gomod: Some(gomod.clone()),
                vendored: known.map(str::to_owned),
            });
        }
    }
    for ((path, version), (_, instead)) in vendored {
        let Some(instead) = instead else { continue };
        if !replaced.contains_key(&(*path, *version)) && !replaced.contains_key(&(*path, "")) {
            differences.push(Difference::Replaced {
                module: format!("{path} {version}").trim_end().to_owned(),
                gomod: None,
                vendored: Some((*instead).to_owned()),
            });
        }
    }
}

fn shown(with: &Replacement) -> String {
    match with {
        Replacement::Module { path, version } => format!("{path} {version}"),
        Replacement::Directory(dir) => dir.clone(),
    }
}

/// More than any modules.txt has.
const LARGEST: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn modules_txt() {
        let dir = tempfile::tempdir().unwrap();
        assert!(VendorTree::read(dir.path()).unwrap().is_none());
        let text = "## workspace\n# example.com/a v1.0.0\n## explicit; go 1.21\nexample.com/a\nexample.com/a/x\n\
                    # example.com/b v1.0.0 => ../b\n## explicit\n# example.com/c => example.com/fork v1.2.0\n";
        fs::write(dir.path().join("modules.txt"), text).unwrap();
        let tree = VendorTree::read(dir.path()).unwrap().unwrap();
        let [a, b, c] = tree.modules() else { panic!("{tree:?}") };
        assert_eq!((a.language.as_deref(), b.language.as_deref()), (Some("1.21"), None));
        assert_eq!((a.explicit, a.packages.len(), a.below("example.com/a/x")), (true, 2, Some("x")));
        assert_eq!(a.source().unwrap().to_string(), "example.com/a@v1.0.0");
        assert_eq!((b.instead.as_deref(), b.source()), (Some("../b"), None));
        assert_eq!(
            (c.version.as_str(), c.source().unwrap().to_string().as_str()),
            ("", "example.com/fork@v1.2.0")
        );
    }
}
