//! Which line of which file exports a variable.
//!
//! Shell profiles of the user and of the machine, settings of editors, and files of the project that make containers
//! and CI runs. Nothing is carried out: lines are read for what usually sets a variable there.

mod assignment;
mod files;

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::super::Patient;

/// A line that sets a variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Export {
    /// `FILE:LINE`.
    pub(super) place: String,
    /// What it is set to, without quotes. Variables in it stand as they are.
    pub(super) value: String,
}

/// The lines that set a variable, those of shell profiles first.
pub(super) fn trace(patient: &Patient, name: &str) -> Vec<Export> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for file in files::profiles(&patient.env) {
        follow(&file, name, patient.env.home(), DEPTH, &mut seen, &mut found);
    }
    let others = files::editors(&patient.env).into_iter();
    for file in others.chain(files::project(&patient.dir, patient.root())) {
        follow(&file, name, None, 0, &mut seen, &mut found);
    }
    found
}

/// Reads a file, and those that it reads itself, once each.
fn follow(
    file: &Path,
    name: &str,
    home: Option<&Path>,
    depth: usize,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Vec<Export>,
) {
    let Ok(real) = file.canonicalize() else { return };
    if seen.len() >= MOST_FILES || !seen.insert(real) {
        return;
    }
    let Some(text) = read(file) else { return };
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(value) = assignment::value(line, name) {
            found.push(Export { place: format!("{}:{number}", file.display()), value });
        }
        if depth > 0
            && let Some(next) = home.and_then(|home| assignment::sourced(line, home))
        {
            follow(&next, name, home, depth - 1, seen, found);
        }
    }
}

/// The text of a file that can hold settings: one that is neither huge nor a device.
fn read(file: &Path) -> Option<String> {
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > LARGEST {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(file).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// No file that people write settings into comes near.
const LARGEST: u64 = 1 << 20;
/// Files that are read for one variable.
const MOST_FILES: usize = 200;
/// How far files that are read by others are followed.
const DEPTH: usize = 3;
