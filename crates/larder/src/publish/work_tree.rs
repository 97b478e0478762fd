//! A git work tree: what is committed is what `go` would see.

use std::{
    ffi::OsString,
    fmt::Write,
    fs::File,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Arc,
};

use anyhow::{Context, bail};
use gomod::ModuleVersion;
use jiff::Timestamp;
use vcs::{
    Repo,
    git::{Binary, Cache, CacheConfig, Git, Limits, Remote},
    zip_of,
};

/// The work tree that a module's directory lies in.
pub(super) struct WorkTree {
    dir: PathBuf,
    top: PathBuf,
    /// The directory below the top, with a `/` at its end, or nothing.
    below: String,
}

impl WorkTree {
    /// The work tree of a directory, if it is in one.
    pub(super) fn of(dir: &Path) -> anyhow::Result<Option<Self>> {
        let asked = git(dir, &["rev-parse", "--is-inside-work-tree", "--show-prefix", "--show-toplevel"]);
        let output = match asked {
            Ok(output) => output,
            // Without git nothing can be said of what is committed.
            Err(error) if lies_in_repository(dir) => {
                bail!(
                    "{} lies in a git repository, and git cannot be started ({error}): what is committed is not \
                     known. Install git, or publish what lies there with --allow-dirty",
                    dir.display()
                )
            }
            Err(_) => return Ok(None),
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            if lies_in_repository(dir) && !words.contains("not a git repository") {
                bail!("git does not read the repository of {}: {}", dir.display(), words.trim());
            }
            return Ok(None);
        }
        let mut lines = output.stdout.splitn(3, |b| *b == b'\n');
        let (inside, below, top) = (lines.next(), lines.next(), lines.next());
        let (Some(b"true"), Some(below), Some(top)) = (inside, below, top) else { return Ok(None) };
        let below = String::from_utf8(below.to_vec()).context("the directory's name is not UTF-8")?;
        let top = top.strip_suffix(b"\n").unwrap_or(top);
        let top = PathBuf::from(OsString::from_vec(top.to_vec()));
        Ok(Some(WorkTree { dir: dir.to_owned(), top, below }))
    }

    /// What is changed in the directory and not committed, as git writes it; also what git does not know yet and does
    /// not ignore.
    pub(super) fn changes(&self) -> anyhow::Result<Vec<String>> {
        let output = git(&self.dir, &["status", "--porcelain=v1", "--untracked-files=normal", "--", "."])?;
        if !output.status.success() {
            bail!("git status fails: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// The zip of what HEAD has, and when that was committed.
    pub(super) fn zip(
        &self,
        version: &ModuleVersion,
        out: File,
    ) -> anyhow::Result<(File, Option<Timestamp>)> {
        let cache = tempfile::tempdir().context("cannot make a directory for git")?;
        let cache =
            Cache::open(cache.path().join("git"), Git::new(Limits::default()), CacheConfig::default())?;
        let remote = Remote::new(&file_url(&self.top))?;
        let repo = Binary::new(Arc::new(cache), remote, Arc::new(|_| false));
        let head = repo.refs()?.head.with_context(|| format!("{} has no commit", self.top.display()))?;
        let commit = repo.commit(head)?;
        let zip = zip_of(&repo, commit.id, self.below.trim_end_matches('/'), version, out)?;
        Ok((zip, super::time_of(commit.time)))
    }
}

fn lies_in_repository(dir: &Path) -> bool {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.ancestors().any(|dir| dir.join(".git").exists())
}

/// Runs git on a directory, whatever repository the environment may name.
fn git(dir: &Path, args: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(args).stdin(Stdio::null());
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").output()
}

/// The URL of a directory, in which git decodes what is encoded.
fn file_url(dir: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in dir.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}
