//! Zips put together field by field, so that every field can lie.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// What a zip says twice about an entry: before its content, and in the directory.
#[derive(Clone)]
pub(crate) struct Header {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u32,
    pub(crate) size: u32,
    pub(crate) extra: Vec<u8>,
}

/// One entry.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) local: Header,
    pub(crate) central: Header,
    /// The content as it lies in the zip.
    pub(crate) data: Vec<u8>,
    /// What follows it: a data descriptor, or what should not be there.
    pub(crate) after: Vec<u8>,
    /// Mode bits of Unix in the upper half.
    pub(crate) attributes: u32,
    /// Where the directory says that the entry is, if not where it is.
    pub(crate) start: Option<u32>,
}

impl Item {
    pub(crate) fn stored(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self::new(name.as_ref(), content, 0, content.to_vec())
    }

    pub(crate) fn deflated(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        Self::new(name.as_ref(), content, 8, deflate(content))
    }

    /// With sizes after the content, as Go writes it.
    pub(crate) fn described(name: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let mut item = Self::deflated(name, content);
        item.both(|header| header.flags |= 8);
        let Header { crc, packed, size, .. } = item.central;
        item.after = [0x0807_4b50, crc, packed, size].map(u32::to_le_bytes).concat();
        (item.local.crc, item.local.packed, item.local.size) = (0, 0, 0);
        item
    }

    fn new(name: &[u8], content: &[u8], method: u16, data: Vec<u8>) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let header = Header {
            name: name.to_vec(),
            flags: 0x800,
            method,
            crc: crc.sum(),
            packed: data.len().try_into().unwrap(),
            size: content.len().try_into().unwrap(),
            extra: Vec::new(),
        };
        let (local, central) = (header.clone(), header);
        Self { local, central, data, after: Vec::new(), attributes: 0, start: None }
    }

    /// Changes both headers alike.
    pub(crate) fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    /// Bytes that it takes before the directory.
    pub(crate) fn len(&self) -> usize {
        30 + self.local.name.len() + self.local.extra.len() + self.data.len() + self.after.len()
    }

    /// The item, changed.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// The numbers of an end record.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) disk: u64,
    pub(crate) entries_here: u64,
    pub(crate) entries: u64,
    pub(crate) len: u64,
    pub(crate) start: u64,
}

/// A zip to be.
#[derive(Clone, Default)]
pub(crate) struct Zip {
    pub(crate) items: Vec<Item>,
    /// Bytes in front of everything, which the directory knows of.
    pub(crate) front: Vec<u8>,
    /// Order of the directory's records; that of the items if empty.
    pub(crate) order: Vec<usize>,
    pub(crate) comment: Vec<u8>,
    /// Length of the comment, if not the real one.
    pub(crate) comment_len: Option<u16>,
    /// Changes the end record.
    pub(crate) end: Option<fn(&mut End)>,
    /// Adds a zip64 end record and changes it; the ordinary one then says that its numbers are elsewhere.
    pub(crate) end64: Option<fn(&mut End)>,
}

impl Zip {
    pub(crate) fn of(items: impl IntoIterator<Item = Item>) -> Self {
        Self { items: items.into_iter().collect(), ..Self::default() }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = self.front.clone();
        let mut starts = Vec::new();
        for item in &self.items {
            starts.push(u32::try_from(out.len()).unwrap());
            put(&mut out, &[0x0403_4b50]);
            put16(&mut out, &[20]);
            header(&mut out, &item.local);
            put16(&mut out, &[item.local.name.len(), item.local.extra.len()]);
            out.extend(&item.local.name);
            out.extend(&item.local.extra);
            out.extend(&item.data);
            out.extend(&item.after);
        }
        let start = out.len();
        let order: Vec<_> =
            if self.order.is_empty() { (0..self.items.len()).collect() } else { self.order.clone() };
        for at in order {
            let item = &self.items[at];
            put(&mut out, &[0x0201_4b50]);
            put16(&mut out, &[20, 20]);
            header(&mut out, &item.central);
            put16(&mut out, &[item.central.name.len(), item.central.extra.len(), 0, 0, 0]);
            put(&mut out, &[item.attributes, item.start.unwrap_or(starts[at])]);
            out.extend(&item.central.name);
            out.extend(&item.central.extra);
        }
        let entries = self.items.len() as u64;
        let mut end = End {
            disk: 0,
            entries_here: entries,
            entries,
            len: (out.len() - start) as u64,
            start: start as u64,
        };
        if let Some(change) = self.end64 {
            let at = out.len() as u64;
            let mut wide = end;
            change(&mut wide);
            put(&mut out, &[0x0606_4b50, 44, 0, 0x002d_002d, u32::try_from(wide.disk).unwrap(), 0]);
            for number in [wide.entries_here, wide.entries, wide.len, wide.start] {
                out.extend(number.to_le_bytes());
            }
            put(&mut out, &[0x0706_4b50, 0]);
            out.extend(at.to_le_bytes());
            put(&mut out, &[1]);
            (end.entries_here, end.entries) = (0xffff, 0xffff);
            (end.len, end.start) = (0xffff_ffff, 0xffff_ffff);
        }
        if let Some(change) = self.end {
            change(&mut end);
        }
        put(&mut out, &[0x0605_4b50]);
        put16(&mut out, &[end.disk, 0, end.entries_here, end.entries].map(|n| usize::try_from(n).unwrap()));
        put(&mut out, &[end.len, end.start].map(|n| u32::try_from(n).unwrap()));
        put16(&mut out, &[self.comment_len.map_or(self.comment.len(), usize::from)]);
        out.extend(&self.comment);
        out
    }
}

/// An extra field.
pub(crate) fn extra(kind: u16, content: &[u8]) -> Vec<u8> {
    let len = u16::try_from(content.len()).unwrap();
    [kind.to_le_bytes().as_slice(), &len.to_le_bytes(), content].concat()
}

/// A zip64 extra field with these numbers.
pub(crate) fn extra64(numbers: &[u64]) -> Vec<u8> {
    extra(1, &numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>())
}

pub(crate) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
    packer.write_all(content).unwrap();
    packer.finish().unwrap()
}

fn header(out: &mut Vec<u8>, header: &Header) {
    put16(out, &[header.flags.into(), header.method.into(), 0, 0x21]);
    put(out, &[header.crc, header.packed, header.size]);
}

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
}

fn put16(out: &mut Vec<u8>, numbers: &[usize]) {
    out.extend(numbers.iter().flat_map(|&n| u16::try_from(n).unwrap().to_le_bytes()));
}
