//! Bases of deltas that have been decoded: what the next delta builds upon is at hand.

use std::collections::{HashMap, VecDeque};

use gix_object::Kind;
use gix_pack::cache::DecodeEntry;

/// Keeps so many bytes, and forgets what came first.
#[derive(Default)]
pub(super) struct Bases {
    /// By pack and place.
    kept: HashMap<(u32, u64), Base>,
    order: VecDeque<(u32, u64)>,
    bytes: usize,
}

struct Base {
    kind: Kind,
    compressed: usize,
    data: Vec<u8>,
}

impl DecodeEntry for Bases {
    fn put(&mut self, pack: u32, offset: u64, data: &[u8], kind: Kind, compressed: usize) {
        if data.len() > LARGEST || self.kept.contains_key(&(pack, offset)) {
            return;
        }
        while self.bytes + data.len() > MOST
            && let Some(first) = self.order.pop_front()
        {
            let gone = self.kept.remove(&first);
            self.bytes -= gone.map_or(0, |base| base.data.len());
        }
        self.bytes += data.len();
        self.order.push_back((pack, offset));
        self.kept.insert((pack, offset), Base { kind, compressed, data: data.to_vec() });
    }

    fn get(&mut self, pack: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let base = self.kept.get(&(pack, offset))?;
        out.clear();
        out.extend_from_slice(&base.data);
        Some((base.kind, base.compressed))
    }
}

/// Bytes of all.
const MOST: usize = 24 << 20;
/// Bytes of one.
const LARGEST: usize = MOST / 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut bases = Bases::default();
        let data = vec![7; LARGEST];
        for offset in 0..10 {
            bases.put(1, offset, &data, Kind::Blob, 3);
        }
        let mut out = vec![1];
        assert_eq!(bases.get(1, 0, &mut out), None);
        assert_eq!(bases.get(1, 9, &mut out), Some((Kind::Blob, 3)));
        assert_eq!((out.len(), bases.bytes, bases.kept.len()), (LARGEST, MOST, 4));
        bases.put(2, 0, &vec![7; LARGEST + 1], Kind::Blob, 3);
        assert_eq!(bases.get(2, 0, &mut out), None);
    }
}
