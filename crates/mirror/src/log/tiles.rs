//! One tile, fetched.

use std::sync::Arc;

use gomod::{SumdbPath, TileId};
use sumdb::Tile;
use upstream::{Fault, FaultKind, SourceName, Urgency};

use super::{Log, sources::Sources};
use crate::{Ask, Mirror, Refusal, flight::Passenger, policy::Database, refusal::Absent};

/// A tile as a source sent it: of the right size, and nothing more is known.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    /// What it is: the full tile in the place of the one that was asked for, where that is not given any more.
    pub(super) id: TileId,
    pub(super) tile: Tile,
    pub(super) sender: SourceName,
    /// Whether it was sent just now. A sender may have meant another tree a moment ago.
    pub(super) fresh: bool,
}

impl Mirror {
    /// A tile of a database's sources, or of one of them alone.
    pub(super) fn fetch_tile(
        self: &Arc<Self>,
        ask: &Ask,
        database: &Arc<Database>,
        id: TileId,
        only: Option<usize>,
    ) -> Passenger<Arrived> {
        let key = (database.name.clone(), id, only);
        self.logs.tiles.join(key, ask.priority, |pilot| {
            let (mirror, ask, database) = (Arc::clone(self), ask.clone(), Arc::clone(database));
            async move {
                let log = mirror.logs.of(&database.name);
                if let Some(arrived) = log.arrived.get(&id).filter(|_| only.is_none()) {
                    return Ok(Arrived { fresh: false, ..arrived });
                }
                let fetch = |id| fetch(&mirror, &ask, &database, &log, id, only, &pilot.urgency);
                let arrived = match fetch(id).await {
                    // A database need not have the beginnings of a tile that is full by now.
                    Err(Refusal::Absent(_)) if !id.is_full() => fetch(id.full()).await?,
                    arrived => arrived?,
                };
                if only.is_none() {
                    log.arrived.insert(id, arrived.clone());
                }
                Ok(arrived)
            }
        })
    }
}

async fn fetch(
    mirror: &Arc<Mirror>,
    ask: &Ask,
    database: &Database,
    log: &Log,
    id: TileId,
    only: Option<usize>,
    urgency: &Arc<Urgency>,
) -> Result<Arrived, Refusal> {
    let sources = Sources { mirror, ask, database, log, path: SumdbPath::Tile(id), urgency };
    let mut walk = sources.walk(only);
    let Some((turn, bytes)) = sources.next(&mut walk).await? else { return Err(walk.refusal()) };
    walk.arrived(&mirror.meters);
    mirror.meters.tiles.inc();
    Ok(Arrived { id, tile: Vec::from(bytes).into(), sender: turn.source.name().clone(), fresh: true })
}

/// What it means for a proof that a tile cannot be had: every signed tree has its tiles, so their absence is a failure.
pub(super) fn needed(refusal: Refusal) -> Refusal {
    let Refusal::Absent(Absent::Everywhere { said, .. }) = refusal else { return refusal };
    let fault = |absence: upstream::Absence| {
        let what = "does not have what every signed tree needs";
        Fault::new(absence.source, FaultKind::Status(absence.status), what, std::time::Duration::ZERO)
    };
    Refusal::Failed(said.into_iter().map(fault).collect())
}
