//! From a module path to its repository, over real sockets: TLS with an authority of the test's own, behind a proxy that
//! gives servers their names.

use std::{fs, sync::Arc, time::Duration};

use gomod::ModulePath;
use tempfile::TempDir;
use testkit::{Authority, ModuleTree, Reply, ScriptedUpstream, Seen, Tunnel};
use tokio::runtime::Runtime;
use upstream::{Door, DoorConfig, Env, Guard, Web};
use vcs::{Cause, Root, Vcs, VcsError, WebPages};

/// A web server for every name, and who asks it.
struct Site {
    server: ScriptedUpstream,
    tunnel: Tunnel,
    _runtime: Runtime,
    pages: WebPages,
    _dir: TempDir,
}

impl Site {
    fn new() -> Self {
        Self::trusting(&Authority::for_hosts(&["code.example.com", "*.example.org"]), None)
    }

    /// A server of an authority, and a client that trusts it, or another one.
    fn trusting(authority: &Authority, other: Option<&Authority>) -> Self {
        let server = ScriptedUpstream::over_tls(ModuleTree::default(), authority);
        let tunnel = Tunnel::to(server.address());
        let dir = tempfile::tempdir().unwrap();
        let [ca, netrc] = ["ca.pem", "netrc"].map(|name| dir.path().join(name).to_str().unwrap().to_owned());
        fs::write(&ca, other.unwrap_or(authority).ca()).unwrap();
        fs::write(&netrc, "machine code.example.com login robot password hunter2\n").unwrap();
        let env = [("HTTPS_PROXY", tunnel.url()), ("SSL_CERT_FILE", ca), ("NETRC", netrc)];
        let door = Door::new(DoorConfig::new("test", Env::new(env))).unwrap();
        let web = Arc::new(Web::open(&door, Guard::public()).unwrap());
        let runtime = Runtime::new().unwrap();
        let pages = WebPages::new(web, runtime.handle().clone(), Duration::from_secs(30), false);
        Self { server, tunnel, pages, _runtime: runtime, _dir: dir }
    }

    /// Every request for this path gets a page with this tag.
    fn says(&self, path: &str, status: u16, tag: &str) {
        let page = format!(
            "<html><head><meta name=\"go-import\" content=\"{tag}\"></head><body>Hello.</body></html>"
        );
        self.server.always(path, Reply::status(status).body(page).content_type("text/html"));
    }

    fn find(&self, path: &str) -> Result<Root, VcsError> {
        let path = ModulePath::new(path).unwrap();
        Root::find(&path, &self.pages, false)
    }

    #[track_caller]
    fn failed(&self, path: &str) -> (Cause, String) {
        match self.find(path) {
            Err(VcsError::Failed { why, cause, .. }) => (cause, why),
            other => panic!("a failure was due: {other:?}"),
        }
    }
}

const TAG: &str = "code.example.com/team git https://git.example.org/team.git sub";

#[test]
fn a_vanity_path_leads_to_its_repository() {
    let site = Site::new();
    site.says("team/lib/v2", 200, TAG);
    site.says("team", 404, TAG);
    let root = site.find("code.example.com/team/lib/v2").unwrap();
    assert_eq!((root.prefix(), root.vcs(), root.subdir()), ("code.example.com/team", Vcs::Git, "sub"));
    assert_eq!(root.urls(), ["https://git.example.org/team.git"]);
    let seen = site.server.seen();
    let targets: Vec<_> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(targets, ["/team/lib/v2?go-get=1", "/team?go-get=1"]);
    assert!(seen.iter().all(|seen| seen.header("Authorization") == Some("Basic cm9ib3Q6aHVudGVyMg==")));
    // Whether the second page comes over the first one's connection depends on which of two tasks is faster.
    let hosts = site.tunnel.asked();
    assert!(!hosts.is_empty() && hosts.iter().all(|host| host == "code.example.com:443"), "{hosts:?}");
}

#[test]
fn a_bare_host_is_a_path_too() {
    let site = Site::new();
    site.says("", 200, "code.example.com mod https://proxy.example.com/go");
    let root = site.find("code.example.com").unwrap();
    assert_eq!((root.vcs(), root.urls()), (Vcs::Mod, &["https://proxy.example.com/go".to_owned()][..]));
    assert_eq!(site.server.seen()[0].target, "/?go-get=1");
}

