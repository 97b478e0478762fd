//! What the content of a file has to be, and what happens to content that is something else.

use std::sync::Arc;

use gomod::{H1, ModuleVersion};
use jiff::Timestamp;
use storage::{Evidence, Kind, Offence, Refused, Staged};

use crate::{
    Contradiction, Known, Mirror, Policy, Refusal, SumdbUse, Unverified, Vouched, answer::Verified,
    vouching::Word,
};

/// What the content of a file has to be.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    /// What its checksum database says.
    Hash(H1, Vouched),
    /// What was seen first, if anything was.
    Nothing(Evidence),
    /// Unknown for now: its database says nothing, and an operator lets it out all the same.
    Pending,
}

impl Demand {
    /// What follows from the word of a database; `word` is nothing where none is asked. An error: it is not let out.
    pub(crate) fn of(
        policy: &Policy,
        version: &ModuleVersion,
        kind: Kind,
        word: Option<Word>,
    ) -> Result<Self, Refusal> {
        let vouched = match word {
            None => {
                return Ok(Demand::Nothing(match policy.route(version.path()).sumdb {
                    SumdbUse::Public | SumdbUse::Ledger => Evidence::FirstSight,
                    SumdbUse::Off => Evidence::Off,
                }));
            }
            Some(Ok(vouched)) => vouched,
            Some(Err(Refusal::Unverified(why))) if lets_out(policy, version, &why) => {
                return Ok(Demand::Pending);
            }
            Some(Err(refusal)) => return Err(refusal),
        };
        match vouched.h1(kind) {
            Some(h1) => Ok(Demand::Hash(h1, vouched)),
            None => {
                let why = format!("record {} has no line for the {kind} of {version}", vouched.id);
                Err(Refusal::Unverified(Unverified::Record { db: vouched.db, why: why.into() }))
            }
        }
    }

    /// Whether content with this hash is that.
    pub(crate) fn check(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        source: &str,
        got: Option<H1>,
    ) -> Result<(), Contradiction> {
        match (self, got) {
            (Demand::Hash(pinned, vouched), Some(got)) if *pinned != got => {
                let known = Known::Vouched { db: vouched.db.clone(), id: vouched.id };
                Err(contradiction(version, kind, source, *pinned, got, known))
            }
            _ => Ok(()),
        }
    }

    /// What vouches for content that is that.
    pub(crate) fn evidence(&self) -> Evidence {
        match self {
            Demand::Hash(_, vouched) => vouched.evidence(),
            Demand::Nothing(evidence) => evidence.clone(),
            Demand::Pending => Evidence::FirstSight,
        }
    }

    /// The same for clients.
    pub(crate) fn verified(&self) -> Verified {
        match self {
            Demand::Hash(..) | Demand::Nothing(_) => Verified::of(&self.evidence()),
            Demand::Pending => Verified::Pending,
        }
    }
}

/// Whether an operator lets out what a database says nothing about. What it says wrongly is never let out.
pub(crate) fn lets_out(policy: &Policy, version: &ModuleVersion, why: &Unverified) -> bool {
    let silent = match why {
        Unverified::Unreachable { .. } | Unverified::Unknown { .. } | Unverified::NotStored { .. } => true,
        Unverified::Record { .. } => false,
    };
    silent && policy.serves_pending(version.path())
}

pub(crate) fn contradiction(
    version: &ModuleVersion,
    kind: Kind,
    source: &str,
    pinned: H1,
    got: H1,
    known: Known,
) -> Contradiction {
    let suffix = if kind == Kind::Mod { "/go.mod" } else { "" };
    let (what, source_name) = (format!("{version}{suffix}"), source.to_owned());
    Contradiction { what, source_name, pinned, got, known: Box::new(known) }
}

impl Mirror {
    /// Content that was refused is kept for people: the bytes in quarantine, and what they contradict in the audit
    /// trail.
    pub(crate) async fn keep_evidence(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        staged: &Arc<Staged>,
        contradiction: &Contradiction,
    ) {
        match self.store.refuse(version, kind, staged, &contradiction.to_string()).await {
            Ok(id) => tracing::error!(%version, %kind, %id, "set aside in quarantine: {contradiction}"),
            Err(error) => tracing::error!(%version, %kind, "refused, but not kept as evidence: {error}"),
        }
        self.report(version, kind, contradiction);
    }

    /// Enters a contradiction into the audit trail.
    pub(crate) fn report(&self, version: &ModuleVersion, kind: Kind, contradiction: &Contradiction) {
        let Contradiction { source_name, pinned: had, got, known, .. } = contradiction;
        let (version, had, got) = (version.clone(), *had, *got);
        let offence = match &**known {
            Known::Vouched { db, .. } => Offence::Database { db: db.clone(), version, kind, had, got },
            Known::FirstSight { .. } => Offence::Ledger { version, kind, had, got },
        };
        self.store.report(Refused {
            offence,
            source: source_name.as_str().into(),
            evidence: contradiction.to_string(),
            at: Timestamp::now(),
        });
    }
}
