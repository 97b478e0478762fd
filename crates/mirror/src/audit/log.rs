//! A log of one's own, computed anew from its first record.

use bytes::Bytes;
use gomod::{DbName, ModulePath, ModuleVersion, TileId, Version};
use storage::{Copies, Key};
use sumdb::{Auditor, Head, Lookup, records};

use super::{Audit, Trouble};

impl Audit {
    /// Reads all records in order: their root must be that of the newest head, their tiles those that are stored, and
    /// each must be what is answered for its version, so that there are no two for one.
    pub(super) async fn log(&mut self, own: &DbName) {
        let Some(database) = self.databases.get_mut(own) else { return };
        // Without one, nobody has asked it anything yet; one that does not count was told of before.
        let Ok(head) = database.read_head().await else { return };
        let mut auditor = Auditor::new();
        let full = u64::from(TileId::FULL);
        for n in 0..head.size.div_ceil(full) {
            let width = u16::try_from(full.min(head.size - n * full)).unwrap_or(TileId::FULL);
            let Ok(id) = TileId::new(None, n, width) else { return };
            let key = Key::Tile(own.clone(), id);
            let complete = match self.records(own, &key, id, &mut auditor).await {
                Ok(complete) => complete,
                Err(trouble) => return self.settle(&key, Err(trouble)).await,
            };
            self.compare(own, complete).await;
            self.tally.read(u64::from(width));
        }
        self.compare(own, auditor.edge()).await;
        if auditor.head() != head {
            let Head { root, .. } = auditor.head();
            let why = format!("its root is not that of its {} records, which is {root}", head.size);
            self.settle(&Key::Head(own.clone()), Err(Trouble::Wrong(why))).await;
        }
    }

    /// What clients may have seen must be the beginning of what is stored. Of a batch that is under way, or was not
    /// finished, the journal has the rest.
    pub(super) async fn second(&mut self, own: &DbName, note: &[u8]) -> Result<(), Trouble> {
        let journal = self.store.journal(own).await?;
        let journalled = journal.map_or(0, |(journal, _)| journal.size + journal.records.len() as u64);
        let Some(database) = self.databases.get_mut(own) else { return Ok(()) };
        database.second(note, journalled).await
    }

    /// Reads a tile of records, and gives the tiles of hashes that it completes.
    async fn records(
        &mut self,
        own: &DbName,
        key: &Key,
        id: TileId,
        auditor: &mut Auditor,
    ) -> Result<Vec<(TileId, Vec<u8>)>, Trouble> {
        let body = self.stored(own, key).await?;
        let complete = auditor.tile(id, &body).map_err(|error| Trouble::Wrong(error.to_string()))?;
        let first = id.n() * u64::from(TileId::FULL);
        for (number, text) in (first..).zip(records(&body).unwrap_or_default()) {
            let answered = self.answered(own, number, text).await;
            self.settle(key, answered).await;
        }
        Ok(complete)
    }

    /// Whether a record is what is answered for its version.
    async fn answered(&mut self, own: &DbName, number: u64, text: &str) -> Result<(), Trouble> {
        let wrong = |why: String| Err(Trouble::Wrong(format!("record {number}: {why}")));
        let Some(version) = version_of(text) else { return wrong("it is about no module version".into()) };
        let key = Key::Lookup(own.clone(), version.clone());
        let Some(database) = self.databases.get(own) else { return Ok(()) };
        let copies = database.copies(&key).await?;
        let Some(bytes) = copies.served() else {
            // Lookups are the last of a batch; one that is under way, or was not finished, has them in its journal.
            return match self.store.journal(own).await? {
                Some((journal, _)) if journal.size <= number => Ok(()),
                // It is made from the record whenever it is asked for.
                _ if !key.fits() => Ok(()),
                _ => wrong(format!("{version} has no stored answer")),
            };
        };
        match Lookup::parse(bytes) {
            Ok(lookup) if lookup.id() != number => {
                wrong(format!("it is about {version}, and so is record {}", lookup.id()))
            }
            Ok(lookup) if lookup.text() != text => wrong(format!("the answer for {version} is another text")),
            Ok(_) => Ok(()),
            Err(error) => wrong(format!("the answer for {version}: {error}")),
        }
    }

    /// Compares tiles that follow from the records with those that are stored.
    async fn compare(&mut self, own: &DbName, tiles: Vec<(TileId, Vec<u8>)>) {
        for (id, right) in tiles {
            let key = Key::Tile(own.clone(), id);
            let checked = match self.stored(own, &key).await {
                Ok(body) if body == right => Ok(()),
                Ok(_) => Err(Trouble::Wrong("it does not follow from the log's records".into())),
                Err(trouble) => Err(trouble),
            };
            self.settle(&key, checked).await;
        }
    }

    async fn stored(&self, own: &DbName, key: &Key) -> Result<Bytes, Trouble> {
        let copies = match self.databases.get(own) {
            Some(database) => database.copies(key).await?,
            None => Copies::default(),
        };
        copies
            .served()
            .cloned()
            .ok_or_else(|| Trouble::Wrong("the log needs it, and it is not stored".into()))
    }
}

/// The version that the first line of a record is about.
fn version_of(record: &str) -> Option<ModuleVersion> {
    let mut words = record.lines().next()?.split(' ');
    let (path, version) = (words.next()?, words.next()?);
    let version = Version::new(version.strip_suffix("/go.mod").unwrap_or(version)).ok()?;
    ModuleVersion::new(ModulePath::new(path).ok()?, version).ok()
}
