//! The word of a checksum database on one version: asked for once, shared by all who wait for it.

use std::{fmt, sync::Arc};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared, ready},
};
use gomod::ModuleVersion;
use storage::{Evidence, FileFact, Kind};

use crate::{Ask, Mirror, Refusal, Vouched};

/// What a database says, or will have said.
pub(crate) type Word = Result<Vouched, Refusal>;

/// The word of a database, under way or known.
#[derive(Clone)]
pub(crate) struct Vouching(Shared<BoxFuture<'static, Word>>);

impl Vouching {
    /// It is known.
    pub(crate) fn known(vouched: Vouched) -> Self {
        let word = ready(Ok(vouched)).boxed().shared();
        // It counts as heard.
        let _ = word.clone().now_or_never();
        Vouching(word)
    }

    /// It is asked for from now on.
    fn asked(mirror: &Arc<Mirror>, ask: &Ask, version: &ModuleVersion) -> Self {
        Vouching(mirror.vouch(ask, version).boxed().shared())
    }

    /// It is asked for when somebody first waits for it.
    fn later(mirror: &Arc<Mirror>, ask: &Ask, version: &ModuleVersion) -> Self {
        let (mirror, ask, version) = (Arc::clone(mirror), ask.clone(), version.clone());
        Vouching(async move { mirror.vouch(&ask, &version).await }.boxed().shared())
    }

    /// Waits for it.
    pub(crate) async fn word(&self) -> Word {
        self.0.clone().await
    }

    /// The same, if it came already to somebody who waited for it. Asks nobody.
    pub(crate) fn heard(&self) -> Option<&Word> {
        self.0.peek()
    }
}

impl Mirror {
    /// The word of the database that vouches for a version, if one does. For a go.mod or a zip it is asked for at once,
    /// unless it is known; a hash that it vouched for before stands in the receipt, of which `fact` is the part about this
    /// file. An `.info` does not need it.
    pub(crate) async fn vouching(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
        fact: Option<&FileFact>,
    ) -> Option<Vouching> {
        let database = ask.policy.voucher(version.path())?;
        if let Some(vouched) = self.known(database, version).await {
            return Some(Vouching::known(vouched));
        }
        if kind == Kind::Info {
            return Some(Vouching::later(self, ask, version));
        }
        if let Some(fact) = fact
            && let Evidence::Log { db, id, size } = fact.evidence()
            && *db == database.name
        {
            let h1 = |of| fact.h1().filter(|_| kind == of);
            let (zip, gomod) = (h1(Kind::Zip), h1(Kind::Mod));
            return Some(Vouching::known(Vouched { zip, gomod, db: db.clone(), id: *id, size: *size }));
        }
        Some(Vouching::asked(self, ask, version))
    }

    /// What its database says of a version; nothing where none is asked, or the file needs nobody's word.
    pub(crate) async fn word(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
    ) -> Option<Word> {
        if kind == Kind::Info {
            return None;
        }
        let receipt = self.store.receipt(version).await.ok().flatten();
        let fact = receipt.as_ref().and_then(|receipt| receipt.fact(kind));
        let vouching = self.vouching(ask, version, kind, fact).await?;
        Some(vouching.word().await)
    }
}

impl fmt::Debug for Vouching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vouching").field(&self.0.peek()).finish()
    }
}
