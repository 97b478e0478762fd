//! The parts of a signed note that is one's own.

use sumdb::Head;

/// What a note says, whoever signed it. Believed only where it is compared with something that is trusted.
pub(super) fn unopened(note: &[u8]) -> Option<Head> {
    Head::parse(split(note)?.0).ok()
}

/// The signature lines of a note, each with its newline.
pub(super) fn signatures(note: &[u8]) -> Option<Vec<&str>> {
    Some(split(note)?.1.split_inclusive('\n').collect())
}

/// The text with its final newline, and the lines behind the last empty line.
fn split(note: &[u8]) -> Option<(&str, &str)> {
    let note = std::str::from_utf8(note).ok()?;
    let end = note.rfind("\n\n")?;
    Some((note.get(..=end)?, note.get(end + 2..)?))
}
