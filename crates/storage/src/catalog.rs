//! The index of what is stored, for people: search, totals, last use, what was refused. It can be lost.

mod audit;
mod deed;
mod late;
mod lease;
mod none;
mod sqlite;
mod token;

pub use audit::{Offence, Refused};
pub use deed::{Act, Deed};
pub(crate) use late::LateCatalog;
pub use lease::Lease;
pub use none::NoCatalog;
pub use sqlite::SqliteCatalog;
pub use token::{BadToken, Scope, Token, TokenHash, TokenName, TokenSecret};

use std::fmt;

use gomod::ModuleVersion;
use jiff::Timestamp;

use crate::{BoxFuture, Kind, Receipt, StoreError};

/// A place for the index, and for agreements between processes.
///
/// # Contract
/// * [`note`](Catalog::note) returns at once and may lose what it was told.
/// * [`record`](Catalog::record) takes its events over before it returns its future, whether that is awaited
///   or dropped. When the future is ready, they survive a crash. To record an event again changes nothing.
/// * [`lease`](Catalog::lease) is exact: of all processes that share the store, one holds a name. It ends with
///   its holder, however that ends.
/// * Nothing here is needed to serve: callers go on when every method fails.
pub trait Catalog: fmt::Debug + Send + Sync {
    /// Notes that a file was served.
    fn note(&self, used: Used);

    /// Records what has happened.
    fn record(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), CatalogError>>;

    /// Takes a name for this process; `None` if another holder has it.
    fn lease(&self, name: &str) -> BoxFuture<'static, Result<Option<Lease>, CatalogError>>;

    /// What was refused last, the newest first; at most `limit` of the 10,000 that are kept.
    fn audit(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Refused>, CatalogError>>;

    /// What was changed by somebody's wish, the newest first; at most `limit` of the 10,000 that are kept.
    fn deeds(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Deed>, CatalogError>>;

    /// All tokens, in the order of their names.
    fn tokens(&self) -> BoxFuture<'static, Result<Vec<Token>, CatalogError>>;

    /// Keeps a token under the hash of its secret; `false` if there is one of that name.
    fn add_token(&self, token: Token, hash: TokenHash) -> BoxFuture<'static, Result<bool, CatalogError>>;

    /// Forgets a token; `false` if there is none of that name.
    fn revoke_token(&self, name: TokenName) -> BoxFuture<'static, Result<bool, CatalogError>>;

    /// The token whose secret has this hash, as it is at this moment. Other processes may have changed it just now.
    fn token(&self, hash: TokenHash) -> BoxFuture<'static, Result<Option<Token>, CatalogError>>;

    /// The module versions with a receipt that come behind `after` in the order of the bytes of path and version;
    /// at most `limit`.
    fn versions(
        &self,
        after: Option<ModuleVersion>,
        limit: u32,
    ) -> BoxFuture<'static, Result<Vec<ModuleVersion>, CatalogError>>;

    /// How much is stored.
    fn totals(&self) -> BoxFuture<'static, Result<Totals, CatalogError>>;

    /// Whether every receipt is in the index.
    fn is_complete(&self) -> BoxFuture<'static, Result<bool, CatalogError>>;

    /// Marks the index as complete, or not.
    fn set_complete(&self, complete: bool) -> BoxFuture<'static, Result<(), CatalogError>>;
}

/// Something that people may ask about later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A file was stored; this is the receipt now.
    Stored(Box<Receipt>),
    /// A file was set aside.
    Quarantined {
        /// Its module version.
        version: ModuleVersion,
        /// Which file.
        kind: Kind,
        /// What was wrong with it.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Something was refused because it was not what it had to be.
    Refused(Box<Refused>),
    /// Somebody has changed something, as he had the right to.
    Deed(Box<Deed>),
}

/// A file was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its module version.
    pub version: ModuleVersion,
    /// Which file.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
}

/// How much is known to be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Module versions with a receipt.
    pub versions: u64,
    /// Bytes of the files that the receipts speak of.
    pub bytes: u64,
}

/// Why the catalog could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// There is none at present; the log of the start says why.
    #[error("there is no catalog at present")]
    Unavailable,
    /// There are as many tokens as there may be.
    #[error("there are {0} tokens, and no more may be; revoke some")]
    Crowded(u32),
    /// The database refused.
    #[error("catalog: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A file beside the database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}
