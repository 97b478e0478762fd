//! The format of Go's own settings files: `go/env` and `go.env`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// One settings file of Go, read.
#[derive(Default)]
pub(crate) struct EnvFile {
    path: PathBuf,
    values: BTreeMap<String, Line>,
}

/// A variable's last line.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// From 1.
    number: usize,
    value: String,
}

impl EnvFile {
    /// Reads a file. None is like an empty one; any other trouble is for a warning, as the go command works without
    /// the file too.
    pub(crate) fn read(path: PathBuf) -> (Self, Option<String>) {
        match text(&path) {
            Ok(text) => (EnvFile { values: parse(&text), path }, None),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                (EnvFile { path, ..EnvFile::default() }, None)
            }
            Err(error) => {
                let warning = format!("Go's settings in {} are not used: {error}", path.display());
                (EnvFile { path, ..EnvFile::default() }, Some(warning))
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The value of a line, which may be the empty text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|line| line.value.as_str())
    }

    /// The number of that line, from 1.
    pub(crate) fn line(&self, name: &str) -> Option<usize> {
        self.values.get(name).map(|line| line.number)
    }

    /// The variables of the file, in order of their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `NAME=value` per line, a later one wins. Nothing is quoted or trimmed; lines that do not begin with a capital
/// letter are comments (cmd/go/internal/cfg, readEnvFile).
fn parse(text: &str) -> BTreeMap<String, Line> {
    (1..)
        .zip(text.split('\n'))
        .filter(|(_, line)| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter_map(|(number, line)| Some((number, line.split_once('=')?)))
        .map(|(number, (name, value))| (name.to_owned(), Line { number, value: value.to_owned() }))
        .collect()
}

/// No settings file of Go comes near.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_go_reads_them() {
        let values = parse(
            "# GOPROXY=no\n\nGOPROXY=a=b, c \ngoproxy=x\nGOSUMDB\n=y\nGOPRIVATE=1\nGOPRIVATE=2\nGOENV=",
        );
        let pairs: Vec<_> =
            values.iter().map(|(name, line)| (name.as_str(), line.value.as_str(), line.number)).collect();
        assert_eq!(pairs, [("GOENV", "", 9), ("GOPRIVATE", "2", 8), ("GOPROXY", "a=b, c ", 3)]);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_warned_about() {
        let dir = tempfile::tempdir().unwrap();
        let (file, warning) = EnvFile::read(dir.path().join("none/env"));
        assert_eq!((file.get("GOPROXY"), warning), (None, None));

        let huge = dir.path().join("env");
        std::fs::write(&huge, "GOPROXY=x\n".repeat(200_000)).unwrap();
        let (file, warning) = EnvFile::read(huge.clone());
        assert_eq!(file.get("GOPROXY"), None);
        assert_eq!(
            warning.unwrap(),
            format!("Go's settings in {} are not used: it is larger than 1 MiB", huge.display())
        );
    }
}
