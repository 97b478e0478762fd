//! Git repositories with the same commits on every machine.

use std::{collections::HashMap, fs, path::Path, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::process::{Ran, Running, run};

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

    /// Makes a bare repository of what a stream for `git fast-import` says. Gives the names of the objects by mark.
    ///
    /// Far faster than commands one by one, and able to hold what no working directory can.
    #[track_caller]
    pub fn import(&self, name: &str, stream: &[u8]) -> HashMap<usize, String> {
        let dir = self.path(name);
        for below in ["objects", "refs"] {
            fs::create_dir_all(dir.join(below)).unwrap();
        }
        fs::write(dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(dir.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n").unwrap();
        let mut command = Command::new("git");
        command.args(["fast-import", "--quiet", "--force", "--export-marks=marks"]).current_dir(&dir);
        command.env("GIT_DIR", &dir).envs(NO_CONFIGURATION);
        let mut running = Running::start(&mut command);
        running.feed(stream);
        running.wait().ok();
        let marks = fs::read_to_string(dir.join("marks")).unwrap();
        let mark = |line: &str| {
            let (mark, id) = line.strip_prefix(':')?.split_once(' ')?;
            Some((mark.parse().ok()?, id.to_owned()))
        };
        marks.lines().filter_map(mark).collect()
    }

    /// Runs git in a repository. It must succeed.
    #[track_caller]
    pub fn git(&self, name: &str, args: &[&str]) -> Ran {
        let mut command = Command::new("git");
        let who = ["AUTHOR", "COMMITTER"].into_iter().flat_map(|role| {
            [("NAME", "t"), ("EMAIL", "t@t"), ("DATE", "2024-01-01T00:00:00Z")]
                .map(|(what, value)| (format!("GIT_{role}_{what}"), value))
        });
        command.args(args).current_dir(self.path(name)).envs(NO_CONFIGURATION).envs(who);
        run(&mut command).ok()
    }
}

/// The machine's own configuration plays no part.
const NO_CONFIGURATION: [(&str, &str); 2] =
    [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")];
