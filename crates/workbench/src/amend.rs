//! Changes of Go's settings that mend something, and the way back.
//!
//! Only the user's own `go/env` file is changed, as `go env -w` and `go env -u` would. Before that it is copied to a
//! file beside it, and a copy is what undoing brings back. Files of shells, editors and projects are never touched.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Found, GoPlace, GoSettings, GoVariable, Report, go_settings::EnvFile, masked};

/// One change of the user's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    variable: GoVariable,
    /// None takes the setting away.
    to: Option<String>,
}

/// The user's settings file, as it is and as it shall be.
#[derive(Debug)]
pub struct Amendment {
    file: PathBuf,
    before: String,
    after: String,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// The file is copied first.
    Forth,
    /// This copy is brought back.
    Back(PathBuf),
}

/// Why settings could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// The file cannot be read or written.
    #[error("cannot change {file}: {error}")]
    File {
        /// Which.
        file: String,
        /// What the system says.
        error: io::Error,
    },
    /// Nothing was ever changed.
    #[error("there is nothing to undo: no copy lies beside {0}")]
    NoCopy(String),
    /// GOENV is off, or there is no home directory.
    #[error(
        "no settings file of go counts here, so there is none to change: GOENV is off, or HOME is not set"
    )]
    NoFile,
    /// Somebody else wrote it meanwhile.
    #[error("{0} was changed in the meantime; nothing was done")]
    Moved(String),
}

impl Change {
    /// Takes a setting away. None if it does not stand in the user's own file.
    pub(crate) fn unset(found: &Found) -> Option<Self> {
        matches!(found.place, GoPlace::User { .. }).then_some(Change { variable: found.variable, to: None })
    }

    /// Gives a setting another value; the same as above.
    pub(crate) fn set(found: &Found, to: &str) -> Option<Self> {
        Some(Change { to: Some(to.to_owned()), ..Self::unset(found)? })
    }
}

impl Amendment {
    /// What the findings of a report say to change; none if nothing that was found can be mended so.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn plan(go: &GoSettings, report: &Report) -> Result<Option<Self>, AmendError> {
        let changes: Vec<_> = report.findings.iter().flat_map(|finding| &finding.changes).collect();
        let Some(file) = go.user_file().filter(|_| !changes.is_empty()) else { return Ok(None) };
        let before = text(file)?;
        // The first change of a variable counts: it belongs to the finding that is nearer to the root.
        let mut done = Vec::new();
        let mut after = before.clone();
        for change in changes {
            if !done.contains(&change.variable) {
                done.push(change.variable);
                after = changed(&after, change);
            }
        }
        let amendment = Amendment { file: file.to_owned(), before, after, way: Way::Forth };
        Ok(Some(amendment).filter(|amendment| amendment.before != amendment.after))
    }

    /// Brings back what was there before the last change.
    ///
    /// # Errors
    ///
    /// There is no copy, or a file cannot be read.
    pub fn undo(go: &GoSettings) -> Result<Self, AmendError> {
        let file = go.user_file().ok_or(AmendError::NoFile)?;
        let copy = copies(file).pop().ok_or_else(|| AmendError::NoCopy(file.display().to_string()))?;
        let (before, after) = (text(file)?, text(&copy)?);
        Ok(Amendment { file: file.to_owned(), before, after, way: Way::Back(copy) })
    }

    /// The lines that go and those that come, for people. Without secrets.
    pub fn diff(&self) -> String {
        let (old, new): (Vec<_>, Vec<_>) = (self.before.lines().collect(), self.after.lines().collect());
        let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("-{}\n", shown(line)));
        let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("+{}\n", shown(line)));
        let file = self.file.display();
        format!("--- {file}\n+++ {file}\n{}{}", gone.collect::<String>(), come.collect::<String>())
    }

    /// Makes the change, and says where the copy of what was there lies, or which copy was brought back.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or somebody else wrote it since it was read.
    pub fn apply(&self) -> Result<PathBuf, AmendError> {
        if text(&self.file)? != self.before {
            return Err(AmendError::Moved(self.file.display().to_string()));
        }
        match &self.way {
            Way::Forth => {
                let copy = copy_name(&self.file, copies(&self.file).len());
                fs::copy(&self.file, &copy).map_err(|error| failed(&copy, error))?;
                write(&self.file, &self.after)?;
                Ok(copy)
            }
            Way::Back(copy) => {
                write(&self.file, &self.after)?;
                fs::remove_file(copy).map_err(|error| failed(copy, error))?;
                Ok(copy.clone())
            }
        }
    }
}

