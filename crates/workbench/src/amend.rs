//! Changes of Go's settings that mend something, and the way back.
//!
//! Only the user's own `go/env` file is changed, as `go env -w` and `go env -u` would, and made where there is none.
//! Before that it is copied to a file beside it, and a copy is what undoing brings back. Files of shells, editors and
//! projects are never touched.

use std::{
    fmt::Write as _,
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
    /// None: there is no such file.
    before: Option<String>,
    /// None: there shall be none.
    after: Option<String>,
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

    /// Gives a setting another value. None if the environment sets it, which counts before any file.
    pub(crate) fn set(found: &Found, to: &str) -> Option<Self> {
        (found.place != GoPlace::Environment).then(|| Self::add(found.variable, to))
    }

    /// Gives a value to a variable that nobody sets.
    pub(crate) fn add(variable: GoVariable, to: &str) -> Self {
        Change { variable, to: Some(to.to_owned()) }
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
        let mut after = before.clone().unwrap_or_default();
        for change in changes {
            if !done.contains(&change.variable) {
                done.push(change.variable);
                after = changed(&after, change);
            }
        }
        if after == before.as_deref().unwrap_or_default() {
            return Ok(None);
        }
        Ok(Some(Amendment { file: file.to_owned(), before, after: Some(after), way: Way::Forth }))
    }

    /// Brings back what was there before the last change.
    ///
    /// # Errors
    ///
    /// There is no copy, or a file cannot be read.
    pub fn undo(go: &GoSettings) -> Result<Self, AmendError> {
        let file = go.user_file().ok_or(AmendError::NoFile)?;
        let copy = copies(file).pop().ok_or_else(|| AmendError::NoCopy(file.display().to_string()))?;
        let after = if says_none(&copy) { None } else { text(&copy)? };
        let before = text(file)?;
        Ok(Amendment { file: file.to_owned(), before, after, way: Way::Back(copy) })
    }

    /// The lines that go and those that come, for people. Without secrets.
    pub fn diff(&self) -> String {
        let lines = |text: &Option<String>| -> Vec<String> {
            text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
        };
        let (old, new) = (lines(&self.before), lines(&self.after));
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
                let [copy, none] = copy_names(&self.file, copies(&self.file).len());
                let copy = if self.before.is_some() {
                    fs::copy(&self.file, &copy).map_err(|error| failed(&copy, error))?;
                    copy
                } else {
                    let dir = none.parent().unwrap_or(Path::new("/"));
                    let made = fs::create_dir_all(dir).and_then(|()| fs::write(&none, ""));
                    made.map_err(|error| failed(&none, error))?;
                    none
                };
                write(&self.file, self.after.as_deref())?;
                Ok(copy)
            }
            Way::Back(copy) => {
                write(&self.file, self.after.as_deref())?;
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

/// The text with a variable set anew at its last line, or at the end where it has none; or without it.
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
            let _ = writeln!(out, "{}={to}", variable.name());
        }
    }
    if let (Some(to), 0) = (to, last) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        let _ = writeln!(out, "{}={to}", variable.name());
    }
    out
}

/// The copies beside a file, the oldest first.
fn copies(file: &Path) -> Vec<PathBuf> {
    (0..MOST_COPIES)
        .map_while(|number| copy_names(file, number).into_iter().find(|copy| copy.is_file()))
        .collect()
}

/// Where a file is copied to, and what lies there instead where there was no file.
fn copy_names(file: &Path, number: usize) -> [PathBuf; 2] {
    ["", NONE].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".before-larder-{}{ending}", number + 1));
        name.into()
    })
}

/// Whether a copy says that there was no file.
fn says_none(copy: &Path) -> bool {
    copy.as_os_str().as_encoded_bytes().ends_with(NONE.as_bytes())
}

/// Writes beside and renames, so that nobody ever reads half of it; or removes.
fn write(file: &Path, text: Option<&str>) -> Result<(), AmendError> {
    let Some(text) = text else { return fs::remove_file(file).map_err(|error| failed(file, error)) };
    // A link to the file of a dotfiles directory stays one.
    let (file, is_new) = match file.canonicalize() {
        Ok(file) => (file, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !file.is_symlink() => {
            (file.to_owned(), true)
        }
        Err(error) => return Err(failed(file, error)),
    };
    let mut beside = file.clone().into_os_string();
    beside.push(".larder-new");
    let beside = PathBuf::from(beside);
    let mode = if is_new { Ok(0) } else { fs::copy(&file, &beside) };
    let done = mode.and_then(|_| fs::write(&beside, text)).and_then(|()| fs::rename(&beside, &file));
    done.map_err(|error| failed(&file, error))
}

/// None if there is no such file.
fn text(file: &Path) -> Result<Option<String>, AmendError> {
    let read = match fs::metadata(file) {
        Ok(meta) if meta.len() > LARGEST => Err(io::ErrorKind::FileTooLarge.into()),
        Ok(_) => fs::read_to_string(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    read.map_err(|error| failed(file, error))
}

fn failed(file: &Path, error: io::Error) -> AmendError {
    AmendError::File { file: file.display().to_string(), error }
}

fn shown(line: &str) -> String {
    masked(line).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// How the name of a copy ends of a file that was not there.
const NONE: &str = "-none";
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
            (
                change(GoVariable::Private, Some("d")),
                "# mine\nGOPROXY=a\nGOFLAGS=-x\nGOPROXY=b\nGOPRIVATE=d\n",
            ),
        ] {
            assert_eq!(changed(text, &change), want);
        }
        assert_eq!(
            changed("GOFLAGS=-x", &change(GoVariable::Private, Some("d"))),
            "GOFLAGS=-x\nGOPRIVATE=d\n"
        );
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
    #[test]
    fn a_file_that_was_not_there_goes_again() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("go/env");
        let go = || GoSettings::read(&Environment::new([("GOENV", &file)]));
        let finding = Finding::new(&settings::MODULES_OFF);
        let finding = finding.fixed(Some(Change::add(GoVariable::Private, "git.example.com")));
        let report = Report { findings: vec![finding], ..Report::default() };
        assert!(matches!(Amendment::undo(&go()), Err(AmendError::NoCopy(_))));

        let copy = Amendment::plan(&go(), &report).unwrap().unwrap().apply().unwrap();
        assert!(copy.is_file());
        assert_eq!(fs::read_to_string(&file).unwrap(), "GOPRIVATE=git.example.com\n");
        Amendment::undo(&go()).unwrap().apply().unwrap();
        assert!(!file.exists() && !copy.exists());
    }
    /// As in a directory of dotfiles.
    #[test]
    fn a_link_stays_one() {
        let dir = tempfile::tempdir().unwrap();
        let (file, kept) = (dir.path().join("env"), dir.path().join("dotfiles-env"));
        fs::write(&kept, "GO111MODULE=off\n").unwrap();
        std::os::unix::fs::symlink(&kept, &file).unwrap();
        let go = || GoSettings::read(&Environment::new([("GOENV", &file)]));
        let finding = Finding::new(&settings::MODULES_OFF).fixed(Some(change(GoVariable::Modules, None)));
        let report = Report { findings: vec![finding], ..Report::default() };
        Amendment::plan(&go(), &report).unwrap().unwrap().apply().unwrap();
        assert!(file.is_symlink());
        assert_eq!(fs::read_to_string(&kept).unwrap(), "");
        Amendment::undo(&go()).unwrap().apply().unwrap();
        assert!(file.is_symlink());
        assert_eq!(fs::read_to_string(&kept).unwrap(), "GO111MODULE=off\n");
    }
}
