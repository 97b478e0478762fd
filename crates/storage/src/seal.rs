//! A ledger of files in one SQLite file that can be copied: what lay below some directories, and what it held.
//!
//! It is no part of a data directory. Whoever reads one did not have to write it: nothing in it is believed beyond its
//! form, and rows that no writer makes are an error.

mod rows;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

pub use rows::{SealRow, SealedFile};

/// An open ledger of files.
#[derive(Debug)]
pub struct SealFile {
    connection: Connection,
    path: PathBuf,
}

/// A directory whose files a ledger names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRoot {
    /// The directory, as it was written when it was sealed.
    pub name: String,
    /// Whether it was sealed to the end.
    pub complete: bool,
    id: i64,
    run: i64,
}

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is none.
    #[error("there is no {}", .0.display())]
    Absent(PathBuf),
    /// It is some other file.
    #[error("{} is no ledger that `larder seal` has made", .0.display())]
    Foreign(PathBuf),
    /// It was made by a later Larder.
    #[error("{} has form {form}, which is newer than this Larder knows", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: i32,
    },
    /// What is in it cannot have been written by Larder.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        what: String,
    },
    /// Another process writes it.
    #[error("{} is being written by another process", .0.display())]
    Busy(PathBuf),
    /// SQLite or the system refused.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl SealFile {
    /// Opens a ledger to write it, and makes it where there is none. No other process writes it meanwhile.
    pub fn write(path: &Path) -> Result<Self, SealError> {
        // An empty one is left where a call was broken off before it had made its tables.
        let is_new = std::fs::metadata(path).is_ok_and(|meta| meta.len() == 0) || !path.exists();
        let connection = Connection::open(path).map_err(|source| failed(path, source))?;
        let file = SealFile { connection, path: path.to_owned() };
        if is_new {
            file.make()?;
        }
        file.check_form()?;
        // From its first write on, this connection keeps the file for itself.
        file.run(|db| {
            db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            db.pragma_update(None, "synchronous", "FULL")?;
            db.execute_batch("BEGIN IMMEDIATE; COMMIT")
        })?;
        Ok(file)
    }

    /// Opens a ledger to read it.
    pub fn read(path: &Path) -> Result<Self, SealError> {
        if !path.is_file() {
            return Err(SealError::Absent(path.to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|source| failed(path, source))?;
        let file = SealFile { connection, path: path.to_owned() };
        file.check_form()?;
        Ok(file)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directories that it knows, in the order of their names.
    pub fn roots(&self) -> Result<Vec<SealRoot>, SealError> {
        self.run(|db| {
            let mut query = db.prepare("SELECT id, name, run, complete FROM roots ORDER BY name LIMIT ?1")?;
            let rows = query.query_map([MANY_ROOTS], |row| {
                Ok(SealRoot { id: row.get(0)?, name: row.get(1)?, run: row.get(2)?, complete: row.get(3)? })
            })?;
            rows.collect()
        })
    }

    /// Begins to seal a directory, or goes on where that was broken off. A signature goes: it was for what was there.
    pub fn begin(&self, name: &str) -> Result<SealRoot, SealError> {
        self.run(|db| {
            let known = db
                .query_row("SELECT id, run, complete FROM roots WHERE name = ?1", [name], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?))
                })
                .optional()?;
            let (id, run) = match known {
                None => {
                    db.execute("INSERT INTO roots (name, run, complete) VALUES (?1, 1, 0)", [name])?;
                    (db.last_insert_rowid(), 1)
                }
                Some((id, run, false)) => (id, run),
                Some((id, run, true)) => {
                    let next = run.saturating_add(1);
                    db.execute("UPDATE roots SET run = ?2, complete = 0 WHERE id = ?1", [id, next])?;
                    (id, next)
                }
            };
            db.execute("DELETE FROM signature", [])?;
            Ok(SealRoot { id, name: name.to_owned(), complete: false, run })
        })
    }

    /// What was recorded of a file since this sealing of its directory was begun.
    pub fn recorded(&self, root: &SealRoot, path: &str) -> Result<Option<SealedFile>, SealError> {
        let found = self.run(|db| {
            let mut query = db.prepare_cached(
                "SELECT sha256, size, mode, time FROM files WHERE root = ?1 AND path = ?2 AND run = ?3",
            )?;
            query.query_row(params![root.id, path, root.run], |row| Ok(rows::facts(row, 0))).optional()
        })?;
        found.transpose().map_err(|what| self.damaged(what))
    }

    /// Records files, in one step.
    pub fn record<'a>(
        &self,
        root: &SealRoot,
        files: impl IntoIterator<Item = &'a SealRow>,
    ) -> Result<(), SealError> {
        let path = &self.path;
        let written = self.connection.unchecked_transaction().and_then(|all| {
            {
                let mut put = all.prepare_cached(
                    "INSERT INTO files (root, path, sha256, size, mode, time, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
                     ON CONFLICT (root, path) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size, \
                     mode = excluded.mode, time = excluded.time, run = excluded.run",
                )?;
                for SealRow { path, file } in files {
                    let (sha256, size) = (file.hex(), i64::try_from(file.size).unwrap_or(i64::MAX));
                    put.execute(params![root.id, path, sha256, size, file.mode, file.time, root.run])?;
                }
            }
            all.commit()
        });
        written.map_err(|source| failed(path, source))
    }

    /// Ends the sealing of a directory: files that were not recorded in it are forgotten. Gives how many.
    pub fn finish(&self, root: &SealRoot) -> Result<usize, SealError> {
        let path = &self.path;
        let ended = self.connection.unchecked_transaction().and_then(|all| {
            let gone = all.execute("DELETE FROM files WHERE root = ?1 AND run < ?2", [root.id, root.run])?;
            all.execute("UPDATE roots SET complete = 1 WHERE id = ?1", [root.id])?;
            all.commit()?;
            Ok(gone)
        });
        ended.map_err(|source| failed(path, source))
    }

    /// Shows the files of a directory in the order of the bytes of their paths, until `each` breaks off.
    pub fn files<E: From<SealError>>(
        &self,
        root: &SealRoot,
        mut each: impl FnMut(SealRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |source| E::from(failed(&self.path, source));
        let mut query = self
            .connection
            .prepare("SELECT path, sha256, size, mode, time FROM files WHERE root = ?1 ORDER BY path")
            .map_err(failed)?;
        let mut found = query.query([root.id]).map_err(failed)?;
        while let Some(row) = found.next().map_err(failed)? {
            each(rows::row(row).map_err(|what| self.damaged(what))?)?;
        }
        Ok(())
    }

    /// The next files of a directory behind a path, in the same order; at most `limit`.
    pub fn behind(&self, root: &SealRoot, path: &str, limit: u32) -> Result<Vec<SealRow>, SealError> {
        let found = self.run(|db| {
            let mut query = db.prepare_cached(
                "SELECT path, sha256, size, mode, time FROM files WHERE root = ?1 AND path > ?2 ORDER BY path LIMIT ?3",
            )?;
            let found = query.query_map(params![root.id, path, limit], |row| Ok(rows::row(row)))?;
            found.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        found.into_iter().collect::<Result<_, _>>().map_err(|what| self.damaged(what))
    }

    /// Keeps a signed note.
    pub fn sign(&self, note: &str) -> Result<(), SealError> {
        self.run(|db| {
            db.execute("INSERT OR REPLACE INTO signature (id, note) VALUES (1, ?1)", [note]).map(|_| ())
        })
    }

    /// The signed note that is kept.
    pub fn signature(&self) -> Result<Option<String>, SealError> {
        self.run(|db| db.query_row("SELECT note FROM signature", [], |row| row.get(0)).optional())
    }

    fn make(&self) -> Result<(), SealError> {
        self.run(|db| {
            // All of it or nothing.
            let all = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
            all.execute_batch(CREATE)?;
            all.pragma_update(None, "user_version", FORM)?;
            all.pragma_update(None, "application_id", APPLICATION)?;
            all.commit()
        })
    }

    /// That it is one of ours and sound. No journal is left beside it, as it is to be copied.
    fn check_form(&self) -> Result<(), SealError> {
        let foreign = |_| SealError::Foreign(self.path.clone());
        let db = &self.connection;
        db.busy_timeout(PATIENCE).map_err(|source| failed(&self.path, source))?;
        self.run(|db| db.pragma_update(None, "trusted_schema", "OFF"))?;
        let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let application = pragma("application_id").map_err(|source| match failed(&self.path, source) {
            SealError::Busy(path) => SealError::Busy(path),
            _ => SealError::Foreign(self.path.clone()),
        })?;
        if application != APPLICATION {
            return Err(SealError::Foreign(self.path.clone()));
        }
        match pragma("user_version").map_err(foreign)? {
            FORM => {}
            form => return Err(SealError::Newer { path: self.path.clone(), form }),
        }
        let sound: String =
            self.run(|db| db.pragma_query_value(None, "quick_check", |row| row.get::<_, String>(0)))?;
        if sound == "ok" { Ok(()) } else { Err(self.damaged(sound)) }
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, SealError> {
        work(&self.connection).map_err(|source| failed(&self.path, source))
    }

    fn damaged(&self, what: impl Into<String>) -> SealError {
        SealError::Damaged { path: self.path.clone(), what: what.into() }
    }
}

fn failed(path: &Path, source: rusqlite::Error) -> SealError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SealError::Busy(path),
        Some(ErrorCode::NotADatabase) => SealError::Foreign(path),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::TypeMismatch) => {
            SealError::Damaged { path, what: source.to_string() }
        }
        _ => SealError::Sqlite { path, source },
    }
}

impl From<SealError> for io::Error {
    fn from(error: SealError) -> Self {
        io::Error::other(error)
    }
}

const CREATE: &str = "
    CREATE TABLE roots (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        run INTEGER NOT NULL,
        complete INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE files (
        root INTEGER NOT NULL REFERENCES roots,
        path TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size INTEGER NOT NULL,
        mode INTEGER NOT NULL,
        time INTEGER NOT NULL,
        run INTEGER NOT NULL,
        PRIMARY KEY (root, path)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE signature (id INTEGER PRIMARY KEY CHECK (id = 1), note TEXT NOT NULL) STRICT;
";
/// `seal` in ASCII.
const APPLICATION: i32 = 0x7365_616c;
const FORM: i32 = 1;
/// Directories in one ledger that are looked at.
const MANY_ROOTS: u32 = 10_000;
/// How long another process may be in the middle of something.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
