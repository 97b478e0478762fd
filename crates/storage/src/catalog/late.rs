//! A catalog that begins when its directory can be written.

use std::sync::{Arc, OnceLock};

use gomod::ModuleVersion;

use super::{
    Catalog, CatalogError, Deed, Event, Lease, NoCatalog, Refused, SqliteCatalog, Token, TokenHash,
    TokenName, Totals, Used,
};
use crate::{BoxFuture, Data};

/// The catalog of a directory that cannot be written yet: none, and the one in the directory from the time when it
/// can. Until then nothing was stored that it could miss.
#[derive(Debug)]
pub(crate) struct LateCatalog {
    data: Arc<Data>,
    begun: OnceLock<SqliteCatalog>,
}

impl LateCatalog {
    pub(crate) fn new(data: Arc<Data>) -> Self {
        LateCatalog { data, begun: OnceLock::new() }
    }

    fn now(&self) -> &dyn Catalog {
        if self.data.is_read_only() {
            return &NoCatalog;
        }
        self.begun.get_or_init(|| SqliteCatalog::start(&self.data))
    }
}

impl Catalog for LateCatalog {
    fn note(&self, used: Used) {
        self.now().note(used);
    }

    fn record(&self, events: Vec<Event>) -> BoxFuture<'static, Result<(), CatalogError>> {
        self.now().record(events)
    }

    fn lease(&self, name: &str) -> BoxFuture<'static, Result<Option<Lease>, CatalogError>> {
        self.now().lease(name)
    }

    fn audit(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Refused>, CatalogError>> {
        self.now().audit(limit)
    }

    fn deeds(&self, limit: u32) -> BoxFuture<'static, Result<Vec<Deed>, CatalogError>> {
        self.now().deeds(limit)
    }

    fn tokens(&self) -> BoxFuture<'static, Result<Vec<Token>, CatalogError>> {
        self.now().tokens()
    }

    fn add_token(&self, token: Token, hash: TokenHash) -> BoxFuture<'static, Result<bool, CatalogError>> {
        self.now().add_token(token, hash)
    }

    fn revoke_token(&self, name: TokenName) -> BoxFuture<'static, Result<bool, CatalogError>> {
        self.now().revoke_token(name)
    }

    fn token(&self, hash: TokenHash) -> BoxFuture<'static, Result<Option<Token>, CatalogError>> {
        self.now().token(hash)
    }

    fn versions(
        &self,
        after: Option<ModuleVersion>,
        limit: u32,
    ) -> BoxFuture<'static, Result<Vec<ModuleVersion>, CatalogError>> {
        self.now().versions(after, limit)
    }

    fn totals(&self) -> BoxFuture<'static, Result<Totals, CatalogError>> {
        self.now().totals()
    }

    fn is_complete(&self) -> BoxFuture<'static, Result<bool, CatalogError>> {
        self.now().is_complete()
    }

    fn set_complete(&self, complete: bool) -> BoxFuture<'static, Result<(), CatalogError>> {
        self.now().set_complete(complete)
    }
}
