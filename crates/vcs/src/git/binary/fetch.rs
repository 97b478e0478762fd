//! What is fetched: as little as the question needs (`codehost/git.go`).

use sha2::{Digest, Sha256};

use super::{Binary, Call, Open, Trouble, trouble};
use crate::{
    Cause, Oid, Refs, Repo, VcsError,
    git::{remote::hex, run::SOURCE},
};

impl Binary {
    /// Makes sure that a commit is here with all its files.
    pub(super) fn ensure(&self, open: &mut Open, id: Oid) -> Result<(), Trouble> {
        if open.present.contains(&id) {
            return Ok(());
        }
        if !self.has(open, id)? {
            self.fetch_one(open, id)?;
            if !self.has(open, id)? {
                self.history(open)?;
            }
            if !self.has(open, id)? {
                return self.not_there(open, id);
            }
        }
        open.present.insert(id);
        Ok(())
    }

    /// Fetches a commit alone, without what is behind it, by a reference that names it: a server may have commits
    /// that belong to none.
    fn fetch_one(&self, open: &mut Open, id: Oid) -> Result<(), Trouble> {
        let refs = self.refs()?;
        let tag = refs.tags.iter().find(|(_, tag)| tag.target == id || tag.direct == id);
        let head = || refs.heads.iter().find(|(_, head)| **head == id);
        let spec = if let Some((name, _)) = tag {
            format!("+refs/tags/{name}:refs/tags/{name}")
        } else if let Some((name, _)) = head() {
            format!("+refs/heads/{name}:refs/heads/{name}")
        } else if refs.head == Some(id) {
            format!("+{id}:{HEAD}")
        } else {
            return Ok(());
        };
        let _alone = self.cache.change(&open.bare)?;
        if self.has(open, id)? {
            return Ok(());
        }
        match self.fetch(open, &["--depth=1"], &[&spec]) {
            // Such a server may still give all; go tries, too.
            Err(Trouble::Vcs(VcsError::Failed { cause: Cause::Server, .. })) => Ok(()),
            other => other,
        }
    }

    /// Makes sure that all commits behind branches, tags and HEAD are here, as the listing has them.
    pub(super) fn history(&self, open: &mut Open) -> Result<(), Trouble> {
        let refs = self.refs()?;
        if refs.heads.is_empty() && refs.tags.is_empty() && refs.head.is_none() {
            return Ok(());
        }
        let listing = fingerprint(refs);
        if open.bare.is_full(&listing) {
            return Ok(());
        }
        let alone = self.cache.change(&open.bare)?;
        if open.bare.is_full(&listing) {
            return Ok(());
        }
        let mut specs = vec!["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        let detached = format!("+HEAD:{HEAD}");
        if refs.head.is_some_and(|head| !refs.heads.values().any(|id| *id == head)) {
            specs.push(&detached);
        }
        self.fetch(open, &["--prune"], &specs)?;
        // In a second step, as go does it: some versions of git get both at once wrong.
        if open.bare.dir().join("shallow").exists() {
            self.fetch(open, &["--unshallow"], &specs)?;
        }
        open.bare.note_full(&listing)?;
        drop(alone);
        Ok(())
    }

    fn fetch(&self, open: &mut Open, options: &[&str], specs: &[&str]) -> Result<(), Trouble> {
        let mut args = vec!["fetch", "-q", "-f", "--no-tags", "--no-write-fetch-head"];
        args.extend(options);
        args.extend(["--end-of-options", SOURCE]);
        args.extend(specs);
        let call = Call { repository: Some(open.bare.dir()), remote: Some(&self.remote), ..Call::new(&args) };
        open.bare.fetching()?;
        let ended = self.cache.git().run(call);
        if let Err(failure @ VcsError::Failed { cause: Cause::Limit, .. }) = ended {
            // Else it would be in the way of all others.
            open.batch = None;
            return Err(failure.into());
        }
        let (_, ended) = ended?;
        if ended.code.is_some() {
            open.bare.fetched()?;
        }
        self.cache.make_room();
        if ended.code == Some(0) { Ok(()) } else { Err(trouble(&call, &ended)) }
    }

    /// Why a commit is not to be had after all has been fetched.
    fn not_there(&self, open: &Open, id: Oid) -> Result<(), Trouble> {
        let refs = self.refs()?;
        let tags = refs.tags.iter().filter(|(_, tag)| tag.target == id);
        let heads = refs.heads.iter().filter(|(_, head)| **head == id);
        let listed = tags.map(|(name, tag)| (format!("refs/tags/{name}"), tag.direct));
        let listed = listed.chain(heads.map(|(name, id)| (format!("refs/heads/{name}"), *id)));
        let mut moved = refs.head == Some(id);
        for (name, id) in listed {
            let (here, _) = self.read(open, &["rev-parse", "-q", "--verify", &name], 128)?;
            if here.trim_ascii() == id.to_string().as_bytes() {
                return Err(Trouble::Damaged(format!("{name} is here, but not its commit {id}")));
            }
            moved = true;
        }
        if !moved {
            return Err(Self::unknown(&id.to_string()).into());
        }
        let why =
            format!("the server does not give {id}, which it listed: its references have changed; ask again");
        Err(VcsError::failed(Cause::Server, format!("git fetch {}", self.remote), why).into())
    }
}

/// Stands for the state of all references.
fn fingerprint(refs: &Refs) -> String {
    let mut hash = Sha256::new();
    let mut add = |name: &str, id: Oid| hash.update(format!("{name} {id}\n"));
    refs.heads.iter().for_each(|(name, id)| add(&format!("refs/heads/{name}"), *id));
    refs.tags.iter().for_each(|(name, tag)| add(&format!("refs/tags/{name}"), tag.direct));
    refs.head.iter().for_each(|id| add("HEAD", *id));
    hex(&hash.finalize())
}

/// The name that a HEAD without a branch has here.
const HEAD: &str = "refs/larder/head";
