//! Where a real `go` meets a real fault.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
};

use testkit::{Authority, GitFixture, GoCommand, ModuleTree, Ran, Reply, ScriptedUpstream, Tunnel, run};

/// A small world. None of its packages imports the standard library, so that a build takes no time.
const MODULES: &str = "\
example.com/branch@main => v0.1.1-0.20240203040506-abcdefabcdef
-- example.com/app@v1.0.0/go.mod --
module example.com/app

go 1.20

require example.com/lib v1.1.0
-- example.com/app@v1.0.0/app.go --
package app

import \"example.com/lib\"

const Sum = lib.N
-- example.com/app@v1.1.0/go.mod --
module example.com/app

go 1.20
-- example.com/app@v1.1.0/app.go --
package app

const Sum = 2
-- example.com/app/sub@v1.0.0/go.mod --
module example.com/app/sub
-- example.com/app/sub@v1.0.0/sub.go --
package sub
-- example.com/app@v1.2.0/go.mod --
module example.com/app
-- example.com/app@v1.2.0/sub/sub.go --
package sub
-- example.com/lib@v1.1.0/go.mod --
module example.com/lib
-- example.com/lib@v1.1.0/lib.go --
package lib

const N = 1
-- example.com/lib/v2@v2.0.0/go.mod --
module example.com/lib/v2
-- example.com/lib/v2@v2.0.0/lib.go --
package lib
-- example.com/moved@v1.0.0/go.mod --
module example.org/elsewhere
-- example.com/moved@v1.0.0/moved.go --
package moved
-- example.com/branch@v0.1.1-0.20240203040506-abcdefabcdef/go.mod --
module example.com/branch
-- example.com/branch@v0.1.1-0.20240203040506-abcdefabcdef/branch.go --
package branch
-- example.com/next@v1.0.0/go.mod --
module example.com/next

go 1.99
-- example.com/next@v1.0.0/next.go --
package next
";

/// The project that is built, and its package.
pub(super) const GO_MOD: &str = "module test\n\ngo 1.20\n\nrequire example.com/app v1.0.0\n";
pub(super) const MAIN: &str =
    "package main\n\nimport \"example.com/app\"\n\nfunc main() { println(app.Sum) }\n";

/// Where company code is.
pub(super) const CODE: &str = "code.corp.example.com";

/// A module there, by the name that a page of the company leads from.
pub(super) const VANITY: &str = "go.corp.example.com/lib@v1.0.0";

/// What fetches everything.
pub(super) const DOWNLOAD: &[&str] = &["mod", "download", "all"];

/// What `go` printed, or nothing where this machine or this `go` cannot show it.
pub(super) type Log = Option<String>;

pub(super) fn tree() -> ModuleTree {
    ModuleTree::parse(MODULES)
}

/// One `go`.
#[derive(Debug)]
pub(super) struct Lab {
    program: PathBuf,
    /// 26 for Go 1.26.
    pub(super) minor: u32,
}

impl Lab {
    /// The `go` of that path.
    pub(super) fn of(program: PathBuf) -> Self {
        let said = run(Command::new(&program).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local")).ok();
        let minor = said.stdout.trim().split('.').nth(1).and_then(|minor| minor.parse().ok());
        Self { program, minor: minor.unwrap_or_else(|| panic!("{said}")) }
    }

    /// Its GOROOT.
    pub(super) fn root(&self) -> String {
        self.program.ancestors().nth(2).unwrap().display().to_string()
    }

    /// It, in a project that uses the world's modules.
    pub(super) fn go(&self, proxy: &str) -> GoCommand {
        let go = GoCommand::new(proxy).at(&self.program).env("LC_ALL", "C");
        go.write("go.mod", GO_MOD);
        go.write("main.go", MAIN);
        go
    }

    /// What `go mod download` says if the proxy answers a path so.
    pub(super) fn answered(&self, pattern: &str, reply: Reply) -> Log {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always(pattern, reply);
        self.download(&upstream.url())
    }

    /// What `go mod download` says of a GOPROXY.
    pub(super) fn download(&self, proxy: &str) -> Log {
        said(&self.go(proxy).run(DOWNLOAD))
    }

    /// What a command says in a project with this file in place of its own, where the proxy is in order.
    pub(super) fn with(&self, name: &str, content: &str, args: &[&str]) -> Log {
        let upstream = ScriptedUpstream::serving(tree());
        let go = self.go(&upstream.url());
        go.run(["mod", "tidy"]).ok();
        go.write(name, content);
        said(&go.run(args))
    }

    /// What a `go` says of `example.com/app`, where this is the proxy `https://proxy.example.com`.
    pub(super) fn over_tls(&self, authority: &Authority, trusted: bool) -> Log {
        let upstream = ScriptedUpstream::over_tls(tree(), authority);
        let tunnel = Tunnel::to(upstream.address());
        let mut go = self.go("https://proxy.example.com").env("HTTPS_PROXY", tunnel.url());
        if trusted {
            go.write("ca.pem", &authority.ca());
            let ca = go.work().join("ca.pem");
            go = go.env("SSL_CERT_FILE", ca);
        }
        said(&go.run(DOWNLOAD))
    }
}

/// What a failed `go` printed. One that did not fail says something that nothing is expected of.
#[expect(clippy::unnecessary_wraps, reason = "what a fault gives where it can be made")]
pub(super) fn said(ran: &Ran) -> Log {
    if ran.status.success() {
        return Some(format!("should have failed: {ran}"));
    }
    Some(format!("{}{}", ran.stdout, ran.stderr))
}

/// A server that says the same to everybody, once it has heard something, and its address.
pub(super) fn answering(what: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            thread::spawn(move || {
                let _ = connection.read(&mut [0; 4096]);
                let _ = connection.write_all(what);
            });
        }
    });
    address
}

