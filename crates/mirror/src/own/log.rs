//! What is stored of the log, read: its head, its tiles, its records.

use bytes::Bytes;
use gomod::{DbName, ModuleVersion, TileId};
use std::sync::Arc;
use storage::{Key, SignedHead, Store};
use sumdb::{Head, HeadError, Lookup, NoteError, Signer, Tiles, Unproved};
use tokio::sync::Mutex;

use super::{OwnError, index::Index, note, second::SecondHead};

/// The log as its parts know it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) name: DbName,
    pub(super) signer: Signer,
    pub(super) store: Arc<Store>,
    pub(super) second: SecondHead,
    pub(super) index: Mutex<Index>,
}

/// The head in the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) head: Head,
    pub(super) signed: SignedHead,
    /// Whether the present key signed it.
    pub(super) own: bool,
}

impl Log {
    /// The head in the store, which the present key must have signed; `None` if the log was never begun.
    pub(super) async fn head(&self) -> Result<Option<Stored>, OwnError> {
        match self.any_head().await? {
            Some(Stored { own: false, signed, .. }) => {
                let why = Head::open(&signed.note, self.signer.verifier());
                let why = why.err().map(|error| error.to_string()).unwrap_or_default();
                Err(OwnError::Unsigned { log: self.name.clone(), why })
            }
            stored => Ok(stored),
        }
    }

    /// The head in the store, also one that an earlier key signed.
    pub(super) async fn any_head(&self) -> Result<Option<Stored>, OwnError> {
        let Some(signed) = self.store.head(&self.name).await? else { return Ok(None) };
        let (head, own) = match Head::open(&signed.note, self.signer.verifier()) {
            Ok(head) => (head, true),
            Err(HeadError::Note(NoteError::Unsigned(_))) => {
                let head = note::unopened(&signed.note);
                (head.ok_or_else(|| self.damaged("the stored head is no head".to_owned()))?, false)
            }
            Err(error) => return Err(self.damaged(format!("the stored head is of no use: {error}"))),
        };
        Ok(Some(Stored { head, signed, own }))
    }

    /// The head of a log that was begun.
    pub(super) async fn begun(&self) -> Result<Stored, OwnError> {
        self.head().await?.ok_or_else(|| self.damaged("its head is gone from the store".to_owned()))
    }

    /// Does something with the tiles it needs under a head. What it needs is proven to be of the head's tree, so a tile
    /// whose checked copy is damaged may come from the plain one.
    pub(super) async fn proven<T>(
        &self,
        head: &Head,
        proof: impl Fn(&Tiles) -> Result<T, Unproved>,
    ) -> Result<T, OwnError> {
        let mut tiles = Tiles::default();
        let mut mended = Vec::new();
        for _ in 0..ROUNDS {
            match proof(&tiles) {
                Ok(proven) => {
                    // They are what the head says, so their damaged copies can be replaced.
                    for (key, body) in mended {
                        if let Err(error) = self.store.put_small(&key, body).await {
                            tracing::warn!("{key} is damaged, and is not mended: {error}");
                        }
                    }
                    return Ok(proven);
                }
                Err(Unproved::Need(needed)) => {
                    for id in needed {
                        let id = whole(id, head).ok_or(OwnError::Beyond(id))?;
                        let key = Key::Tile(self.name.clone(), id);
                        let body = match self.store.small(&key).await? {
                            Some(body) => body,
                            None => {
                                let plain = self.store.plain(&key).await?;
                                let plain = plain.ok_or_else(|| self.damaged(format!("{key} is missing")))?;
                                mended.push((key, plain.clone()));
                                plain
                            }
                        };
                        tiles.insert(id, Vec::from(body));
                    }
                }
                Err(Unproved::Beyond(id)) => return Err(OwnError::Beyond(id)),
                Err(Unproved::Security(evil)) => return Err(self.damaged(evil.to_string())),
            }
        }
        Err(self.damaged("a proof over its tiles comes to no end".to_owned()))
    }

    /// The texts of all records in the `n`-th tile of records under a head.
    pub(super) async fn records_of(&self, n: u64, head: &Head) -> Result<Vec<String>, OwnError> {
        let id = TileId::new(None, n, 1).ok().and_then(|id| whole(id, head));
        let id = id.ok_or_else(|| self.damaged(format!("there is no tile of records {n}")))?;
        let (body, _) = self.proven(head, |tiles| sumdb::tile(head, id, tiles)).await?;
        let texts = sumdb::records(&body).filter(|texts| texts.len() == usize::from(id.width()));
        let texts = texts.ok_or_else(|| self.damaged(format!("tile {id} does not hold records")))?;
        Ok(texts.into_iter().map(str::to_owned).collect())
    }

    /// The text of a record.
    pub(super) async fn record(&self, id: u64, head: &Head) -> Result<String, OwnError> {
        let (n, at) = (id / u64::from(TileId::FULL), id % u64::from(TileId::FULL));
        let texts = self.records_of(n, head).await?;
        let text = usize::try_from(at).ok().and_then(|at| texts.into_iter().nth(at));
        text.ok_or_else(|| self.damaged(format!("there is no record {id}")))
    }

    /// The stored answer to a lookup; one that is lost or bears an earlier key's signature is made anew. `None` if
    /// the log has no record of the version.
    pub(super) async fn lookup(&self, version: &ModuleVersion) -> Result<Option<Bytes>, OwnError> {
        let key = Key::Lookup(self.name.clone(), version.clone());
        let stored = self.store.small(&key).await?;
        let sound = |bytes: &Bytes| {
            Lookup::parse(bytes).and_then(|lookup| lookup.check(version, self.signer.verifier())).is_ok()
        };
        if let Some(bytes) = stored.as_ref().filter(|bytes| sound(bytes)) {
            return Ok(Some(bytes.clone()));
        }
        let head = self.begun().await?.head;
        let mut index = self.index.lock().await;
        index.catch_up(self, &head).await?;
        let Some(id) = index.get(version) else { return Ok(None) };
        drop(index);
        let text = self.record(id, &head).await?;
        let made = Bytes::from(Lookup::compose(id, &text, self.sign(&head)?.as_bytes()));
        if !sound(&made) {
            return Err(self.damaged(format!("record {id} is not about {version}")));
        }
        if stored.is_none()
            && let Err(error) = self.store.put_small(&key, made.clone()).await
        {
            tracing::warn!("{key} was lost, and is not stored again: {error}");
        }
        Ok(Some(made))
    }

    /// The note of a head, signed with the present key.
    pub(super) fn sign(&self, head: &Head) -> Result<String, OwnError> {
        let signed = self.signer.sign(&head.to_string());
        signed.map_err(|error| self.damaged(format!("its head cannot be signed: {error}")))
    }

    pub(super) fn damaged(&self, why: String) -> OwnError {
        OwnError::Damaged { log: self.name.clone(), why }
    }
}

/// The tile in the place of `id` as wide as the head's tree has it: that one is stored. `None` if there is none.
fn whole(id: TileId, head: &Head) -> Option<TileId> {
    let entries = head.size.checked_shr(8 * u32::from(id.level().unwrap_or(0)))?;
    let width = entries.checked_sub(id.n().checked_mul(u64::from(TileId::FULL))?)?;
    let width = u16::try_from(width.min(u64::from(TileId::FULL))).ok()?;
    TileId::new(id.level(), id.n(), width).ok().filter(|whole| whole.width() >= id.width())
}

/// A proof asks two or three times.
const ROUNDS: u32 = 12;
