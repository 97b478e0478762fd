//! Stamps: what a program says of the commit it was built from.

use std::str::FromStr;

use super::{Binary, BinaryError, BuildInfo, Program, ldflags};

/// What the go command wrote of the repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The system: `git`.
    pub system: Option<String>,
    /// The commit.
    pub revision: Option<String>,
    /// When it was made, RFC 3339.
    pub time: Option<String>,
    /// Whether files were changed since.
    pub modified: Option<bool>,
}

/// A stamp that a program must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampDemand {
    /// That of the go command: `vcs.revision`, and not `vcs.modified`.
    Repository,
    /// A variable that the linker set.
    Variable {
        /// With its package: `main.CommitHash`.
        name: String,
        /// What it must hold; anything where it is `None`.
        value: Option<String>,
    },
}

/// A name that no variable has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no variable; write the package and the name: stamp=main.CommitHash")]
pub struct StampDemandError(String);

/// What became of a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamped {
    /// This is the stamp.
    As(String),
    /// It is another one than was asked for.
    Other(String),
    /// It says that files were changed.
    Dirty(String),
    /// There is none, and why that is known.
    Missing(String),
}

impl Stamp {
    /// The stamp in a build info.
    pub fn of(info: &BuildInfo) -> Self {
        let setting = |key| info.setting(key).filter(|value| !value.is_empty()).map(str::to_owned);
        let modified = match info.setting("vcs.modified") {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        Stamp {
            system: setting("vcs"),
            revision: setting("vcs.revision"),
            time: setting("vcs.time"),
            modified,
        }
    }
}

impl FromStr for StampDemand {
    type Err = StampDemandError;

    /// Reads what follows `stamp=`: `main.CommitHash` or `main.CommitHash=1234`.
    fn from_str(text: &str) -> Result<Self, StampDemandError> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let variable = name.rsplit_once('.').filter(|(package, variable)| {
            !package.is_empty() && !variable.is_empty() && !variable.contains('/')
        });
        if variable.is_none() || name.contains(char::is_whitespace) {
            return Err(StampDemandError(name.to_owned()));
        }
        Ok(StampDemand::Variable { name: name.to_owned(), value })
    }
}

impl StampDemand {
    /// Whether a program has it.
    pub(super) fn met(
        &self,
        binary: &Binary,
        program: &Program,
        info: &BuildInfo,
    ) -> Result<Stamped, BinaryError> {
        match self {
            StampDemand::Repository => Ok(repository(&Stamp::of(info))),
            StampDemand::Variable { name, value } => variable(binary, program, info, name, value.as_deref()),
        }
    }
}

fn repository(stamp: &Stamp) -> Stamped {
    match (&stamp.revision, stamp.modified) {
        (None, _) => Stamped::Missing("the build info has no vcs.revision".to_owned()),
        (Some(revision), Some(false)) => Stamped::As(revision.clone()),
        (Some(revision), Some(true)) => Stamped::Dirty(format!("vcs.revision={revision} vcs.modified=true")),
        (Some(revision), None) => {
            Stamped::Missing(format!("vcs.revision={revision}, and no vcs.modified beside it"))
        }
    }
}

fn variable(
    binary: &Binary,
    program: &Program,
    info: &BuildInfo,
    name: &str,
    wanted: Option<&str>,
) -> Result<Stamped, BinaryError> {
    // What the data holds counts before what the flags say, and what the source gave a variable is no stamp.
    let held = match binary.variable(program, name)? {
        Some(held) if !held.by_linker && !held.value.is_empty() => {
            return Ok(Stamped::Missing(format!("{name} is {:?}, as its source has it", held.value)));
        }
        Some(held) => Some(held.value),
        None => info.setting("-ldflags").and_then(|flags| ldflags::value_of(flags, name)),
    };
    Ok(match (held, wanted) {
        (Some(held), _) if held.is_empty() => Stamped::Missing(format!("{name} is empty")),
        (Some(held), Some(wanted)) if held != wanted => Stamped::Other(held),
        (Some(held), _) if DIRTY.iter().any(|end| held.ends_with(end)) => {
            Stamped::Dirty(format!("{name} is {held:?}"))
        }
        (Some(held), _) => Stamped::As(held),
        (None, Some(wanted)) if !program.has_names() && binary.holds(program, wanted)? => {
            Stamped::As(wanted.to_owned())
        }
        (None, _) if program.has_names() => Stamped::Missing(format!("no string variable {name} was linked")),
        (None, Some(_)) => Stamped::Missing(format!("{STRIPPED}, and no variable holds the required value")),
        (None, None) => Stamped::Missing(format!(
            "{STRIPPED}; say which value is required, and it is looked for: stamp={name}=VALUE"
        )),
    })
}

const STRIPPED: &str = "the flags were not recorded and the names of variables were stripped";
/// As `git describe --dirty` and the go command write it.
const DIRTY: [&str; 2] = ["-dirty", "+dirty"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_name_a_variable() {
        let of = |name: &str, value: Option<&str>| StampDemand::Variable {
            name: name.into(),
            value: value.map(str::to_owned),
        };
        assert_eq!("main.CommitHash".parse(), Ok(of("main.CommitHash", None)));
        assert_eq!("example.com/a/b.Version=v1=2".parse(), Ok(of("example.com/a/b.Version", Some("v1=2"))));
        for wrong in ["", "CommitHash", "main.", ".x", "example.com/a", "main.a b"] {
            assert!(wrong.parse::<StampDemand>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_repository_stamp_is_whole_and_clean() {
        let stamp = |revision: Option<&str>, modified| {
            repository(&Stamp { revision: revision.map(str::to_owned), modified, ..Stamp::default() })
        };
        assert_eq!(stamp(Some("12"), Some(false)), Stamped::As("12".into()));
        assert!(matches!(stamp(Some("12"), Some(true)), Stamped::Dirty(_)));
        assert!(matches!(stamp(Some("12"), None), Stamped::Missing(_)));
        assert!(matches!(stamp(None, Some(false)), Stamped::Missing(_)));
    }
}
