//! Unpacking an entry in memory at once: the fast way, which never says what is wrong.

use libdeflater::Decompressor;
use memchr::memmem;

use super::directory::Entry;
use super::unpack::buffer;

/// libdeflate and its buffers.
pub(super) struct Inflater {
    tool: Decompressor,
    framed: Vec<u8>,
    content: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { tool: Decompressor::new(), framed: Vec::new(), content: Vec::new() }
    }
}

/// The shortest gzip header.
const GZIP: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

impl Inflater {
    /// The content of `data`, if `data` is one whole deflate stream of the size and checksum that `entry` states.
    ///
    /// libdeflate does not say where in its input a raw stream ended, and bytes after it could be entries to another
    /// reader. As gzip it does: the trailer with checksum and size is put behind `data`, and must be what follows
    /// on the stream. It is, unless `data` itself held such a trailer earlier.
    pub(super) fn whole(&mut self, data: &[u8], entry: &Entry<'_>) -> Option<&[u8]> {
        let mut trailer = [0; 8];
        trailer[..4].copy_from_slice(&entry.crc.to_le_bytes());
        trailer[4..].copy_from_slice(&u32::try_from(entry.size).ok()?.to_le_bytes());
        self.framed.clear();
        self.framed.extend_from_slice(&GZIP);
        self.framed.extend_from_slice(data);
        self.framed.extend_from_slice(&trailer);
        if memmem::find(self.framed.get(GZIP.len()..)?, &trailer) != Some(data.len()) {
            return None;
        }
        let size = usize::try_from(entry.size).ok()?;
        let content = buffer(&mut self.content, size);
        let unpacked = self.tool.gzip_decompress(&self.framed, content).ok()?;
        (unpacked == size).then_some(content)
    }
}
