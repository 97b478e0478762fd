//! Files that lie in the store without a receipt: copied from another proxy or from a module cache. Each gets
//! the whole check that an arriving file gets, at its first use.

use std::sync::Arc;

use gomod::{H1, ModuleVersion, Request, ZipCheck};
use jiff::Timestamp;
use storage::{Blob, Evidence, Foreign, Kind, PublishError, Rot};

use crate::{
    Ask, Known, Mirror, Refusal,
    demand::{Demand, contradiction},
    judge,
    vouching::Word,
};

/// What is read into memory of a foreign file that should be small.
const SMALL: u64 = 16 << 20;
/// What stands in a receipt for the source of a file that nobody fetched.
const SOURCE: &str = "found in the data directory";

impl Mirror {
    /// Checks a foreign file and makes it an ordinary one; sets it aside if it is not what its name says. `word` is what
    /// its checksum database says, where one is asked.
    pub(crate) async fn adopt(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
        foreign: Foreign,
        word: Option<Word>,
    ) -> Result<Option<Blob>, Refusal> {
        let demand = match Demand::of(&ask.policy, version, kind, word) {
            Ok(demand) => demand,
            Err(refusal) => {
                if let Refusal::Unverified(why) = &refusal {
                    self.hold_if_silent(ask, why);
                }
                return Err(refusal);
            }
        };
        match self.checked(&ask.what, version, kind, &foreign, &demand).await {
            Ok(blob) if matches!(demand, Demand::Pending) => {
                if let Err(error) = self.store.doubt(version).await {
                    tracing::warn!(%version, "served as pending, but not marked so: {error}");
                }
                self.hold(ask);
                Ok(Some(blob.doubted()))
            }
            Ok(blob) => Ok(Some(blob)),
            Err(rot) => {
                self.set_aside(version, kind, &rot).await;
                Ok(None)
            }
        }
    }

    /// The same for the `.info` of a version, which needs nobody's word.
    pub(crate) async fn adopt_info(&self, version: &ModuleVersion, foreign: Foreign) -> Option<Blob> {
        let (what, demand) = (Request::Info(version.clone()), Demand::Nothing(Evidence::FirstSight));
        match self.checked(&what, version, Kind::Info, &foreign, &demand).await {
            Ok(blob) => Some(blob),
            Err(rot) => {
                self.set_aside(version, Kind::Info, &rot).await;
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
        demand: &Demand,
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
        if let Err(contradiction) = demand.check(version, kind, SOURCE, h1) {
            self.meters.contradictions.inc();
            self.report(version, kind, &contradiction);
            return Err(foreign.refuse(contradiction.to_string()));
        }
        let fact = foreign.fact(h1, SOURCE, Timestamp::now(), demand.evidence()).await?;
        match self.store.adopt(version, kind, foreign, fact.clone()).await {
            Ok(blob) => Ok(blob),
            Err(PublishError::Pinned { had, got, known }) => {
                let contradiction = contradiction(version, kind, SOURCE, had, got, Known::by(&known));
                self.meters.contradictions.inc();
                self.report(version, kind, &contradiction);
                Err(foreign.refuse(contradiction.to_string()))
            }
            Err(refused @ PublishError::Withdrawn(_)) => Err(foreign.refuse(refused.to_string())),
            Err(error @ (PublishError::Store(_) | PublishError::Unhashed)) => {
                tracing::warn!(%version, %kind, "served, but not adopted: {error}");
                foreign.blob(fact)
            }
        }
    }
}
