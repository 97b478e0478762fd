//! What is fetched: as little as the question needs (`codehost/git.go`).

use sha2::{Digest, Sha256};

use super::{Bare, Binary, Call, Open, Part, Trouble, trouble};
use crate::{
    Cause, Oid, Refs, Repo, VcsError,
    git::{cache::Cache, remote::hex, run::SOURCE},
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
                self.fetch_all(&open.bare, Part::Content)?;
            }
            if !self.has(open, id)? {
                return self.not_there(&open.bare, id);
            }
        }
        open.present.insert(id);
        Ok(())
    }

    /// Fetches a commit alone, without what is behind it: by a reference that names it, for some servers give nothing
    /// else. Who asks for another one knows from the history that it is behind one.
    fn fetch_one(&self, open: &mut Open, id: Oid) -> Result<(), Trouble> {
        let refs = self.refs()?;
        let tag = refs.tags.iter().find(|(_, tag)| tag.target == id || tag.direct == id);
        let head = || refs.heads.iter().find(|(_, head)| **head == id);
        let spec = if let Some((name, _)) = tag {
            format!("+refs/tags/{name}:refs/tags/{name}")
        } else if let Some((name, _)) = head() {
            format!("+refs/heads/{name}:refs/heads/{name}")
        } else {
            format!("+{id}:refs/larder/{id}")
        };
        let _alone = self.cache.change(&open.bare)?;
        if self.has(open, id)? {
            return Ok(());
        }
        match self.fetch(&open.bare, &["--depth=1"], &[&spec]) {
            // Such a server may still give all; go tries, too.
            Err(Trouble::Vcs(VcsError::Failed { cause: Cause::Server, .. })) => Ok(()),
            other => other,
        }
    }

    /// Makes sure that all commits behind branches, tags and HEAD are here, as the listing has them.
    pub(super) fn fetch_all(&self, bare: &Bare, part: Part) -> Result<(), Trouble> {
        let refs = self.refs()?;
        if refs.heads.is_empty() && refs.tags.is_empty() && refs.head.is_none() {
            return Ok(());
        }
        let listing = fingerprint(refs);
        if bare.is_full(&listing) {
            return Ok(());
        }
        let alone = self.cache.change(bare)?;
        if bare.is_full(&listing) {
            return Ok(());
        }
        let mut specs = vec!["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
        if refs.head.is_some_and(|head| !refs.heads.values().any(|id| *id == head)) {
            specs.push("+HEAD:refs/larder/head");
        }
        match part {
            Part::History if bare.is_whole() => self.fetch(bare, &["--prune"], &specs)?,
            Part::History => match self.fetch(bare, &[WITHOUT_FILES, "--prune"], &specs) {
                // The server may stumble over the wish, and git over a tag that is at a tree.
                Err(Trouble::Damaged(_) | Trouble::Vcs(VcsError::Failed { cause: Cause::Server, .. })) => {
                    Cache::make_whole(bare, &alone)?;
                    self.fetch(bare, &["--prune"], &specs)?;
                }
                other => other?,
            },
            Part::Content | Part::OwnContent | Part::OwnHistory => {
                self.fetch(bare, &["--prune"], &specs)?;
                // In a second step, as go does it: some versions of git get both at once wrong.
                if bare.dir().join("shallow").exists() {
                    self.fetch(bare, &["--unshallow"], &specs)?;
                }
            }
        }
        bare.note_full(&listing)?;
        drop(alone);
        Ok(())
    }

    fn fetch(&self, bare: &Bare, options: &[&str], specs: &[&str]) -> Result<(), Trouble> {
        let mut args = vec!["fetch", "-q", "-f", "--no-tags", "--no-write-fetch-head"];
        args.extend(options);
        args.extend(["--end-of-options", SOURCE]);
        args.extend(specs);
        let call = Call {
            repository: Some(bare.dir()),
            remote: Some(&self.remote),
            partial: options.contains(&WITHOUT_FILES),
            ..Call::new(&args)
        };
        bare.fetching()?;
        let (_, ended) = self.cache.git().run(call)?;
        if ended.code.is_some() {
            bare.fetched()?;
        }
        self.cache.make_room();
        if ended.code == Some(0) { Ok(()) } else { Err(trouble(&call, &ended)) }
    }

    /// Why a commit is not to be had after all has been fetched.
    fn not_there(&self, bare: &Bare, id: Oid) -> Result<(), Trouble> {
        let refs = self.refs()?;
        let tags = refs.tags.iter().filter(|(_, tag)| tag.target == id);
        let heads = refs.heads.iter().filter(|(_, head)| **head == id);
        let listed = tags.map(|(name, tag)| (format!("refs/tags/{name}"), tag.direct));
        let listed = listed.chain(heads.map(|(name, id)| (format!("refs/heads/{name}"), *id)));
        let mut moved = refs.head == Some(id);
        for (name, id) in listed {
            let (here, _) = self.read(bare, &["rev-parse", "-q", "--verify", &name], 128)?;
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
pub(in crate::git) fn fingerprint(refs: &Refs) -> String {
    let mut hash = Sha256::new();
    let mut add = |name: &str, id: Oid| hash.update(format!("{name} {id}\n"));
    refs.heads.iter().for_each(|(name, id)| add(&format!("refs/heads/{name}"), *id));
    refs.tags.iter().for_each(|(name, tag)| add(&format!("refs/tags/{name}"), tag.direct));
    refs.head.iter().for_each(|id| add("HEAD", *id));
    hex(&hash.finalize())
}

/// Only commits and tags.
const WITHOUT_FILES: &str = "--filter=tree:0";
