//! Commits and trees, as git writes them.

use crate::Oid;

/// What a commit says that matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommitFacts {
    pub(super) tree: Oid,
    /// In the order in which they are named.
    pub(super) parents: Vec<Oid>,
    /// The committer's time: seconds since 1970.
    pub(super) time: i64,
}

/// Reads a commit; `None` if it is malformed.
pub(super) fn read_commit(bytes: &[u8]) -> Option<CommitFacts> {
    let mut lines = bytes.split(|b| *b == b'\n').peekable();
    let name = |hex: &[u8]| std::str::from_utf8(hex).ok()?.parse::<Oid>().ok();
    let tree = name(lines.next()?.strip_prefix(b"tree ")?)?;
    let mut parents = Vec::new();
    while let Some(parent) = lines.peek().and_then(|line| line.strip_prefix(b"parent ")) {
        parents.push(name(parent)?);
        lines.next();
    }
    let committer =
        lines.take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(b"committer "))?;
    // As git reads it: what follows the last `>`.
    let behind = committer.rsplit(|b| *b == b'>').next()?;
    let time = std::str::from_utf8(behind).ok()?.split_ascii_whitespace().next()?.parse().ok()?;
    Some(CommitFacts { tree, parents, time })
}

/// Of what sort an entry of a tree is, as git takes its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Directory,
    File,
    Symlink,
    Submodule,
}

impl Mode {
    /// `canon_mode` of git.
    fn read(octal: &[u8]) -> Option<Self> {
        let mode = octal.iter().try_fold(0_u32, |mode, digit| match digit {
            b'0'..=b'7' if octal.len() <= 7 => Some(mode << 3 | u32::from(digit - b'0')),
            _ => None,
        })?;
        Some(match mode & 0o170_000 {
            0o100_000 => Mode::File,
            0o120_000 => Mode::Symlink,
            0o040_000 => Mode::Directory,
            _ => Mode::Submodule,
        })
    }
}

/// The entries of a tree whose names of objects have `digest` bytes: mode, name, object. `Err` ends it where the rest
/// is malformed.
pub(super) fn entries(
    mut tree: &[u8],
    digest: usize,
) -> impl Iterator<Item = Result<(Mode, &[u8], Oid), Malformed>> {
    std::iter::from_fn(move || {
        if tree.is_empty() {
            return None;
        }
        let entry = first(tree, digest);
        tree = entry.as_ref().map_or(&[], |(.., rest)| *rest);
        Some(entry.map(|(mode, name, id, _)| (mode, name, id)).ok_or(Malformed))
    })
}

/// A tree that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

fn first(tree: &[u8], digest: usize) -> Option<(Mode, &[u8], Oid, &[u8])> {
    let (mode, rest) = tree.split_at_checked(tree.iter().position(|b| *b == b' ')?)?;
    let rest = rest.get(1..)?;
    let (name, rest) = rest.split_at_checked(rest.iter().position(|b| *b == 0)?)?;
    let (id, rest) = rest.get(1..)?.split_at_checked(digest)?;
    Some((Mode::read(mode)?, name, Oid::new(id).ok()?, rest))
}

/// The entry of that name.
pub(super) fn entry(tree: &[u8], name: &[u8], digest: usize) -> Option<(Mode, Oid)> {
    entries(tree, digest).map_while(Result::ok).find(|(_, at, _)| *at == name).map(|(mode, _, id)| (mode, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_as_git_does() {
        let tree = "ddee2166b377b4e7f0ffbb44907e6106ebb48788";
        let commit = format!(
            "tree {tree}\nparent {tree}\nauthor a > b <x> 1 +0000\ncommitter c> <d@e> 1704060001 +0200\n\ncommitter x <y> 5 +0\n"
        );
        let id: Oid = tree.parse().unwrap();
        let facts = CommitFacts { tree: id, parents: vec![id], time: 1_704_060_001 };
        assert_eq!(read_commit(commit.as_bytes()), Some(facts));
        assert_eq!(read_commit(b"tree x"), None);
    }

    #[test]
    fn an_entry_is_found_in_a_tree() {
        let mut tree = Vec::new();
        for (mode, name) in [("100664", "a"), ("40000", "b"), ("120000", "go.mod"), ("160000", "m")] {
            tree.extend(format!("{mode} {name}\0").bytes());
            tree.extend([b' '; 20]);
        }
        let id = Oid::new(&[b' '; 20]).unwrap();
        for (name, mode) in
            [("a", Mode::File), ("b", Mode::Directory), ("go.mod", Mode::Symlink), ("m", Mode::Submodule)]
        {
            assert_eq!(entry(&tree, name.as_bytes(), 20), Some((mode, id)));
        }
        assert_eq!(entry(&tree, b"c", 20), None);
        assert_eq!(entry(&tree[..10], b"a", 20), None);
        assert_eq!(entries(&tree[..40], 20).filter(|entry| *entry == Err(Malformed)).count(), 1);
    }
}
