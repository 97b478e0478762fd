//! Making the index complete again, from the receipts: after the catalog was lost, and after a process died
//! between storing something and telling the catalog.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use gomod::ModulePath;

use super::Store;
use crate::{CatalogError, Event, Key, Lease, Prefix};

/// Starts it in the background if there is a need. It ends with the store.
pub(super) fn start(store: &Arc<Store>, crashed: bool) {
    let store = Arc::downgrade(store);
    tokio::spawn(async move {
        if let Err(error) = rebuild(&store, crashed).await {
            tracing::warn!("the index is not complete: {error}");
        }
    });
}

async fn rebuild(weak: &Weak<Store>, crashed: bool) -> Result<(), CatalogError> {
    let Some(store) = weak.upgrade() else { return Ok(()) };
    if crashed {
        store.catalog.set_complete(false).await?;
    } else if store.catalog.is_complete().await? {
        return Ok(());
    }
    // One process is enough; if it dies, the mark is still missing and the next start goes on.
    let Some(lease) = store.catalog.lease(INDEX).await? else { return Ok(()) };
    drop(store);
    let found = index(weak, &lease).await?;
    if found > 0 {
        tracing::info!(versions = found, "the index is complete again");
    }
    Ok(())
}

impl Store {
    /// Makes the index of the catalog anew from the receipts, and says how many there are. Waits while another
    /// process does so.
    pub async fn rebuild_index(self: &Arc<Self>) -> Result<u64, CatalogError> {
        let lease = loop {
            if let Some(lease) = self.catalog.lease(INDEX).await? {
                break lease;
            }
            tokio::time::sleep(PAUSE).await;
        };
        self.catalog.set_complete(false).await?;
        index(&Arc::downgrade(self), &lease).await
    }
}

/// Reads every receipt into the index, unless the store is given up.
async fn index(weak: &Weak<Store>, _alone: &Lease) -> Result<u64, CatalogError> {
    let Some(store) = weak.upgrade() else { return Ok(0) };
    let mut receipts = store.blobs.list(&Prefix::Receipts);
    drop(store);
    let (mut batch, mut module, mut found) = (Vec::new(), None, 0_u64);
    while let Some(key) = receipts.next().await {
        let Some(store) = weak.upgrade() else { return Ok(found) };
        match key {
            Ok(Key::Receipt(version)) => {
                if module.as_ref() != Some(version.path()) {
                    module = Some(version.path().clone());
                    derive(&store, version.path()).await;
                }
                match store.receipt(&version).await {
                    Ok(Some(receipt)) => {
                        if receipt.withdrawn().is_some()
                            && let Err(error) = store.remove_files(&version).await
                        {
                            tracing::warn!(%version, "withdrawn, and its files are still there: {error}");
                        }
                        batch.push(Event::Stored(Box::new(receipt)));
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!("not in the index: {error}"),
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("not in the index: {error}"),
        }
        if batch.len() >= BATCH {
            found += batch.len() as u64;
            store.catalog.record(std::mem::take(&mut batch)).await?;
        }
    }
    let Some(store) = weak.upgrade() else { return Ok(found) };
    found += batch.len() as u64;
    store.catalog.record(batch).await?;
    store.catalog.set_complete(true).await?;
    Ok(found)
}

/// What a process that died may have left undone beside the index.
async fn derive(store: &Store, module: &ModulePath) {
    if let Err(error) = store.blobs.derive(module).await {
        tracing::warn!(%module, "the list of stored versions may be old: {error}");
    }
}

/// The lease of whoever makes the index.
const INDEX: &str = "index";
/// How often that lease is tried for.
const PAUSE: Duration = Duration::from_millis(50);
/// Receipts recorded in one transaction.
const BATCH: usize = 256;
