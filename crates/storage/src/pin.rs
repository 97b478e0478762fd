//! The order in which a file of a module version comes into the store, and what may never change on the way.
//!
//! Receipt first, file second. A receipt without a file says: the hash is known, the file is not stored. So
//! a crash, or an error that came after the change, at any point leaves a state from which the same procedure
//! goes on. It is: read both, take one step, read again, until nothing is left to do. Several may do that at
//! once for the same file, on one machine or many; only the creation of the receipt and its exchange decide.

use gomod::{H1, ModuleVersion};

use crate::{Evidence, FileFact, Kind, Receipt, State, Tag, When};

/// What lies under a file's name, compared with what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum There {
    /// Nothing.
    Nothing,
    /// The file that the receipt speaks of.
    Recorded,
    /// Not that one, but one with the bytes that are to be stored.
    Ours,
    /// Neither.
    Other(Tag),
}

/// The next thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write the receipt.
    Record(Box<Receipt>, When),
    /// Put the file under its name, if there is none.
    Put,
    /// Another may be between its receipt and its file: give it a moment.
    Wait,
    /// Nobody vouches for the file that lies there.
    SetAside(Tag),
    /// Receipt and file agree.
    Done,
}

/// Why a file may not be stored, whatever is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Never {
    Pinned { had: H1, got: H1, known: Box<FileFact> },
    Unhashed,
    Withdrawn(String),
}

/// Decides the next step towards storing a file with this fact. `pending`: a database that should vouch for it has
/// said nothing yet. `waits` counts the [`Step::Wait`]s so far.
pub(crate) fn step(
    version: &ModuleVersion,
    kind: Kind,
    fact: &FileFact,
    pending: bool,
    receipt: Option<(&Receipt, &Tag)>,
    there: &There,
    waits: u32,
) -> Result<Step, Never> {
    if fact.h1().is_some() != (kind != Kind::Info) {
        return Err(Never::Unhashed);
    }
    let Some((receipt, tag)) = receipt else {
        let state = if pending { State::Pending } else { State::Verified };
        let first = Receipt::new(version.clone(), state).with(kind, fact.clone());
        return Ok(Step::Record(Box::new(first), When::Absent));
    };
    if let Some(why) = receipt.withdrawn() {
        return Err(Never::Withdrawn(why.to_owned()));
    }
    let record = |fact: FileFact| {
        let changed = receipt.clone().with(kind, fact);
        let doubtful =
            changed.fact(kind).is_some_and(|fact| !matches!(fact.evidence(), Evidence::Log { .. }));
        let changed = if pending && doubtful { changed.in_state(State::Pending) } else { changed.settled() };
        Ok(Step::Record(Box::new(changed), When::Is(tag.clone())))
    };
    let Some(known) = receipt.fact(kind) else { return record(fact.clone()) };
    let stronger = fact.evidence().outweighs(known.evidence());
    let merely_seen = matches!(known.evidence(), Evidence::FirstSight | Evidence::Off);
    if let (Some(had), Some(got)) = (known.h1(), fact.h1())
        && had != got
    {
        // What was merely seen first gives way to what a database says.
        let said = matches!(fact.evidence(), Evidence::Log { .. });
        return if said && merely_seen {
            record(fact.clone())
        } else {
            Err(Never::Pinned { had, got, known: Box::new(known.clone()) })
        };
    }
    // A file with a hash that a database has vouched for before needs nobody to do it again.
    let vouched = matches!(known.evidence(), Evidence::Log { .. });
    let mut fact = fact.clone();
    if known.evidence().outweighs(fact.evidence()) {
        fact = fact.with_evidence(known.evidence().clone());
    }
    if pending && !vouched && receipt.state() == &State::Verified {
        return record(known.clone());
    }
    match there {
        There::Recorded if stronger => record(known.clone().with_evidence(fact.evidence().clone())),
        There::Recorded => Ok(Step::Done),
        There::Nothing if known.same_bytes(&fact) => Ok(Step::Put),
        // Known under the same hash but with other bytes, and not stored: ours are as good.
        There::Nothing | There::Ours => record(fact),
        There::Other(_) if waits < PATIENCE => Ok(Step::Wait),
        There::Other(tag) => Ok(Step::SetAside(tag.clone())),
    }
}

/// How often another is given time to bring its receipt and its file together.
const PATIENCE: u32 = 3;
