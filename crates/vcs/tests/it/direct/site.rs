//! A world with a host `code.example.com`: its pages, and its repositories.

use std::{collections::BTreeMap, fs, io::Cursor, sync::Arc, time::Duration};

use futures_util::StreamExt;
use gomod::Request;
use tempfile::TempDir;
use testkit::{Authority, GitFixture, Reply, ScriptedUpstream, Tunnel, require};
use tokio::runtime::Runtime;
use upstream::{Door, DoorConfig, Env, Fault, Fetched, Miss, Piece, Priority, Urgency, Want};
use vcs::{Direct, DirectConfig, Rules, Way};

pub(crate) struct Site {
    pub(crate) git: GitFixture,
    /// All hosts over https: their pages, and the repositories of the fixture.
    pub(crate) server: ScriptedUpstream,
    pub(crate) way: Way,
    pub(crate) runtime: Runtime,
    pub(crate) dir: TempDir,
    pub(crate) authority: Authority,
    pub(crate) tunnel: Tunnel,
}

impl Site {
    #[track_caller]
    pub(crate) fn new() -> Option<Self> {
        Self::with(|_| {})
    }

    /// Nothing is trusted but the servers' authority, and nobody answers by ssh.
    #[track_caller]
    pub(crate) fn with(change: impl FnOnce(&mut DirectConfig)) -> Option<Self> {
        if !require("git", GitFixture::is_possible()) {
            return None;
        }
        let git = GitFixture::empty();
        let authority = Authority::for_hosts(&["code.example.com", "*.example.org"]);
        let server = ScriptedUpstream::of_git(&git, &authority);
        let tunnel = Tunnel::to(server.address());
        let dir = tempfile::tempdir().unwrap();
        let ca = dir.path().join("ca.pem").to_str().unwrap().to_owned();
        fs::write(&ca, authority.ca()).unwrap();
        let runtime = Runtime::new().unwrap();
        let mut config = DirectConfig::new(dir.path().join("git"));
        config.pause = Duration::from_millis(1);
        config.environment = Some(vec![
            ("HOME".into(), dir.path().into()),
            ("PATH".into(), std::env::var_os("PATH").unwrap()),
            ("HTTPS_PROXY".into(), tunnel.url().into()),
            ("GIT_SSL_CAINFO".into(), ca.clone().into()),
            ("GIT_SSH_COMMAND".into(), "false".into()),
        ]);
        change(&mut config);
        let door = [("HTTPS_PROXY", tunnel.url()), ("SSL_CERT_FILE", ca)];
        let door = Door::new(DoorConfig::new("test", Env::new(door))).unwrap();
        let direct = Direct::open(config, &door, runtime.handle().clone()).unwrap();
        let way = direct.for_route(Rules::default()).unwrap();
        Some(Self { git, server, way, runtime, dir, authority, tunnel })
    }

    /// A repository whose one version is v1.0.0.
    pub(crate) fn simple(&self, name: &str) {
        self.git.init(name, &[]);
        self.git.commit(name, &[("go.mod", "module code.example.com/r\n"), ("a.go", "package a\n")]);
        self.git.git(name, &["tag", "v1.0.0"]);
    }

    /// `code.example.com/r` is in the repository `r`, and has the version v1.0.0.
    pub(crate) fn vanity(&self) {
        self.simple("r");
        self.says("r", "code.example.com/r git https://git.example.org/r");
    }

    /// The page of this path has this go-import tag.
    pub(crate) fn says(&self, path: &str, tag: &str) {
        let page = format!("<head><meta name=\"go-import\" content=\"{tag}\"></head>");
        self.server.always(path, Reply::ok(page).content_type("text/html"));
    }

    /// The hosts that were connected to, with their ports.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.tunnel.asked()
    }

    pub(crate) fn want(path: &str) -> Want {
        Want::new(Request::parse(path).unwrap(), Arc::new(Urgency::new(Priority::Client)))
    }

    pub(crate) fn ask(&self, want: &Want) -> Result<Vec<u8>, Miss> {
        self.runtime.block_on(body(&self.way, want))
    }

    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        match self.ask(&Self::want(path)) {
            Ok(body) => String::from_utf8(body).unwrap(),
            Err(miss) => panic!("{path}: {miss}"),
        }
    }

    #[track_caller]
    pub(crate) fn miss(&self, path: &str) -> Miss {
        match self.ask(&Self::want(path)) {
            Ok(body) => panic!("{path}: {}", String::from_utf8_lossy(&body)),
            Err(miss) => miss,
        }
    }

    #[track_caller]
    pub(crate) fn absent(&self, path: &str) -> String {
        match self.miss(path) {
            Miss::Absent(absence) => absence.text.unwrap_or_default(),
            Miss::Failed(fault) => panic!("{path} should be absent: {fault}"),
        }
    }

    #[track_caller]
    pub(crate) fn fault(&self, path: &str) -> Fault {
        match self.miss(path) {
            Miss::Failed(fault) => fault,
            Miss::Absent(absence) => panic!("{path} should fail: {absence:?}"),
        }
    }

    /// Names and contents.
    #[track_caller]
    pub(crate) fn zip(&self, path: &str) -> BTreeMap<String, String> {
        let body = self.ask(&Self::want(path)).unwrap_or_else(|miss| panic!("{path}: {miss}"));
        let mut zip = zip::ZipArchive::new(Cursor::new(body)).unwrap();
        let files = 0..zip.len();
        let read = files.map(|at| {
            let file = zip.by_index(at).unwrap();
            (file.name().unwrap().into_owned(), std::io::read_to_string(file).unwrap())
        });
        read.collect()
    }
}

/// The whole body of an answer.
pub(crate) async fn body(way: &Way, want: &Want) -> Result<Vec<u8>, Miss> {
    let Fetched::Body(mut incoming) = way.fetch(want).await? else { panic!("nothing was there before") };
    assert_eq!(incoming.meta.source.as_str(), "direct");
    let mut body = Vec::new();
    while let Some(piece) = incoming.bytes.next().await {
        match piece? {
            Piece::Bytes(bytes) => body.extend_from_slice(&bytes),
            Piece::Anew(_) => panic!("nothing breaks off"),
        }
    }
    assert_eq!(incoming.meta.len, Some(body.len() as u64));
    Ok(body)
}
