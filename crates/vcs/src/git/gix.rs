//! A repository read in process, without a `git` program, over a cache: `https://`, `http://` and `git://`.
//!
//! The server is spoken to in version 2 of git's protocol (`gix-protocol`), through the one door out. What it sends is
//! bounded in bytes and time; a pack is indexed, and so checked, before it is used.

mod attributes;
mod bases;
mod convert;
mod daemon;
mod ensure;
mod fetch;
mod history;
mod listing;
mod meter;
mod objects;
mod session;
mod steps;
mod tree;
mod web;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::runtime::Handle;
use upstream::Web;

use self::{
    attributes::Attributes,
    convert::Unknown,
    history::Behind,
    meter::{Meter, Miss},
    objects::Objects,
    session::Session,
    tree::Tree,
    web::Line,
};
use super::{
    binary::{MOST_REFERENCES, SHORTEST},
    cache::{Bare, Cache, Format, Part},
    fault::words,
    remote::Remote,
    trouble::Trouble,
};
use crate::{Blob, Cause, Commit, Entry, EntryKind, Oid, Refs, Repo, Sink, VcsError};

/// A repository on another machine, fetched and read in process.
pub struct Gix {
    cache: Arc<Cache>,
    remote: Remote,
    line: Line,
    refs: OnceLock<Result<Refs, Miss>>,
    session: Mutex<Option<Session>>,
    open: Mutex<Option<Open>>,
    history: Mutex<Option<Open>>,
    /// The tree that was asked for last.
    tree: Mutex<Option<Arc<Tree>>>,
}

/// A repository of the cache, in use.
struct Open {
    bare: Bare,
    objects: Objects,
    /// Commits that are there, with all their files.
    present: HashSet<Oid>,
}

impl Gix {
    /// The repository at this URL. Nothing is asked yet. Requests run on `runtime`, and go through `web`, whose guard
    /// judges every host; all methods block, and must not be called on one of its own threads.
    pub fn new(cache: Arc<Cache>, remote: Remote, web: Arc<Web>, runtime: Handle) -> Self {
        let patience = cache.git().limits().silence;
        let line = Line { web, runtime, meter: Meter::new(remote.progress().clone()), patience };
        Self {
            cache,
            remote,
            line,
            refs: OnceLock::new(),
            session: Mutex::default(),
            open: Mutex::default(),
            history: Mutex::default(),
            tree: Mutex::default(),
        }
    }

    /// Why the server cannot be spoken with in this way, if that is so; nothing if it can, or failed. Asks it, if that
    /// has not been done.
    pub(super) fn unspoken(&self) -> Option<&str> {
        match self.listed() {
            Err(Miss::Unspoken(why)) => Some(why),
            _ => None,
        }
    }

    fn listed(&self) -> &Result<Refs, Miss> {
        self.refs.get_or_init(|| self.list())
    }

    /// Asks the server.
    fn list(&self) -> Result<Refs, Miss> {
        let what = format!("list the references of {}", self.remote);
        let within = self.cache.git().limits().listing;
        let listing = self.converse(what, LISTING, within, |session, line| {
            session.format()?;
            session.references(line, &listing::BELOW)
        });
        let listing = match listing {
            Ok(listing) => listing,
            Err(miss) => return Err(self.or_gone(miss)),
        };
        if listing.len() > MOST_REFERENCES {
            let why = "it has more references than allowed";
            return Err(VcsError::failed(Cause::Limit, self.line.meter.what(), why).into());
        }
        Ok(listing::read(&listing))
    }

    /// Go's rule: a repository is not there if a plain request for its URL says so.
    fn or_gone(&self, miss: Miss) -> Miss {
        let refused = match &miss {
            Miss::Unspoken(why) => VcsError::failed(Cause::Server, self.line.meter.what(), why),
            Miss::Vcs(failed @ VcsError::Failed { cause: Cause::Auth | Cause::Server, .. }) => failed.clone(),
            Miss::Vcs(_) | Miss::Garbled(_) => return miss,
        };
        if self.remote.is_web() {
            let page = self.line.web.page(self.remote.secret(), self.line.patience);
            if let Ok(page) = self.line.runtime.block_on(page)
                && matches!(page.status, 404 | 410)
            {
                return VcsError::absent(refused.to_string()).into();
            }
        }
        miss
    }

