//! The database file: opened, or moved aside and begun anew when it is lost or damaged.
//!
//! Every process that has the database open holds a shared lock. The file is made or moved aside only under
//! the exclusive lock: SQLite finds its write-ahead log by name, so a name may not change under an open
//! database.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::statements::{CREATE, STEPS, VERSION};
use crate::{
    StoreError,
    data::lock::{self, Held},
    error::Context,
};

/// An open database. The lock is let go after the connection is closed.
pub(super) struct Opened {
    pub(super) connection: Connection,
    _in_use: Held,
}

/// Why this process goes without a catalog.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoDatabase {
    #[error("{} lies on a network disk, where SQLite is not safe", .0.display())]
    NetworkDisk(PathBuf),
    #[error("{} has form {form}, which is newer than this Larder knows", path.display())]
    Newer { path: PathBuf, form: i32 },
    #[error("{} is lost or damaged while another process uses it", .0.display())]
    InUse(PathBuf),
    #[error("cannot open {}: {source}", path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the catalog of a data directory. Blocking.
pub(super) fn open(dir: &Path) -> Result<Opened, NoDatabase> {
    if is_network_disk(dir) {
        return Err(NoDatabase::NetworkDisk(dir.to_owned()));
    }
    let path = dir.join(NAME);
    let lock_file = dir.join("locks/catalog");
    for _ in 0..TRIES {
        let in_use = lock::shared(&lock_file)?;
        match try_open(dir, &path)? {
            Some(connection) => return Ok(Opened { connection, _in_use: in_use }),
            None => drop(in_use),
        }
        if let Some(alone) = lock::try_exclusive(&lock_file)? {
            // Another may have made it between the two locks.
            if try_open(dir, &path)?.is_none() {
                begin_anew(dir, &path)?;
            }
            drop(alone);
        } else {
            std::thread::sleep(PAUSE);
        }
    }
    Err(NoDatabase::InUse(path))
}

/// Marks the database as one that the next start must not use.
pub(super) fn condemn(dir: &Path) {
    if let Err(error) = fs::write(condemned(dir), "") {
        tracing::warn!("cannot mark the catalog as damaged: {error}");
    }
}

/// `None` if there is no database, or none that can be used.
fn try_open(dir: &Path, path: &Path) -> Result<Option<Connection>, NoDatabase> {
    if !path.exists() || condemned(dir).exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let checked = Connection::open_with_flags(path, flags).and_then(|mut connection| {
        let form = check(&connection)?;
        match form {
            Some(1..VERSION) => {
                let form = bring_forward(&mut connection)?;
                Ok((connection, Some(form)))
            }
            form => Ok((connection, form)),
        }
    });
    match checked {
        Ok((connection, Some(VERSION))) => Ok(Some(connection)),
        Ok((_, Some(form))) if form > VERSION => Err(NoDatabase::Newer { path: path.to_owned(), form }),
        Ok(_) => Ok(None),
        Err(source) if means_damaged(&source) => {
            tracing::warn!("{} is damaged: {source}", path.display());
            Ok(None)
        }
        Err(source) => Err(NoDatabase::Sqlite { path: path.to_owned(), source }),
    }
}

/// The form of the tables; `None` if the database is not ours, or not sound.
fn check(connection: &Connection) -> rusqlite::Result<Option<i32>> {
    settings(connection)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    if pragma("application_id")? != APPLICATION {
        return Ok(None);
    }
    let form = pragma("user_version")?;
    let sound: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    Ok((sound == "ok").then_some(form))
}

/// Makes an older form the present one, and says which form it has now. What is in it stays; of several processes
/// one does it.
fn bring_forward(connection: &mut Connection) -> rusqlite::Result<i32> {
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let form: i32 = all.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if form < VERSION {
        go_on(&all, form)?;
        all.pragma_update(None, "user_version", VERSION)?;
        all.commit()?;
        return Ok(VERSION);
    }
    Ok(form)
}

fn go_on(all: &Transaction<'_>, form: i32) -> rusqlite::Result<()> {
    let done = usize::try_from(form - 1).unwrap_or_default();
    STEPS.iter().skip(done).try_for_each(|step| all.execute_batch(step))
}

fn settings(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Moves aside what there is, and makes an empty database. The exclusive lock must be held.
fn begin_anew(dir: &Path, path: &Path) -> Result<(), NoDatabase> {
    let stamp = Timestamp::now().strftime("%Y%m%dt%H%M%S%6f").to_string();
    for ending in ["", "-wal", "-shm"] {
        let old = dir.join(format!("{NAME}{ending}"));
        if old.exists() {
            let aside = dir.join(format!("{NAME}.broken-{stamp}{ending}"));
            tracing::warn!("{} cannot be used and is moved aside to {}", old.display(), aside.display());
            fs::rename(&old, &aside).context("rename", &old)?;
        }
    }
    let new = || -> rusqlite::Result<()> {
        let mut connection = Connection::open(path)?;
        settings(&connection)?;
        let all = connection.transaction()?;
        all.execute_batch(CREATE)?;
        go_on(&all, 1)?;
        all.pragma_update(None, "user_version", VERSION)?;
        all.commit()?;
        // Last: a database without it was not finished.
        connection.pragma_update(None, "application_id", APPLICATION)
    };
    new().map_err(|source| NoDatabase::Sqlite { path: path.to_owned(), source })?;
    let _ = fs::remove_file(condemned(dir));
    Ok(())
}

fn condemned(dir: &Path) -> PathBuf {
    dir.join("locks/catalog.damaged")
}

fn means_damaged(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    error.sqlite_error_code().is_some_and(|code| matches!(code, DatabaseCorrupt | NotADatabase))
}

#[cfg(target_os = "linux")]
fn is_network_disk(dir: &Path) -> bool {
    /// NFS, SMB, CIFS, SMB2, Ceph, AFS, 9p: statfs(2).
    const NETWORK: [u64; 7] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x00c3_6400, 0x5346_414f, 0x0102_1997];
    let kind = rustix::fs::statfs(dir).map(|disk| disk.f_type.cast_unsigned());
    kind.is_ok_and(|kind| NETWORK.contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_network_disk(_: &Path) -> bool {
    false
}

const NAME: &str = "catalog.sqlite";
/// "LARD" in ASCII; SQLite keeps it in the file's header.
const APPLICATION: i32 = 0x4c41_5244;
/// How often another process is given time to finish making the database.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(20);
