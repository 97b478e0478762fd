//! Receipts whose hashes a checksum database is said to vouch for, compared with its records.

use gomod::ModuleVersion;
use storage::{Evidence, FileFact, Key, Kind, Receipt};
use sumdb::{Lookup, RecordError};

use super::{Audit, Trouble};

impl Audit {
    pub(super) async fn receipts(&mut self) {
        let mut receipts = self.store.receipts();
        while let Some(key) = self.next(&mut receipts).await {
            let Key::Receipt(version) = &key else { continue };
            let checked = match self.store.read_receipt(version).await {
                Ok(Some(receipt)) => self.receipt(&receipt).await,
                Ok(None) => Ok(()),
                Err(error) => Err(error.into()),
            };
            self.settle(&key, checked).await;
        }
    }

    async fn receipt(&mut self, receipt: &Receipt) -> Result<(), Trouble> {
        for kind in [Kind::Mod, Kind::Zip] {
            if let Some(fact) = receipt.fact(kind) {
                self.fact(receipt.version(), kind, fact).await?;
            }
        }
        Ok(())
    }

    async fn fact(&mut self, version: &ModuleVersion, kind: Kind, fact: &FileFact) -> Result<(), Trouble> {
        let Evidence::Log { db, id, size } = fact.evidence() else { return Ok(()) };
        let Some(database) = self.databases.get_mut(db) else {
            self.tally.unknown(db);
            return Ok(());
        };
        let record = Key::Lookup(db.clone(), version.clone());
        if !record.fits() {
            return Ok(());
        }
        let copies = database.copies(&record).await?;
        let wrong = |why: String| Trouble::Wrong(format!("its {kind}: {why}"));
        let bytes = copies.served().ok_or_else(|| wrong(format!("its record in {db} is not stored")))?;
        let malformed = |error: RecordError| wrong(format!("its record in {db}: {error}"));
        // That the record lies in the log was checked with the record.
        let lookup = Lookup::parse(bytes).map_err(malformed)?;
        let hashes = lookup.hashes(version).map_err(malformed)?;
        let said = if kind == Kind::Zip { hashes.zip } else { hashes.gomod };
        if lookup.id() != *id {
            return Err(wrong(format!("it names record {id} of {db}, and its record is {}", lookup.id())));
        }
        if said != fact.h1() {
            let shown = |h1: Option<gomod::H1>| h1.map_or("nothing".to_owned(), |h1| h1.to_string());
            let (said, known) = (shown(said), shown(fact.h1()));
            return Err(wrong(format!("record {id} of {db} says {said}, and the receipt {known}")));
        }
        let mut head = database.head();
        if head.as_ref().is_ok_and(|head| head.size < *size) {
            head = database.read_head().await;
        }
        if let Ok(head) = head
            && head.size < *size
        {
            let newest = head.size;
            return Err(wrong(format!(
                "it was proven in a tree of {size} records, and the newest head of {db} has {newest}: what is stored of \
                 it is older than the receipt"
            )));
        }
        self.tally.agreed();
        Ok(())
    }
}