    /// Says something to the server, which may send so many bytes in answer, and take so long.
    fn converse<T>(
        &self,
        what: String,
        bytes: u64,
        within: Duration,
        mut say: impl FnMut(&mut Session, &Line) -> Result<T, Miss>,
    ) -> Result<T, Miss> {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let line = &self.line;
        line.meter.begin(what, bytes, within);
        let mut session = match kept.take() {
            Some(session) => session,
            None => Session::open(line, &self.remote)?,
        };
        let said = say(&mut session, line)?;
        *kept = Some(session).filter(|session| session.lasts);
        Ok(said)
    }

    /// Does something with a repository of the cache. If that is damaged, does it again with a new one.
    fn with<T>(
        &self,
        part: Part,
        mut act: impl FnMut(&mut Open) -> Result<T, Trouble>,
    ) -> Result<T, VcsError> {
        let place = if part == Part::OwnHistory { &self.history } else { &self.open };
        let mut open = place.lock().unwrap_or_else(PoisonError::into_inner);
        let (format, progress) = (self.format()?, self.line.meter.progress());
        let failure = |trouble: Trouble| trouble.into_failure(&self.remote);
        let open = match &mut *open {
            Some(open) => open,
            none => {
                let mut bare = self.cache.repository(&self.remote, part, format)?;
                let objects = Objects::open(bare.dir(), format, progress).or_else(|_| {
                    self.cache.renew(&mut bare)?;
                    Objects::open(bare.dir(), format, progress)
                });
                let objects = objects.map_err(failure)?;
                none.insert(Open { bare, objects, present: HashSet::new() })
            }
        };
        match act(open) {
            Err(Trouble::Damaged(_)) => {
                self.cache.renew(&mut open.bare)?;
                open.present.clear();
                open.objects = Objects::open(open.bare.dir(), format, progress).map_err(failure)?;
                act(open).map_err(failure)
            }
            other => other.map_err(failure),
        }
    }

    /// Does something with all history.
    fn with_history<T>(&self, act: impl Fn(&Objects) -> Result<T, Trouble>) -> Result<T, VcsError> {
        self.with(Part::OwnHistory, |open| {
            self.ensure_history(open)?;
            act(&open.objects)
        })
    }

    /// How the server names objects. An empty repository has none.
    fn format(&self) -> Result<Format, VcsError> {
        let any = Self::tips(self.refs()?).next();
        Ok(any
            .map_or(Format::Sha1, |id| if id.as_bytes().len() == 20 { Format::Sha1 } else { Format::Sha256 }))
    }

    /// What branches, tags and HEAD stand for.
    fn tips(refs: &Refs) -> impl Iterator<Item = Oid> {
        refs.heads.values().chain(refs.tags.values().map(|tag| &tag.target)).chain(&refs.head).copied()
    }

    fn tree_at(&self, commit: Oid, dir: &str) -> Result<Arc<Tree>, VcsError> {
        let dir = if dir.is_empty() { String::new() } else { format!("{}/", dir.trim_end_matches('/')) };
        let mut last = self.tree.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tree) = last.as_ref().filter(|tree| tree.commit == commit && tree.dir == dir) {
            return Ok(Arc::clone(tree));
        }
        let what = format!("read the files of {}", self.remote);
        let tree = self.with(Part::OwnContent, |open| {
            self.ensure(open, commit)?;
            Tree::read(&open.objects, commit, dir.clone(), &what)
        })?;
        let tree = Arc::new(tree);
        *last = Some(Arc::clone(&tree));
        Ok(tree)
    }

    /// Why the history does not have a commit.
    fn missing(objects: &Objects, refs: &Refs, id: Oid) -> Trouble {
        match Self::tips(refs).find(|tip| !objects.has(*tip)) {
            Some(tip) => Trouble::Damaged(format!("object {tip} is missing")),
            None => Self::unknown(&id.to_string()).into(),
        }
    }

    fn unknown(name: &str) -> VcsError {
        VcsError::absent(format!("unknown revision {name}"))
    }
}

impl Repo for Gix {
    fn url(&self) -> &str {
        self.remote.shown()
    }

    fn refs(&self) -> Result<&Refs, VcsError> {
        self.listed().as_ref().map_err(|miss| match miss {
            Miss::Vcs(error) | Miss::Garbled(error) => error.clone(),
            Miss::Unspoken(why) => {
                VcsError::failed(Cause::Server, format!("list the references of {}", self.remote), why)
            }
        })
    }

    fn commit(&self, id: Oid) -> Result<Commit, VcsError> {
        self.with(Part::OwnContent, |open| {
            self.ensure(open, id)?;
            let facts = open.objects.commit(id)?.ok_or_else(|| Self::unknown(&id.to_string()))?;
            Ok(Commit { id, time: facts.time })
        })
    }

