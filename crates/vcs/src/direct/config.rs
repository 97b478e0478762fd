//! What the repositories of all routes share, and what they may cost.

use std::{ffi::OsString, fmt, path::PathBuf, time::Duration};

use crate::git::{CacheConfig, Limits};

/// What the repositories of all routes share, and what they may cost.
#[derive(Clone)]
pub struct DirectConfig {
    /// Where repositories are kept. It is made if need be, and may be shared by any number of processes.
    pub dir: PathBuf,
    /// How much is kept there.
    pub cache: CacheConfig,
    /// What one command of `git` may cost.
    pub limits: Limits,
    /// The `git` binary; `None`: the one that PATH leads to.
    pub git: Option<PathBuf>,
    /// The user's environment, as far as it acts on git; `None`: that of this process.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// Variables of the go command that come from its own files, for what is read through it: GOVCS, GOPRIVATE.
    pub go: Vec<(OsString, OsString)>,
    /// How many repositories are known at once, with their lists of references; one counts once more for every thousand
    /// of these. Default 256.
    pub repositories: usize,
    /// How many requests are worked on at once; one host has at most half of these places. Default 16.
    pub at_once: usize,
    /// How long a request waits for a place. Default 30 s.
    pub patience: Duration,
    /// How long the page may take that says where code is. Default 20 s.
    pub page: Duration,
    /// How old a list of references may be for a question whose answer changes. Default 3 s.
    pub fresh: Duration,
    /// How old it may be where a version is asked for that it names. Default 1 min.
    pub settled: Duration,
    /// How long it is remembered where code is. Default 5 min.
    pub discovered: Duration,
    /// How long it is remembered that a page names no repository. Default 5 s. A failure is remembered for a second.
    pub undiscovered: Duration,
    /// How often in all something is tried that may pass. Default 3.
    pub tries: u32,
    /// The pause before the second try; it doubles. Default 200 ms.
    pub pause: Duration,
}

impl DirectConfig {
    /// Repositories in that directory; everything else has its default.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            cache: CacheConfig::default(),
            limits: Limits::default(),
            git: None,
            environment: None,
            go: Vec::new(),
            repositories: 256,
            at_once: 16,
            patience: Duration::from_secs(30),
            page: Duration::from_secs(20),
            fresh: Duration::from_secs(3),
            settled: Duration::from_mins(1),
            discovered: Duration::from_mins(5),
            undiscovered: Duration::from_secs(5),
            tries: 3,
            pause: Duration::from_millis(200),
        }
    }
}

/// The environment may hold secrets.
impl fmt::Debug for DirectConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectConfig")
            .field("dir", &self.dir)
            .field("cache", &self.cache)
            .field("limits", &self.limits)
            .field("git", &self.git)
            .field("repositories", &self.repositories)
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}
