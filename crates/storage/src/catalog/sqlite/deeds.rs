//! The table of what was changed by somebody's wish.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params, types::Type};

use super::audit::{version, wrong};
use crate::catalog::deed::{Act, CREATED, Deed, PUBLISHED, REVOKED, WITHDRAWN};

/// Columns that do not apply are empty.
pub(super) const CREATE: &str = "
    CREATE TABLE deeds (
        at BIGINT NOT NULL,
        act TEXT NOT NULL,
        who TEXT NOT NULL,
        origin TEXT NOT NULL,
        module TEXT NOT NULL,
        version TEXT NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (at, act, who, module, version, detail)
    );
";

const DONE: &str = "
    INSERT INTO deeds (at, act, who, origin, module, version, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (at, act, who, module, version, detail) DO NOTHING";

/// Those before the `$1`-th newest.
const FORGET: &str = "
    DELETE FROM deeds WHERE at < (SELECT at FROM deeds ORDER BY at DESC LIMIT 1 OFFSET $1)";

const NEWEST: &str = "
    SELECT at, act, who, origin, module, version, detail
    FROM deeds ORDER BY at DESC, act, who, module, version, detail LIMIT $1";

#[cfg(test)]
pub(super) const STATEMENTS: [&str; 3] = [DONE, FORGET, NEWEST];

/// Files what was done; the oldest are dropped beyond [`KEPT`].
pub(super) fn done(db: &Connection, deed: &Deed) -> rusqlite::Result<()> {
    let version = deed.act.version();
    db.prepare_cached(DONE)?.execute(params![
        deed.at.as_microsecond(),
        deed.act.as_str(),
        deed.who,
        deed.from.as_deref().unwrap_or_default(),
        version.map_or("", |version| version.path().as_str()),
        version.map_or("", |version| version.version().as_str()),
        deed.act.detail(),
    ])?;
    db.prepare_cached(FORGET)?.execute([KEPT - 1])?;
    Ok(())
}

/// The newest, the newest first.
pub(super) fn newest(db: &Connection, limit: u32) -> rusqlite::Result<Vec<Deed>> {
    db.prepare_cached(NEWEST)?.query_map([limit], read)?.collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Deed> {
    let text = |column: usize| row.get::<_, String>(column);
    let act = match text(1)?.as_str() {
        PUBLISHED => Act::Published {
            version: version(row, 4)?,
            h1: text(6)?.parse().map_err(|error| wrong(6, error))?,
        },
        WITHDRAWN => Act::Withdrawn { version: version(row, 4)?, reason: text(6)? },
        CREATED => Act::TokenCreated { token: text(6)? },
        REVOKED => Act::TokenRevoked { token: text(6)? },
        _ => return Err(rusqlite::Error::InvalidColumnType(1, "act".into(), Type::Text)),
    };
    let at = Timestamp::from_microsecond(row.get(0)?).map_err(|error| wrong(0, error))?;
    let from = Some(text(3)?).filter(|from| !from.is_empty()).map(Into::into);
    Ok(Deed { act, who: text(2)?.into(), from, at })
}

/// How many are kept.
const KEPT: u32 = 10_000;
