//! All that is stored of checksum databases, proven once more from what is stored alone.
//!
//! Nobody is asked, and nothing is changed. Each record is proven in the newest head, each tile authenticated under it,
//! each head shown to be of one history with it; what receipts say of records is compared with the records; and a log
//! of one's own is computed anew from its first record. It works beside any number of running servers.

mod database;
mod log;
mod receipts;
mod tally;

use std::{collections::BTreeMap, sync::Arc};

use gomod::{DbName, SumdbPath, TileId};
use storage::{Key, Listing, Store, StoreError};
use sumdb::Verifier;
use tokio::sync::mpsc;

use self::database::Database;
pub use self::tally::{Audited, Tally};

/// A walk over all that is stored of checksum databases.
#[derive(Debug)]
pub struct Audit {
    store: Arc<Store>,
    databases: BTreeMap<DbName, Database>,
    own: Option<Own>,
    tally: Arc<Tally>,
    tell: mpsc::Sender<Finding>,
}

/// A database of one's own.
#[derive(Clone, Debug)]
struct Own {
    name: DbName,
    /// The head that is kept a second time, beside the key.
    second: Option<Vec<u8>>,
}

/// Something that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The object, by its path in the data directory.
    pub object: Key,
    /// What is wrong with it, a sentence.
    pub why: String,
}

/// Why an object does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Trouble {
    /// It is not what it should be.
    Wrong(String),
    /// What is stored does not suffice to tell.
    Unknown(String),
    /// The same, for want of this tile.
    Missing(TileId),
    /// The same, as no signed head is stored.
    Headless,
    /// It lies beyond the newest head: whoever stored it did not get any further.
    Ahead,
    /// It lies beside what the newest head proves with what is stored: a head that would have needed it never came.
    Beside,
}

impl Audit {
    /// Gets ready: the databases with their keys. Findings go to `tell`, which is waited for.
    pub fn new(
        store: &Arc<Store>,
        databases: impl IntoIterator<Item = (DbName, Verifier)>,
        tell: mpsc::Sender<Finding>,
    ) -> Self {
        let open = |(name, key): (DbName, Verifier)| (name.clone(), Database::new(store, name, key));
        Audit {
            store: Arc::clone(store),
            databases: databases.into_iter().map(open).collect(),
            own: None,
            tally: Arc::default(),
            tell,
        }
    }

    /// Says which of the databases is one's own, of which everything is stored; and its newest head, as it is kept
    /// beside the key.
    #[must_use]
    pub fn with_own(mut self, name: DbName, second: Option<Vec<u8>>) -> Self {
        self.own = Some(Own { name, second });
        self
    }

    /// What counts while it runs.
    pub fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    /// Walks to the end.
    pub async fn run(mut self) -> Audited {
        let mut objects = self.store.sumdb_objects();
        while let Some(key) = self.next(&mut objects).await {
            self.object(key).await;
        }
        self.receipts().await;
        if let Some(Own { name, second }) = self.own.take() {
            self.log(&name).await;
            if let Some(second) = second {
                let checked = self.second(&name, &second).await;
                self.settle(&Key::Head(name), checked).await;
            }
        }
        self.tally.audited()
    }

    async fn next(&self, listing: &mut Listing) -> Option<Key> {
        loop {
            match listing.next().await? {
                Ok(key) => return Some(key),
                Err(error) => self.tally.cannot_check(&error),
            }
        }
    }

    async fn object(&mut self, key: Key) {
        let key = match key {
            Key::Checked(ref db, ref path) => {
                let Some(object) = object_of(db, path) else { return };
                match self.store.copies(&object).await {
                    // It is met by itself.
                    Ok(copies) if copies.plain.is_some() => return,
                    Ok(_) => object,
                    Err(error) => return self.settle(&object, Err(error.into())).await,
                }
            }
            key => key,
        };
        if let Key::Misbehaviour(db) = &key {
            let marked = self.misbehaviour(db).await;
            return self.settle(&key, marked).await;
        }
        let (Key::Lookup(db, _) | Key::Tile(db, _) | Key::Head(db)) = &key else { return };
        let Some(database) = self.databases.get_mut(db) else {
            self.tally.unknown(db);
            return;
        };
        let checked = database.check(&key).await;
        if checked.is_ok() {
            self.tally.passed(&key);
        }
        self.settle(&key, checked).await;
    }

    /// That a database was caught before is a finding for as long as nobody has taken the mark away.
    async fn misbehaviour(&self, db: &DbName) -> Result<(), Trouble> {
        let Some(evidence) = self.store.misbehaviour(db).await? else { return Ok(()) };
        let evidence = String::from_utf8_lossy(&evidence);
        let said = evidence.lines().next().unwrap_or("without evidence");
        Err(Trouble::Wrong(format!("{db} is not used any more: {said}")))
    }

    async fn settle(&self, key: &Key, checked: Result<(), Trouble>) {
        match checked {
            Ok(()) => {}
            Err(Trouble::Wrong(why)) => {
                self.tally.found();
                // Nobody listens any more when the walk is given up.
                let _ = self.tell.send(Finding { object: key.clone(), why }).await;
            }
            Err(Trouble::Unknown(why)) => self.tally.cannot_check(&format!("{key}: {why}")),
            Err(Trouble::Missing(id)) => self.tally.cannot_check(&format!("{key}: tile {id} is not stored")),
            Err(Trouble::Headless) => self.tally.cannot_check(&format!("{key}: there is no signed head")),
            Err(Trouble::Ahead) => self.tally.ahead(),
            Err(Trouble::Beside) => self.tally.beside(),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { why, .. } => Trouble::Wrong(format!("it is damaged: {why}")),
            error => Trouble::Unknown(error.to_string()),
        }
    }
}

/// The object that a checked copy is of.
fn object_of(db: &DbName, path: &SumdbPath) -> Option<Key> {
    match path {
        SumdbPath::Lookup(version) => Some(Key::Lookup(db.clone(), version.clone())),
        SumdbPath::Tile(id) => Some(Key::Tile(db.clone(), *id)),
        SumdbPath::Latest => Some(Key::Head(db.clone())),
        SumdbPath::Supported => None,
    }
}
