//! A log the plain way: what the tree is by its definition, without any of the code under test but the two hashes.

use std::sync::LazyLock;

use gomod::TileId;
use sumdb::{Evil, Hash, Head, Lookup, Tiles, Unproved};

/// All hashes of complete subtrees over given records.
pub(crate) struct Log {
    pub(crate) records: Vec<String>,
    levels: Vec<Vec<Hash>>,
}

impl Log {
    pub(crate) fn new(records: Vec<String>) -> Self {
        let mut levels = vec![records.iter().map(|text| Hash::leaf(text.as_bytes())).collect::<Vec<_>>()];
        while levels.last().is_some_and(|last| last.len() > 1) {
            let pairs = levels.last().unwrap().chunks_exact(2);
            levels.push(pairs.map(|pair| Hash::node(&pair[0], &pair[1])).collect());
        }
        Self { records, levels }
    }

    /// The hash over records `start` to `end`, as RFC 6962 defines it.
    pub(crate) fn hash(&self, start: usize, end: usize) -> Hash {
        let size = end - start;
        if size == 0 {
            return Hash::empty();
        }
        if size.is_power_of_two() && start.is_multiple_of(size) {
            return self.levels[size.ilog2() as usize][start / size];
        }
        let half = size.next_power_of_two() / 2;
        Hash::node(&self.hash(start, start + half), &self.hash(start + half, end))
    }

    pub(crate) fn head(&self, size: u64) -> Head {
        Head { size, root: self.hash(0, size as usize) }
    }

    /// A tile, from the definition: entry `i` is the hash over 256^level records.
    pub(crate) fn tile(&self, id: TileId) -> Vec<u8> {
        let first = id.n() as usize * 256;
        let entries = first..first + usize::from(id.width());
        match id.level() {
            None => self.records[entries].iter().flat_map(|text| format!("{text}\n").into_bytes()).collect(),
            Some(level) => entries.flat_map(|i| *self.levels[8 * level as usize][i].as_bytes()).collect(),
        }
    }

    /// The answer to a lookup. Its note is never opened by a proof.
    pub(crate) fn lookup(&self, id: u64) -> Vec<u8> {
        Lookup::compose(id, &self.records[id as usize], b"note")
    }

    /// Brings all tiles that are asked for until there is a verdict. Says how many rounds it took.
    pub(crate) fn fetch<T>(
        &self,
        have: &mut Tiles,
        mut ask: impl FnMut(&Tiles) -> Result<T, Unproved>,
    ) -> (Result<T, Evil>, usize) {
        for round in 0.. {
            match ask(have) {
                Ok(value) => return (Ok(value), round),
                Err(Unproved::Security(evil)) => return (Err(evil), round),
                Err(Unproved::Beyond(id)) => panic!("{id} is beyond the tree"),
                Err(Unproved::Need(ids)) => {
                    assert!(!ids.is_empty() && ids.len() <= 24 && round < 2, "{ids:?} in round {round}");
                    for id in ids {
                        assert_eq!(have.get(id), None, "{id} was there");
                        have.insert(id, self.tile(id));
                    }
                }
            }
        }
        unreachable!()
    }
}

/// A log with tiles on three levels.
pub(crate) static LARGE: LazyLock<Log> =
    LazyLock::new(|| Log::new((0..132_000).map(|i| format!("example.com/m{i} v1.0.0 h1:{i}\n")).collect()));
