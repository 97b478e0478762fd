//! The table of tokens. It is the one thing here that no receipt has: with the catalog the tokens are lost, and nobody
//! has a right that an operator has not given anew.

use gomod::Patterns;
use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use super::audit::wrong;
use crate::catalog::token::{Scope, Token, TokenHash, TokenName};

/// `expires` is empty for one that does not.
pub(super) const CREATE: &str = "
    CREATE TABLE tokens (
        name TEXT PRIMARY KEY,
        hash BYTEA NOT NULL UNIQUE,
        modules TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created BIGINT NOT NULL,
        expires BIGINT
    );
";

const ALL: &str = "SELECT name, modules, scopes, created, expires, hash FROM tokens ORDER BY name";

const COUNT: &str = "SELECT COUNT(*) FROM tokens";

const ADD: &str = "
    INSERT INTO tokens (name, hash, modules, scopes, created, expires) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT DO NOTHING";

const REVOKE: &str = "DELETE FROM tokens WHERE name = $1";

#[cfg(test)]
pub(super) const STATEMENTS: [&str; 4] = [ALL, COUNT, ADD, REVOKE];

/// What became of a new token.
pub(super) enum Added {
    Yes,
    /// There is one of that name.
    Taken,
    /// There are [`MOST`].
    Crowded,
}

pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<Token>> {
    db.prepare_cached(ALL)?.query_map([], read)?.collect()
}

pub(super) fn add(db: &Connection, token: &Token, hash: &TokenHash) -> rusqlite::Result<Added> {
    let count: u32 = db.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?;
    if count >= MOST {
        return Ok(Added::Crowded);
    }
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let added = db.prepare_cached(ADD)?.execute(params![
        token.name.as_str(),
        hash.as_bytes(),
        token.modules.to_string(),
        scopes.join(","),
        token.created.as_microsecond(),
        token.expires.map(Timestamp::as_microsecond),
    ])?;
    Ok(if added == 1 { Added::Yes } else { Added::Taken })
}

pub(super) fn revoke(db: &Connection, name: &TokenName) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached(REVOKE)?.execute([name.as_str()])? == 1)
}

/// The one with this hash. Every one is compared, so that the time says nothing.
pub(super) fn of_hash(db: &Connection, hash: &TokenHash) -> rusqlite::Result<Option<Token>> {
    let mut found = None;
    let mut statement = db.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if hash.is(&row.get::<_, Vec<u8>>(5)?) {
            found = Some(read(row)?);
        }
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Token> {
    let text = |column: usize| row.get::<_, String>(column);
    let time = |column: usize, at: i64| Timestamp::from_microsecond(at).map_err(|error| wrong(column, error));
    let scopes = text(2)?;
    let scopes = scopes.split(',').map(str::parse::<Scope>).collect::<Result<_, _>>();
    Ok(Token {
        name: TokenName::new(&text(0)?).map_err(|error| wrong(0, error))?,
        modules: Patterns::new(&text(1)?),
        scopes: scopes.map_err(|error| wrong(2, error))?,
        created: time(3, row.get(3)?)?,
        expires: row.get::<_, Option<i64>>(4)?.map(|at| time(4, at)).transpose()?,
    })
}

/// How many there may be: each is compared whenever one is shown.
pub(super) const MOST: u32 = 1000;
