//! What is kept of repositories: two bare ones per URL, for content and for history; and two others where they are read
//! in process, `NAME-own` and `NAME-own-history`.
//!
//! | file | what it is |
//! |---|---|
//! | `NAME/` | the repository; it appears complete, under another name before |
//! | `NAME/larder` | its object format and which making it is of |
//! | `NAME/larder-tips` | what of the history was fetched last: an object's name per line |
//! | `NAME/larder-full` | the listing of which all history has been fetched |
//! | `NAME/larder-whole` | nothing can be left out of its history |
//! | `NAME/larder-fetching` | a fetch runs, or was broken off |
//! | `NAME.use` | locked shared by those that read it; its time is that of the last use |
//! | `NAME.fetch` | locked by the one that changes it |

mod room;

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant, SystemTime},
};

pub(super) use self::room::size_of;
use super::{remote::Remote, run::Git};
use crate::{Cause, VcsError};

/// What the cache may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Bytes on disk. The least recently used repositories go first; those in use stay.
    pub size: u64,
}

impl Default for CacheConfig {
    /// 20 GiB.
    fn default() -> Self {
        Self { size: 20 << 30 }
    }
}

/// Bare repositories in a directory. Any number of processes may share it.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
    git: Git,
    config: CacheConfig,
}

/// How objects are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Sha1,
    Sha256,
}

impl Format {
    /// The configuration of an empty repository.
    fn config(self) -> &'static str {
        match self {
            Format::Sha1 => "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
            Format::Sha256 => {
                "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectFormat = sha256\n"
            }
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Format::Sha1 => "sha1",
            Format::Sha256 => "sha256",
        }
    }
}

/// What of a remote is kept together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Some commits, with all their files.
    Content,
    /// All commits and tags; without files where the server can leave them out.
    History,
    /// The same two where they are fetched and read in process. `git` would miss its notes of what was left out.
    OwnContent,
    OwnHistory,
}

impl Part {
    fn suffix(self) -> &'static str {
        match self {
            Part::Content => "",
            Part::History => "-history",
            Part::OwnContent => "-own",
            Part::OwnHistory => "-own-history",
        }
    }
}

/// A repository of the cache. It is not removed while this exists.
#[derive(Debug)]
pub(super) struct Bare {
    dir: PathBuf,
    name: String,
    format: Format,
    /// Which making of it this was.
    made: String,
    _used: File,
}

