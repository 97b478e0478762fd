//! What the lines of a go.mod mean (x/mod `modfile/rule.go`).

mod replace;
mod retract;

use super::lines::{Line, Statement, Statements};
use super::{Exclude, GoMod, GoModError, Module, Reader, Replace, Require};
use crate::excerpt::Excerpt;
use crate::go_version::GoVersion;
use crate::path;
use crate::quote;
use crate::version::{Version, VersionError};

pub(super) fn read(text: &str, reader: Reader) -> Result<GoMod, GoModError> {
    let mut statements = Statements::new(text)?;
    let mut go_mod = GoMod::default();
    let (mut fault, mut unread) = (None, None);
    let mut add = |line: usize, verb: &str, words: &[&str], from: &Line<'_>, above: &[&str]| {
        let mut added = go_mod.add(verb, words, from, above);
        if reader == Reader::Main {
            added = added.and_then(|()| strict(verb, words));
        }
        note(&mut fault, line, added);
    };
    while let Some(statement) = statements.next()? {
        match &statement {
            Statement::Line(line) => {
                let Some((verb, words)) = line.words.split_first() else { continue };
                add(line.number, verb, words, line, &[]);
            }
            Statement::Block { words, before, lines } => {
                // `go` and `toolchain` have no block form; Go ignores such blocks as it does unknown ones.
                match words.as_slice() {
                    [
                        verb @ ("module" | "require" | "exclude" | "replace" | "retract" | "tool" | "ignore"
                        | "godebug"),
                    ] => {
                        for line in lines {
                            add(line.number, verb, &line.words, line, before);
                        }
                    }
                    words if reader == Reader::Main => {
                        let line = lines.first().map_or(1, |line| line.number.saturating_sub(1));
                        let unknown = DirectiveFault::UnknownBlock(Excerpt::of(&words.join(" ")));
                        note(&mut unread, line, Err(unknown));
                    }
                    _ => {}
                }
            }
        }
    }
    fault.or(unread).map_or(Ok(go_mod), Err)
}

/// What Go refuses in the main module's go.mod only, where it is the one who has to understand every line.
fn strict(verb: &str, words: &[&str]) -> Result<(), DirectiveFault> {
    match verb {
        "module" | "require" | "ignore" => Ok(()),
        "go" => match words {
            [word] if GoVersion::new(word).is_none() => Err(DirectiveFault::GoVersion(Excerpt::of(word))),
            _ => Ok(()),
        },
        "toolchain" => match one(words, "toolchain")? {
            name if is_toolchain(name) => Ok(()),
            name => Err(DirectiveFault::Toolchain(Excerpt::of(name))),
        },
        "exclude" => module_and_version(words).map(drop),
        "replace" => read_replace(words).map(drop),
        "retract" => retract::read(words, String::new).map(drop).ok_or(DirectiveFault::Form("retract")),
        "tool" => one(words, "tool").and_then(string).map(drop),
        "godebug" => one(words, "godebug").map(drop),
        other => Err(DirectiveFault::Unknown(Excerpt::of(other))),
    }
}

/// A `replace` line's words.
pub(super) fn read_replace(words: &[&str]) -> Result<Replace, DirectiveFault> {
    replace::read(words).ok_or(DirectiveFault::Form("replace"))
}

/// Keeps the first fault. Those of syntax, which may come later in the file, go before it, as in Go.
fn note(first: &mut Option<GoModError>, line: usize, result: Result<(), DirectiveFault>) {
    if let Err(fault) = result {
        first.get_or_insert(GoModError::Directive { line, fault });
    }
}

impl GoMod {
    fn add(
        &mut self,
        verb: &str,
        words: &[&str],
        line: &Line<'_>,
        of_block: &[&str],
    ) -> Result<(), DirectiveFault> {
        match verb {
            "module" => self.add_module(words, line, of_block)?,
            "go" => self.add_go(words)?,
            "require" => {
                let (path, version) = module_and_version(words)?;
                self.require.push(Require { path, version, indirect: is_indirect(line) });
            }
            "ignore" => self.ignore.push(string(one(words, "ignore")?)?),
            // What follows counts in the main module only, so that its faults do not count here.
            "exclude" => {
                if let Ok((path, version)) = module_and_version(words) {
                    self.exclude.push(Exclude { path, version });
                }
            }
            "replace" => self.replace.extend(replace::read(words)),
            "tool" => self.tool.extend(one(words, "tool").and_then(string).ok()),
            "toolchain" if self.toolchain.is_none() => {
                let name = one(words, "toolchain").ok().filter(|name| is_toolchain(name));
                self.toolchain = name.map(str::to_owned);
            }
            // Go may add forms of retraction later, so that a malformed one is ignored.
            "retract" => self.retract.extend(retract::read(words, || comment(line, of_block))),
            _ => {}
        }
        Ok(())
    }

    fn add_module(
        &mut self,
        words: &[&str],
        line: &Line<'_>,
        of_block: &[&str],
    ) -> Result<(), DirectiveFault> {
        if self.module.is_some() {
            return Err(DirectiveFault::Repeated("module"));
        }
        let path = string(one(words, "module")?)?;
        self.module = Some(Module { path, deprecated: deprecation(&comment(line, of_block)) });
        Ok(())
    }

