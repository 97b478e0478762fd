//! The modules that a project names, in go.mod, in go.sum and in its imports.

mod imports;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, Read},
    path::Path,
};

use gomod::{GoMod, GoSum, Replacement, SumFile};

/// The modules that a project names. What cannot be read is as if it were not there: others say so.
#[derive(Debug, Default)]
pub(super) struct Modules {
    all: BTreeMap<String, Named>,
}

/// A module that a project names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The version that go.mod requires.
    pub(super) version: Option<String>,
    /// Whether go.sum has lines for its zip and its go.mod, so that no database is asked.
    pub(super) summed: bool,
    /// Where it is named: `go.mod`, `go.sum` or the file that imports it.
    pub(super) place: String,
}

impl Modules {
    /// Reads the project whose go.mod lies in `root`. What is replaced by a directory is not among them: nobody is
    /// asked for it. An import that no module in go.mod has is named by its own path.
    pub(super) fn read(root: &Path) -> Self {
        let Some(go_mod) = read(&root.join("go.mod")).ok().and_then(|text| GoMod::parse(&text).ok()) else {
            return Modules::default();
        };
        let mut modules = Modules::default();
        let sums = read(&root.join("go.sum")).ok().and_then(|text| GoSum::parse(&text).ok());
        let sums = sums.unwrap_or_default();
        let mut lines = BTreeMap::<(&str, &str), (bool, bool)>::new();
        for line in sums.lines() {
            let of = lines.entry((line.path(), line.version())).or_default();
            match line.file() {
                SumFile::Zip => of.0 = true,
                SumFile::GoMod => of.1 = true,
            }
        }
        for required in go_mod.require() {
            let version = required.version().as_str();
            let with = go_mod.replace().iter().find(|replace| {
                replace.path() == required.path() && replace.version().is_none_or(|v| v.as_str() == version)
            });
            let (path, version) = match with.map(gomod::Replace::with) {
                Some(Replacement::Directory(_)) => continue,
                Some(Replacement::Module { path, version }) => (path.as_str(), version.as_str()),
                None => (required.path(), version),
            };
            let summed = lines.get(&(path, version)) == Some(&(true, true));
            let named = Named { version: Some(version.to_owned()), summed, place: "go.mod".to_owned() };
            modules.all.insert(path.to_owned(), named);
        }
        for ((path, _), _) in lines {
            // The versions that go.sum names beside are those of go.mod files that were read.
            let named = Named { version: None, summed: true, place: "go.sum".to_owned() };
            modules.all.entry(path.to_owned()).or_insert(named);
        }
        let own = go_mod.module().map(|module| module.path().to_owned()).unwrap_or_default();
        let known: BTreeSet<&str> =
            go_mod.require().iter().map(gomod::Require::path).chain([&*own]).collect();
        let known: Vec<_> =
            known.into_iter().chain(go_mod.replace().iter().map(gomod::Replace::path)).collect();
        for (import, file) in imports::of(root) {
            if !known.iter().any(|module| is_below(&import, module)) {
                let named = Named { version: None, summed: false, place: file };
                modules.all.entry(import).or_insert(named);
            }
        }
        modules
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

    #[test]
    fn modules_come_from_go_mod_go_sum_and_imports() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let write = |file: &str, text: &str| {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), text).unwrap();
        };
        write(
            "go.mod",
            "module example.com/own\n\nrequire (\n\ta.example/m v1.0.0\n\tb.example/m v1.0.0\n\tc.example/m v1.0.0\n\td.example/m v1.0.0\n)\n\
             replace b.example/m => ../b\nreplace c.example/m => e.example/m v1.2.0\n",
        );
        let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        write(
            "go.sum",
            &format!(
                "a.example/m v1.0.0 {hash}\na.example/m v1.0.0/go.mod {hash}\nd.example/m v1.0.0/go.mod {hash}\nf.example/m v0.1.0/go.mod {hash}\n"
            ),
        );
        write(
            "main.go",
            "package main\n\nimport (\n\t\"a.example/m/p\"\n\t\"b.example/m\"\n\t\"fmt\"\n\t_ \"g.example/new/p\"\n\t\"example.com/own/x\"\n)\n",
        );
        write("vendor/h.example/m/m.go", "package m\n\nimport \"i.example/m\"\n");
        let modules = Modules::read(root);
        let all: Vec<_> = modules.iter().map(|(path, named)| (path, named.summed, &*named.place)).collect();
        assert_eq!(
            all,
            [
                ("a.example/m", true, "go.mod"),
                ("d.example/m", false, "go.mod"),
                ("e.example/m", false, "go.mod"),
                ("f.example/m", true, "go.sum"),
                ("g.example/new/p", false, "main.go"),
            ]
        );
        assert_eq!(Modules::read(&root.join("nowhere")).iter().count(), 0);
    }
}
