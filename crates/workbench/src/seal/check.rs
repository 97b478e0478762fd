//! What lies below directories, compared with what was written down.

use std::{cell::RefCell, cmp::Ordering, iter::Peekable, num::NonZero, vec};

use storage::{SealError, SealFile, SealRoot, SealRow};

use super::{
    Failed, Tally,
    create::unreadable,
    diff::{Difference, Kind},
    place::Place,
    pool::{Next, run},
    walk::{Found, Walk},
};

/// What counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Permissions do not: a disk that travels may know none.
    pub ignore_mode: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Files that were hashed, and their bytes.
    pub hashed: Tally,
    /// What is not as it was, in the order of directories and paths.
    pub differences: Vec<Difference>,
}

/// The rows of a directory, a page at a time.
pub(super) struct Rows<'a> {
    ledger: &'a SealFile,
    root: Option<SealRoot>,
    page: vec::IntoIter<SealRow>,
    last: String,
}

impl<'a> Rows<'a> {
    /// All of it; of no directory there are none.
    pub(super) fn new(ledger: &'a SealFile, root: Option<SealRoot>) -> Self {
        Rows { ledger, root, page: Vec::new().into_iter(), last: String::new() }
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<SealRow, SealError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.len() == 0 {
            match self.ledger.behind(self.root.as_ref()?, &self.last, PAGE) {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.root = None;
                    return Some(Err(error));
                }
            }
        }
        let row = self.page.next()?;
        self.last.clone_from(&row.path);
        Some(Ok(row))
    }
}

/// Hashes every file below the places and compares it. Files are opened where the walk has found them, never where
/// the ledger says that some are.
///
/// # Errors
/// Those of the ledger, and that a directory cannot be read.
pub fn check(
    ledger: &SealFile,
    places: &[(Place, SealRoot)],
    threads: NonZero<usize>,
    rules: Rules,
    mut tell: impl FnMut(Tally),
) -> Result<Checked, Failed> {
    let mut checked = Checked::default();
    for (place, root) in places {
        let from = checked.differences.len();
        one(ledger, (place, root), threads, rules, &mut checked, &mut tell)?;
        if let Some(found) = checked.differences.get_mut(from..) {
            found.sort_by(|one, other| one.path.cmp(&other.path));
        }
    }
    Ok(checked)
}

fn one(
    ledger: &SealFile,
    (place, root): (&Place, &SealRoot),
    threads: NonZero<usize>,
    rules: Rules,
    checked: &mut Checked,
    tell: &mut impl FnMut(Tally),
) -> Result<(), Failed> {
    let walk = Walk::new(&place.dir, ledger.path()).map_err(|why| unreadable(&place.dir, why))?;
    let failed = RefCell::new(None);
    let rows = Rows::new(ledger, Some(root.clone()));
    let rows = rows.map_while(|row| row.map_err(|error| *failed.borrow_mut() = Some(error)).ok());
    let next = Merge { rows: rows.peekable(), walk: walk.peekable() };
    let next = next.map(|(job, hash)| match hash {
        Some(path) => Next::Hash(place.dir.join(path), job),
        None => Next::Known(job),
    });
    run(threads, next, |Job { path, kind }, found| {
        let kind = match (kind, found) {
            (Expected::Is(row), Some(Ok(is))) => {
                checked.hashed.files += 1;
                checked.hashed.bytes += is.size;
                tell(checked.hashed);
                Kind::Changed { was: row.file, is }
            }
            (Expected::Is(_), Some(Err(why))) => Kind::Unread(why),
            (Expected::Is(row), None) => Kind::Missing(row.file),
            (Expected::Known(kind), _) => kind,
        };
        let difference = Difference::new(&place.name, &path, kind);
        let counts = |what: &&str| !(rules.ignore_mode && *what == "mode");
        if difference.word() != "changed" || difference.what().iter().any(counts) {
            checked.differences.push(difference);
        }
        Ok::<_, Failed>(())
    })?;
    failed.into_inner().map_or(Ok(()), |error| Err(error.into()))
}

/// A file that is there, was there, or both.
struct Job {
    path: String,
    kind: Expected,
}

enum Expected {
    /// What it was; it is to be hashed.
    Is(SealRow),
    /// Known without looking into it.
    Known(Kind),
}

/// The rows and the files side by side, both in the order of paths.
struct Merge<R: Iterator<Item = SealRow>, W: Iterator<Item = Found>> {
    rows: Peekable<R>,
    walk: Peekable<W>,
}

impl<R: Iterator<Item = SealRow>, W: Iterator<Item = Found>> Iterator for Merge<R, W> {
    type Item = (Job, Option<String>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.rows.peek(), self.walk.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(row), Some(Found::File(path) | Found::Unread(path, _))) => row.path.cmp(path),
        };
        if order.is_lt() {
            let row = self.rows.next()?;
            let kind = Expected::Known(Kind::Missing(row.file));
            return Some((Job { path: row.path, kind }, None));
        }
        let row = if order.is_eq() { self.rows.next() } else { None };
        Some(match (self.walk.next()?, row) {
            (Found::Unread(path, why), _) => (Job { path, kind: Expected::Known(Kind::Unread(why)) }, None),
            (Found::File(path), Some(row)) => {
                (Job { path: path.clone(), kind: Expected::Is(row) }, Some(path))
            }
            (Found::File(path), None) => (Job { path, kind: Expected::Known(Kind::New) }, None),
        })
    }
}

/// Rows that are read at once.
const PAGE: u32 = 1024;
