//! What was caught: an answer that cannot be part of an honest log.

use std::fmt::Write as _;

use gomod::TileId;
use thiserror::Error;

use crate::tlog::Hash;
use crate::tree::Head;

/// An answer that contradicts what a signed tree head says. `Display` is one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Evil {
    /// The database signed two trees of which neither is the beginning of the other.
    #[error(
        "the checksum database signed two histories: its tree of {} records does not begin with its own tree of {} records",
        .0.new.size, .0.old.size
    )]
    Fork(Box<Fork>),
    /// A head that should follow another is smaller.
    #[error("the checksum database went back from {old} records to {new}")]
    Rollback {
        /// Records in the head that was there before.
        old: u64,
        /// Records in the one that should follow it.
        new: u64,
    },
    /// At least one of these tiles is not the signed tree's: altered, cut, or another tile's.
    #[error("{} not belong to the signed tree of {size} records", name(.tiles))]
    Tile {
        /// The suspects. Only one of them need be wrong.
        tiles: Vec<TileId>,
        /// The tree's size.
        size: u64,
    },
    /// The text is not that of the record with this number.
    #[error("what was sent as record {id} is not what the signed tree of {size} records holds there")]
    Record {
        /// The record's number.
        id: u64,
        /// The tree's size.
        size: u64,
    },
    /// The record would lie behind the end of the tree that was signed with it.
    #[error("record {id} cannot lie in the signed tree of {size} records")]
    Outside {
        /// The record's number.
        id: u64,
        /// The tree's size.
        size: u64,
    },
    /// The head counts more records than a log can have.
    #[error("no log has as many records as the {0} of this head")]
    Size(u64),
}

impl Evil {
    /// Whether the database itself misbehaved, and its own signatures prove it. All else may be the doing of whoever
    /// handed the answer on.
    pub fn is_fork(&self) -> bool {
        matches!(self, Self::Fork(_))
    }

    /// The tiles of which at least one is wrong: to be forgotten and fetched from elsewhere.
    pub fn suspects(&self) -> &[TileId] {
        match self {
            Self::Tile { tiles, .. } => tiles,
            _ => &[],
        }
    }

    /// What to keep for those who look into it: the sentence, and for a fork both heads with the proof that the newer
    /// one excludes the older. Together with the signed notes nothing else is needed to check it, and nothing that
    /// the database does later takes it away.
    pub fn evidence(&self) -> String {
        let mut text = format!("{self}\n");
        if let Self::Fork(fork) = self {
            let _ = write!(text, "\nolder tree:\n{}\nnewer tree:\n{}\n", fork.old, fork.new);
            let _ =
                writeln!(text, "root of the newer tree's first {} records:\n{}", fork.old.size, fork.root);
            let _ = writeln!(text, "\nconsistency proof (RFC 6962) of that root in the newer tree:");
            for hash in &fork.proof {
                let _ = writeln!(text, "{hash}");
            }
        }
        text
    }
}

/// Two signed heads that exclude each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The smaller tree, or the one known before.
    pub old: Head,
    /// The larger tree, or the one that came later.
    pub new: Head,
    /// The root over the first `old.size` records of the newer tree. It is not that of `old`.
    pub root: Hash,
    /// The consistency proof that leads from `root` to the root of `new`. Empty for trees of one size.
    pub proof: Vec<Hash>,
}

/// `tile A does`, or `at least one of the tiles A, B does`. A tree without records has no tiles, only a root.
fn name(tiles: &[TileId]) -> String {
    let names: Vec<String> = tiles.iter().map(ToString::to_string).collect();
    match names.as_slice() {
        [] => "the root hash does".to_owned(),
        [one] => format!("tile {one} does"),
        all => format!("at least one of the tiles {} does", all.join(", ")),
    }
}
