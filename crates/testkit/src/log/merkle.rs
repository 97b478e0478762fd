//! The tree over a log's records, as it was at every size (RFC 6962).

use sha2::{Digest, Sha256};

pub(super) type Hash = [u8; 32];

/// The hashes of all complete subtrees. They never change, so every smaller tree can be read from them too.
#[derive(Clone, Debug, Default)]
pub(super) struct Merkle {
    /// By level, from the left. Level 0 are the records.
    levels: Vec<Vec<Hash>>,
}

impl Merkle {
    pub(super) fn push(&mut self, record: &str) {
        let mut hash: Hash = Sha256::new().chain_update([0]).chain_update(record).finalize().into();
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let here = &mut self.levels[level];
            here.push(hash);
            let [.., left, right] = here[..] else { return };
            if here.len() % 2 == 1 {
                return;
            }
            hash = node(&left, &right);
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root of the tree of the first `size` records, which must be there.
    pub(super) fn root(&self, size: u64) -> Hash {
        let bits = (0..u64::BITS).filter(|bit| size >> bit & 1 == 1);
        // From the smallest subtree, at the right edge, to the largest.
        let subtrees = bits.map(|bit| self.levels[bit as usize][at((size >> bit) - 1)]);
        subtrees.reduce(|right, left| node(&left, &right)).unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// `count` hashes of a level, one after the other, if they are all known.
    pub(super) fn hashes(&self, level: u32, first: u64, count: u64) -> Option<Vec<u8>> {
        let all = self.levels.get(level as usize)?;
        Some(all.get(at(first)..at(first + count))?.concat())
    }
}

fn at(n: u64) -> usize {
    usize::try_from(n).unwrap()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&naive(left), &naive(right))
            }
        }
    }

    #[test]
    fn every_size_has_the_root_that_the_definition_gives() {
        let mut tree = Merkle::default();
        (0..70).for_each(|n| tree.push(&format!("record {n}\n")));
        for size in 0..=70 {
            assert_eq!(tree.root(size), naive(&tree.levels[0][..at(size)]), "{size}");
        }
    }

    #[test]
    fn a_subtree_is_known_when_it_is_complete() {
        let mut tree = Merkle::default();
        (0..300).for_each(|n| tree.push(&format!("record {n}\n")));
        assert_eq!(tree.hashes(8, 0, 1).unwrap(), naive(&tree.levels[0][..256]));
        assert_eq!(tree.hashes(8, 1, 1), None);
        assert_eq!(tree.hashes(0, 299, 2), None);
        assert_eq!(tree.hashes(0, 256, 44).unwrap().len(), 44 * 32);
    }
}
