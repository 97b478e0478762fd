//! Which of the two ways of reading a repository is taken.

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use tokio::runtime::Handle;
use upstream::{Login, SourceError, Web};

use super::{
    binary::{Binary, Gone},
    cache::Cache,
    gix::Gix,
    remote::{Remote, Transport},
};
use crate::{Blob, Cause, Commit, Entry, Oid, Refs, Repo, Sink, VcsError};

/// A repository on another machine: in process over `https`, `http` and `git`; with the `git` program over `ssh` and
/// `file`, and where a server speaks what is not read in process: an old version of git's protocol, or no protocol at
/// all, and where the user's configuration wants what only the program does. Nothing is asked yet.
pub fn open(
    cache: &Arc<Cache>,
    remote: Remote,
    web: Arc<Web>,
    runtime: Handle,
    gone: Arc<Gone>,
) -> Result<Arc<dyn Repo>, VcsError> {
    let binary = Binary::new(Arc::clone(cache), remote.clone(), gone);
    if matches!(remote.transport(), Transport::Ssh | Transport::Local) {
        return Ok(Arc::new(binary));
    }
    let http = cache.git().config().http(remote.secret())?;
    if http.is_unverified() {
        tracing::warn!(%remote, "its certificate is not checked: the git configuration says so (http.sslVerify)");
    }
    if let Some(setting) = http.beyond() {
        if cache.git().is_found() {
            return Ok(Arc::new(binary));
        }
        let why = format!(
            "only a git program does what {setting} of the git configuration says, and there is none"
        );
        return Err(VcsError::failed(Cause::Local, format!("list the references of {remote}"), why));
    }
    let web = if http.ca().is_some() || !http.headers().is_empty() {
        let headers =
            Login::headers(http.headers().iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let special = web.at_server(remote.secret(), http.ca().map(PathBuf::as_path), headers);
        let refused = |error: SourceError| {
            VcsError::failed(Cause::Local, format!("list the references of {remote}"), error)
        };
        Arc::new(special.map_err(refused)?)
    } else {
        web
    };
    let gix = Gix::new(Arc::clone(cache), remote, web, runtime);
    Ok(Arc::new(Far { gix, binary, way: OnceLock::new() }))
}

/// A repository that may be read in both ways.
struct Far {
    gix: Gix,
    binary: Binary,
    /// Whether only the program reads it.
    way: OnceLock<bool>,
}

impl Far {
    fn is_by_program(&self) -> bool {
        *self.way.get_or_init(|| self.gix.unspoken().is_some())
    }

    fn repo(&self) -> &dyn Repo {
        if self.is_by_program() { &self.binary } else { &self.gix }
    }
}

impl Repo for Far {
    fn url(&self) -> &str {
        self.gix.url()
    }

    fn refs(&self) -> Result<&Refs, VcsError> {
        let refs = self.repo().refs();
        match (refs, self.gix.unspoken()) {
            (Err(VcsError::Failed { what, why, cause }), Some(unspoken)) => {
                let why = format!("{unspoken}, and so only a git program can read it: {why}");
                Err(VcsError::Failed { what, why, cause })
            }
            (refs, _) => refs,
        }
    }

    fn commit(&self, id: Oid) -> Result<Commit, VcsError> {
        self.repo().commit(id)
    }

    fn find(&self, hex: &str) -> Result<Oid, VcsError> {
        self.repo().find(hex)
    }

    fn tags_behind(&self, id: Oid) -> Result<Vec<String>, VcsError> {
        self.repo().tags_behind(id)
    }

    fn is_ancestor(&self, old: Oid, new: Oid) -> Result<bool, VcsError> {
        self.repo().is_ancestor(old, new)
    }

    fn blob(&self, commit: Oid, path: &str, max: u64) -> Result<Option<Blob>, VcsError> {
        self.repo().blob(commit, path, max)
    }

    fn tree(&self, commit: Oid, dir: &str) -> Result<Vec<Entry>, VcsError> {
        self.repo().tree(commit, dir)
    }

    fn export(
        &self,
        commit: Oid,
        dir: &str,
        wanted: &dyn Fn(&[u8]) -> bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), VcsError> {
        // What only the machine's iconv can encode, git has it encode.
        if !self.is_by_program() && self.gix.encodes(commit, dir, wanted)? {
            return self.gix.export(commit, dir, wanted, sink);
        }
        self.binary.export(commit, dir, wanted, sink)
    }
}

impl fmt::Debug for Far {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.gix.fmt(f)
    }
}
