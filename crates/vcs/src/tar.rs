//! Archives as `git archive --format=tar` and people's `tar` write them: ustar with pax headers, or with GNU's long names.

use std::io::{self, Read};

/// Reads an archive from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    from: R,
    /// Bytes of content that have not been read, and what fills up its last block.
    content: u64,
    padding: u64,
    sound: bool,
}

/// What stands before a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: Kind,
    /// Of the content that follows, in bytes.
    pub(crate) size: u64,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    Symlink,
    /// Another name of a file that came before, without content of its own.
    HardLink,
    /// A device and the like.
    Other,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, content: 0, padding: 0, sound: true }
    }

    /// Whether all that was read was an archive's, and whole.
    pub(crate) fn is_sound(&self) -> bool {
        self.sound
    }

    /// The next file, directory or link; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<File>> {
        let next = self.advance();
        self.sound &= next.is_ok();
        next
    }

    /// The content of the last one.
    pub(crate) fn content(&mut self) -> Content<'_, R> {
        Content(self)
    }

    fn advance(&mut self) -> io::Result<Option<File>> {
        let (mut path, mut size) = (None, None);
        loop {
            let left = self.content + self.padding;
            if io::copy(&mut (&mut self.from).take(left), &mut io::sink())? != left {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            (self.content, self.padding) = (0, 0);
            let mut block = [0; BLOCK];
            self.from.read_exact(&mut block)?;
            if block == [0; BLOCK] {
                return Ok(None);
            }
            let header = Header::read(&block)?;
            let length = size.unwrap_or(header.size);
            (self.content, self.padding) = (length, length.next_multiple_of(BLOCK as u64) - length);
            match header.kind {
                // What counts for all, and where a link with a long name leads.
                b'g' | b'K' => {}
                b'x' => {
                    let mut records = Vec::new();
                    if length > PAX {
                        return Err(io::Error::other("a header is longer than allowed"));
                    }
                    Content(self).read_to_end(&mut records)?;
                    pax(&records, &mut path, &mut size)
                        .ok_or_else(|| io::Error::other("a malformed pax header"))?;
                }
                b'L' => {
                    let mut name = Vec::new();
                    if length > PAX {
                        return Err(io::Error::other("a name is longer than allowed"));
                    }
                    Content(self).read_to_end(&mut name)?;
                    path = name.split(|b| *b == 0).next().map(<[u8]>::to_vec);
                }
                kind => {
                    let kind = match kind {
                        b'0' | b'7' | 0 => Kind::File,
                        b'1' => Kind::HardLink,
                        b'2' => Kind::Symlink,
                        b'5' => Kind::Directory,
                        b'3' | b'4' | b'6' => Kind::Other,
                        kind => return Err(io::Error::other(format!("an entry of kind {kind}"))),
                    };
                    let path = path.take().unwrap_or(header.path);
                    return Ok(Some(File { path, kind, size: length }));
                }
            }
        }
    }
}

/// The content of a file. Breaking off is an error.
#[derive(Debug)]
pub(crate) struct Content<'a, R>(&'a mut Reader<R>);

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.0;
        let most = usize::try_from(reader.content).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..most).filter(|into| !into.is_empty()) else { return Ok(0) };
        let read = loop {
            match reader.from.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match read {
            Ok(read) if read > 0 => {
                reader.content -= read as u64;
                Ok(read)
            }
            other => {
                reader.sound = false;
                other.and(Err(io::ErrorKind::UnexpectedEof.into()))
            }
        }
    }
}

struct Header {
    path: Vec<u8>,
    size: u64,
    kind: u8,
}

impl Header {
    fn read(block: &[u8; BLOCK]) -> io::Result<Self> {
        let field = |from: usize, len: usize| block.get(from..from + len).unwrap_or_default();
        let text = |from, len| {
            let field: &[u8] = field(from, len);
            field.split(|b| *b == 0).next().unwrap_or_default()
        };
        let octal = |from, len| {
            let text = std::str::from_utf8(text(from, len)).ok()?;
            u64::from_str_radix(text.trim(), 8).ok()
        };
        // The checksum's own field counts as spaces.
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) })
            .sum();
        if octal(148, 8) != Some(sum) || field(257, 5) != b"ustar" {
            return Err(io::Error::other("no tar header"));
        }
        // GNU's form has other things there.
        let mut path = if field(257, 8) == GNU { Vec::new() } else { text(345, 155).to_vec() };
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(text(0, 100));
        let size = octal(124, 12).ok_or_else(|| io::Error::other("a header without a size"))?;
        Ok(Self { path, size, kind: block.get(156).copied().unwrap_or_default() })
    }
}

/// Reads records `LENGTH KEY=VALUE\n`, of which path and size count.
fn pax(mut records: &[u8], path: &mut Option<Vec<u8>>, size: &mut Option<u64>) -> Option<()> {
    while !records.is_empty() {
        let space = records.iter().position(|b| *b == b' ')?;
        let length: usize = std::str::from_utf8(records.get(..space)?).ok()?.parse().ok()?;
        let (record, rest) = records.split_at_checked(length)?;
        let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
        let equals = record.iter().position(|b| *b == b'=')?;
        let value = record.get(equals + 1..)?;
        match record.get(..equals)? {
            b"path" => *path = Some(value.to_vec()),
            b"size" => *size = Some(std::str::from_utf8(value).ok()?.parse().ok()?),
            _ => {}
        }
        records = rest;
    }
    Some(())
}

const GNU: &[u8] = b"ustar  \0";
const BLOCK: usize = 512;
/// Bytes of a pax header.
const PAX: u64 = 1 << 20;