    fn find(&self, hex: &str) -> Result<Oid, VcsError> {
        let refs = self.refs()?;
        let found: HashSet<_> = Self::tips(refs).filter(|id| id.to_string().starts_with(hex)).collect();
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(id), None) => return Ok(id),
            (Some(_), Some(_)) => return Err(VcsError::absent(format!("ambiguous revision {hex}"))),
            (None, _) => {}
        }
        let only_hex = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !only_hex || self.format()?.digits() < hex.len() || hex.len() < SHORTEST {
            return Err(Self::unknown(hex));
        }
        self.with_history(|objects| {
            let mut commits = Vec::new();
            for id in objects.beginning(hex)? {
                if objects.commit(id)?.is_some() {
                    commits.push(id);
                }
            }
            // As git has it, of two that begin so none is meant, whether something leads to them or not.
            if commits.len() != 1 {
                return Err(Self::unknown(hex).into());
            }
            let mut behind = Behind::of(objects, Self::tips(refs));
            Ok(behind.finds(|id| commits.contains(&id))?.ok_or_else(|| Self::unknown(hex))?)
        })
    }

    fn tags_behind(&self, id: Oid) -> Result<Vec<String>, VcsError> {
        let refs = self.refs()?;
        if refs.tags.is_empty() {
            return Ok(Vec::new());
        }
        self.with_history(|objects| {
            if !objects.has(id) {
                return Err(Self::missing(objects, refs, id));
            }
            let mut behind = Behind::of(objects, [id]);
            let mut commits = HashSet::new();
            while let Some(id) = behind.next()? {
                commits.insert(id);
            }
            let names = refs.tags.iter().filter(|(_, tag)| commits.contains(&tag.target));
            Ok(names.map(|(name, _)| name.clone()).collect())
        })
    }

    fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, VcsError> {
        if old == new {
            return Ok(true);
        }
        let refs = self.refs()?;
        self.with_history(|objects| {
            if !objects.has(new) {
                return Err(Self::missing(objects, refs, new));
            }
            Ok(Behind::of(objects, [new]).finds(|id| id == old)?.is_some())
        })
    }

    fn blob(&self, commit: Oid, path: &str, max: u64) -> Result<Option<Blob>, VcsError> {
        self.with(Part::OwnContent, |open| {
            self.ensure(open, commit)?;
            let Some(facts) = open.objects.commit(commit)? else { return Ok(None) };
            open.objects.file(facts.tree, path.as_bytes(), max)
        })
    }

    fn tree(&self, commit: Oid, dir: &str) -> Result<Vec<Entry>, VcsError> {
        Ok(self.tree_at(commit, dir)?.entries.clone())
    }

    fn export(
        &self,
        commit: Oid,
        dir: &str,
        wanted: &dyn Fn(&[u8]) -> bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), VcsError> {
        let tree = self.tree_at(commit, dir)?;
        let mut attributes = Attributes::new();
        for entry in files(&tree, wanted) {
            let content = self.with(Part::OwnContent, |open| {
                self.ensure(open, commit)?;
                tree.content(&open.objects, &mut attributes, entry)
            })?;
            match content {
                Ok(content) => sink(&entry.path, &mut &*content)?,
                Err(Unknown(name)) => {
                    let why = format!(
                        "its attributes ask for the encoding {name:?}, which only a git program knows"
                    );
                    return Err(VcsError::failed(Cause::Local, format!("read {}", self.remote), why));
                }
            }
        }
        Ok(())
    }
}

impl Gix {
    /// Whether all encodings are known that the attributes ask for.
    pub(super) fn encodes(
        &self,
        commit: Oid,
        dir: &str,
        wanted: &dyn Fn(&[u8]) -> bool,
    ) -> Result<bool, VcsError> {
        let tree = self.tree_at(commit, dir)?;
        let mut attributes = Attributes::new();
        self.with(Part::OwnContent, |open| {
            self.ensure(open, commit)?;
            for entry in files(&tree, wanted) {
                if !tree.conversion(&open.objects, &mut attributes, entry)?.is_known() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }
}

fn files<'a>(tree: &'a Tree, wanted: &'a dyn Fn(&[u8]) -> bool) -> impl Iterator<Item = &'a Entry> {
    tree.entries.iter().filter(|entry| entry.kind == EntryKind::File && wanted(&entry.path))
}

impl fmt::Debug for Gix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gix").field("remote", &self.remote).finish_non_exhaustive()
    }
}

/// Bytes of a listing.
const LISTING: u64 = 64 << 20;
