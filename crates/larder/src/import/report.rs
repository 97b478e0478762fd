//! What was refused and why: one by one for programs, in groups for people.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use gomod::ModuleVersion;
use serde::Serialize;
use serde_json::json;
use storage::Kind;
use workbench::masked;

use super::name::shown;
use crate::{
    progress::{Progress, print},
    scrub::amount,
};

/// Why something is not taken in, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// Other content than a checksum database vouches for, or than was recorded here.
    Contradiction,
    /// The checksum database does not know the version, or its record is of no use.
    Unknown,
    /// The checksum database did not answer.
    Unverified,
    /// An operator has taken the version out.
    Withdrawn,
    /// The content is not that of an `.info`, a go.mod or a module zip.
    Content,
    /// It belongs to a version of which another file was refused.
    Companion,
    /// No module or version has that name.
    Name,
    /// A symbolic link.
    Link,
    /// A directory, pipe, socket or device.
    NotFile,
    /// It has more bytes than such a file may have.
    TooLarge,
    /// The system does not let it be read.
    Unreadable,
    /// Too much was going on at the same file or database.
    Busy,
}

impl Reason {
    /// What is said of all of them, with what to do.
    fn says(self) -> &'static str {
        match self {
            Reason::Contradiction => {
                "SECURITY: not the content that is known to be right; look where that directory comes from"
            }
            Reason::Unknown => {
                "not vouched for by their checksum database; a module that is private needs a [[route]] with sumdb = \
                 \"ledger\", or GOPRIVATE"
            }
            Reason::Unverified => {
                "cannot be verified now, as their checksum database does not answer; import again when it does"
            }
            Reason::Withdrawn => "of versions that were withdrawn here",
            Reason::Content => "damaged, or not what their name says",
            Reason::Companion => "left out with another file of their version",
            Reason::Name => "named as no module or version can be",
            Reason::Link => "symbolic links, which are not followed",
            Reason::NotFile => "no regular files",
            Reason::TooLarge => "larger than such a file may be",
            Reason::Unreadable => "cannot be read; give this user the right to, or look at the disk",
            Reason::Busy => "not taken in, as others were at the same; import again",
        }
    }
}

/// Something that was not taken in.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Relative to the top of the tree.
    pub(crate) path: PathBuf,
    /// What it would have been.
    pub(crate) file: Option<(ModuleVersion, Kind)>,
    pub(crate) reason: Reason,
    pub(crate) why: String,
}

/// What became of the files.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    /// Versions that were found.
    pub(super) versions: u64,
    /// Files that are stored from now on.
    pub(super) new: u64,
    /// Their bytes.
    pub(super) bytes: u64,
    /// Files that were stored before.
    pub(super) known: u64,
    /// Those of the new ones that wait for their checksum database.
    pub(super) pending: u64,
    pub(super) refused: u64,
    /// Files that belong to no version: lists, locks, stated hashes.
    pub(super) passed: u64,
}

#[derive(Default)]
struct Group {
    count: u64,
    first: Vec<String>,
}

/// Where it is shown.
pub(super) struct Report {
    json: bool,
    pub(super) progress: Progress,
    pub(super) counts: Counts,
    groups: BTreeMap<Reason, Group>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Report { json, progress: Progress::new(), counts: Counts::default(), groups: BTreeMap::new() }
    }

    /// Something was refused.
    pub(super) fn refused(&mut self, refused: &Refused) -> io::Result<()> {
        self.counts.refused += 1;
        let Refused { path, file, reason, why } = refused;
        let (path, why) = (shown(path), masked(why));
        if self.json {
            self.progress.clear();
            let (module, version) = match file {
                Some((of, _)) => (Some(of.path().as_str()), Some(of.version().as_str())),
                None => (None, None),
            };
            let kind = file.as_ref().map(|(_, kind)| kind.as_str());
            return print(
                &json!({"path": path, "module": module, "version": version, "kind": kind,
                        "reason": reason, "why": why})
                .to_string(),
            );
        }
        let group = self.groups.entry(*reason).or_default();
        group.count += 1;
        if group.first.len() < SHOWN {
            group.first.push(format!("{path}: {why}"));
        }
        Ok(())
    }

    /// The line for a terminal.
    pub(super) fn line(&self) -> String {
        let Counts { versions, new, bytes, known, refused, .. } = self.counts;
        format!(
            "{versions} versions, {new} files taken in ({}), {known} stored before, {refused} refused",
            amount(bytes)
        )
    }

    /// What was refused, in groups, and the counts. `whole`: the tree was walked to its end.
    pub(super) fn summary(&self, root: &Path, whole: bool) -> io::Result<()> {
        self.progress.clear();
        if self.json {
            return print(&json!({"summary": self.counts, "whole": whole}).to_string());
        }
        for (reason, group) in &self.groups {
            print(&format!("{} {}:", group.count, reason.says()))?;
            for line in &group.first {
                print(&format!("  {line}"))?;
            }
            let more = group.count - group.first.len() as u64;
            if more > 0 {
                print(&format!("  and {more} more; --json tells all"))?;
            }
        }
        let Counts { pending, passed, known, new, refused, .. } = self.counts;
        let mut parts = vec![format!("{}: {}", shown(root), self.line())];
        if pending > 0 {
            parts.push(format!(
                "{pending} of the new ones are marked as pending until their database answers"
            ));
        }
        if passed > 0 {
            parts.push(format!("{passed} others belong to no version (lists, locks, stated hashes)"));
        }
        if whole && new == 0 && refused == 0 && known > 0 {
            parts.push("nothing was missing".to_owned());
        }
        if !whole {
            parts.push("not all was looked at; import again, and it goes on with what is missing".to_owned());
        }
        writeln!(io::stderr(), "{}", parts.join("; "))
    }
}

/// How many of each group are shown.
const SHOWN: usize = 5;