/// The values that a variable had before changes, the last one first, and the copies that say so.
pub(crate) fn earlier(go: &GoSettings, variable: GoVariable) -> Vec<(PathBuf, String)> {
    let copies = go.user_file().map(copies).unwrap_or_default();
    let value = |copy: PathBuf| {
        let value = EnvFile::read(copy.clone()).0.get(variable.name())?.to_owned();
        Some((copy, value))
    };
    copies.into_iter().rev().filter_map(value).collect()
}

/// The text with a variable set anew at its last line, or without it.
fn changed(text: &str, Change { variable, to }: &Change) -> String {
    let sets = |line: &str| line.split_once('=').is_some_and(|(name, _)| name == variable.name());
    let last = text.lines().filter(|line| sets(line)).count();
    let mut at = 0;
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if !sets(line) {
            out.push_str(line);
            continue;
        }
        at += 1;
        if let (Some(to), true) = (to, at == last) {
            out.push_str(variable.name());
            out.push('=');
            out.push_str(to);
            out.push('\n');
        }
    }
    out
}

/// The copies beside a file, the oldest first.
fn copies(file: &Path) -> Vec<PathBuf> {
    (0..MOST_COPIES).map(|number| copy_name(file, number)).take_while(|copy| copy.is_file()).collect()
}

fn copy_name(file: &Path, number: usize) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".before-larder-{}", number + 1));
    name.into()
}

/// Writes beside and renames, so that nobody ever reads half of it.
fn write(file: &Path, text: &str) -> Result<(), AmendError> {
    // A link to the file of a dotfiles directory stays one.
    let file = file.canonicalize().map_err(|error| failed(file, error))?;
    let mut beside = file.clone().into_os_string();
    beside.push(".larder-new");
    let beside = PathBuf::from(beside);
    let done = fs::copy(&file, &beside)
        .and_then(|_| fs::write(&beside, text))
        .and_then(|()| fs::rename(&beside, &file));
    done.map_err(|error| failed(&file, error))
}

fn text(file: &Path) -> Result<String, AmendError> {
    match fs::metadata(file) {
        Ok(meta) if meta.len() > LARGEST => Err(failed(file, io::ErrorKind::FileTooLarge.into())),
        Ok(_) => fs::read_to_string(file).map_err(|error| failed(file, error)),
        Err(error) => Err(failed(file, error)),
    }
}

fn failed(file: &Path, error: io::Error) -> AmendError {
    AmendError::File { file: file.display().to_string(), error }
}

fn shown(line: &str) -> String {
    masked(line).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Copies that are kept; the way back is not longer.
const MOST_COPIES: usize = 100;
/// No settings file of Go comes near.
const LARGEST: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, Finding, diagnoses::settings};

    fn change(variable: GoVariable, to: Option<&str>) -> Change {
        Change { variable, to: to.map(str::to_owned) }
    }

    #[test]
    fn lines_are_changed_where_they_stand() {
        let text = "# mine\nGOPROXY=a\nGOFLAGS=-x\nGOPROXY=b\n";
        for (change, want) in [
            (change(GoVariable::Proxy, Some("c")), "# mine\nGOFLAGS=-x\nGOPROXY=c\n"),
            (change(GoVariable::Proxy, None), "# mine\nGOFLAGS=-x\n"),
            (change(GoVariable::Sumdb, None), text),
        ] {
            assert_eq!(changed(text, &change), want);
        }
    }

    #[test]
    fn what_was_changed_can_be_undone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("env");
        let first = "GOPROXY=https://u:secret@a.example\nGO111MODULE=off\n";
        fs::write(&file, first).unwrap();
        let go = || GoSettings::read(&Environment::new([("GOENV", &file)]));
        let report = |change| {
            let finding = Finding::new(&settings::MODULES_OFF).fixed(Some(change));
            Report { findings: vec![finding], ..Report::default() }
        };
        let plan = |change| Amendment::plan(&go(), &report(change)).unwrap();

        let amendment = plan(change(GoVariable::Modules, None)).unwrap();
        let name = file.display();
        assert_eq!(amendment.diff(), format!("--- {name}\n+++ {name}\n-GO111MODULE=off\n"));
        let copy = amendment.apply().unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), first);
        assert!(plan(change(GoVariable::Modules, None)).is_none());

        let amendment = plan(change(GoVariable::Proxy, Some("https://b.example"))).unwrap();
        assert!(!amendment.diff().contains("secret"));
        amendment.apply().unwrap();
        assert!(matches!(amendment.apply(), Err(AmendError::Moved(_))));
        let values: Vec<_> = earlier(&go(), GoVariable::Proxy).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, ["https://u:secret@a.example"; 2]);

        Amendment::undo(&go()).unwrap().apply().unwrap();
        Amendment::undo(&go()).unwrap().apply().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), first);
        assert!(matches!(Amendment::undo(&go()), Err(AmendError::NoCopy(_))));
    }
}
