//! go.work files (x/mod `modfile/work.go`).

use super::directive::{is_toolchain, one, read_replace, string};
use super::lines::{Statement, Statements};
use super::{DirectiveFault, GoModError, Replace};
use crate::excerpt::Excerpt;
use crate::go_version::GoVersion;
use crate::limits::MAX_GOMOD;

/// What a go.work says: which modules are worked on together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoWork {
    go: Option<GoVersion>,
    toolchain: Option<String>,
    uses: Vec<String>,
    replace: Vec<Replace>,
}

impl GoWork {
    /// Reads a go.work of at most 16 MiB. What is unknown or malformed in it is an error, as it is to Go. Bytes that
    /// are no UTF-8 count as U+FFFD.
    pub fn parse(bytes: &[u8]) -> Result<Self, GoModError> {
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_GOMOD) {
            return Err(GoModError::TooLarge);
        }
        let text = String::from_utf8_lossy(bytes);
        let mut statements = Statements::new(&text)?;
        let mut work = Self::default();
        while let Some(statement) = statements.next()? {
            let fault = |line| move |fault| GoModError::Directive { line, fault };
            match &statement {
                Statement::Line(line) => {
                    let Some((verb, words)) = line.words.split_first() else { continue };
                    work.add(verb, words).map_err(fault(line.number))?;
                }
                Statement::Block { words, lines, .. } => match words.as_slice() {
                    [verb @ ("use" | "replace" | "godebug")] => {
                        for line in lines {
                            work.add(verb, &line.words).map_err(fault(line.number))?;
                        }
                    }
                    words => {
                        let line = lines.first().map_or(1, |line| line.number.saturating_sub(1));
                        let unknown = DirectiveFault::UnknownBlock(Excerpt::of(&words.join(" ")));
                        return Err(fault(line)(unknown));
                    }
                },
            }
        }
        Ok(work)
    }

    fn add(&mut self, verb: &str, words: &[&str]) -> Result<(), DirectiveFault> {
        match verb {
            "go" if self.go.is_some() => return Err(DirectiveFault::Repeated("go")),
            "go" => {
                let word = one(words, "go")?;
                let version = GoVersion::new(word);
                self.go = Some(version.ok_or_else(|| DirectiveFault::GoVersion(Excerpt::of(word)))?);
            }
            "toolchain" if self.toolchain.is_some() => return Err(DirectiveFault::Repeated("toolchain")),
            "toolchain" => match one(words, "toolchain")? {
                name if is_toolchain(name) => self.toolchain = Some(name.to_owned()),
                name => return Err(DirectiveFault::Toolchain(Excerpt::of(name))),
            },
            "use" => self.uses.push(string(one(words, "use")?)?),
            "replace" => self.replace.push(read_replace(words)?),
            "godebug" => drop(one(words, "godebug")?),
            other => return Err(DirectiveFault::Unknown(Excerpt::of(other))),
        }
        Ok(())
    }

    /// The `go` line.
    pub fn go(&self) -> Option<&GoVersion> {
        self.go.as_ref()
    }

    /// The name in the `toolchain` line.
    pub fn toolchain(&self) -> Option<&str> {
        self.toolchain.as_deref()
    }

    /// The directories of the modules, as they stand there, relative to the file.
    pub fn uses(&self) -> &[String] {
        &self.uses
    }

    /// The replacements, which go before those of the modules.
    pub fn replace(&self) -> &[Replace] {
        &self.replace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace() {
        let work = GoWork::parse(
            b"go 1.22.1\ntoolchain go1.23.0\n\nuse (\n\t.\n\t\"./with space\" // why\n)\nuse ../x\n\
              replace example.com/a => ./a\ngodebug panicnil=1\n",
        )
        .unwrap();
        assert_eq!(work.go().map(GoVersion::as_str), Some("1.22.1"));
        assert_eq!(work.toolchain(), Some("go1.23.0"));
        assert_eq!(work.uses(), [".", "./with space", "../x"]);
        assert_eq!(work.replace().len(), 1);
    }

    #[test]
    fn what_go_refuses() {
        for (text, line) in [
            ("go 1.22\n<<<<<<< HEAD\n", 2),
            ("require example.com/a v1.0.0\n", 1),
            ("go 1.22\ngo 1.22\n", 2),
            ("use a b\n", 1),
            ("replace example.com/a\n", 1),
            ("toolchain xyz\n", 1),
            ("\nfoo (\n\ta\n)\n", 2),
        ] {
            match GoWork::parse(text.as_bytes()) {
                Err(GoModError::Directive { line: at, .. }) => assert_eq!(at, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
