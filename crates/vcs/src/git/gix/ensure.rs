//! What is fetched: as little as the question needs, and no more than the disk may hold.

use std::fs;

use gix_hash::ObjectId;

use super::{
    Gix, Miss, Open,
    fetch::Request,
    objects::{SLOTS, name},
};
use crate::{
    Cause, Oid, Repo, VcsError,
    git::{binary::fingerprint, cache::size_of, trouble::Trouble},
};

impl Gix {
    /// Makes sure that a commit is here with all its files.
    pub(super) fn ensure(&self, open: &mut Open, id: Oid) -> Result<(), Trouble> {
        if open.present.contains(&id) {
            return Ok(());
        }
        if !open.objects.has(id) {
            self.fetch_commit(open, id)?;
        }
        open.present.insert(id);
        Ok(())
    }

    fn fetch_commit(&self, open: &Open, id: Oid) -> Result<(), Trouble> {
        let _alone = self.cache.change(&open.bare)?;
        if open.objects.has(id) {
            return Ok(());
        }
        Self::refuse_crowd(open)?;
        let Some(want) = name(id) else { return Err(Self::unknown(&id.to_string()).into()) };
        let shallow = fs::read_to_string(open.bare.dir().join("shallow")).unwrap_or_default();
        let haves = shallow.lines().filter_map(|line| ObjectId::from_hex(line.as_bytes()).ok());
        let request = || Request {
            wants: vec![want],
            haves: haves.clone().filter(|have| open.objects.has_name(have)).take(HAVES).collect(),
            alone: true,
            filter: None,
        };
        match self.fetch(open, request) {
            Ok(()) if open.objects.has(id) => Ok(()),
            Ok(()) => Err(self.not_given(id, "it sends something else")),
            Err(Trouble::Vcs(VcsError::Failed { cause: Cause::Server, why, .. }))
                if why.contains(NOT_THERE) =>
            {
                Err(self.not_given(id, "its references have changed"))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Makes sure that all commits behind branches, tags and HEAD are here, as the listing has them.
    pub(super) fn ensure_history(&self, open: &mut Open) -> Result<(), Trouble> {
        let refs = self.refs()?;
        let listing = fingerprint(refs);
        if open.bare.is_full(&listing) {
            return Ok(());
        }
        let _alone = self.cache.change(&open.bare)?;
        if open.bare.is_full(&listing) {
            return Ok(());
        }
        Self::refuse_crowd(open)?;
        let mut wants: Vec<_> =
            Self::tips(refs).filter(|id| !open.objects.has(*id)).filter_map(name).collect();
        wants.sort_unstable();
        wants.dedup();
        let tips = open.bare.dir().join(TIPS);
        if !wants.is_empty() {
            let before = fs::read_to_string(&tips).unwrap_or_default();
            let haves: Vec<_> = before
                .lines()
                .filter_map(|line| ObjectId::from_hex(line.as_bytes()).ok())
                .filter(|have| open.objects.has_name(have))
                .take(HAVES)
                .collect();
            let request = |filter| {
                let (wants, haves) = (wants.clone(), haves.clone());
                move || Request { wants: wants.clone(), haves: haves.clone(), alone: false, filter }
            };
            match self.fetch(open, request(Some(WITHOUT_FILES))) {
                // The server may stumble over the wish.
                Err(Trouble::Vcs(VcsError::Failed { cause: Cause::Server, .. })) => {
                    self.fetch(open, request(None))?;
                }
                other => other?,
            }
        }
        // Those of branches first: what is new lies behind them.
        let now = refs.heads.values().chain(&refs.head).copied().chain(Self::tips(refs));
        let now: Vec<_> = now.take(HAVES * 4).map(|id| id.to_string()).collect();
        fs::write(&tips, now.join("\n")).map_err(|error| {
            VcsError::failed(Cause::Local, format!("write to the cache of {}", self.remote), error)
        })?;
        open.bare.note_full(&listing)?;
        Ok(())
    }

    /// Fetches what is asked for, all of it.
    fn fetch<'a>(&self, open: &Open, request: impl Fn() -> Request<'a>) -> Result<(), Trouble> {
        let (before, wants) = (packs(open), request().wants);
        let room = self.cache.git().limits().disk.saturating_sub(size_of(open.bare.dir()));
        let what = format!("fetch from {}", self.remote);
        open.bare.fetching()?;
        let within = self.cache.git().limits().time;
        let done = self.converse(what.clone(), room, within, |session, line| {
            let mut request = request();
            // Without it, the whole history comes; go takes it, too.
            request.alone &= session.can("shallow");
            session.fetch(line, open.bare.dir(), &open.objects, request)
        });
        open.bare.fetched()?;
        self.cache.make_room();
        match done {
            Ok(()) if before == 0 || wants.iter().all(|id| open.objects.has_name(id)) => Ok(()),
            // A pack of that name lies here, and is not what it should be.
            Ok(()) => Err(Trouble::Damaged("what was fetched is not here".to_owned())),
            Err(Miss::Vcs(error)) => Err(error.into()),
            Err(Miss::Unspoken(why)) => Err(VcsError::failed(Cause::Server, what, why).into()),
            Err(Miss::Garbled(error)) if before == 0 || error.to_string().contains(NOT_THERE) => {
                Err(error.into())
            }
            // It may be the server's fault, or what lies here. An empty repository will tell.
            Err(Miss::Garbled(error)) => Err(Trouble::Damaged(error.to_string())),
        }
    }

    /// Looking through very many packs takes long: such a repository begins anew.
    fn refuse_crowd(open: &Open) -> Result<(), Trouble> {
        let packs = packs(open);
        if packs + 2 < usize::from(SLOTS) { Ok(()) } else { Err(Trouble::Damaged(format!("{packs} packs"))) }
    }

    /// Why a commit is not to be had.
    fn not_given(&self, id: Oid, why: &str) -> Trouble {
        let listed = self.refs().is_ok_and(|refs| Self::tips(refs).any(|tip| tip == id));
        if !listed {
            return Self::unknown(&id.to_string()).into();
        }
        let why = format!("the server does not give {id}, which it listed: {why}; ask again");
        VcsError::failed(Cause::Server, format!("fetch from {}", self.remote), why).into()
    }
}

/// How many packs there are.
fn packs(open: &Open) -> usize {
    fs::read_dir(open.bare.dir().join("objects/pack")).map_or(0, |packs| packs.flatten().count().div_ceil(2))
}

/// What `git upload-pack` says of an object that it does not have.
const NOT_THERE: &str = "not our ref";
/// Only commits and tags.
const WITHOUT_FILES: &str = "tree:0";
/// How many commits the server is told of that are here.
const HAVES: usize = 64;
const TIPS: &str = "larder-tips";
