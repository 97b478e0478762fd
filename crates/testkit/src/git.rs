//! Git repositories with the same commits on every machine.

use std::{fs, path::Path, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::process::{Ran, run};

/// Repositories in a directory that goes when this is dropped. Names, times and so the commits' hashes are fixed; the
/// machine's own configuration of git plays no part.
#[derive(Debug)]
pub struct GitFixture {
    root: TempDir,
}

impl GitFixture {
    /// Whether there is a `git` in PATH, which everything here needs.
    pub fn is_possible() -> bool {
        let Some(path) = std::env::var_os("PATH") else { return false };
        std::env::split_paths(&path).any(|dir| dir.join("git").is_file())
    }

    /// No repositories yet.
    #[track_caller]
    pub fn empty() -> Self {
        Self { root: tempfile::Builder::new().prefix("testkit-git-").tempdir().unwrap() }
    }

    /// The repositories that the golden vectors speak of: `plain` is the one of `vcs.lab.test/plain.git`.
    #[track_caller]
    pub fn golden() -> Self {
        let fixture = Self::empty();
        let script = fixture.root.path().join("fixtures.sh");
        fs::write(&script, include_str!("git/fixtures.sh")).unwrap();
        run(Command::new("bash").arg(&script).arg(fixture.root.path().join("r"))).ok();
        fixture
    }

    /// Where the repository of that name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("r").join(name)
    }

    /// Its URL for a git on this machine.
    pub fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Makes an empty repository whose branch is `main`.
    #[track_caller]
    pub fn init(&self, name: &str, options: &[&str]) {
        fs::create_dir_all(self.path(name)).unwrap();
        let args = ["init", "-q", "-b", "main"].into_iter().chain(options.iter().copied());
        self.git(name, &args.collect::<Vec<_>>());
    }

    /// Writes files, and makes a commit of all that is there. Gives its hash.
    #[track_caller]
    pub fn commit(&self, name: &str, files: &[(&str, &str)]) -> String {
        for (file, content) in files {
            let file = self.path(name).join(file);
            fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).unwrap();
            fs::write(file, content).unwrap();
        }
        self.git(name, &["add", "-A", "."]);
        self.git(name, &["commit", "-q", "--allow-empty", "-m", "c"]);
        self.git(name, &["rev-parse", "HEAD"]).stdout.trim().to_owned()
    }

    /// Runs git in a repository. It must succeed.
    #[track_caller]
    pub fn git(&self, name: &str, args: &[&str]) -> Ran {
        let mut command = Command::new("git");
        let fixed = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"].map(|name| (name, "/dev/null"));
        let who = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|role| {
            [("NAME", "t"), ("EMAIL", "t@t"), ("DATE", "2024-01-01T00:00:00Z")]
                .map(|(what, value)| (format!("GIT_{role}_{what}"), value))
        });
        command.args(args).current_dir(self.path(name)).envs(fixed).envs(who);
        run(&mut command).ok()
    }
}
