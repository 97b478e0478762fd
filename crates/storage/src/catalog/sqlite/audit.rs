//! The table of what was refused.

use std::sync::Arc;

use gomod::{DbName, H1, ModulePath, ModuleVersion, Version};
use jiff::Timestamp;
use rusqlite::{Connection, Row, params, types::Type};

use crate::{
    Kind,
    catalog::audit::{DATABASE, LEDGER, MISBEHAVIOUR, MOVED, Offence, Refused},
};

/// Columns that do not apply are empty, so that one key covers every offence.
pub(super) const CREATE: &str = "
    CREATE TABLE audit (
        at BIGINT NOT NULL,
        offence TEXT NOT NULL,
        db TEXT NOT NULL,
        module TEXT NOT NULL,
        version TEXT NOT NULL,
        kind TEXT NOT NULL,
        had TEXT NOT NULL,
        got TEXT NOT NULL,
        source TEXT NOT NULL,
        evidence TEXT NOT NULL,
        PRIMARY KEY (at, offence, db, module, version, kind, had, got, source)
    );
";

pub(super) const REFUSED: &str = "
    INSERT INTO audit (at, offence, db, module, version, kind, had, got, source, evidence)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (at, offence, db, module, version, kind, had, got, source) DO NOTHING";

/// Those before the `$1`-th newest.
pub(super) const FORGET: &str = "
    DELETE FROM audit WHERE at < (SELECT at FROM audit ORDER BY at DESC LIMIT 1 OFFSET $1)";

pub(super) const NEWEST: &str = "
    SELECT at, offence, db, module, version, kind, had, got, source, evidence
    FROM audit ORDER BY at DESC, offence, db, module, version, kind, had, got, source LIMIT $1";

/// Files what was refused; the oldest are dropped beyond [`KEPT`].
pub(super) fn refused(db: &Connection, refused: &Refused) -> rusqlite::Result<()> {
    let Refused { offence, source, at, .. } = refused;
    let (file, hashes) = (offence.file(), offence.hashes());
    let hash = |hash: Option<H1>| hash.map(|hash| hash.to_string()).unwrap_or_default();
    db.prepare_cached(REFUSED)?.execute(params![
        at.as_microsecond(),
        offence.as_str(),
        offence.db().map_or("", DbName::as_str),
        file.map_or("", |(version, _)| version.path().as_str()),
        file.map_or("", |(version, _)| version.version().as_str()),
        file.map_or("", |(_, kind)| kind.as_str()),
        hash(hashes.map(|(had, _)| had)),
        hash(hashes.map(|(_, got)| got)),
        source,
        refused.kept_evidence(),
    ])?;
    db.prepare_cached(FORGET)?.execute([KEPT - 1])?;
    Ok(())
}

/// The newest, the newest first.
pub(super) fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Refused>> {
    db.prepare_cached(NEWEST)?.query_map([limit], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Refused> {
    let text = |column: usize| row.get::<_, String>(column);
    let db = || DbName::new(&text(2)?).map_err(|error| wrong(2, error));
    let hash = |column: usize| text(column)?.parse::<H1>().map_err(|error| wrong(column, error));
    let kind = || match text(5)?.as_str() {
        "info" => Ok(Kind::Info),
        "mod" => Ok(Kind::Mod),
        "zip" => Ok(Kind::Zip),
        _ => Err(rusqlite::Error::InvalidColumnType(5, "kind".into(), Type::Text)),
    };
    let offence = match text(1)?.as_str() {
        DATABASE => Offence::Database {
            db: db()?,
            version: version(row, 3)?,
            kind: kind()?,
            had: hash(6)?,
            got: hash(7)?,
        },
        LEDGER => Offence::Ledger { version: version(row, 3)?, kind: kind()?, had: hash(6)?, got: hash(7)? },
        MISBEHAVIOUR => Offence::Misbehaviour { db: db()? },
        MOVED => Offence::Moved { version: version(row, 3)? },
        _ => return Err(rusqlite::Error::InvalidColumnType(1, "offence".into(), Type::Text)),
    };
    let at = Timestamp::from_microsecond(row.get(0)?).map_err(|error| wrong(0, error))?;
    Ok(Refused { offence, source: Arc::from(text(8)?), evidence: text(9)?, at })
}

/// The module version in two columns that follow each other.
pub(super) fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<ModuleVersion> {
    let path = ModulePath::new(&row.get::<_, String>(column)?).map_err(|error| wrong(column, error))?;
    let number =
        Version::new(&row.get::<_, String>(column + 1)?).map_err(|error| wrong(column + 1, error))?;
    ModuleVersion::new(path, number).map_err(|error| wrong(column + 1, error))
}

pub(super) fn wrong(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// How many are kept. A source that lies all day must not fill the disk.
const KEPT: u32 = 10_000;
