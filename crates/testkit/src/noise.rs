//! Content that does not compress, of any length, the same for the same seed, never held in memory.

use std::io::Read;

/// A reader of pseudo-random bytes (xorshift64*): endless, so it is used with `take`.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    state: u64,
    left: [u8; 8],
    used: usize,
}

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed | 1, left: [0; 8], used: 8 }
    }

    fn word(&mut self) -> [u8; 8] {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes()
    }
}

impl Read for Noise {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let total = out.len();
        let carried = (8 - self.used).min(total);
        let (first, rest) = out.split_at_mut(carried);
        first.copy_from_slice(&self.left[self.used..self.used + carried]);
        self.used += carried;
        let mut words = rest.chunks_exact_mut(8);
        for word in &mut words {
            word.copy_from_slice(&self.word());
        }
        let tail = words.into_remainder();
        if !tail.is_empty() {
            self.left = self.word();
            tail.copy_from_slice(&self.left[..tail.len()]);
            self.used = tail.len();
        }
        Ok(total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_do_not_depend_on_how_they_are_read() {
        let mut whole = vec![0; 100];
        Noise::new(7).read_exact(&mut whole).unwrap();
        let mut pieces = vec![0; 100];
        let mut noise = Noise::new(7);
        for piece in pieces.chunks_mut(3) {
            noise.read_exact(piece).unwrap();
        }
        assert_eq!(pieces, whole);
    }
}
