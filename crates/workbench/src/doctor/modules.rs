//! The modules that a project names, in go.mod, in go.sum and in its imports.

mod imports;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::Path,
};

use gomod::{GoSum, ModulePath, ModuleVersion, SumFile, Version};

use super::Patient;
use crate::project::{Instead, Main, Project, Workspace};

/// The modules that a project names. What cannot be read is as if it were not there: others say so.
#[derive(Debug, Default)]
pub(super) struct Modules {
    all: BTreeMap<String, Named>,
    vendored: bool,
    /// Whether something is required that is not fetched: a directory replaces it, or the workspace has it.
    at_hand: bool,
}

/// A module that a project names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The version that go.mod requires; of a workspace the highest.
    pub(super) version: Option<Version>,
    /// Whether go.sum has lines for its zip and its go.mod, so that no database is asked.
    pub(super) summed: bool,
    /// Where it is named: `go.mod`, `go.sum` or the file that imports it; of a workspace with the directory in it.
    pub(super) place: String,
}

impl Named {
    /// Takes what another module of the workspace says, if it needs a higher version.
    fn raise(&mut self, other: &Named) {
        let higher = match (&self.version, &other.version) {
            (Some(mine), Some(other)) => mine.precedence(other).is_lt(),
            (mine, other) => mine.is_none() && other.is_some(),
        };
        if higher {
            self.clone_from(other);
        }
    }
}

impl Modules {
    /// Reads the patient's project: its module, or all of its workspace. None if there is no project. What is replaced by a directory is not among
    /// them, nor is what the workspace has: nobody is asked for it. An import that no module in go.mod has is named by
    /// its own path.
    pub(super) fn of(patient: &Patient) -> Option<Self> {
        let project = Project::read(&patient.dir, patient.go());
        // Of a workspace that cannot be read there is at least this module.
        let project = project.or_else(|_| Main::nearest(&patient.dir, patient.go()).map(Project::from));
        project.ok().map(|project| Self::read(&project))
    }

    fn read(project: &Project) -> Self {
        let of_module = project.mains().first().map_or(Path::new("/"), Main::dir);
        let base = project.work().map_or(of_module, Workspace::dir);
        let shown = |file: &Path| file.strip_prefix(base).unwrap_or(file).display().to_string();
        let mut modules = Modules {
            all: BTreeMap::new(),
            vendored: project.vendor().is_some_and(|dir| dir.join("modules.txt").is_file()),
            at_hand: false,
        };
        let is_own = |path: &str| project.mains().iter().any(|main| main.path() == path);
        let sums: Vec<_> = project
            .sum_files()
            .filter_map(|file| Some((shown(&file), GoSum::parse(&read(&file).ok()?).ok()?)))
            .collect();
        let mut lines = BTreeMap::<(&str, &str), (bool, bool, &str)>::new();
        for (file, line) in sums.iter().flat_map(|(file, sum)| sum.lines().map(move |line| (file, line))) {
            let of = lines.entry((line.path(), line.version())).or_insert((false, false, file));
            match line.file() {
                SumFile::Zip => of.0 = true,
                SumFile::GoMod => of.1 = true,
            }
        }
        for main in project.mains() {
            for required in main.mods().require() {
                if is_own(required.path()) {
                    modules.at_hand = true;
                    continue;
                }
                let (path, version) = match project.instead(required.path(), required.version()) {
                    Some(Instead::Directory(_)) => {
                        modules.at_hand = true;
                        continue;
                    }
                    Some(Instead::Module { path, version }) => (path, version),
                    None => (required.path().to_owned(), required.version().clone()),
                };
                let summed =
                    lines.get(&(&*path, version.as_str())).is_some_and(|(zip, gomod, _)| *zip && *gomod);
                let place = shown(main.file());
                let named = Named { version: Some(version), summed, place };
                modules.all.entry(path).and_modify(|known| known.raise(&named)).or_insert(named);
            }
        }
        for ((path, version), (_, _, file)) in lines {
            let version = Version::new(version).ok();
            let instead = version.and_then(|version| project.instead(path, &version));
            if !is_own(path) && !matches!(instead, Some(Instead::Directory(_))) {
                // The versions that go.sum names beside are those of go.mod files that were read.
                let named = Named { version: None, summed: true, place: file.to_owned() };
                modules.all.entry(path.to_owned()).or_insert(named);
            }
        }
        modules.add_imports(project, shown);
        modules
    }

    fn add_imports(&mut self, project: &Project, shown: impl Fn(&Path) -> String) {
        let of_mains = project.mains().iter().flat_map(|main| {
            let required = main.mods().require().iter().map(gomod::Require::path);
            required.chain(main.mods().replace().iter().map(gomod::Replace::path)).chain([main.path()])
        });
        let of_work = project
            .work()
            .into_iter()
            .flat_map(|work| work.work().replace().iter().map(gomod::Replace::path));
        let known: BTreeSet<&str> = of_mains.chain(of_work).collect();
        for main in project.mains() {
            for (import, file) in imports::of(main.dir()) {
                if !known.iter().any(|module| is_below(&import, module)) {
                    let named = Named { version: None, summed: false, place: shown(&file) };
                    self.all.entry(import).or_insert(named);
                }
            }
        }
    }

    /// The versions that go.mod files require, as they are fetched.
    pub(super) fn required(&self) -> impl Iterator<Item = ModuleVersion> {
        self.all.iter().filter_map(|(path, named)| {
            ModuleVersion::new(ModulePath::new(path).ok()?, named.version.clone()?).ok()
        })
    }

