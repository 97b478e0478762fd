//! Which versions a log holds: read once from its records, then kept up with them.
//!
//! The records are the truth; the lookups are made from them and can be made again. A lookup that was lost must not
//! let a second record come to be.

use std::collections::HashMap;

use gomod::{H1, ModuleVersion, TileId};
use sumdb::{Hash, Hashes, Head};

use super::{Log, OwnError};

/// The number of each record, under 16 bytes of the hash of its version: about 40 bytes of memory for each.
#[derive(Debug, Default)]
pub(super) struct Index {
    ids: HashMap<[u8; 16], u64>,
    size: u64,
}

impl Index {
    pub(super) fn get(&self, version: &ModuleVersion) -> Option<u64> {
        self.ids.get(&name(version.path().as_str(), version.version().as_str())).copied()
    }

    /// Takes in the records up to a head.
    pub(super) async fn catch_up(&mut self, log: &Log, head: &Head) -> Result<(), OwnError> {
        while self.size < head.size {
            let n = self.size / u64::from(TileId::FULL);
            let texts = log.records_of(n, head).await?;
            let first = n * u64::from(TileId::FULL);
            for (id, text) in (first..).zip(&texts) {
                self.insert(text, id, log)?;
            }
            self.size = first + texts.len() as u64;
        }
        Ok(())
    }

    /// Takes in records that were just appended behind `old`.
    pub(super) fn extend(&mut self, log: &Log, old: u64, texts: &[String]) -> Result<(), OwnError> {
        if self.size == old {
            for (id, text) in (old..).zip(texts) {
                self.insert(text, id, log)?;
            }
            self.size = old + texts.len() as u64;
        }
        Ok(())
    }

    fn insert(&mut self, text: &str, id: u64, log: &Log) -> Result<(), OwnError> {
        let (path, version) =
            subject(text).ok_or_else(|| log.damaged(format!("record {id} is about no module version")))?;
        let first = *self.ids.entry(name(path, version)).or_insert(id);
        if first == id {
            return Ok(());
        }
        Err(log.damaged(format!("records {first} and {id} are both about {path} {version}")))
    }
}

/// The text of a record: as in go.sum, the zip's line first. `None` if neither hash is known.
pub(super) fn text(version: &ModuleVersion, hashes: &Hashes) -> Option<String> {
    let line = |ending: &str, h1: Option<H1>| {
        h1.map(|h1| format!("{} {}{ending} {h1}\n", version.path(), version.version()))
    };
    let (zip, gomod) = (line("", hashes.zip), line("/go.mod", hashes.gomod));
    (zip.is_some() || gomod.is_some()).then(|| [zip, gomod].into_iter().flatten().collect())
}

/// The module path and version that a record's first line is about.
pub(super) fn subject(text: &str) -> Option<(&str, &str)> {
    let mut words = text.lines().next()?.split(' ');
    let (path, version) = (words.next()?, words.next()?);
    Some((path, version.strip_suffix("/go.mod").unwrap_or(version)))
}

fn name(path: &str, version: &str) -> [u8; 16] {
    let hash = Hash::leaf(format!("{path} {version}").as_bytes());
    let mut name = [0; 16];
    name.copy_from_slice(hash.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
    name
}
