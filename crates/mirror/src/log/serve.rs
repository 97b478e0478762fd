//! Tiles and heads for those who make the proofs themselves: clients, auditors, other mirrors.

use std::sync::Arc;

use bytes::Bytes;
use gomod::{SumdbPath, TileId};
use sumdb::Head;
use upstream::Urgency;

use super::{
    locked,
    prover::{Prover, Trouble},
    sources::Sources,
    tiles,
};
use crate::{Absent, Ask, Mirror, Reach, Refusal, flight::Pilot, policy::Database, relay::missing_checksum};

/// An authentic tile, exactly as wide as asked for, and whether a source was asked.
pub(crate) async fn tile(
    mirror: &Arc<Mirror>,
    ask: &Ask,
    database: &Arc<Database>,
    id: TileId,
    pilot: &Pilot<(Bytes, bool)>,
) -> Result<(Bytes, bool), Refusal> {
    let log = mirror.logs.of(&database.name);
    mirror.trusted(&log).await?;
    if let Some(tile) = log.tiles.get(&id) {
        return Ok((Bytes::from_owner(tile), false));
    }
    // What is stored is not behind what is fetched.
    let stored = Ask { reach: Reach::Stored, ..ask.clone() };
    match Prover::new(mirror, &stored, database).tile(id).await {
        Ok(bytes) => return Ok((bytes, false)),
        Err(Trouble::Refused(refusal @ Refusal::Security(_))) => return Err(refusal),
        Err(Trouble::Lie(why)) => tracing::error!(db = %database.name, %id, "{why}"),
        Err(Trouble::Beyond | Trouble::Refused(_)) => {}
    }
    if ask.reach == Reach::Stored {
        return Err(Refusal::Offline);
    }
    let missing = missing_checksum(ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.logs.admission.admit(&pilot.urgency).await?;
    let tile = fetched(&mut Prover::new(mirror, ask, database), id, &pilot.urgency).await;
    // Failures are not remembered, as those of a lookup are not.
    if let Err(refusal @ Refusal::Absent(_)) = &tile {
        mirror.remembered.remember(missing, refusal);
    }
    Ok((tile?, true))
}

/// A tile that is not stored, and may lie beyond the anchor if the database has grown.
async fn fetched(prover: &mut Prover<'_>, id: TileId, urgency: &Arc<Urgency>) -> Result<Bytes, Refusal> {
    match prover.tile(id).await {
        Err(Trouble::Beyond) => {}
        done => return done.map_err(Refusal::from),
    }
    // However new the known head is: a client that has seen a newer one elsewhere fails without its tiles.
    newest(prover, urgency).await.map_err(tiles::needed)?;
    match prover.tile(id).await {
        // Its own signed word: none of its sources needs to be asked for the tile.
        Err(Trouble::Beyond) => Err(Refusal::Absent(Absent::Beyond)),
        done => done.map_err(Refusal::from),
    }
}

/// The anchor's note, after the sources were asked for the newest head.
pub(crate) async fn latest(
    mirror: &Arc<Mirror>,
    ask: &Ask,
    database: &Arc<Database>,
    pilot: &Pilot<(Bytes, bool)>,
) -> Result<(Bytes, bool), Refusal> {
    let mut prover = Prover::new(mirror, ask, database);
    mirror.trusted(&prover.log).await?;
    let missing = missing_checksum(ask);
    if let Some(refusal) = mirror.remembered.get(&missing) {
        return Err(refusal);
    }
    let _place = mirror.logs.admission.admit(&pilot.urgency).await?;
    match newest(&mut prover, &pilot.urgency).await {
        Ok(note) => {
            mirror.heads.given_now(&database.name);
            mirror.changed(&ask.what);
            Ok((note, true))
        }
        Err(refusal) => {
            mirror.remembered.remember(missing, &refusal);
            Err(refusal)
        }
    }
}

async fn newest(prover: &mut Prover<'_>, urgency: &Arc<Urgency>) -> Result<Bytes, Refusal> {
    let log = Arc::clone(&prover.log);
    let Prover { mirror, ask, database, .. } = *prover;
    let sources = Sources { mirror, ask, database, log: &log, path: SumdbPath::Latest, urgency };
    let mut walk = sources.walk(None);
    while let Some((turn, note)) = sources.next(&mut walk).await? {
        match prover.follow(note).await {
            Ok(note) => {
                walk.arrived(&mirror.meters);
                return Ok(note);
            }
            Err(Trouble::Lie(why)) => {
                sources.was_a_lie(&mut walk, &turn, &format!("SECURITY: sent a wrong head: {why}"));
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    Err(walk.refusal())
}

impl Prover<'_> {
    async fn tile(&mut self, id: TileId) -> Result<Bytes, Trouble> {
        let anchor = self.anchor().await?.head();
        let unstored = locked(&self.log.unstored).as_ref().map(|unstored| unstored.head);
        for head in anchor.into_iter().chain(unstored) {
            match self.tile_under(head, id).await {
                Err(Trouble::Beyond) => {}
                tile => return tile,
            }
        }
        Err(Trouble::Beyond)
    }

    async fn tile_under(&mut self, head: Head, id: TileId) -> Result<Bytes, Trouble> {
        // A tile of records that is stored need not be as wide as the anchor's tree has it.
        if id.level().is_none() {
            self.begin_with(id).await;
        }
        let (body, authentic) = self.satisfied(|have| sumdb::tile(&head, id, have)).await?;
        self.keep(&authentic).await;
        if id.level().is_none() && !authentic.contains(&id) {
            // A wider one may not be stored when the anchor has moved on; of hashes it always is.
            self.keep_tiles(vec![(id, body.clone().into())]).await;
        }
        Ok(body.into())
    }
}
