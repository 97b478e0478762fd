//! Making the index complete again, from the receipts: after the catalog was lost, and after a process died
//! between storing something and telling the catalog.

use std::sync::{Arc, Weak};

use gomod::ModulePath;

use super::Store;
use crate::{CatalogError, Event, Key, Prefix};

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
    let Some(_lease) = store.catalog.lease("index").await? else { return Ok(()) };
    let mut receipts = store.blobs.list(&Prefix::Receipts);
    drop(store);
    let (mut batch, mut module, mut found) = (Vec::new(), None, 0_u64);
    while let Some(key) = receipts.next().await {
        let Some(store) = weak.upgrade() else { return Ok(()) };
        match key {
            Ok(Key::Receipt(version)) => {
                if module.as_ref() != Some(version.path()) {
                    module = Some(version.path().clone());
                    derive(&store, version.path()).await;
                }
                match store.receipt(&version).await {
                    Ok(Some(receipt)) => batch.push(Event::Stored(Box::new(receipt))),
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
    let Some(store) = weak.upgrade() else { return Ok(()) };
    found += batch.len() as u64;
    store.catalog.record(batch).await?;
    store.catalog.set_complete(true).await?;
    if found > 0 {
        tracing::info!(versions = found, "the index is complete again");
    }
    Ok(())
}

/// What a process that died may have left undone beside the index.
async fn derive(store: &Store, module: &ModulePath) {
    if let Err(error) = store.blobs.derive(module).await {
        tracing::warn!(%module, "the list of stored versions may be old: {error}");
    }
}

/// Receipts recorded in one transaction.
const BATCH: usize = 256;
