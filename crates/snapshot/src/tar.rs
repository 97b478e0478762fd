//! The one form that a tar entry has in a snapshot: a plain file, nobody's, of no time.
//!
//! Headers are ustar (POSIX.1-1988); a name that does not fit into one has a pax header before it. A reader that knows
//! which name and size come next makes the header itself and compares: there is nothing to interpret, so links,
//! directories, names that lead elsewhere and everything else are simply not what was to come.

/// Bytes of a block; headers are as long, and content is filled up to a multiple of it.
pub(crate) const BLOCK: usize = 512;

/// What stands before the content of a file.
pub(crate) fn header(name: &str, size: u64) -> Vec<u8> {
    match split(name) {
        Some((prefix, name)) => block(prefix, name, size, b'0').to_vec(),
        None => {
            let record = record(name);
            let mut all = block("", PAX, record.len() as u64, b'x').to_vec();
            all.extend_from_slice(record.as_bytes());
            all.resize(all.len() + padding(record.len() as u64), 0);
            // What a reader without pax shows.
            let beginning = (0..=NAME).rev().find_map(|end| name.get(..end)).unwrap_or_default();
            all.extend_from_slice(&block("", beginning, size, b'0'));
            all
        }
    }
}

/// Zeros behind so many bytes of content.
pub(crate) fn padding(size: u64) -> usize {
    // Below the length of a block.
    usize::try_from(size.wrapping_neg() % BLOCK as u64).unwrap_or_default()
}

/// What stands behind the last file.
pub(crate) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What a header seems to be of, for one who expected another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The end of the archive.
    End,
    /// A plain file.
    File {
        /// Its name, readable whatever it is.
        name: String,
        /// Its size, if that is a number.
        size: Option<u64>,
    },
    /// A link to something, of either sort.
    Link(String),
    /// A directory, a device, or the like.
    Special(String),
    /// No header at all, or a damaged one.
    Garbage,
}

/// Looks at a header that is not the expected one.
pub(crate) fn look(header: &[u8; BLOCK]) -> Found {
    if header.iter().all(|byte| *byte == 0) {
        return Found::End;
    }
    let number = |from: usize, len: usize| {
        let text = text(header.get(from..from + len).unwrap_or_default());
        u64::from_str_radix(text.trim(), 8).ok()
    };
    if number(148, 8) != Some(sum(header)) {
        return Found::Garbage;
    }
    let (name, prefix) =
        (text(header.get(..100).unwrap_or_default()), text(header.get(345..500).unwrap_or_default()));
    let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
    match header.get(156) {
        Some(b'0' | 0) => Found::File { name, size: number(124, 12) },
        Some(b'1' | b'2') => Found::Link(name),
        _ => Found::Special(name),
    }
}

fn block(prefix: &str, name: &str, size: u64, kind: u8) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = block.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    put(345, prefix.as_bytes());
    let sum = sum(&block);
    if let Some(place) = block.get_mut(148..156) {
        place.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    block
}

/// The sum of all bytes, those of the sum itself counted as spaces.
fn sum(block: &[u8; BLOCK]) -> u64 {
    let counted = |(at, byte): (usize, &u8)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte });
    block.iter().enumerate().map(counted).sum()
}

/// The name in two parts as a header has it; `None` if it does not fit.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= NAME {
        return Some(("", name));
    }
    let mut cuts = name.match_indices('/').map(|(at, _)| at);
    let cut = cuts.find(|at| name.len() - at - 1 <= NAME)?;
    let (prefix, rest) = name.split_at(cut);
    (prefix.len() <= PREFIX).then_some((prefix, rest.get(1..)?))
}

/// The pax record of a name. Its length counts its own digits.
fn record(name: &str) -> String {
    let rest = " path=".len() + name.len() + 1;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    format!("{len} path={name}\n")
}

/// A text in a header: up to the first zero, on one line.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let text = String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned();
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

const PAX: &str = "pax";
const NAME: usize = 100;
const PREFIX: usize = 155;

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_systems_tar_reads_every_name() {
        let long = format!("modules/{}/@v/v1.0.0.info", "e".repeat(180));
        let middle = format!("modules/{}/{}/@v/v1.0.0.info", "a".repeat(90), "b".repeat(60));
        let names = ["snapshot.json", &middle, &long];
        let mut archive = Vec::new();
        for name in names {
            archive.extend_from_slice(&header(name, 3));
            archive.extend_from_slice(b"abc");
            archive.resize(archive.len() + padding(3), 0);
        }
        archive.extend_from_slice(&END);
        assert_eq!(split(&middle).unwrap().0.len(), 98);
        assert_eq!(split(&long), None);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.tar");
        std::fs::write(&file, archive).unwrap();
        let listed = Command::new("tar").arg("tf").arg(&file).stderr(Stdio::inherit()).output().unwrap();
        assert!(listed.status.success());
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert_eq!(listed.lines().collect::<Vec<_>>(), names);
    }

    #[test]
    fn the_length_of_a_pax_record_counts_itself() {
        for len in 80..130 {
            let record = record(&"n".repeat(len));
            let said: usize = record.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(said, record.len());
        }
    }

    #[test]
    fn what_is_not_expected_is_named() {
        let file = block("a", "b\n", 5, b'0');
        assert_eq!(look(&file), Found::File { name: "a/b\\n".into(), size: Some(5) });
        assert_eq!(look(&block("", "l", 0, b'2')), Found::Link("l".into()));
        assert_eq!(look(&block("", "d/", 0, b'5')), Found::Special("d/".into()));
        assert_eq!(look(&[0; BLOCK]), Found::End);
        assert_eq!(look(&[7; BLOCK]), Found::Garbage);
        assert_eq!((padding(0), padding(1), padding(512), padding(513)), (0, 511, 0, 511));
    }
}
