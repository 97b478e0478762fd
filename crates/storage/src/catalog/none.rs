//! The catalog of a data directory that cannot be written: none.

use gomod::ModuleVersion;

use super::{Catalog, CatalogError, Deed, Event, Lease, Refused, Token, TokenHash, TokenName, Totals, Used};
use crate::BoxFuture;

/// A catalog that keeps nothing. Every lease is granted, since there is nobody to share with.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCatalog;

impl Catalog for NoCatalog {
    fn note(&self, _: Used) {}

    fn record(&self, _: Vec<Event>) -> BoxFuture<'static, Result<(), CatalogError>> {
        ready(Ok(()))
    }

    fn lease(&self, _: &str) -> BoxFuture<'static, Result<Option<Lease>, CatalogError>> {
        ready(Ok(Some(Lease::of_nothing())))
    }

    fn audit(&self, _: u32) -> BoxFuture<'static, Result<Vec<Refused>, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn deeds(&self, _: u32) -> BoxFuture<'static, Result<Vec<Deed>, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn tokens(&self) -> BoxFuture<'static, Result<Vec<Token>, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn add_token(&self, _: Token, _: TokenHash) -> BoxFuture<'static, Result<bool, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn revoke_token(&self, _: TokenName) -> BoxFuture<'static, Result<bool, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn token(&self, _: TokenHash) -> BoxFuture<'static, Result<Option<Token>, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn versions(
        &self,
        _: Option<ModuleVersion>,
        _: u32,
    ) -> BoxFuture<'static, Result<Vec<ModuleVersion>, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn totals(&self) -> BoxFuture<'static, Result<Totals, CatalogError>> {
        ready(Err(CatalogError::Unavailable))
    }

    fn is_complete(&self) -> BoxFuture<'static, Result<bool, CatalogError>> {
        ready(Ok(true))
    }

    fn set_complete(&self, _: bool) -> BoxFuture<'static, Result<(), CatalogError>> {
        ready(Ok(()))
    }
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, T> {
    Box::pin(std::future::ready(value))
}
