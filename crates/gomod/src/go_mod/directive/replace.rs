//! The `replace` directive.

use super::super::{Replace, Replacement};
use super::{string, version_of};
use crate::path;
use crate::version::Version;

/// Reads `PATH [VERSION] => PATH VERSION` or `PATH [VERSION] => DIRECTORY`; `None` if it is neither.
pub(super) fn read(words: &[&str]) -> Option<Replace> {
    let (path, version, with) = match words {
        [path, "=>", with @ ..] => (path, None, with),
        [path, version, "=>", with @ ..] => (path, Some(version), with),
        _ => return None,
    };
    let path = string(path).ok()?;
    path::split_major(&path)?;
    let version = match version {
        Some(version) => Some(version_of(&path, version).ok()?),
        None => None,
    };
    let with = match with {
        [directory] => Replacement::Directory(string(directory).ok().filter(|name| is_directory(name))?),
        [path, version] => {
            let path = string(path).ok().filter(|path| !is_directory(path))?;
            Replacement::Module { path, version: Version::canonical(&string(version).ok()?).ok()? }
        }
        _ => return None,
    };
    Some(Replace { path, version, with })
}

/// Whether it names a directory on Unix or on Windows: rooted, or beginning with `.` or `..`.
fn is_directory(name: &str) -> bool {
    let relative = |dots: &str| name.strip_prefix(dots).is_some_and(|rest| rest.is_empty() || rooted(rest));
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    relative(".") || relative("..") || rooted(name) || drive
}

fn rooted(name: &str) -> bool {
    name.starts_with(['/', '\\'])
}
