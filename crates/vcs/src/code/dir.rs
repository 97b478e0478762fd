//! In which directory a version of the module lies (`findDir`).

use gomod::{MAX_GOMOD, quote, scan_module_line, split_major};

use super::{Code, Place};
use crate::{Oid, VcsError};

/// A version's directory.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) dir: String,
    /// Its go.mod as it is stored; `None` where there is none and none is needed.
    pub(super) go_mod: Option<Vec<u8>>,
}

/// A go.mod that was looked for.
struct Candidate {
    file: String,
    bytes: Option<Vec<u8>>,
    /// What its `module` line says; empty without one.
    says: String,
}

impl Code<'_> {
    /// The directory of the module at a commit: its own, or the one of its major version below it.
    ///
    /// Absent, in the go command's words, where neither is right. `version` is for these words.
    pub(super) fn find_dir(&self, commit: Oid, version: &str) -> Result<At, VcsError> {
        let Place { path, root, dir, prefix, major, recorded: _ } = self.place;
        let rev = self.revision_of(version);
        let plain = self.candidate(commit, dir)?;
        let is_gopkg_in = major.is_empty() && plain.says.starts_with("gopkg.in/");
        let plain_fits = plain.bytes.is_some() && (is_major(&plain.says, major) || is_gopkg_in);

        let below = major.strip_prefix('/').filter(|_| root != path.as_str());
        let below = below.map(|major| self.place.file(major));
        if let Some(below) = &below {
            let own = self.candidate(commit, below)?;
            let own_fits = own.bytes.is_some() && is_major(&own.says, major);
            if plain_fits && own_fits {
                return Err(VcsError::absent(format!(
                    "{prefix}/{} and ...{major}/go.mod both have ...{major} module paths at revision {rev}",
                    plain.file
                )));
            }
            if own_fits {
                return Ok(At { dir: below.clone(), go_mod: own.bytes });
            }
            if own.bytes.is_some() {
                return Err(VcsError::absent(if own.says.is_empty() {
                    format!("{root}/{} is missing module path at revision {rev}", own.file)
                } else {
                    let (file, says) = (own.file, quote(&own.says));
                    format!("{root}/{file} has non-...{major} module path {says} at revision {rev}")
                }));
            }
        }
        if plain_fits {
            return Ok(At { dir: dir.clone(), go_mod: plain.bytes });
        }
        if plain.bytes.is_some() {
            let suffix = below.map_or(String::new(), |_| format!(" (and ...{major}/go.mod does not exist)"));
            return Err(VcsError::absent(wrong(&plain, major, &suffix, version, &rev)));
        }
        if dir.is_empty() && !major.starts_with('/') {
            return Ok(At { dir: String::new(), go_mod: None });
        }
        // A repository that is the module itself has no directory for its major version.
        if dir.is_empty() && below.is_none() && root == path.as_str() {
            return Err(VcsError::absent(format!("missing {prefix}/go.mod at revision {rev}")));
        }
        Err(VcsError::absent(match below {
            Some(_) => format!("missing {prefix}/go.mod and ...{major}/go.mod at revision {rev}"),
            None => format!("missing {prefix}/go.mod at revision {rev}"),
        }))
    }

    fn candidate(&self, commit: Oid, dir: &str) -> Result<Candidate, VcsError> {
        let file = if dir.is_empty() { "go.mod".to_owned() } else { format!("{dir}/go.mod") };
        let bytes = self.repo.blob(commit, &file, MAX_GOMOD)?.map(|blob| blob.bytes);
        let says = bytes.as_deref().and_then(scan_module_line).unwrap_or_default();
        Ok(Candidate { file, bytes, says })
    }
}

/// Why a go.mod is not that of the module.
fn wrong(plain: &Candidate, major: &str, suffix: &str, version: &str, rev: &str) -> String {
    let Candidate { file, says, .. } = plain;
    let quoted = quote(says);
    if says.is_empty() {
        format!("{file} is missing module path{suffix} at revision {rev}")
    } else if !major.is_empty() {
        format!("{file} has non-...{major} module path {quoted}{suffix} at revision {rev}")
    } else if split_major(says).is_none() {
        format!("{file} has malformed module path {quoted}{suffix} at revision {rev}")
    } else {
        let first = version.split('.').next().unwrap_or(version);
        format!("{file} has post-{first} module path {quoted}{suffix} at revision {rev}")
    }
}

/// Whether a path that a go.mod names has the major version. Only numbers are compared, not what stands before them.
fn is_major(says: &str, major: &str) -> bool {
    let Some((_, other)) = split_major(says).filter(|_| !says.is_empty()) else { return false };
    let digits = |major: &str| major.strip_prefix(['/', '.']).unwrap_or_default().to_owned();
    if major.is_empty() {
        let other = other.strip_suffix("-unstable").unwrap_or(other);
        return matches!(&*digits(other), "" | "v0" | "v1");
    }
    !other.is_empty() && digits(major) == digits(other)
}
