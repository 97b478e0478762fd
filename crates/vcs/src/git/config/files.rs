//! Which files count, and in which order (git's `do_git_config_sequence`).

use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use super::{
    Variables,
    parse::{self, Line},
    value,
};

/// Reads them all, includes too. The error is for people.
pub(super) fn read(env: &Variables) -> Result<Vec<Line>, String> {
    let mut reading = Reading { env, lines: Vec::new(), files: 0 };
    if !value::is_true(Some(env.text("GIT_CONFIG_NOSYSTEM").unwrap_or_default())).unwrap_or(true) {
        let system = env.get("GIT_CONFIG_SYSTEM").map_or_else(|| PathBuf::from(SYSTEM), PathBuf::from);
        reading.file(&system, 0)?;
    }
    if let Some(global) = env.get("GIT_CONFIG_GLOBAL") {
        reading.file(Path::new(global), 0)?;
    } else {
        let home = env.get("HOME").map(PathBuf::from);
        let xdg = env.get("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        if let Some(dir) = xdg.or_else(|| Some(home.as_ref()?.join(".config"))) {
            reading.file(&dir.join("git/config"), 0)?;
        }
        if let Some(home) = home {
            reading.file(&home.join(".gitconfig"), 0)?;
        }
    }
    reading.environment()?;
    Ok(reading.lines)
}

struct Reading<'a> {
    env: &'a Variables,
    lines: Vec<Line>,
    files: usize,
}

impl Reading<'_> {
    /// A file that is not there, or is not for this user, says nothing.
    fn file(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        let shown = path.display();
        let text = match text(path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(());
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                tracing::warn!(path = %shown, "a git configuration is not used: it cannot be read");
                return Ok(());
            }
            Err(error) => return Err(format!("{shown} cannot be read: {error}")),
        };
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(format!("{shown} is one file too many: {MOST_FILES} are read"));
        }
        let lines = parse::lines(&text).map_err(|line| format!("line {line} of {shown} is no setting"))?;
        for line in lines {
            self.add(line, Some(path), depth)?;
        }
        Ok(())
    }

    fn add(&mut self, line: Line, from: Option<&Path>, depth: usize) -> Result<(), String> {
        let included = line.key == "include.path";
        // The other conditions are about a working tree, a branch or the remotes of a repository of the user's.
        if included && let Some(path) = &line.value {
            self.include(path, from, depth + 1)?;
        }
        if self.lines.len() >= MOST_LINES {
            return Err(format!("it has more than {MOST_LINES} settings"));
        }
        if !included {
            self.lines.push(line);
        }
        Ok(())
    }

    fn include(&mut self, text: &str, from: Option<&Path>, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(format!("more than {DEEPEST} files include each other, up to {text}"));
        }
        let Some(path) = value::path(text, self.env.get("HOME")) else {
            tracing::warn!(
                include = text,
                "a git configuration is not included: its path means nothing here"
            );
            return Ok(());
        };
        let path = match from.and_then(Path::parent) {
            _ if path.is_absolute() => path,
            Some(dir) => dir.join(path),
            None => return Err(format!("include.path {text} must be absolute where no file has it")),
        };
        self.file(&path, depth)
    }

    /// `GIT_CONFIG_COUNT` and its pairs.
    fn environment(&mut self) -> Result<(), String> {
        let Some(count) = self.env.text("GIT_CONFIG_COUNT").filter(|count| !count.is_empty()) else {
            return Ok(());
        };
        let count = count.parse::<usize>().ok().filter(|count| *count <= MOST_LINES);
        for i in 0..count.ok_or("GIT_CONFIG_COUNT is no number of settings")? {
            let of = |what: &str| {
                let name = format!("GIT_CONFIG_{what}_{i}");
                let text = self.env.text(&name).map(str::to_owned);
                text.ok_or_else(|| format!("{name} is missing, or is no text"))
            };
            let (key, value) = (of("KEY")?, of("VALUE")?);
            let key = canonical(&key).ok_or_else(|| format!("GIT_CONFIG_KEY_{i} names no setting"))?;
            self.add(Line { key, value: Some(value) }, None, 0)?;
        }
        Ok(())
    }
}

/// A key whose section and name are in lower case.
fn canonical(key: &str) -> Option<String> {
    let (section, rest) = key.split_once('.')?;
    let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let (sub, name) = rest.rsplit_once('.').map_or((None, rest), |(sub, name)| (Some(sub), name));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && is_word(name);
    if section.is_empty() || !is_word(section) || !is_name || key.contains('\n') {
        return None;
    }
    let (section, name) = (section.to_ascii_lowercase(), name.to_ascii_lowercase());
    Some(sub.map_or_else(|| format!("{section}.{name}"), |sub| format!("{section}.{sub}.{name}")))
}

fn text(path: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    // What else there is may never end, or never begin.
    if !fs::metadata(path)?.is_file() && path != Path::new("/dev/null") {
        return Err(std::io::Error::new(ErrorKind::InvalidInput, "it is no file"));
    }
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

const SYSTEM: &str = "/etc/gitconfig";
/// As deep as git goes.
const DEEPEST: usize = 10;
const MOST_FILES: usize = 100;
const MOST_LINES: usize = 10_000;
const LARGEST: u64 = 1 << 20;
