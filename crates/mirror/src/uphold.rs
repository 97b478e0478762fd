//! What is stored on weaker evidence than its route asks for: it came before there was a database, or while that was
//! silent. It is vouched for before it is served.

use std::sync::Arc;

use gomod::ModuleVersion;
use storage::{Blob, Evidence, Kind, State};

use crate::{
    Ask, Mirror, Refusal,
    demand::{Demand, lets_out},
};

impl Mirror {
    /// A stored file as it may be served; nothing if it turned out to be something else, and was set aside.
    pub(crate) async fn upheld(
        self: &Arc<Self>,
        ask: &Ask,
        version: &ModuleVersion,
        kind: Kind,
        blob: Blob,
    ) -> Result<Option<Blob>, Refusal> {
        let vouched = matches!(blob.fact().evidence(), Evidence::Log { .. });
        let Some(h1) = blob.fact().h1().filter(|_| !vouched) else { return Ok(Some(blob)) };
        let Some(database) = ask.policy.voucher(version.path()) else { return Ok(Some(blob)) };
        let pending = *blob.state() == State::Pending && ask.policy.serves_pending(version.path());
        let word = match self.known(database, version).await {
            Some(vouched) => Ok(vouched),
            // It was let out before, and who asks again does not wait for its database either.
            None if pending => {
                self.hold(ask);
                return Ok(Some(blob));
            }
            None => self.vouch(ask, version).await,
        };
        if let Err(Refusal::Unverified(why)) = &word {
            if lets_out(&ask.policy, version, why) {
                if let Err(error) = self.store.doubt(version).await {
                    tracing::warn!(%version, "served as pending, but not marked so: {error}");
                }
                self.hold(ask);
                return Ok(Some(blob.doubted()));
            }
            self.hold_if_silent(ask, why);
        }
        let demand = Demand::of(&ask.policy, version, kind, Some(word))?;
        let source = Arc::clone(blob.fact().source());
        let Err(contradiction) = demand.check(version, kind, &source, Some(h1)) else {
            if let Err(error) = self.store.uphold(version, kind, &demand.evidence(), h1).await {
                tracing::warn!(%version, %kind, "vouched for, but not recorded as such: {error}");
            }
            return Ok(Some(blob.upheld(&demand.evidence())));
        };
        // Several may have found it at once, and it is one fact.
        let refused = blob.refuse(contradiction.to_string());
        match self.store.quarantine(version, kind, &refused).await {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            Err(error) => tracing::error!(%version, %kind, "it cannot be set aside: {error}"),
        }
        tracing::error!(source = %source, "SECURITY: stored before it could be verified: {contradiction}");
        self.meters.contradictions.inc();
        self.report(version, kind, &contradiction);
        self.changed(&ask.what);
        Ok(None)
    }
}
