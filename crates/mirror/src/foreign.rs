//! Files that lie in the store without a receipt: copied from another proxy or from a module cache. Each gets
//! the whole check that an arriving file gets, at its first use.

use std::sync::Arc;

use gomod::{H1, ModuleVersion, Request, ZipCheck};
use jiff::Timestamp;
use storage::{Blob, Evidence, Foreign, Kind, PublishError, Rot};

use crate::{Mirror, judge};

/// What is read into memory of a foreign file that should be small.
const SMALL: u64 = 16 << 20;
/// What stands in a receipt for the source of a file that nobody fetched.
const SOURCE: &str = "found in the data directory";

impl Mirror {
    /// Checks a foreign file and makes it an ordinary one; sets it aside if it is not what its name says.
    pub(crate) async fn adopt(
        &self,
        what: &Request,
        version: &ModuleVersion,
        kind: Kind,
        foreign: Foreign,
    ) -> Option<Blob> {
        match self.checked(what, version, kind, &foreign).await {
            Ok(blob) => Some(blob),
            Err(rot) => {
                self.set_aside(version, kind, &rot).await;
                None
            }
        }
    }

    async fn checked(
        &self,
        what: &Request,
        version: &ModuleVersion,
        kind: Kind,
        foreign: &Foreign,
    ) -> Result<Blob, Rot> {
        let h1 = match kind {
            Kind::Zip => {
                let facts = judge::zip(ZipCheck::new(version), Arc::new(foreign.clone()), foreign.len());
                Some(facts.await.map_err(|fault| foreign.refuse(fault.to_string()))?.h1)
            }
            Kind::Mod | Kind::Info => {
                let bytes = foreign.bytes(SMALL).await?;
                judge::small(what, &bytes).map_err(|lie| foreign.refuse(lie.to_string()))?;
                (kind == Kind::Mod).then(|| H1::of_gomod(&bytes))
            }
        };
        let fact = foreign.fact(h1, SOURCE, Timestamp::now(), Evidence::FirstSight).await?;
        match self.store.adopt(version, kind, foreign, fact.clone()).await {
            Ok(blob) => Ok(blob),
            Err(refused @ (PublishError::Pinned { .. } | PublishError::Withdrawn(_))) => {
                Err(foreign.refuse(refused.to_string()))
            }
            Err(error @ (PublishError::Store(_) | PublishError::Unhashed)) => {
                tracing::warn!(%version, %kind, "served, but not adopted: {error}");
                foreign.blob(fact)
            }
        }
    }
}
