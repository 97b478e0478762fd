//! The modules that are asked for.

use std::{fs, path::Path, str::FromStr};

use gomod::{GoMod, GoSum, H1, ModulePath, ModuleVersion, Patterns, SumFile, Version};

/// A version of a module, and what it has to be, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub(super) module: ModuleVersion,
    pub(super) gomod: Option<H1>,
    pub(super) zip: Option<H1>,
}

/// A module that somebody named, perhaps without a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The module.
    pub path: ModulePath,
    /// Its version; nothing for the latest.
    pub version: Option<Version>,
}

/// What a project says of modules: its go.mod and its go.sum.
#[derive(Debug, Default)]
pub struct Project {
    require: Vec<ModuleVersion>,
    sums: GoSum,
}

impl Subject {
    /// The module.
    pub fn module(&self) -> &ModuleVersion {
        &self.module
    }
}

impl FromStr for Wanted {
    type Err = String;

    /// Reads `MODULE`, `MODULE@VERSION` or `MODULE@latest`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, version) = text.split_once('@').unwrap_or((text, "latest"));
        let path = ModulePath::new(path).map_err(|error| error.to_string())?;
        if version == "latest" {
            return Ok(Wanted { path, version: None });
        }
        let version = Version::canonical(version).map_err(|error| error.to_string())?;
        let module = ModuleVersion::new(path, version).map_err(|error| error.to_string())?;
        Ok(Wanted { path: module.path().clone(), version: Some(module.version().clone()) })
    }
}

impl Project {
    /// Reads the files of the project in a directory. What cannot be read says nothing.
    pub fn read(root: &Path) -> Self {
        let gomod =
            bounded(&root.join("go.mod")).and_then(|bytes| GoMod::parse(&bytes).ok()).unwrap_or_default();
        let sums =
            bounded(&root.join("go.sum")).and_then(|bytes| GoSum::parse(&bytes).ok()).unwrap_or_default();
        let is_replaced = |path: &str| gomod.replace().iter().any(|replace| replace.path() == path);
        let (indirect, direct): (Vec<_>, Vec<_>) =
            gomod.require().iter().filter(|r| !is_replaced(r.path())).partition(|r| r.is_indirect());
        let require = direct.into_iter().chain(indirect).filter_map(gomod::Require::module_version).collect();
        Project { require, sums }
    }

    /// So many of its requirements that are not private, its own before those of others, and first those whose hash is
    /// known.
    pub fn subjects(&self, private: &Patterns, most: usize) -> Vec<Subject> {
        let public = self.require.iter().filter(|module| !private.matches(module.path().as_str()));
        let mut subjects: Vec<_> = public.map(|module| self.subject(module.clone())).collect();
        subjects.sort_by_key(|subject| subject.zip.is_none());
        subjects.truncate(most);
        subjects
    }

    /// A module, with the hashes that go.sum has of it.
    pub fn subject(&self, module: ModuleVersion) -> Subject {
        let hash = |file| {
            let of_it = |line: &gomod::SumLine<'_>| {
                line.file() == file
                    && line.path() == module.path().as_str()
                    && line.module_version().as_ref() == Some(&module)
            };
            self.sums.lines().find(of_it).and_then(|line| line.hash().parse().ok())
        };
        Subject { gomod: hash(SumFile::GoMod), zip: hash(SumFile::Zip), module }
    }

    /// What is asked for where nothing else is known: a small module that everybody has.
    pub fn well_known() -> Vec<Subject> {
        let project = Project {
            require: Vec::new(),
            sums: GoSum::parse(WELL_KNOWN_SUMS.as_bytes()).unwrap_or_default(),
        };
        let lines = WELL_KNOWN.iter().filter_map(|(path, version)| {
            ModuleVersion::new(ModulePath::new(path).ok()?, Version::new(version).ok()?).ok()
        });
        lines.map(|module| project.subject(module)).collect()
    }
}

/// A file of a size that people have.
fn bounded(path: &Path) -> Option<Vec<u8>> {
    let is_small = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= 64 << 20);
    is_small.then(|| fs::read(path).ok()).flatten()
}

const WELL_KNOWN: [(&str, &str); 1] = [("github.com/google/uuid", "v1.6.0")];
const WELL_KNOWN_SUMS: &str = "\
github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=
github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=
";

#[cfg(test)]
mod tests {
    use super::*;

    fn project(gomod: &str, gosum: &str) -> Project {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("go.mod"), gomod).unwrap();
        fs::write(dir.path().join("go.sum"), gosum).unwrap();
        Project::read(dir.path())
    }

    fn names(subjects: &[Subject]) -> Vec<String> {
        subjects.iter().map(|subject| subject.module.to_string()).collect()
    }

    #[test]
    fn what_is_private_or_replaced_is_not_asked_for() {
        let hash = "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=";
        let project = project(
            "module test\n\nrequire (\n\texample.com/i v1.0.0 // indirect\n\tcorp.example/x v1.0.0\n\texample.com/a v1.0.0\n\
             \texample.com/b v1.0.0\n\texample.com/r v1.0.0\n)\n\nreplace example.com/r => ../r\n",
            &format!(
                "example.com/b v1.0.0 {hash}\nexample.com/b v1.0.0/go.mod {hash}\nexample.com/i v1.0.0 {hash}\n"
            ),
        );
        let subjects = project.subjects(&Patterns::new("corp.example"), 9);
        assert_eq!(
            names(&subjects),
            ["example.com/b@v1.0.0", "example.com/i@v1.0.0", "example.com/a@v1.0.0"]
        );
        let known = |i: usize| (subjects[i].gomod.is_some(), subjects[i].zip.is_some());
        assert_eq!([known(0), known(1), known(2)], [(true, true), (false, true), (false, false)]);
        assert_eq!(names(&project.subjects(&Patterns::default(), 1)), ["example.com/b@v1.0.0"]);
    }

    #[test]
    fn there_is_always_something_to_ask_for() {
        let nothing = Project::read(Path::new("/nonexistent"));
        assert!(nothing.subjects(&Patterns::default(), 9).is_empty());
        let known = Project::well_known();
        assert!(known.iter().all(|subject| subject.gomod.is_some() && subject.zip.is_some()), "{known:?}");
    }

    #[test]
    fn a_module_is_named_with_a_version_or_without() {
        let version = |text: &str| text.parse::<Wanted>().map(|wanted| wanted.version.map(|v| v.to_string()));
        assert_eq!(version("example.com/m"), Ok(None));
        assert_eq!(version("example.com/m@latest"), Ok(None));
        assert_eq!(version("example.com/m/v2@v2.0.0"), Ok(Some("v2.0.0".to_owned())));
        for wrong in [
            "",
            "nodot",
            "example.com/m@",
            "example.com/m@v2.0.0",
            "example.com/m@main",
            "https://example.com/m",
        ] {
            assert!(version(wrong).is_err(), "{wrong}");
        }
    }
}