/// The right to change a repository.
#[derive(Debug)]
pub(super) struct Changing(#[expect(dead_code, reason = "the lock lasts as long as this")] File);

impl Cache {
    /// Uses a directory, which is made when something is first kept there.
    pub fn open(dir: impl Into<PathBuf>, git: Git, config: CacheConfig) -> Result<Self, VcsError> {
        Ok(Self { dir: dir.into(), git, config })
    }

    /// The program that serves it, and the user's configuration of it.
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// The repository of a remote, an empty one if there is none yet.
    pub(super) fn repository(&self, remote: &Remote, part: Part, format: Format) -> Result<Bare, VcsError> {
        let name = remote.name() + part.suffix();
        let used = self.file(&name, "use").and_then(|file| {
            file.lock_shared()?;
            file.set_modified(SystemTime::now())?;
            Ok(file)
        });
        let used = used.map_err(|error| local(&error))?;
        let mut bare = Bare { dir: self.dir.join(&name), name, format, made: String::new(), _used: used };
        if let Some(made) = bare.read_marker() {
            bare.made = made;
            return Ok(bare);
        }
        let _alone = self.change(&bare)?;
        if bare.read_marker().is_none() {
            Self::make(&bare, &unique())?;
        }
        bare.made = bare.read_marker().ok_or_else(|| failed("the new repository is not there"))?;
        Ok(bare)
    }

    /// Throws a damaged repository away, unless somebody already has, and makes an empty one.
    pub(super) fn renew(&self, bare: &mut Bare) -> Result<(), VcsError> {
        let _alone = self.change(bare)?;
        if bare.read_marker().is_none_or(|made| made == bare.made) {
            Self::make(bare, &unique())?;
        }
        bare.made = bare.read_marker().ok_or_else(|| failed("the new repository is not there"))?;
        Ok(())
    }

    /// Begins anew with a repository from which nothing may be left out.
    pub(super) fn make_whole(bare: &Bare, _: &Changing) -> Result<(), VcsError> {
        Self::make(bare, &bare.made)?;
        fs::write(bare.dir.join(WHOLE), "").map_err(|error| local(&error))
    }

    /// Waits until nobody else changes the repository. What a broken-off change has left is cleared away.
    pub(super) fn change(&self, bare: &Bare) -> Result<Changing, VcsError> {
        let file = self.file(&bare.name, "fetch").map_err(|error| local(&error))?;
        let give_up = Instant::now().checked_add(self.git.limits().time);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if give_up.is_some_and(|at| Instant::now() > at) => {
                    let why = "another fetch of this repository does not end";
                    return Err(VcsError::failed(Cause::Timeout, WHAT, why));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(AGAIN),
                Err(TryLockError::Error(error)) => return Err(local(&error)),
            }
        }
        if bare.dir.join(FETCHING).exists() {
            room::sweep(&bare.dir)
                .and_then(|()| fs::remove_file(bare.dir.join(FETCHING)))
                .map_err(|error| local(&error))?;
        }
        Ok(Changing(file))
    }

    /// Makes an empty repository and puts it in the place of the old one. The caller holds the right to.
    fn make(bare: &Bare, made: &str) -> Result<(), VcsError> {
        let stem = bare.dir.to_string_lossy();
        let (new, old) = (PathBuf::from(format!("{stem}.new")), PathBuf::from(format!("{stem}.old")));
        for left in [&new, &old] {
            remove(left).map_err(|error| local(&error))?;
        }
        let settle = || {
            for dir in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"] {
                fs::create_dir_all(new.join(dir))?;
            }
            fs::write(new.join("HEAD"), "ref: refs/heads/main\n")?;
            fs::write(new.join("config"), bare.format.config())?;
            fs::write(new.join("info/attributes"), ATTRIBUTES)?;
            fs::write(new.join(MARKER), format!("{} {}", bare.format.as_str(), made))?;
            if bare.dir.exists() {
                fs::rename(&bare.dir, &old)?;
            }
            fs::rename(&new, &bare.dir)?;
            remove(&old)
        };
        settle().map_err(|error| local(&error))
    }

    fn file(&self, name: &str, kind: &str) -> io::Result<File> {
        let path = self.dir.join(format!("{name}.{kind}"));
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.dir)?;
                open()
            }
            other => other,
        }
    }
}

impl Bare {
    /// Where it is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Notes that a fetch begins: what a killed one leaves behind must be cleared away.
    pub(super) fn fetching(&self) -> Result<(), VcsError> {
        fs::write(self.dir.join(FETCHING), "").map_err(|error| local(&error))
    }

    /// Notes that git has come to an end by itself.
    pub(super) fn fetched(&self) -> Result<(), VcsError> {
        fs::remove_file(self.dir.join(FETCHING)).map_err(|error| local(&error))
    }

    /// Whether all history of this listing is there.
    pub(super) fn is_full(&self, listing: &str) -> bool {
        fs::read_to_string(self.dir.join(FULL)).is_ok_and(|full| full == listing)
    }

    /// Notes that all history of this listing is there.
    pub(super) fn note_full(&self, listing: &str) -> Result<(), VcsError> {
        let (new, full) = (self.dir.join(format!("{FULL}.new")), self.dir.join(FULL));
        fs::write(&new, listing).and_then(|()| fs::rename(new, full)).map_err(|error| local(&error))
    }

    /// Whether nothing may be left out of it.
    pub(super) fn is_whole(&self) -> bool {
        self.dir.join(WHOLE).exists()
    }

    /// Which making it is of; `None` if it is not there, or names objects in another way.
    fn read_marker(&self) -> Option<String> {
        let text = fs::read_to_string(self.dir.join(MARKER)).ok()?;
        let (format, made) = text.split_once(' ')?;
        (format == self.format.as_str()).then(|| made.to_owned())
    }
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A text that no other making has.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{now}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn local(error: &io::Error) -> VcsError {
    VcsError::failed(Cause::Local, WHAT, error)
}

fn failed(why: &str) -> VcsError {
    VcsError::failed(Cause::Local, WHAT, why)
}

const WHAT: &str = "the cache of repositories";
const MARKER: &str = "larder";
const FULL: &str = "larder-full";
const WHOLE: &str = "larder-whole";
const FETCHING: &str = "larder-fetching";
/// As go writes it (`ensureGitAttributes`).
const ATTRIBUTES: &str = "\n* -export-subst -export-ignore\n";
/// How often the lock is tried.
const AGAIN: Duration = Duration::from_millis(10);
