//! The files below a directory, and their content as `git archive` gives it.

use std::{
    collections::HashSet,
    io::{BufReader, Read},
    sync::{Arc, PoisonError},
};

use super::{Binary, Call, Trouble, trouble};
use crate::{Cause, Entry, EntryKind, Oid, Sink, VcsError, tar};

/// The files and links below a directory of a commit.
#[derive(Debug)]
pub(super) struct Tree {
    commit: Oid,
    /// With a `/` at its end, or nothing.
    dir: String,
    entries: Vec<Entry>,
}

impl Tree {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The path in the repository.
    fn path(&self, entry: &Entry) -> Option<String> {
        Some(format!("{}{}", self.dir, std::str::from_utf8(&entry.path).ok()?))
    }
}

impl Binary {
    pub(super) fn tree_at(&self, commit: Oid, dir: &str) -> Result<Arc<Tree>, VcsError> {
        let dir = if dir.is_empty() { String::new() } else { format!("{}/", dir.trim_end_matches('/')) };
        let mut last = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = last.as_ref().filter(|tree| tree.commit == commit && tree.dir == dir) {
            return Ok(Arc::clone(tree));
        }
        let entries = self.with(|open| {
            self.ensure(open, commit)?;
            let id = commit.to_string();
            let mut args = vec!["ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", &id];
            if !dir.is_empty() {
                args.push(&dir);
            }
            let (output, _) = self.read(&open.bare, &args, 0)?;
            read(&output, dir.as_bytes(), &format!("git ls-tree {}", self.remote))
        })?;
        let tree = Arc::new(Tree { commit, dir, entries });
        *last = Some(Arc::clone(&tree));
        Ok(tree)
    }

    pub(super) fn export_from(
        &self,
        tree: &Tree,
        wanted: &dyn Fn(&[u8]) -> bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), VcsError> {
        let files = tree.entries.iter().filter(|entry| entry.kind == EntryKind::File && wanted(&entry.path));
        let mut left: HashSet<&[u8]> = files.clone().map(|entry| &*entry.path).collect();
        let files: Vec<_> = files.collect();
        let mut again = false;
        while !left.is_empty() {
            match self.archive(tree, &files, &mut left, sink) {
                // What was given is right: git checks an object before it gives any of it.
                Err(Trouble::Damaged(_)) if !again => {
                    again = true;
                    self.with(|open| {
                        self.renew(open)?;
                        self.ensure(open, tree.commit)
                    })?;
                }
                other => return other.map_err(|trouble| trouble.into_failure(&self.remote)),
            }
        }
        Ok(())
    }

    /// Gives the content of files that are left, and takes them from there.
    fn archive<'a>(
        &self,
        tree: &'a Tree,
        files: &[&'a Entry],
        left: &mut HashSet<&'a [u8]>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Trouble> {
        let repository = self.with(|open| {
            self.ensure(open, tree.commit)?;
            Ok(open.bare.dir().to_owned())
        })?;
        let id = tree.commit.to_string();
        let mut args = vec!["archive", "--format=tar", "--end-of-options", &id];
        let few: Option<Vec<String>> =
            (files.len() <= FEW).then(|| files.iter().map(|file| tree.path(file)).collect()).flatten();
        let dir = tree.dir.trim_end_matches('/');
        match &few {
            Some(few) => args.extend(few.iter().map(String::as_str)),
            None if !dir.is_empty() => args.push(dir),
            None => {}
        }
        let call = Call { repository: Some(&repository), ..Call::new(&args) };
        let mut running = self.cache.git().start(call)?;
        let mut archive = tar::Reader::new(BufReader::new(running.stdout()));
        let given = give(&mut archive, tree.dir.as_bytes(), left, sink);
        if archive.is_sound()
            && let Err(error) = given
        {
            return Err(error.into());
        }
        // The archive breaks off where the command does, and its end tells why.
        let ended = running.finish()?;
        if ended.code != Some(0) {
            return Err(trouble(&call, &ended));
        }
        if !archive.is_sound() || !left.is_empty() {
            return Err(Trouble::Damaged("git archive does not give all files of the tree".to_owned()));
        }
        Ok(())
    }
}

fn give(
    archive: &mut tar::Reader<impl Read>,
    dir: &[u8],
    left: &mut HashSet<&[u8]>,
    sink: &mut Sink<'_>,
) -> Result<(), VcsError> {
    let broken = |error: std::io::Error| VcsError::failed(Cause::Local, "read git's archive", error);
    while !left.is_empty() {
        let Some(file) = archive.next().map_err(broken)? else { break };
        let Some(path) =
            file.path.strip_prefix(dir).filter(|path| file.kind == tar::Kind::File && left.contains(path))
        else {
            continue;
        };
        if file.size > AT_ONCE {
            sink(path, &mut archive.content())?;
        } else {
            // Whole or not at all, so that it can be given again.
            let mut content = Vec::new();
            archive.content().read_to_end(&mut content).map_err(broken)?;
            sink(path, &mut &*content)?;
        }
        left.remove(path);
    }
    Ok(())
}

/// Reads `git ls-tree -r -z -l`: mode, kind, name, size, path. Of an object that it cannot read the size is a word.
fn read(output: &[u8], dir: &[u8], what: &str) -> Result<Vec<Entry>, Trouble> {
    let mut entries = Vec::new();
    for line in output.split(|b| *b == 0).filter(|line| !line.is_empty()) {
        entries.extend(entry(line, dir).map_err(|why| Trouble::Damaged(why.to_owned()))?);
        if entries.len() > MOST {
            return Err(VcsError::failed(Cause::Limit, what, format!("more than {MOST} files")).into());
        }
    }
    Ok(entries)
}

fn entry(line: &[u8], dir: &[u8]) -> Result<Option<Entry>, &'static str> {
    let malformed = "git ls-tree writes what cannot be read";
    let tab = line.iter().position(|b| *b == b'\t').ok_or(malformed)?;
    let (facts, path) = line.split_at_checked(tab).ok_or(malformed)?;
    let path = path.get(1..).and_then(|path| path.strip_prefix(dir)).ok_or(malformed)?;
    let mut facts = std::str::from_utf8(facts).map_err(|_| malformed)?.split_ascii_whitespace();
    let (Some(mode), Some(_), Some(id), Some(size)) =
        (facts.next(), facts.next(), facts.next(), facts.next())
    else {
        return Err(malformed);
    };
    let kind = match mode {
        "160000" => return Ok(None),
        "120000" => EntryKind::Symlink,
        _ => EntryKind::File,
    };
    let (id, size) = (id.parse().map_err(|_| malformed)?, size.parse().map_err(|_| malformed)?);
    Ok(Some(Entry { path: path.to_owned(), kind, id, size }))
}

/// Up to this number of files are named to git one by one; else it gives the whole directory.
const FEW: usize = 32;
/// A file up to this size is read before it is given away.
const AT_ONCE: u64 = 16 << 20;
/// Files and links of a tree.
pub(in crate::git) const MOST: usize = 500_000;
