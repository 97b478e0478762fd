//! A repository read with the `git` binary, over a cache.

mod batch;
mod content;
mod fetch;
mod listing;
mod tree;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use self::{batch::Batch, tree::Tree};
pub(super) use self::{
    fetch::fingerprint,
    listing::{MOST as MOST_REFERENCES, is_name},
    tree::MOST as MOST_FILES,
};
use super::{
    cache::{Bare, Cache, Format, Part},
    fault,
    remote::Remote,
    run::{Call, Ended},
    trouble::Trouble,
};
use crate::{Blob, Commit, Entry, Oid, Refs, Repo, Sink, VcsError};

/// Tells whether a plain request for this URL says that nothing is there (404 or 410). Asked only for web servers that
/// did not list a repository.
pub type Gone = dyn Fn(&str) -> bool + Send + Sync;

/// A repository on another machine, read with the `git` binary.
pub struct Binary {
    cache: Arc<Cache>,
    remote: Remote,
    gone: Arc<Gone>,
    refs: OnceLock<Result<Refs, VcsError>>,
    open: Mutex<Option<Open>>,
    history: Mutex<Option<Bare>>,
    /// The tree that was asked for last.
    tree: Mutex<Option<Arc<Tree>>>,
}

/// The repository for content, in use.
#[derive(Debug)]
struct Open {
    bare: Bare,
    batch: Option<Batch>,
    /// Commits that are there, with all their files.
    present: HashSet<Oid>,
}

impl Binary {
    /// The repository at this URL. Nothing is asked yet.
    pub fn new(cache: Arc<Cache>, remote: Remote, gone: Arc<Gone>) -> Self {
        Self {
            cache,
            remote,
            gone,
            refs: OnceLock::new(),
            open: Mutex::default(),
            history: Mutex::default(),
            tree: Mutex::default(),
        }
    }

    /// Does something with the repository for content. If that is damaged, does it again with a new one.
    fn with<T>(&self, mut act: impl FnMut(&mut Open) -> Result<T, Trouble>) -> Result<T, VcsError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match &mut *open {
            Some(open) => open,
            none => none.insert(Open {
                bare: self.cache.repository(&self.remote, Part::Content, self.format()?)?,
                batch: None,
                present: HashSet::new(),
            }),
        };
        match act(open) {
            Err(Trouble::Damaged(_)) => {
                self.renew(open)?;
                act(open).map_err(|trouble| trouble.into_failure(&self.remote))
            }
            other => other.map_err(|trouble| trouble.into_failure(&self.remote)),
        }
    }

    /// Does something with the repository that has all history.
    fn with_history<T>(&self, act: impl Fn(&Bare) -> Result<T, Trouble>) -> Result<T, VcsError> {
        let mut bare = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        let bare = match &mut *bare {
            Some(bare) => bare,
            none => none.insert(self.cache.repository(&self.remote, Part::History, self.format()?)?),
        };
        let act = |bare: &Bare| self.fetch_all(bare, Part::History).and_then(|()| act(bare));
        match act(bare) {
            Err(Trouble::Damaged(_)) => {
                self.cache.renew(bare)?;
                act(bare).map_err(|trouble| trouble.into_failure(&self.remote))
            }
            other => other.map_err(|trouble| trouble.into_failure(&self.remote)),
        }
    }

    fn renew(&self, open: &mut Open) -> Result<(), VcsError> {
        open.batch = None;
        open.present.clear();
        self.cache.renew(&mut open.bare)
    }

    /// How the server names objects. An empty repository has none.
    fn format(&self) -> Result<Format, VcsError> {
        let refs = self.refs()?;
        let any =
            refs.heads.values().chain(refs.tags.values().map(|tag| &tag.direct)).chain(&refs.head).next();
        Ok(any
            .map_or(Format::Sha1, |id| if id.as_bytes().len() == 20 { Format::Sha1 } else { Format::Sha256 }))
    }

    /// Runs a command that reads the repository. Any exit code above `most` means damage.
    fn read(&self, bare: &Bare, args: &[&str], most: i32) -> Result<(Vec<u8>, Ended), Trouble> {
        let call = Call { repository: Some(bare.dir()), ..Call::new(args) };
        let (output, ended) = self.cache.git().run(call)?;
        match ended.code {
            Some(code) if code <= most => Ok((output, ended)),
            _ => Err(trouble(&call, &ended)),
        }
    }

    fn unknown(name: &str) -> VcsError {
        VcsError::absent(format!("unknown revision {name}"))
    }
}

