//! Files that an operator brings on a disk: each gets the whole check that an arriving file gets, and is stored.

use std::sync::Arc;

use bytes::Bytes;
use gomod::{H1, ModulePath, ModuleVersion, Request, Version, ZipCheck};
use jiff::Timestamp;
use storage::{Evidence, FileFact, Kind, Loaded, PublishError, Receipt, Staged, Staging, StoreError};
use upstream::Priority;

use crate::{
    Ask, Known, Mirror, Reach, Refusal, Security,
    demand::{Demand, contradiction, lets_out},
    judge, vouch,
};

/// The content of a file that is brought.
#[derive(Debug)]
pub enum Brought {
    /// An `.info` or a go.mod.
    Small(Bytes),
    /// A zip that was copied whole into a [staging file](Mirror::stage).
    Zip(Arc<Staged>),
}

/// What became of a file that was brought and is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is stored from now on; this vouches for it.
    New(Evidence),
    /// It is stored from now on, although its checksum database has said nothing yet: so an operator wants it.
    Pending,
    /// It was stored before.
    Known,
}

/// Why a file that was brought is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// It cannot be what it should be, whoever vouches for it.
    #[error("{0}")]
    Unfit(String),
    /// It may be, and is not let in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be stored. The next one cannot either.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Mirror {
    /// A new, empty file in transit, in which a zip is brought.
    pub fn stage(&self) -> Staging {
        self.store.stage()
    }

    /// The versions of a module of which anything is stored, in no order.
    pub async fn versions_stored(&self, module: &ModulePath) -> Result<Vec<Version>, StoreError> {
        self.store.versions(module).await
    }

    /// What is known of a file that is stored; nothing if it is not. The file itself is not read.
    pub async fn stored(&self, version: &ModuleVersion, kind: Kind) -> Result<Option<FileFact>, StoreError> {
        Ok(match self.store.load(version, kind).await? {
            Loaded::Blob(blob) => Some(blob.fact().clone()),
            Loaded::Absent(_) | Loaded::Foreign(_) | Loaded::Rot(_) | Loaded::Withdrawn(_) => None,
        })
    }

    /// What is on record of a version, whether or not its files are stored.
    pub async fn receipt(&self, version: &ModuleVersion) -> Result<Option<Receipt>, StoreError> {
        self.store.receipt(version).await
    }

    /// Checks a file that is brought as one of this kind, and stores it. `source` stands in its receipt. What a checksum
    /// database should vouch for is verified by it as if it had been fetched, an `.info` with the rest of its version;
    /// a name that its route keeps private is told to nobody.
    pub async fn import(
        self: &Arc<Self>,
        version: &ModuleVersion,
        kind: Kind,
        brought: Brought,
        source: &str,
    ) -> Result<Imported, Declined> {
        let what = match kind {
            Kind::Info => Request::Info(version.clone()),
            Kind::Mod => Request::Mod(version.clone()),
            Kind::Zip => Request::Zip(version.clone()),
        };
        // Nobody waits in this process for a database that is silent.
        let ask = Ask { priority: Priority::Background, ..self.ask(what, Reach::Anywhere) };
        let vouched = ask.policy.voucher(version.path()).is_some();
        let (staged, h1) = self.fit(&ask.what, version, brought, vouched).await?;
        let demand = self.demanded_of(&ask, version, kind).await?;
        if let Err(contradiction) = demand.check(version, kind, source, h1) {
            self.meters.contradictions.inc();
            self.report(version, kind, &contradiction);
            return Err(Refusal::Security(Security::Content(contradiction)).into());
        }
        let before = self.stored(version, kind).await?;
        let pending = matches!(demand, Demand::Pending);
        let fact = FileFact::new(&staged, h1, source, Timestamp::now(), demand.evidence());
        let published = if pending {
            self.store.publish_pending(version, kind, &staged, fact).await
        } else {
            self.store.publish(version, kind, &staged, fact).await
        };
        match published {
            Ok(_) if before.is_some_and(|before| before.h1() == h1) => Ok(Imported::Known),
            Ok(_) if pending => Ok(Imported::Pending),
            Ok(blob) => Ok(Imported::New(blob.fact().evidence().clone())),
            Err(PublishError::Pinned { had, got, known }) => {
                let contradiction = contradiction(version, kind, source, had, got, Known::by(&known));
                self.meters.contradictions.inc();
                self.report(version, kind, &contradiction);
                Err(Refusal::Security(Security::Content(contradiction)).into())
            }
            Err(PublishError::Withdrawn(why)) => Err(Refusal::Gone(why).into()),
            Err(PublishError::Store(error)) => Err(error.into()),
            Err(error @ PublishError::Unhashed) => Err(Declined::Unfit(error.to_string())),
        }
    }

    /// The bytes to store, and their hash, if they can be what they should be at all. `vouched`: a database is asked
    /// about the version.
    async fn fit(
        &self,
        what: &Request,
        version: &ModuleVersion,
        brought: Brought,
        vouched: bool,
    ) -> Result<(Arc<Staged>, Option<H1>), Declined> {
        match brought {
            Brought::Small(bytes) => {
                let unfit = |lie: judge::Lie| Declined::Unfit(lie.to_string());
                let bytes = judge::small(what, &bytes).map_err(unfit)?;
                if matches!(what, Request::Info(_)) && vouched {
                    vouch::is_given(version, &bytes).map_err(unfit)?;
                }
                let h1 = matches!(what, Request::Mod(_)).then(|| H1::of_gomod(&bytes));
                let mut staging = self.store.stage();
                staging.append(bytes).await?;
                Ok((staging.finish(), h1))
            }
            Brought::Zip(staged) => {
                let len = staged.written();
                let facts = judge::zip(ZipCheck::new(version), Arc::clone(&staged), len).await;
                let facts = facts.map_err(|fault| Declined::Unfit(fault.to_string()))?;
                Ok((staged, Some(facts.h1)))
            }
        }
    }

    /// What it has to be by its database. A database is heard about an `.info` too: a version that it does not know
    /// should not stand in lists.
    async fn demanded_of(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
    ) -> Result<Demand, Refusal> {
        if kind != Kind::Info {
            let word = self.word(ask, version, kind).await;
            return Demand::of(&ask.policy, version, kind, word);
        }
        match self.word(ask, version, Kind::Mod).await {
            Some(Err(Refusal::Unverified(why))) if lets_out(&ask.policy, version, &why) => {}
            Some(Err(refusal)) => return Err(refusal),
            Some(Ok(_)) | None => {}
        }
        Demand::of(&ask.policy, version, kind, None)
    }
}
