//! The rules for the names and stated sizes of a module zip's entries.

use super::directory::Entry;
use super::fault::{EntryFault, ZipFault};
use crate::collisions::{Place, collisions};
use crate::excerpt::Excerpt;
use crate::file_path::check_file_path;
use crate::limits::{MAX_GOMOD, MAX_LICENSE, MAX_ZIP};
use crate::tree::is_gomod;

/// What the directory states about all files together.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Applies `checkZip` of golang.org/x/mod/zip to what the directory states.
pub(super) fn check(entries: &[Entry<'_>], prefix: &str) -> Result<Totals, ZipFault> {
    let mut totals = Totals::default();
    let mut places = Vec::with_capacity(entries.len());
    for entry in entries {
        let place = place(entry, prefix).map_err(|fault| fault.of(entry.name.as_bytes()))?;
        places.push(place);
        if !place.is_dir {
            totals.files += 1;
            totals.bytes = totals.bytes.saturating_add(entry.size);
        }
        if totals.bytes > MAX_ZIP {
            return Err(ZipFault::ContentTooLarge);
        }
    }
    match collisions(&places).next() {
        Some((at, collision)) => {
            let name = entries.get(at).map_or("", |entry| entry.name);
            Err(EntryFault::from(collision).of(name.as_bytes()))
        }
        None => Ok(totals),
    }
}

/// The place of an entry below the module's root. A directory entry, which ends in a slash, may be there: the go
/// command hashes it and unpacks nothing. The root itself is the empty path.
fn place<'a>(entry: &Entry<'a>, prefix: &str) -> Result<Place<'a>, EntryFault> {
    let path = entry.name.strip_prefix(prefix).ok_or_else(|| EntryFault::Outside(Excerpt::of(prefix)))?;
    let directory = if path.is_empty() { Some(path) } else { path.strip_suffix('/') };
    if !path.is_empty() {
        check_file_path(directory.unwrap_or(path))?;
    }
    if let Some(path) = directory {
        return match entry.size {
            0 => Ok(Place { path, is_dir: true }),
            _ => Err(EntryFault::DirectoryWithContent),
        };
    }
    match path.rsplit_once('/') {
        Some((_, base)) if is_gomod(base.as_bytes()) => Err(EntryFault::NestedGoMod),
        None if is_gomod(path.as_bytes()) && path != "go.mod" => Err(EntryFault::GoModCase),
        None if path == "go.mod" && entry.size > MAX_GOMOD => Err(EntryFault::TooLarge),
        None if path == "LICENSE" && entry.size > MAX_LICENSE => Err(EntryFault::TooLarge),
        _ => Ok(Place { path, is_dir: false }),
    }
}
