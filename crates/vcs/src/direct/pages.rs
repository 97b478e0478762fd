//! Pages that say where code is, remembered: the modules of one host share the page of their prefix.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{rules::Rules, shared::Shared};
use crate::{Cause, Page, Pages, VcsError, WebPages};

/// The pages of all routes.
pub(super) type Shelf = Shared<(Arc<Rules>, bool, String), Result<Arc<Page>, VcsError>>;

/// Pages as one route sees them.
#[derive(Debug)]
pub(super) struct Remembered<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) rules: &'a Arc<Rules>,
    pub(super) insecure: bool,
    pub(super) web: &'a WebPages,
    pub(super) runtime: &'a Handle,
    /// How long a page counts.
    pub(super) keep: Duration,
    /// How long one counts that says nothing.
    pub(super) keep_empty: Duration,
}

impl Pages for Remembered<'_> {
    fn get(&self, import: &str) -> Result<Page, VcsError> {
        let key = (Arc::clone(self.rules), self.insecure, import.to_owned());
        let (web, runtime, import) = (self.web.clone(), self.runtime.clone(), import.to_owned());
        let (keep, keep_empty) = (self.keep, self.keep_empty);
        let flight = self.shelf.join(
            &key,
            |_| true,
            |_| async move {
                let asked = runtime.spawn_blocking(move || web.get(&import).map(Arc::new)).await;
                let page = asked.unwrap_or_else(|_| Err(broken_off()));
                let keep = match &page {
                    Ok(page) if page.body.len() > LARGEST || page.cut.is_some() => Duration::ZERO,
                    Ok(page) if says(page) => keep,
                    Ok(_) => keep_empty,
                    Err(_) => super::FAILURE,
                };
                (page, keep)
            },
        );
        let known = self.runtime.block_on(flight.wait()).ok_or_else(broken_off)?;
        known.value.map(|page| (*page).clone())
    }
}

/// KiB.
pub(super) fn weight(page: &Result<Arc<Page>, VcsError>) -> usize {
    page.as_ref().map_or(1, |page| page.body.len() >> 10)
}

fn says(page: &Page) -> bool {
    page.body.windows(TAG.len()).any(|part| part.eq_ignore_ascii_case(TAG))
}

fn broken_off() -> VcsError {
    VcsError::failed(Cause::Local, "direct", "the work was broken off")
}

const TAG: &[u8] = b"go-import";
/// Bytes of a page that is remembered.
const LARGEST: usize = 64 << 10;
