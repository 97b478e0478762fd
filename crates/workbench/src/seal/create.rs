//! What lies below directories, written down.

use std::{
    cell::RefCell,
    io,
    num::NonZero,
    path::Path,
    time::{Duration, Instant},
};

use storage::{SealError, SealFile, SealRow};

use super::{
    Failed, Tally,
    diff::{Difference, Kind},
    hash,
    place::Place,
    pool::{Next, run},
    walk::{Found, Walk},
};

/// What was written down.
#[derive(Clone, Debug, Default)]
pub struct Created {
    /// Files that are in the ledger now, and their bytes.
    pub sealed: Tally,
    /// How many of them an earlier call, that was broken off, had hashed.
    pub resumed: u64,
    /// Files that were in the ledger and are not there any more.
    pub forgotten: usize,
    /// What could not be read, and is not in the ledger.
    pub unread: Vec<Difference>,
}

/// Hashes every file below the places and writes it down. Rows are written every second, so that a call that is broken
/// off is gone on with by the next.
///
/// # Errors
/// Those of the ledger, and that a directory cannot be read.
pub fn create(
    ledger: &SealFile,
    places: &[Place],
    threads: NonZero<usize>,
    mut tell: impl FnMut(Tally),
) -> Result<Created, Failed> {
    let mut created = Created::default();
    for place in places {
        one(ledger, place, threads, &mut created, &mut tell)?;
    }
    Ok(created)
}

fn one(
    ledger: &SealFile,
    place: &Place,
    threads: NonZero<usize>,
    created: &mut Created,
    tell: &mut impl FnMut(Tally),
) -> Result<(), Failed> {
    let walk = Walk::new(&place.dir, ledger.path()).map_err(|why| unreadable(&place.dir, why))?;
    let root = ledger.begin(&place.name)?;
    let known = RefCell::new(Ok(()));
    let next = walk.map_while(|found| {
        known.borrow().as_ref().ok()?;
        Some(match found {
            Found::Unread(path, why) => Next::Known(Job::Unread(path, why)),
            Found::File(path) => match ledger.recorded(&root, &path) {
                Ok(Some(file)) if hash::is_as(&place.dir.join(&path), &file) => {
                    Next::Known(Job::Resumed(file.size))
                }
                Ok(_) => Next::Hash(place.dir.join(&path), Job::File(path)),
                Err(error) => {
                    *known.borrow_mut() = Err(error);
                    return None;
                }
            },
        })
    });
    let mut rows = Vec::new();
    let mut written = Instant::now();
    run(threads, next, |job, found| {
        match (job, found) {
            (Job::File(path), Some(Ok(file))) => {
                created.sealed.files += 1;
                created.sealed.bytes += file.size;
                rows.push(SealRow { path, file });
            }
            (Job::File(path), Some(Err(why))) | (Job::Unread(path, why), _) => {
                created.unread.push(Difference::new(&place.name, &path, Kind::Unread(why)));
            }
            (Job::Resumed(size), _) => {
                created.sealed.files += 1;
                created.sealed.bytes += size;
                created.resumed += 1;
            }
            (Job::File(_), None) => {}
        }
        if rows.len() >= ROWS || written.elapsed() >= A_SECOND {
            ledger.record(&root, &rows)?;
            rows.clear();
            written = Instant::now();
        }
        tell(created.sealed);
        Ok::<_, SealError>(())
    })?;
    known.into_inner()?;
    ledger.record(&root, &rows)?;
    created.forgotten += ledger.finish(&root)?;
    Ok(())
}

/// What is done with something that was found.
enum Job {
    File(String),
    Resumed(u64),
    Unread(String, String),
}

pub(super) fn unreadable(dir: &Path, why: io::Error) -> Failed {
    Failed::Unreadable { dir: dir.to_owned(), why }
}

/// Rows that are written at once.
const ROWS: usize = 8192;
const A_SECOND: Duration = Duration::from_secs(1);
