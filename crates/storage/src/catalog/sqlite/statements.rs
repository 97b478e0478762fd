//! The tables, and every statement that is run on them.
//!
//! The texts are to run on PostgreSQL too. rusqlite numbers `$n` by first appearance, so they must appear in
//! order; a test sees to that.

use gomod::ModuleVersion;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::{Totals, Used},
    audit, deeds, tokens,
};
use crate::{Kind, Receipt, State};

/// The number of the tables' form; a database with a higher one is left to the newer Larder that made it.
pub(super) const VERSION: i32 = 4;

/// The first form.
pub(super) const CREATE: &str = "
    CREATE TABLE versions (
        module TEXT NOT NULL,
        version TEXT NOT NULL,
        state TEXT NOT NULL,
        info_size BIGINT,
        mod_size BIGINT,
        mod_h1 TEXT,
        zip_size BIGINT,
        zip_h1 TEXT,
        source TEXT NOT NULL,
        evidence TEXT NOT NULL,
        changed BIGINT NOT NULL,
        used BIGINT,
        PRIMARY KEY (module, version)
    );
    CREATE TABLE quarantine (
        module TEXT NOT NULL,
        version TEXT NOT NULL,
        kind TEXT NOT NULL,
        at BIGINT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (module, version, kind, at)
    );
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
";

/// What makes a form the next one, from the first form on. Older Larders that have the database open go on with it:
/// nothing they know is changed.
pub(super) const STEPS: [&str; 3] = [audit::CREATE, tokens::CREATE, deeds::CREATE];

const STORED: &str = "
    INSERT INTO versions (module, version, state, info_size, mod_size, mod_h1, zip_size, zip_h1,
        source, evidence, changed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (module, version) DO UPDATE SET
        state = excluded.state, info_size = excluded.info_size, mod_size = excluded.mod_size,
        mod_h1 = excluded.mod_h1, zip_size = excluded.zip_size, zip_h1 = excluded.zip_h1,
        source = excluded.source, evidence = excluded.evidence, changed = excluded.changed
    WHERE excluded.changed >= versions.changed";

const QUARANTINED: &str = "
    INSERT INTO quarantine (module, version, kind, at, reason) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (module, version, kind, at) DO NOTHING";

const USED: &str = "
    UPDATE versions SET used = $1
    WHERE (used IS NULL OR used < $1) AND module = $2 AND version = $3";

const TOTALS: &str = "
    SELECT COUNT(*), SUM(COALESCE(info_size, 0) + COALESCE(mod_size, 0) + COALESCE(zip_size, 0))
    FROM versions";

const VERSIONS: &str = "
    SELECT module, version FROM versions WHERE (module, version) > ($1, $2)
    ORDER BY module, version LIMIT $3";

const FACT: &str = "SELECT value FROM facts WHERE name = $1";

const SET_FACT: &str = "
    INSERT INTO facts (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// Files a receipt, unless a newer one is there.
pub(super) fn stored(db: &Connection, receipt: &Receipt) -> rusqlite::Result<()> {
    let (info, gomod, zip) = (receipt.fact(Kind::Info), receipt.fact(Kind::Mod), receipt.fact(Kind::Zip));
    let size = |fact: Option<&crate::FileFact>| fact.map(|fact| as_bigint(fact.size()));
    let h1 = |fact: Option<&crate::FileFact>| fact.and_then(crate::FileFact::h1).map(|h1| h1.to_string());
    let main = zip.or(gomod).or(info);
    let state = match receipt.state() {
        State::Pending => "pending",
        State::Verified => "verified",
        State::Withdrawn(_) => "withdrawn",
        State::Tombstone(_) => "tombstone",
    };
    db.prepare_cached(STORED)?.execute(params![
        receipt.version().path().as_str(),
        receipt.version().version().as_str(),
        state,
        size(info),
        size(gomod),
        h1(gomod),
        size(zip),
        h1(zip),
        main.map_or("", |fact| fact.source()),
        main.map_or("", |fact| fact.evidence().as_str()),
        receipt.at().as_microsecond(),
    ])?;
    Ok(())
}

pub(super) fn quarantined(
    db: &Connection,
    version: &ModuleVersion,
    kind: Kind,
    reason: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let (module, version) = (version.path().as_str(), version.version().as_str());
    let row = params![module, version, kind.as_str(), at.as_microsecond(), reason];
    db.prepare_cached(QUARANTINED)?.execute(row)?;
    Ok(())
}

/// Notes a use; of a version that is not in the index, nothing.
pub(super) fn used(db: &Connection, used: &Used) -> rusqlite::Result<()> {
    let (module, version) = (used.version.path().as_str(), used.version.version().as_str());
    db.prepare_cached(USED)?.execute(params![used.at.as_microsecond(), module, version])?;
    Ok(())
}

/// Module versions with a receipt, behind one of them.
pub(super) fn versions(
    db: &Connection,
    after: Option<&ModuleVersion>,
    limit: u32,
) -> rusqlite::Result<Vec<ModuleVersion>> {
    let (module, version) = after.map_or(("", ""), |after| (after.path().as_str(), after.version().as_str()));
    db.prepare_cached(VERSIONS)?
        .query_map(params![module, version, limit], |row| audit::version(row, 0))?
        .collect()
}

pub(super) fn totals(db: &Connection) -> rusqlite::Result<Totals> {
    db.prepare_cached(TOTALS)?.query_row([], |row| {
        let (versions, bytes): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
        Ok(Totals {
            versions: u64::try_from(versions).unwrap_or_default(),
            bytes: u64::try_from(bytes.unwrap_or_default()).unwrap_or_default(),
        })
    })
}

pub(super) fn is_complete(db: &Connection) -> rusqlite::Result<bool> {
    let value: Option<String> =
        db.prepare_cached(FACT)?.query_row([COMPLETE], |row| row.get(0)).optional()?;
    Ok(value.as_deref() == Some("yes"))
}

pub(super) fn set_complete(db: &Connection, complete: bool) -> rusqlite::Result<()> {
    let value = if complete { "yes" } else { "no" };
    db.prepare_cached(SET_FACT)?.execute([COMPLETE, value])?;
    Ok(())
}

const COMPLETE: &str = "index complete";

fn as_bigint(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_appear_in_order() {
        let others = [audit::REFUSED, audit::FORGET, audit::NEWEST].into_iter();
        let others = others.chain(deeds::STATEMENTS).chain(tokens::STATEMENTS);
        for statement in [STORED, QUARANTINED, USED, VERSIONS, FACT, SET_FACT].into_iter().chain(others) {
            let mut last = 0;
            for part in statement.split('$').skip(1) {
                let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap();
                let n: u32 = digits.parse().unwrap();
                assert!(n <= last + 1, "${n} after ${last} in {statement}");
                last = last.max(n);
            }
        }
    }
}
