//! Go commands that run on this machine, and which versions of a cache they may be reading.
//!
//! A build takes no lock for what it only reads, so whether one reads can only be seen by looking for it: in `/proc`,
//! where there is one.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use gomod::{ModuleVersion, SumFile};

use crate::{Environment, GoSettings, GoVariable, gosum::SumLines, modcache::ModCache, project::Project};

/// The go commands that run and may read a cache, as they were at one moment.
#[derive(Debug)]
pub struct Readers {
    /// `None` where the system does not tell.
    found: Option<Vec<Found>>,
}

/// A process that may be reading a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its number.
    pub pid: u32,
    /// What it is: the name of its program.
    pub program: String,
}

#[derive(Debug)]
struct Found {
    reader: Reader,
    reads: Reads,
}

/// What a process may read.
#[derive(Debug)]
enum Reads {
    /// Any version.
    Any,
    /// Those whose zips these files have lines for: `go` builds from no other before it has taken its lock.
    Recorded(Vec<SumLines>),
    /// Only what lies below the tree that its program lies in.
    Program(PathBuf),
}

impl Readers {
    /// Looks.
    pub fn look(cache: &ModCache) -> Self {
        if !cfg!(target_os = "linux") {
            return Readers { found: None };
        }
        let Ok(entries) = fs::read_dir("/proc") else { return Readers { found: None } };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        Readers { found: Some(pids.filter_map(|pid| found(pid, cache)).collect()) }
    }

    /// Whether the system tells who runs.
    pub fn are_known(&self) -> bool {
        self.found.is_some()
    }

    /// A process that may be reading this version.
    pub fn of(&self, cache: &ModCache, module: &ModuleVersion) -> Option<&Reader> {
        let reads = |found: &&Found| match &found.reads {
            Reads::Any => true,
            Reads::Recorded(sums) => sums.iter().any(|sum| sum.deciding(module, SumFile::Zip).is_some()),
            Reads::Program(program) => program.starts_with(cache.tree(module)),
        };
        self.found.iter().flatten().find(reads).map(|found| &found.reader)
    }
}

fn found(pid: u32, cache: &ModCache) -> Option<Found> {
    let dir = PathBuf::from(format!("/proc/{pid}"));
    // Those of other users cannot be looked at, unless by root. Nor can they change what belongs to this one.
    let program = fs::read_link(dir.join("exe")).ok()?;
    let name = program.file_name()?.to_string_lossy().into_owned();
    let reader = Reader { pid, program: name };
    if reader.program == "go" {
        let reads = reads(&dir, cache)?;
        return Some(Found { reader, reads });
    }
    // A tool of a toolchain that was downloaded.
    program.starts_with(cache.root()).then_some(Found { reader, reads: Reads::Program(program) })
}

/// What a go command may read of this cache; `None` if it uses another one.
fn reads(dir: &Path, cache: &ModCache) -> Option<Reads> {
    let Some(environment) = environment(dir) else { return Some(Reads::Any) };
    let go = GoSettings::read(&environment);
    if go.mod_cache().is_some_and(|its| !is_same(&its, cache.root())) {
        return None;
    }
    let recorded = || {
        let words = fs::read(dir.join("cmdline")).ok()?;
        let here = fs::read_link(dir.join("cwd")).ok()?;
        let project = is_bound(&words, &go).then(|| Project::read(&here, &go).ok())??;
        // A file that is not there records nothing; one that cannot be read may record anything.
        project.sum_files().map(|file| SumLines::read(&file).ok()).collect::<Option<Vec<_>>>()
    };
    Some(recorded().map_or(Reads::Any, |sums| Reads::Recorded(sums.into_iter().flatten().collect())))
}

/// Whether a command takes versions from go.sum only.
fn is_bound(words: &[u8], go: &GoSettings) -> bool {
    const BOUND: [&[u8]; 7] = [b"build", b"generate", b"install", b"list", b"run", b"test", b"vet"];
    let flags = go.value(GoVariable::Flags);
    let mut words = words.split(|byte| *byte == 0).skip(1).filter(|word| !word.is_empty()).peekable();
    // Go steps into the directory of -C before anything else.
    if words.peek().is_some_and(|word| *word == b"-C") {
        words.nth(1);
    }
    let bound = words.next().is_some_and(|command| BOUND.contains(&command));
    let elsewhere = |flag: &str| flag.contains("-modfile") || flag.contains("-mod=mod");
    bound
        && !flags.split_whitespace().any(elsewhere)
        && !words.any(|word| word.contains(&b'@') || elsewhere(&String::from_utf8_lossy(word)))
}

/// The variables that a process was started with.
fn environment(dir: &Path) -> Option<Environment> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = fs::read(dir.join("environ")).ok().filter(|bytes| !bytes.is_empty())?;
    let variables = bytes.split(|byte| *byte == 0).filter_map(|variable| {
        let at = variable.iter().position(|byte| *byte == b'=')?;
        let (name, value) = variable.split_at_checked(at)?;
        Some((OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value.get(1..)?).to_owned()))
    });
    Some(Environment::new(variables))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_some_commands_keep_to_what_is_recorded() {
        let go = |flags: &str| GoSettings::read(&Environment::new([("GOFLAGS", flags)]));
        for (line, flags, want) in [
            ("go build ./...", "", true),
            ("go -C sub test -run X", "-trimpath", true),
            ("go vet", "", true),
            ("go", "", false),
            ("go mod download", "", false),
            ("go get example.com/m", "", false),
            ("go run example.com/tool@latest", "", false),
            ("go build -mod=mod", "", false),
            ("go build -modfile=other.mod", "", false),
            ("go build", "-mod=mod", false),
        ] {
            assert_eq!(is_bound(line.replace(' ', "\0").as_bytes(), &go(flags)), want, "{line} {flags}");
        }
    }
}
