//! CRC-32C of each block of a file: cheap enough to be checked whenever a block leaves.

use std::io;

use gomod::ReadAt;
use sha2::{Digest, Sha256};

/// Bytes that one checksum stands for. The last block of a file is shorter.
pub const BLOCK: u64 = 64 * 1024;

/// The same, as a length in memory.
pub(crate) const BLOCK_LEN: usize = 64 * 1024;

/// How many blocks a file of that size has.
pub(crate) fn blocks_in(size: u64) -> u64 {
    size.div_ceil(BLOCK)
}

pub(crate) fn checksum(block: &[u8]) -> u32 {
    crc32c::crc32c(block)
}

/// 128 bits of a SHA-256, in hex: what two different things never share.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let half = Sha256::digest(bytes).iter().take(16).fold(0_u128, |half, byte| half << 8 | u128::from(*byte));
    format!("{half:032x}")
}

/// The checksums of bytes in memory.
pub(crate) fn checksums(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks(BLOCK_LEN).map(checksum).collect()
}

/// The checksums of a file that is `size` bytes long. Blocking.
pub(crate) fn checksums_of(file: &impl ReadAt, size: u64) -> io::Result<Vec<u32>> {
    let mut block = vec![0; BLOCK_LEN];
    (0..blocks_in(size))
        .map(|index| {
            let offset = index * BLOCK;
            let len = usize::try_from((size - offset).min(BLOCK)).unwrap_or(BLOCK_LEN);
            let block = block.get_mut(..len).unwrap_or_default();
            file.read_exact_at(block, offset)?;
            Ok(checksum(block))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_per_block_and_one_for_the_rest() {
        let bytes = vec![7; BLOCK_LEN + 1];
        let sums = checksums(&bytes);
        assert_eq!(sums, [checksum(&bytes[..BLOCK_LEN]), checksum(&[7])]);
        assert_eq!(checksums_of(&bytes, bytes.len() as u64).unwrap(), sums);
        assert!(checksums(&[]).is_empty());
        assert!(checksums_of(&bytes, bytes.len() as u64 + 1).is_err());
    }

    #[test]
    fn it_is_the_castagnoli_polynomial() {
        assert_eq!(checksum(b"123456789"), 0xe306_9283);
    }
}