    fn add_go(&mut self, words: &[&str]) -> Result<(), DirectiveFault> {
        if self.go.is_some() {
            return Err(DirectiveFault::Repeated("go"));
        }
        let word = one(words, "go")?;
        let version = GoVersion::lenient(word);
        self.go = Some(version.ok_or_else(|| DirectiveFault::GoVersion(Excerpt::of(word)))?);
        Ok(())
    }
}

pub(super) fn one<'a>(words: &[&'a str], verb: &'static str) -> Result<&'a str, DirectiveFault> {
    match words {
        [word] => Ok(word),
        _ => Err(DirectiveFault::OneArgument(verb)),
    }
}

fn module_and_version(words: &[&str]) -> Result<(String, Version), DirectiveFault> {
    let [path, version] = words else { return Err(DirectiveFault::ModuleAndVersion) };
    let path = string(path)?;
    let version = version_of(&path, version)?;
    Ok((path, version))
}

/// A version in any form, made canonical; it must fit the major version in the path.
fn version_of(path: &str, word: &str) -> Result<Version, DirectiveFault> {
    let version = Version::canonical(&string(word)?)?;
    let (_, major) = path::split_major(path).ok_or_else(|| DirectiveFault::ModulePath(Excerpt::of(path)))?;
    if version.fits_major(major) {
        Ok(version)
    } else {
        Err(DirectiveFault::Major { path: Excerpt::of(path), version })
    }
}

/// A word, without its double quotes if it has them. Other quotes are reserved.
pub(super) fn string(word: &str) -> Result<String, DirectiveFault> {
    let text = if word.starts_with('"') {
        quote::unquote(word)
    } else {
        (!word.contains(['"', '\'', '`'])).then(|| word.to_owned())
    };
    text.ok_or_else(|| DirectiveFault::Quotes(Excerpt::of(word)))
}

pub(super) fn is_toolchain(name: &str) -> bool {
    name == "default" || name == "go1" || name.starts_with("go1.")
}

/// Whether the comment is `indirect`, or begins with `indirect;` and goes on.
fn is_indirect(line: &Line<'_>) -> bool {
    let comment = line.suffix.and_then(|text| text.strip_prefix("//")).unwrap_or_default();
    let mut words = comment.split_whitespace();
    match (words.next(), words.next()) {
        (Some("indirect"), None) => true,
        (first, Some(_)) => first == Some("indirect;"),
        _ => false,
    }
}

/// The comment on a line, without its slashes. If nothing stands above or behind the line, not even a blank
/// line, it is the comment on its block.
fn comment(line: &Line<'_>, of_block: &[&str]) -> String {
    let above = if line.before.is_empty() && line.suffix.is_none() { of_block } else { &line.before };
    let texts = above.iter().chain(&line.suffix).filter_map(|text| text.strip_prefix("//"));
    texts.map(str::trim).collect::<Vec<_>>().join("\n")
}

/// The first paragraph that begins with `Deprecated:`, without that word.
fn deprecation(comment: &str) -> Option<String> {
    const MARK: &str = "Deprecated:";
    let text = comment.strip_prefix(MARK).or_else(|| {
        let (_, text) = comment.split_once("\n\nDeprecated:")?;
        Some(text)
    })?;
    let text = text.trim_start_matches(' ');
    let message = text.split_once("\n\n").map_or(text, |(message, _)| message);
    (!message.is_empty()).then(|| message.to_owned())
}

/// What is wrong with a directive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectiveFault {
    /// It may stand only once.
    #[error("repeated {0} statement")]
    Repeated(&'static str),
    /// Another number of words than one.
    #[error("{0} directive expects exactly one argument")]
    OneArgument(&'static str),
    /// Another number of words than two.
    #[error("usage: require module/path v1.2.3")]
    ModuleAndVersion,
    /// Not a Go version.
    #[error("invalid go version {0}: must match format 1.23.0")]
    GoVersion(Excerpt),
    /// Not the name of a toolchain; in the main module only.
    #[error("invalid toolchain {0}: must be go1.23.0 or the like, or default")]
    Toolchain(Excerpt),
    /// Not in the form of such a line; in the main module only.
    #[error("a {0} line is not in its form")]
    Form(&'static str),
    /// A line that Go does not know; in the main module only.
    #[error("unknown directive: {0}")]
    Unknown(Excerpt),
    /// A block that Go does not know; in the main module only.
    #[error("unknown block type: {0}")]
    UnknownBlock(Excerpt),
    /// Quotes that are not right, or in the middle of a word.
    #[error("invalid quoted string: {0}")]
    Quotes(Excerpt),
    /// The major version at the end of a path is written wrongly.
    #[error("invalid module path {0}")]
    ModulePath(Excerpt),
    /// Not a version.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// A version of another major than the path says.
    #[error("require {path}: version {version} does not fit the major version of the path")]
    Major {
        /// The path.
        path: Excerpt,
        /// The version.
        version: Version,
    },
}
