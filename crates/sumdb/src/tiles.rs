//! Tiles as they were received, and the records in a tile of records.

use std::collections::BTreeMap;

use gomod::TileId;

use crate::record::record_text;

/// Tile bodies as they were received, at most one for each id. Nothing in them is believed.
///
/// A wider tile serves for a narrower one in the same place, as it begins with the same entries.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    bodies: BTreeMap<TileId, Vec<u8>>,
}

impl Tiles {
    /// No tiles.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a body of any content, in place of an earlier one of the same id.
    pub fn insert(&mut self, id: TileId, body: impl Into<Vec<u8>>) {
        self.bodies.insert(id, body.into());
    }

    /// Drops every body that could serve for a tile: after a lie, so that it can be fetched elsewhere.
    pub fn forget(&mut self, id: TileId) {
        let gone: Vec<TileId> = self.bodies.range(id..=id.full()).map(|(stored, _)| *stored).collect();
        for stored in gone {
            self.bodies.remove(&stored);
        }
    }

    /// The body of a tile, exactly as many entries as its width: as it was received, or the beginning of a wider one.
    /// `None` when there is none, or when the one there is has the wrong length.
    pub fn get(&self, id: TileId) -> Option<&[u8]> {
        self.find(id)?.ok()
    }

    /// Like [`Tiles::get`], but an error with the id of the malformed body.
    pub(crate) fn find(&self, id: TileId) -> Option<Result<&[u8], TileId>> {
        let (stored, body) = self.bodies.range(id..=id.full()).next()?;
        let whole = match stored.level() {
            Some(_) => body.len() == usize::from(stored.width()) * HASH_LEN,
            None => records(body).is_some_and(|records| records.len() == usize::from(stored.width())),
        };
        Some(cut(body, id).filter(|_| whole).ok_or(*stored))
    }
}

/// The records in a tile of records, or in any number of such tiles one behind the other: each is a text of lines,
/// and an empty line follows it. `None` if the form is wrong.
pub fn records(body: &[u8]) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\n\n")?;
        let (record, after) = rest.split_at_checked(end + 1)?;
        found.push(record_text(record).ok()?);
        rest = after.get(1..)?;
    }
    Some(found)
}

/// The first `id.width()` entries of a tile in the place of `id`. `None` if it has fewer.
pub(crate) fn cut(body: &[u8], id: TileId) -> Option<&[u8]> {
    let width = usize::from(id.width());
    let len = match id.level() {
        Some(_) => width * HASH_LEN,
        None => records(body)?.get(..width)?.iter().map(|record| record.len() + 1).sum(),
    };
    body.get(..len)
}

/// Bytes of a hash in a tile.
pub(crate) const HASH_LEN: usize = 32;