    /// Whether anything is required, fetched or not.
    pub(super) fn requires_something(&self) -> bool {
        self.at_hand || self.all.values().any(|named| named.version.is_some())
    }

    /// Whether packages are taken from a vendor directory, so that nobody is asked for them.
    pub(super) fn is_vendored(&self) -> bool {
        self.vendored
    }

    /// Each path, what is known of it, in the order of paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Named)> {
        self.all.iter().map(|(path, named)| (path.as_str(), named))
    }
}

/// The host of a module path, with its port, if it has one.
pub(super) fn host(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

/// Whether a path is a module's own or of a package in it.
fn is_below(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A file of at most [`LARGEST`] bytes.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

/// As large as Go takes a go.mod.
const LARGEST: u64 = 16 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Environment;

    fn write(root: &Path, file: &str, text: &str) {
        fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        fs::write(root.join(file), text).unwrap();
    }

    fn named(root: &Path, flags: &str) -> Vec<(String, bool, String)> {
        let env = Environment::new([("GOENV", "off"), ("GOFLAGS", flags)]);
        let modules = Modules::of(&Patient::read(root.to_owned(), env, true));
        let modules = modules.unwrap_or_default();
        modules.iter().map(|(path, named)| (path.to_owned(), named.summed, named.place.clone())).collect()
    }

    fn are(named: &[(String, bool, String)], wanted: &[(&str, bool, &str)]) {
        let named: Vec<_> = named.iter().map(|(path, summed, place)| (&**path, *summed, &**place)).collect();
        assert_eq!(named, wanted);
    }

    const HASH: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn modules_come_from_go_mod_go_sum_and_imports() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(
            root,
            "go.mod",
            "module example.com/own\n\nrequire (\n\ta.example/m v1.0.0\n\tb.example/m v1.0.0\n\tc.example/m v1.0.0\n\td.example/m v1.0.0\n)\n\
             replace b.example/m => ../b\nreplace c.example/m => e.example/m v1.2.0\n",
        );
        write(
            root,
            "go.sum",
            &format!(
                "a.example/m v1.0.0 {HASH}\na.example/m v1.0.0/go.mod {HASH}\nd.example/m v1.0.0/go.mod {HASH}\nf.example/m v0.1.0/go.mod {HASH}\n"
            ),
        );
        write(
            root,
            "main.go",
            "package main\n\nimport (\n\t\"a.example/m/p\"\n\t\"b.example/m\"\n\t\"fmt\"\n\t_ \"g.example/new/p\"\n\t\"example.com/own/x\"\n)\n",
        );
        write(root, "vendor/h.example/m/m.go", "package m\n\nimport \"i.example/m\"\n");
        are(
            &named(root, ""),
            &[
                ("a.example/m", true, "go.mod"),
                ("d.example/m", false, "go.mod"),
                ("e.example/m", false, "go.mod"),
                ("f.example/m", true, "go.sum"),
                ("g.example/new/p", false, "main.go"),
            ],
        );
        are(&named(&root.join("nowhere"), "")[..1], &[("a.example/m", true, "go.mod")]);
        assert_eq!(named(Path::new("/nowhere"), ""), []);
    }

    #[test]
    fn of_a_workspace_all_modules_count() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(root, "go.work", "go 1.21\n\nuse ./a\nuse ./b\n\nreplace d.example/m => ./d\n");
        write(
            root,
            "a/go.mod",
            "module example.com/a\n\nrequire example.com/b v1.0.0\nrequire c.example/m v1.0.0\n",
        );
        write(
            root,
            "a/go.sum",
            &format!(
                "c.example/m v1.0.0 {HASH}\nc.example/m v1.0.0/go.mod {HASH}\nexample.com/b v1.0.0/go.mod {HASH}\n"
            ),
        );
        write(
            root,
            "b/go.mod",
            "module example.com/b\n\nrequire c.example/m v1.2.0\nrequire d.example/m v1.0.0\nrequire e.example/m v1.0.0\n",
        );
        write(root, "b/b.go", "package b\n\nimport _ \"example.com/a/x\"\nimport _ \"f.example/m\"\n");
        write(root, "go.work.sum", &format!("e.example/m v1.0.0 {HASH}\ne.example/m v1.0.0/go.mod {HASH}\n"));
        let all = [
            // The higher version counts, which no line of go.sum has.
            ("c.example/m", false, "b/go.mod"),
            ("e.example/m", true, "b/go.mod"),
            ("f.example/m", false, "b/b.go"),
        ];
        are(&named(root, ""), &all);
        are(&named(&root.join("a"), ""), &all);
        // A workspace that cannot be read does not hide the module.
        write(root, "go.work", "go 1.21\n\nuse ./a\nuse ./gone\n");
        are(&named(&root.join("a"), "")[..1], &[("c.example/m", true, "go.mod")]);
    }

    #[test]
    fn another_file_in_the_place_of_go_mod() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(root, "go.mod", "module example.com/own\n\nrequire a.example/m v1.0.0\n");
        write(root, "sub/ci.mod", "module example.com/own\n\nrequire b.example/m v1.0.0\n");
        write(root, "sub/ci.sum", &format!("b.example/m v1.0.0 {HASH}\nb.example/m v1.0.0/go.mod {HASH}\n"));
        for flags in ["-modfile=sub/ci.mod", "-v '--modfile=sub/ci.mod'"] {
            are(&named(root, flags), &[("b.example/m", true, "sub/ci.mod")]);
        }
        are(&named(&root.join("sub"), "-modfile=ci.mod"), &[("b.example/m", true, "sub/ci.mod")]);
    }
}