#[test]
fn another_https_host_may_answer_and_gets_no_password() {
    let site = Site::new();
    site.says("there", 200, "code.example.com/a git https://git.example.org/a");
    site.server.always("a", Reply::redirect(302, "https://www.example.org/there?go-get=1"));
    assert_eq!(site.find("code.example.com/a").unwrap().urls(), ["https://git.example.org/a"]);
    let password = |seen: &Seen| seen.header("Authorization").is_some();
    assert_eq!(site.server.seen().iter().map(password).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_redirect_never_leads_to_http_or_inside() {
    let site = Site::new();
    for (to, cause, words) in [
        ("http://code.example.com/b?go-get=1", Cause::Server, "a redirect from https to http"),
        (
            "https://169.254.169.254/latest",
            Cause::Local,
            "169.254.169.254 is the metadata service of a cloud",
        ),
        ("https://localhost/", Cause::Local, "the name localhost stands for this machine"),
        ("https://10.0.0.1/", Cause::Local, "10.0.0.1 is an address of a private network"),
        ("https://2130706433/", Cause::Local, "127.0.0.1 is this machine itself"),
    ] {
        site.server.always("a", Reply::redirect(302, to));
        let (found, why) = site.failed("code.example.com/a");
        assert!(found == cause && why.contains(words), "{to}: {why}");
    }
    assert!(
        site.tunnel.asked().iter().all(|host| host == "code.example.com:443"),
        "{:?}",
        site.tunnel.asked()
    );
}

#[test]
fn absence_and_failure_are_told_apart() {
    let site = Site::new();
    let Err(VcsError::Absent(text)) = site.find("code.example.com/none") else {
        panic!("an absence was due")
    };
    assert_eq!(
        text,
        "unrecognized import path \"code.example.com/none\": reading https://code.example.com/none?go-get=1: 404 Not \
         Found\n\tserver response: not found: none is not in this tree"
    );
    site.server.always("a", Reply::html());
    let Err(VcsError::Absent(text)) = site.find("code.example.com/a") else { panic!("an absence was due") };
    assert!(text.ends_with("parse https://code.example.com/a?go-get=1: no go-import meta tags ()"), "{text}");
    for (reply, cause) in [
        (Reply::status(401), Cause::Auth),
        (Reply::status(403), Cause::Auth),
        (Reply::status(500), Cause::Server),
        (Reply::status(429), Cause::Server),
        (Reply::reset(), Cause::Network),
        (Reply::ok("<html><head>").reset_after(6), Cause::Network),
    ] {
        site.server.always("a", reply);
        let (found, why) = site.failed("code.example.com/a");
        assert_eq!(found, cause, "{why}");
        assert!(!why.contains("hunter2") && !why.contains("aHVudGVyMg"), "{why}");
    }
}

#[test]
fn what_fails_once_in_passing_is_asked_again() {
    let site = Site::new();
    site.says("a", 200, "code.example.com/a git https://git.example.org/a");
    site.server.script("a", [Reply::reset()]);
    assert!(site.find("code.example.com/a").is_ok());
    assert_eq!(site.server.asked("a"), 2);
}

#[test]
fn a_page_without_end_is_read_as_far_as_its_head() {
    let site = Site::new();
    let tag = "<head><meta name=go-import content='code.example.com/a git https://git.example.org/a'>";
    let rest = "x".repeat(2 << 20);
    site.server.always("a", Reply::ok(format!("{tag}</head>{rest}")));
    assert!(site.find("code.example.com/a").is_ok());
    site.server.always("a", Reply::ok(format!("{tag}{rest}")));
    let (cause, why) = site.failed("code.example.com/a");
    assert!(cause == Cause::Limit && why.contains("larger than 1 MiB"), "{why}");
}

#[test]
fn a_certificate_of_nobody_known_is_a_failure() {
    let site = Site::trusting(&Authority::for_hosts(&["code.example.com"]), Some(&Authority::new()));
    let (cause, why) = site.failed("code.example.com/a");
    assert!(cause == Cause::Server && why.contains(": tls: "), "{why}");
    assert!(site.server.seen().is_empty());
}

#[test]
fn a_name_of_this_machine_is_not_asked() {
    let site = Site::new();
    let (cause, why) = site.failed("a.localhost/x");
    assert!(cause == Cause::Local && why.contains("allow_private_hosts"), "{why}");
    assert!(site.tunnel.asked().is_empty());
}