impl Repo for Binary {
    fn url(&self) -> &str {
        self.remote.shown()
    }

    fn refs(&self) -> Result<&Refs, VcsError> {
        self.refs.get_or_init(|| self.list()).as_ref().map_err(Clone::clone)
    }

    fn commit(&self, id: Oid) -> Result<Commit, VcsError> {
        self.with(|open| {
            self.ensure(open, id)?;
            Ok(self.commit_at(open, id)?.ok_or_else(|| Self::unknown(&id.to_string()))?.0)
        })
    }

    fn find(&self, hex: &str) -> Result<Oid, VcsError> {
        let refs = self.refs()?;
        let tips = refs.heads.values().chain(refs.tags.values().map(|tag| &tag.target)).chain(&refs.head);
        let found: HashSet<_> = tips.filter(|id| id.to_string().starts_with(hex)).collect();
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(id), None) => return Ok(*id),
            (Some(_), Some(_)) => return Err(VcsError::absent(format!("ambiguous revision {hex}"))),
            (None, _) => {}
        }
        let only_hex = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !only_hex || self.format()?.digits() < hex.len() || hex.len() < SHORTEST {
            return Err(Self::unknown(hex));
        }
        self.with_history(|bare| {
            let (id, _) =
                self.read(bare, &["rev-parse", "-q", "--verify", &format!("{hex}^{{commit}}")], 128)?;
            let id = std::str::from_utf8(&id).ok().and_then(|id| id.trim_end().parse::<Oid>().ok());
            let id = id.ok_or_else(|| Self::unknown(hex))?;
            let behind = format!("--contains={id}");
            let args = ["for-each-ref", "--count=1", &behind, "refs/heads/", "refs/tags/", "refs/larder/"];
            let (reference, _) = self.read(bare, &args, 0)?;
            if reference.is_empty() { Err(Self::unknown(hex).into()) } else { Ok(id) }
        })
    }

    fn tags_behind(&self, id: Oid) -> Result<Vec<String>, VcsError> {
        let refs = self.refs()?;
        if refs.tags.is_empty() {
            return Ok(Vec::new());
        }
        self.with_history(|bare| {
            let merged = format!("--merged={id}");
            let args = ["for-each-ref", "--format=%(objectname) %(refname)", &merged, "refs/tags/"];
            let (output, _) = self.read(bare, &args, 0)?;
            let names = output.split(|b| *b == b'\n').filter_map(|line| {
                let (id, name) = std::str::from_utf8(line).ok()?.split_once(" refs/tags/")?;
                // As the listing has it: the tag may have moved since.
                let tag = refs.tags.get(name)?;
                (tag.direct.to_string() == id).then(|| name.to_owned())
            });
            Ok(names.collect())
        })
    }

    fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, VcsError> {
        if old == new {
            return Ok(true);
        }
        self.with_history(|bare| {
            let (old, new) = (old.to_string(), new.to_string());
            match self.read(bare, &["merge-base", "--is-ancestor", "--end-of-options", &old, &new], 1) {
                Ok((_, ended)) => Ok(ended.code == Some(0)),
                // A tag may be at a file.
                Err(error) => match self.read(bare, &["cat-file", "-t", &old], 0) {
                    Ok((kind, _)) if kind.trim_ascii() != b"commit" => Ok(false),
                    _ => Err(error),
                },
            }
        })
    }

    fn blob(&self, commit: Oid, path: &str, max: u64) -> Result<Option<Blob>, VcsError> {
        self.with(|open| {
            self.ensure(open, commit)?;
            self.file_at(open, commit, path, max)
        })
    }

    fn tree(&self, commit: Oid, dir: &str) -> Result<Vec<Entry>, VcsError> {
        Ok(self.tree_at(commit, dir)?.entries().to_vec())
    }

    fn export(
        &self,
        commit: Oid,
        dir: &str,
        wanted: &dyn Fn(&[u8]) -> bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), VcsError> {
        let tree = self.tree_at(commit, dir)?;
        self.export_from(&tree, wanted, sink)
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binary").field("remote", &self.remote).finish_non_exhaustive()
    }
}

/// What the failure of a command means.
fn trouble(call: &Call<'_>, ended: &Ended) -> Trouble {
    let failure = call.failure(ended);
    if ended.code.is_some() && fault::is_damage(&ended.stderr, call.remote.is_some()) {
        return Trouble::Damaged(failure.to_string());
    }
    Trouble::Vcs(failure)
}

/// Go's `minHashDigits`.
pub(super) const SHORTEST: usize = 7;