/// A file that is gone with the directory that it is returned with.
pub(super) fn write(dir: &Path, name: &str, content: &str) -> PathBuf {
    let file = dir.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, content).unwrap();
    file
}

/// How to get namespaces of one's own; nothing where that is not allowed.
pub(super) fn namespace(kinds: &[&str]) -> Option<Vec<String>> {
    static ALLOWED: OnceLock<Option<Vec<&'static str>>> = OnceLock::new();
    let way = ALLOWED.get_or_init(|| {
        [&[][..], &["--user", "--map-root-user"]]
            .into_iter()
            .find(|way| {
                let probe = ["--mount", "--net", "--", "mount", "-t", "tmpfs", "none", "/mnt"];
                run(Command::new("unshare").args(*way).args(probe)).status.success()
            })
            .map(<[_]>::to_vec)
    });
    let words = ["unshare"].into_iter().chain(way.clone()?).chain(kinds.iter().copied()).chain(["--"]);
    Some(words.map(str::to_owned).collect())
}

/// The words that start a program in namespaces of its own after a line of shell.
pub(super) fn inside(kinds: &[&str], script: &str) -> Option<Vec<String>> {
    let mut words = namespace(kinds)?;
    words.extend(["sh".to_owned(), "-c".to_owned(), format!("{script} && exec \"$0\" \"$@\"")]);
    Some(words)
}

/// A company's git server under [`CODE`] and every other name, with the repository of `go.corp.example.com/lib` and the page that leads
/// to it.
pub(super) struct Site {
    /// Gone with it.
    _repositories: GitFixture,
    pub(super) server: ScriptedUpstream,
    tunnel: Tunnel,
    authority: Authority,
}

impl Site {
    pub(super) fn new() -> Option<Self> {
        if !GitFixture::is_possible() {
            return None;
        }
        let authority = Authority::for_hosts(&["*.corp.example.com"]);
        let repositories = GitFixture::empty();
        repositories.init("team/lib", &[]);
        let module = "module go.corp.example.com/lib\n";
        repositories.commit("team/lib", &[("go.mod", module), ("lib.go", "package lib\n\nconst N = 1\n")]);
        repositories.git("team/lib", &["tag", "v1.0.0"]);
        let server = ScriptedUpstream::of_git(&repositories, &authority);
        let page = format!(
            "<meta name=\"go-import\" content=\"go.corp.example.com/lib git https://{CODE}/team/lib\">"
        );
        server.always("lib*", Reply::ok(page).content_type("text/html"));
        let tunnel = Tunnel::to(server.address());
        Some(Self { _repositories: repositories, server, tunnel, authority })
    }

    /// A `go` that goes straight to it.
    pub(super) fn go(&self, lab: &Lab) -> GoCommand {
        let go = lab.go("direct");
        go.write("go.mod", "module test\n\ngo 1.20\n");
        go.write("main.go", "package main\n\nfunc main() {}\n");
        go.write("ca.pem", &self.authority.ca());
        let ca = go.work().join("ca.pem");
        go.env("HTTPS_PROXY", self.tunnel.url())
            .env("SSL_CERT_FILE", &ca)
            .env("GIT_SSL_CAINFO", &ca)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GOPRIVATE", "*.corp.example.com")
    }

    /// What `go get` says of a query of the library.
    pub(super) fn get(&self, lab: &Lab, query: &str) -> Log {
        said(&self.go(lab).run(["get", &format!("go.corp.example.com/lib@{query}")]))
    }
}
