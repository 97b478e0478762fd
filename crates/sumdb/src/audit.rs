//! The check of a whole log: its records, read in order, give every tile and every head that there should be.

use gomod::TileId;
use thiserror::Error;

use crate::grow::{Frontier, GrowError};
use crate::tiles::records;
use crate::tree::Head;

/// Recomputes a log from its records, from the first one on. What was stored or signed is compared by the caller: the
/// hash tiles as they come out, and a signed head when as many records were read.
#[derive(Debug, Default)]
pub struct Auditor {
    frontier: Frontier,
}

impl Auditor {
    /// Before the first record.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next tile of records and gives the full tiles of hashes that it completes. Only the last tile of a log
    /// may be partial.
    pub fn tile(&mut self, id: TileId, body: &[u8]) -> Result<Vec<(TileId, Vec<u8>)>, AuditError> {
        let full = u64::from(TileId::FULL);
        if id.level().is_some() || id.n().checked_mul(full) != Some(self.frontier.size()) {
            return Err(AuditError::Order { id, size: self.frontier.size() });
        }
        let records = records(body).filter(|records| records.len() == usize::from(id.width()));
        let mut complete = Vec::new();
        for text in records.ok_or(AuditError::Form(id))? {
            complete.extend(self.record(text)?);
        }
        Ok(complete)
    }

    /// Reads the next record and gives the full tiles of hashes that it completes.
    pub fn record(&mut self, text: &str) -> Result<Vec<(TileId, Vec<u8>)>, AuditError> {
        let mut complete = self.frontier.append(text)?;
        complete.retain(|(id, _)| id.level().is_some());
        Ok(complete)
    }

    /// The partial tiles of hashes at the right edge of what was read.
    pub fn edge(&self) -> Vec<(TileId, Vec<u8>)> {
        self.frontier.edge().into_iter().filter(|(id, _)| id.level().is_some()).collect()
    }

    /// The head that a log of the records read so far must have.
    pub fn head(&self) -> Head {
        self.frontier.head()
    }
}

/// Why a log's records cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuditError {
    /// Another tile than the next one.
    #[error("{id} is not the tile of records that follows record {size}")]
    Order {
        /// The tile.
        id: TileId,
        /// Records read before.
        size: u64,
    },
    /// The tile is not made of as many records as its name says.
    #[error("tile {0} does not hold as many records as its name says, each with an empty line behind it")]
    Form(TileId),
    /// A record that no log may hold.
    #[error(transparent)]
    Record(#[from] GrowError),
}
