//! A look at objects of a checksum database together with something else that is read anyway.

use gomod::{DbName, ModuleVersion};

use super::{Read, SignedHead, Store, sumdb::places};
use crate::{Key, Kind, Loaded, StoreError, Stored};

/// What a look at objects of a checksum database showed.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// The newest signed head, if there is one; nothing where it was not looked for, or could not be read.
    pub head: Option<Option<SignedHead>>,
    /// Those of the objects that are not there at all, not even damaged.
    pub absent: Vec<Key>,
}

impl Store {
    /// Which of these objects are not there, and the newest signed head of a database if one is named, with one look.
    pub async fn glance(&self, db: Option<&DbName>, objects: &[Key]) -> Result<Glance, StoreError> {
        let keys: Vec<_> = glanced_at(db, objects).collect();
        let mut stored = self.blobs.get_each(&keys).await?.into_iter();
        Ok(Self::seen(db, objects, &mut stored).await)
    }

    /// What is stored of a file, as by [`load`](Store::load), and a [`glance`](Store::glance), with one look.
    pub async fn load_and_glance(
        &self,
        version: &ModuleVersion,
        kind: Kind,
        db: Option<&DbName>,
        objects: &[Key],
    ) -> Result<(Loaded, Glance), StoreError> {
        let own = [Key::Receipt(version.clone()), Key::File(version.clone(), kind)];
        let keys: Vec<_> = own.into_iter().chain(glanced_at(db, objects)).collect();
        // One that cannot be read says nothing about the others.
        let Ok(stored) = self.blobs.get_each(&keys).await else {
            return Ok((self.load(version, kind).await?, Glance::default()));
        };
        let mut stored = stored.into_iter();
        let (receipt, file) = (stored.next().flatten(), stored.next().flatten());
        let glance = Self::seen(db, objects, &mut stored).await;
        let receipt = match receipt {
            Some(stored) => self.parse_receipt(version, stored).await?,
            None => None,
        };
        Ok((self.loaded(version, kind, Read { receipt, file }).await?, glance))
    }

    /// The same out of what lay in their places, which are taken from `stored`.
    async fn seen(
        db: Option<&DbName>,
        objects: &[Key],
        stored: &mut (impl Iterator<Item = Option<Stored>> + Send),
    ) -> Glance {
        let head = match db {
            Some(db) => Self::signed(db, stored).await.ok(),
            None => None,
        };
        let mut absent = Vec::new();
        for object in objects {
            let there = places(object).fold(false, |there, _| stored.next().flatten().is_some() || there);
            if !there {
                absent.push(object.clone());
            }
        }
        Glance { head, absent }
    }
}

fn glanced_at(db: Option<&DbName>, objects: &[Key]) -> impl Iterator<Item = Key> {
    let head = db.map(|db| Key::Head(db.clone()));
    head.into_iter().flat_map(|head| places(&head)).chain(objects.iter().flat_map(places))
}
