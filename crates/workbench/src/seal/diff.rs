//! What differs between what was written down and what is there, or between two ledgers.

use std::fmt::Write as _;

use serde_json::{Value, json};
use storage::{SealError, SealFile, SealRow, SealedFile};

use super::check::Rows;

/// A file that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The directory, as it was named.
    pub dir: String,
    /// The path below it.
    pub path: String,
    /// What it is.
    pub kind: Kind,
}

/// How a file is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is something else.
    Changed {
        /// What it was.
        was: SealedFile,
        /// What it is.
        is: SealedFile,
    },
    /// It is not there.
    Missing(SealedFile),
    /// It was not there.
    New,
    /// It cannot be read; why.
    Unread(String),
}

/// What is in one of two ledgers, or differs between them.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What differs, in the order of directories and paths.
    pub differences: Vec<Difference>,
    /// Files that are the same in both.
    pub same: u64,
}

impl Difference {
    pub(super) fn new(dir: &str, path: &str, kind: Kind) -> Self {
        Difference { dir: dir.to_owned(), path: path.to_owned(), kind }
    }

    /// What it is, in a word.
    pub fn word(&self) -> &'static str {
        match self.kind {
            Kind::Changed { .. } => "changed",
            Kind::Missing(_) => "missing",
            Kind::New => "new",
            Kind::Unread(_) => "unread",
        }
    }

    /// What of it changed: `content`, `size`, `mode`, `kind`.
    pub fn what(&self) -> Vec<&'static str> {
        let Kind::Changed { was, is } = self.kind else { return Vec::new() };
        let kind = |file: SealedFile| file.mode & !0o7777;
        [
            ("kind", kind(was) != kind(is)),
            ("content", was.sha256 != is.sha256),
            ("size", was.size != is.size),
            ("mode", was.mode & 0o7777 != is.mode & 0o7777),
        ]
        .into_iter()
        .filter_map(|(what, differs)| differs.then_some(what))
        .collect()
    }

    /// A line for people.
    pub fn text(&self) -> String {
        let path = crate::report::plain(&format!("{}/{}", self.dir, self.path));
        match &self.kind {
            Kind::Changed { was, is } => {
                let mut what = self.what().join(", ");
                if was.size != is.size {
                    let _ = write!(what, " ({} bytes, were {})", is.size, was.size);
                } else if was.mode != is.mode {
                    let _ = write!(what, " ({:o}, was {:o})", is.mode & 0o7777, was.mode & 0o7777);
                }
                format!("changed  {path}: {what}")
            }
            Kind::Missing(_) => format!("missing  {path}"),
            Kind::New => format!("new      {path}"),
            Kind::Unread(why) => format!("unread   {path}: {why}"),
        }
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let facts = |file: &SealedFile| json!({"sha256": file.hex(), "size": file.size, "mode": format!("{:o}", file.mode), "time": file.time});
        let (was, is, why) = match &self.kind {
            Kind::Changed { was, is } => (Some(facts(was)), Some(facts(is)), None),
            Kind::Missing(was) => (Some(facts(was)), None, None),
            Kind::New => (None, None, None),
            Kind::Unread(why) => (None, None, Some(why)),
        };
        json!({
            "dir": self.dir, "path": self.path, "is": self.word(), "what": self.what(),
            "sealed": was, "found": is, "why": why,
        })
    }
}

/// Compares two ledgers: what the second one has that the first one has not is new.
///
/// # Errors
/// Those of the ledgers.
pub fn diff(before: &SealFile, after: &SealFile) -> Result<Seen, SealError> {
    let mut seen = Seen::default();
    let (roots, others) = (before.roots()?, after.roots()?);
    let mut names: Vec<_> = roots.iter().chain(&others).map(|root| root.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let rows = |ledger, roots: &[storage::SealRoot]| {
            Rows::new(ledger, roots.iter().find(|root| root.name == name).cloned())
        };
        let (mut old, mut new) = (rows(before, &roots), rows(after, &others));
        let (mut one, mut other) = (old.next().transpose()?, new.next().transpose()?);
        loop {
            let order = match (&one, &other) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => one.path.cmp(&other.path),
            };
            if order.is_le()
                && let Some(row) = &one
                && order.is_ne()
            {
                seen.differences.push(Difference::new(&name, &row.path, Kind::Missing(row.file)));
            }
            if order.is_gt()
                && let Some(row) = &other
            {
                seen.differences.push(Difference::new(&name, &row.path, Kind::New));
            }
            if let (true, Some(one), Some(other)) = (order.is_eq(), &one, &other) {
                seen.compare(&name, one, other);
            }
            if order.is_le() {
                one = old.next().transpose()?;
            }
            if order.is_ge() {
                other = new.next().transpose()?;
            }
        }
    }
    Ok(seen)
}

impl Seen {
    fn compare(&mut self, dir: &str, one: &SealRow, other: &SealRow) {
        let kind = Kind::Changed { was: one.file, is: other.file };
        let difference = Difference::new(dir, &one.path, kind);
        if difference.what().is_empty() {
            self.same += 1;
        } else {
            self.differences.push(difference);
        }
    }
}
