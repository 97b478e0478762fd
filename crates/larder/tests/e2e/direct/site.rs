//! A company's git server: repositories, pages that lead to them, and an authority that nobody else knows.

use std::{fs, path::PathBuf};

use tempfile::TempDir;
use testkit::{Authority, GitFixture, Larder, Reply, ScriptedUpstream, Tunnel, require};

use crate::world::larder;

/// Where code is, by paths that say so themselves.
pub(crate) const CODE: &str = "code.corp.example.com";
/// Where pages say where code is.
pub(crate) const VANITY: &str = "go.corp.example.com";
/// What is private.
pub(crate) const PRIVATE: &str = "*.corp.example.com";
/// Who may read.
const LOGIN: (&str, &str) = ("robot", "hunter2");

/// The server, and the tunnel that leads to it whatever name is asked for.
pub(crate) struct Site {
    pub(crate) repositories: GitFixture,
    pub(crate) server: ScriptedUpstream,
    pub(crate) tunnel: Tunnel,
    dir: TempDir,
}

impl Site {
    /// A server without repositories; nothing where there is no `git` to make some.
    pub(crate) fn new() -> Option<Self> {
        if !require("git", GitFixture::is_possible()) {
            return None;
        }
        let authority = Authority::for_hosts(&["*.corp.example.com", "example.com", "*.example.com"]);
        let repositories = GitFixture::empty();
        fs::create_dir_all(repositories.path("")).unwrap();
        let server = ScriptedUpstream::of_git(&repositories, &authority);
        let tunnel = Tunnel::to(server.address());
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ca.pem"), authority.ca()).unwrap();
        Some(Self { repositories, server, tunnel, dir })
    }

    /// The same with a module of two versions, and one in a directory of it.
    pub(crate) fn with_lib() -> Option<Self> {
        let site = Self::new()?;
        site.lib();
        Some(site)
    }

    /// A module of two versions, and one in a directory of it that has its own.
    fn lib(&self) {
        let git = &self.repositories;
        let module = format!("module {CODE}/team/lib.git");
        git.init("team/lib", &[]);
        git.commit(
            "team/lib",
            &[("go.mod", &format!("{module}\n")), ("lib.go", "package lib\n\nconst N = 1\n")],
        );
        git.git("team/lib", &["tag", "v1.0.0"]);
        git.commit(
            "team/lib",
            &[
                ("lib.go", "package lib\n\nconst N = 2\n"),
                ("sub/go.mod", &format!("{module}/sub\n")),
                ("sub/sub.go", "package sub\n\nconst N = 30\n"),
            ],
        );
        git.git("team/lib", &["tag", "v1.1.0"]);
        git.git("team/lib", &["tag", "sub/v0.2.0"]);
    }

    /// The page of a path has this tag, `PREFIX git URL`.
    pub(crate) fn announces(&self, path: &str, tag: &str) {
        let page = format!("<html><head><meta name=\"go-import\" content=\"{tag}\"></head></html>");
        self.server.always(path, Reply::ok(page).content_type("text/html"));
    }

    /// Only those get anything who show a login, which [`Site::larder`] has in its netrc.
    pub(crate) fn wants_a_login(&self) {
        self.server.demand("*", LOGIN.0, LOGIN.1);
    }

    /// A Larder that reaches the server, trusts its authority and knows a login.
    pub(crate) fn larder(&self) -> Larder {
        let larder = larder();
        let netrc = larder.home().join(".netrc");
        let (login, password) = LOGIN;
        let lines = [CODE, VANITY].map(|host| format!("machine {host} login {login} password {password}\n"));
        fs::write(netrc, lines.concat()).unwrap();
        let ca = self.ca();
        larder
            .env("HTTPS_PROXY", self.tunnel.url())
            .env("SSL_CERT_FILE", &ca)
            .env("GIT_SSL_CAINFO", &ca)
            .env("GOPRIVATE", PRIVATE)
    }

    /// The authority's certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// The hosts to which there were tunnels.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let mut hosts = self.tunnel.asked();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    /// A directory with links to these programs and nothing else, for PATH.
    pub(crate) fn only(&self, programs: &[&str]) -> PathBuf {
        let bin = self.dir.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        for program in programs {
            let path = std::env::var_os("PATH").unwrap();
            let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
            std::os::unix::fs::symlink(found.unwrap(), bin.join(program)).unwrap();
        }
        bin
    }
}
