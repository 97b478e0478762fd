//! Why a tree becomes no zip, in the go command's words (golang.org/x/mod `zip`, `module`).

use std::fmt::Write as _;

use gomod::{
    CheckedFiles, Collision, FileFault, FilePathFault, MAX_GOMOD, MAX_LICENSE, MAX_ZIP, TreeFault, Verdict,
    quote,
};

/// All that is wrong, one line each; nothing where all is well. `paths` are those that were checked.
pub(crate) fn of<'a>(checked: &CheckedFiles<'_>, paths: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    if matches!(checked.faults().next()?, TreeFault::TooLarge) {
        return Some(format!("module source tree too large (max size is {MAX_ZIP} bytes)"));
    }
    let mut text = String::new();
    let faults = checked.verdicts().iter().zip(paths).filter_map(|(verdict, path)| match verdict {
        Verdict::Refuse(fault) => Some((path, fault)),
        Verdict::Include | Verdict::Omit(_) => None,
    });
    for (path, fault) in faults.take(MOST) {
        let path = String::from_utf8_lossy(path);
        if !text.is_empty() {
            text.push('\n');
        }
        let plain: String = path.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let _ = write!(text, "{plain}: {}", words(&path, fault));
    }
    Some(text)
}

fn words(path: &str, fault: &FileFault) -> String {
    match fault {
        FileFault::NotClean => "file path is not clean".to_owned(),
        FileFault::Absolute => "file path is not relative".to_owned(),
        FileFault::Path(fault) => {
            let shown: String = path.chars().take(LONGEST).collect();
            format!("malformed file path {}: {}", quote(&shown), path_words(path, fault))
        }
        FileFault::GoModCase => "go.mod files must have lowercase names".to_owned(),
        FileFault::Collision(Collision::Case(one, other)) => {
            format!("case-insensitive file name collision: {one} and {other}")
        }
        FileFault::Collision(Collision::FileAndDirectory(path)) => {
            format!("entry {path} is both a file and a directory")
        }
        FileFault::Collision(Collision::Twice(path)) => format!("multiple entries for file {path}"),
        FileFault::TooLarge if path == "LICENSE" => {
            format!("LICENSE file too large (max size is {MAX_LICENSE} bytes)")
        }
        FileFault::TooLarge => format!("go.mod file too large (max size is {MAX_GOMOD} bytes)"),
    }
}

fn path_words(path: &str, fault: &FilePathFault) -> String {
    match fault {
        FilePathFault::NotUtf8 => "invalid UTF-8".to_owned(),
        FilePathFault::Empty => "empty string".to_owned(),
        FilePathFault::EmptyElement => "empty path element".to_owned(),
        FilePathFault::Dots => {
            let dots = path.split('/').find(|part| part.bytes().all(|b| b == b'.')).unwrap_or_default();
            format!("invalid path element {}", quote(dots))
        }
        FilePathFault::TrailingDot => "trailing dot in path element".to_owned(),
        FilePathFault::Character(c) => format!("invalid char {}", quoted(*c)),
        FilePathFault::WindowsDevice(name) => {
            format!("{name} disallowed as path element component on Windows")
        }
    }
}

/// A character as Go's `%q` writes it.
fn quoted(c: char) -> String {
    match c {
        '"' => "'\"'".to_owned(),
        '\'' => "'\\''".to_owned(),
        c => quote(c.encode_utf8(&mut [0; 4])).replace('"', "'"),
    }
}

/// Lines of a refusal.
const MOST: usize = 10;
/// Characters of a path.
const LONGEST: usize = 200;
