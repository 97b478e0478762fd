//! go.mod files as the go command reads those of dependencies (x/mod `modfile/rule.go`, `ParseLax`).

mod directive;
mod lex;
mod lines;
mod work;

use crate::go_version::GoVersion;
use crate::limits::MAX_GOMOD;
use crate::module_version::ModuleVersion;
use crate::path::ModulePath;
use crate::version::Version;

pub use self::directive::DirectiveFault;
pub use self::lex::SyntaxFault;
pub use self::work::GoWork;

/// For whom a go.mod is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// For a build that depends on the module.
    Dependency,
    /// For work on the module itself.
    Main,
}

/// What a go.mod says, as far as a mirror needs it.
///
/// It fails where Go fails to read the go.mod of a dependency. What Go ignores there (unknown directives, and
/// everything that counts in the main module only) never makes it fail; of that, what is well-formed is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoMod {
    module: Option<Module>,
    go: Option<GoVersion>,
    toolchain: Option<String>,
    require: Vec<Require>,
    exclude: Vec<Exclude>,
    replace: Vec<Replace>,
    retract: Vec<Retract>,
    tool: Vec<String>,
    ignore: Vec<String>,
}

impl GoMod {
    /// Reads a go.mod of at most 16 MiB. Bytes that are no UTF-8 count as U+FFFD.
    pub fn parse(bytes: &[u8]) -> Result<Self, GoModError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_GOMOD) {
            directive::read(&String::from_utf8_lossy(bytes), Reader::Dependency)
        } else {
            Err(GoModError::TooLarge)
        }
    }

    /// Reads the go.mod of a main module, in which Go has to understand every line: what is unknown or malformed is
    /// an error there (x/mod `modfile/rule.go`, `Parse`).
    pub fn parse_main(bytes: &[u8]) -> Result<Self, GoModError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= MAX_GOMOD) {
            directive::read(&String::from_utf8_lossy(bytes), Reader::Main)
        } else {
            Err(GoModError::TooLarge)
        }
    }

    /// The version of the `go` line, if the file has one and can be read at all: what decides how the vendored
    /// files of the module's own zip are chosen.
    pub fn language_version(bytes: &[u8]) -> Option<GoVersion> {
        Self::parse(bytes).ok()?.go
    }

    /// The `module` line.
    pub fn module(&self) -> Option<&Module> {
        self.module.as_ref()
    }

    /// The `go` line.
    pub fn go(&self) -> Option<&GoVersion> {
        self.go.as_ref()
    }

    /// The name in the `toolchain` line: `go1.23.0`, or `default`.
    pub fn toolchain(&self) -> Option<&str> {
        self.toolchain.as_deref()
    }

    /// The requirements, in the order of the file.
    pub fn require(&self) -> &[Require] {
        &self.require
    }

    /// The versions that the main module does not want.
    pub fn exclude(&self) -> &[Exclude] {
        &self.exclude
    }

    /// The replacements in the main module.
    pub fn replace(&self) -> &[Replace] {
        &self.replace
    }

    /// The versions of this module that its authors took back.
    pub fn retract(&self) -> &[Retract] {
        &self.retract
    }

    /// The packages that are tools of the main module.
    pub fn tool(&self) -> &[String] {
        &self.tool
    }

    /// The directories in which no packages are searched.
    pub fn ignore(&self) -> &[String] {
        &self.ignore
    }
}

/// The `module` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    path: String,
    deprecated: Option<String>,
}

impl Module {
    /// The path as it stands there; it need not be valid, nor the path under which the module is served.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the comment says after `Deprecated:`, to the end of its paragraph.
    pub fn deprecated(&self) -> Option<&str> {
        self.deprecated.as_deref()
    }
}

/// A requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    path: String,
    version: Version,
    indirect: bool,
}

impl Require {
    /// The path of the module as it stands there; it need not be valid.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The lowest version that will do. It fits the major version in the path.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Whether the comment says `indirect`.
    pub fn is_indirect(&self) -> bool {
        self.indirect
    }

    /// The module version, if the path is valid, so that it can be fetched.
    pub fn module_version(&self) -> Option<ModuleVersion> {
        ModuleVersion::new(ModulePath::new(&self.path).ok()?, self.version.clone()).ok()
    }
}

/// A version that the main module does not want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    path: String,
    version: Version,
}

impl Exclude {
    /// The path of the module as it stands there.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }
}

/// What is used instead of a module, or instead of one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    path: String,
    version: Option<Version>,
    with: Replacement,
}

impl Replace {
    /// The path of the replaced module as it stands there.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The replaced version; `None` for all.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// What is used instead.
    pub fn with(&self) -> &Replacement {
        &self.with
    }
}

/// What is used instead of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// Another module, which is fetched.
    Module {
        /// Its path as it stands there.
        path: String,
        /// Its version.
        version: Version,
    },
    /// A directory, as it stands there.
    Directory(String),
}

/// Versions that a module's authors took back; they stay listed and can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retract {
    low: Version,
    high: Version,
    rationale: String,
}

impl Retract {
    /// The lowest version; the same as [`high`](Self::high) for a single one.
    pub fn low(&self) -> &Version {
        &self.low
    }

    /// The highest version.
    pub fn high(&self) -> &Version {
        &self.high
    }

    /// The comment: why.
    pub fn rationale(&self) -> &str {
        &self.rationale
    }

    /// Whether this version is one of them.
    pub fn covers(&self, version: &Version) -> bool {
        self.low.precedence(version).is_le() && version.precedence(&self.high).is_le()
    }
}

/// Why Go could not read a go.mod.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoModError {
    /// More than 16 MiB.
    #[error("go.mod is larger than 16 MiB")]
    TooLarge,
    /// The text cannot be divided into lines of words.
    #[error("go.mod:{line}: {fault}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        fault: SyntaxFault,
    },
    /// A directive that counts in dependencies too is wrong.
    #[error("go.mod:{line}: {fault}")]
    Directive {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        fault: DirectiveFault,
    },
}
