//! Servers of every sort: old, odd, ill and hostile.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use testkit::{Gate, Reply};
use vcs::{Cause, Repo, VcsError, git::Limits};

use super::{
    World, cause,
    content::{exported, scene, text},
};

/// Changes a body before it is sent.
type Edit = fn(&mut Vec<u8>);

const PACK: &str = "r/git-upload-pack";

#[test]
fn a_server_that_fails_is_a_failure_of_its_kind_and_soon() {
    let Some(scene) = scene() else { return };
    let world =
        World::with(&scene.fixture, Limits { silence: Duration::from_millis(500), ..Limits::default() });
    let never = Gate::new();
    // A plain request for its URL does not say that nothing is there.
    let page = || world.server.always("r", Reply::html());
    page();
    let refs = "r/info/refs";
    let advertisement = "application/x-git-upload-pack-advertisement";
    let result = "application/x-git-upload-pack-result";
    let endless = "0031".to_owned() + &"x".repeat(0x2d);
    for (at, reply, expected) in [
        (refs, Reply::status(401), Cause::Auth),
        (refs, Reply::status(403), Cause::Auth),
        (refs, Reply::status(500), Cause::Server),
        (refs, Reply::status(404), Cause::Server),
        (refs, Reply::reset(), Cause::Network),
        (refs, Reply::natural().hold(&never), Cause::Timeout),
        (refs, Reply::natural().stall_after(20, &never), Cause::Timeout),
        (refs, Reply::natural().cut_after(40), Cause::Network),
        (refs, Reply::html(), Cause::Server),
        (refs, Reply::ok("rubbish").content_type(advertisement), Cause::Server),
        (refs, Reply::ok(endless).content_type(advertisement), Cause::Server),
        (refs, Reply::redirect(302, "https://127.0.0.1:1/elsewhere"), Cause::Network),
        (refs, Reply::redirect(302, "http://127.0.0.1:1/r/info/refs"), Cause::Server),
        (PACK, Reply::status(500), Cause::Server),
        (PACK, Reply::status(401), Cause::Auth),
        (PACK, Reply::reset(), Cause::Network),
        (PACK, Reply::natural().hold(&never), Cause::Timeout),
        (PACK, Reply::natural().reset_after(20), Cause::Network),
        (PACK, Reply::natural().stall_after(20, &never), Cause::Timeout),
        (PACK, Reply::ok("rubbish").content_type(result), Cause::Server),
        (PACK, Reply::ok("0009ERR x0000").content_type(result), Cause::Server),
        (PACK, Reply::html(), Cause::Server),
        (PACK, Reply::redirect(307, "https://127.0.0.1:1/r"), Cause::Server),
    ] {
        let began = Instant::now();
        let shown = format!("{at}: {reply:?}");
        world.server.always(at, reply);
        let error = world.repo("r").refs().unwrap_err();
        assert_eq!(cause(&error), Some(expected), "{shown}: {error}");
        assert!(began.elapsed() < Duration::from_secs(20), "{shown}");
        world.server.natural();
        page();
    }
    never.open();
    assert_eq!(world.repo("r").refs().unwrap().tags.len(), 2);
    let error = world.repo("none").refs().unwrap_err();
    assert!(matches!(error, VcsError::Absent(_)), "{error}");
}

#[test]
fn a_pack_that_breaks_is_a_failure_and_leaves_nothing() {
    let Some(scene) = scene() else { return };
    let noise: String = (0..20_000_u64).map(|n| (n * n * 7919).to_string()).collect();
    scene.fixture.commit("r", &[("noise", &noise)]);
    let (id, never) = (scene.oid("main"), Gate::new());
    let limits = Limits { silence: Duration::from_millis(500), ..Limits::default() };
    let world = World::with(&scene.fixture, limits);
    let turned: Edit = |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    let framing: Edit = |bytes| bytes[2000..2004].copy_from_slice(b"zzzz");
    let short: Edit = |bytes| {
        let end = bytes.len() - 30;
        bytes.drain(1000..end);
    };
    let refs = world.repo("r");
    refs.refs().unwrap();
    for (reply, expected) in [
        (Reply::natural().reset_after(4000), &[Cause::Network][..]),
        (Reply::natural().cut_after(4000), &[Cause::Network]),
        (Reply::natural().stall_after(4000, &never), &[Cause::Timeout]),
        (Reply::natural().edit(turned), &[Cause::Server]),
        (Reply::natural().edit(framing), &[Cause::Server]),
        (Reply::natural().edit(short), &[Cause::Server]),
        (Reply::ok("0000").content_type("application/x-git-upload-pack-result"), &[Cause::Server]),
    ] {
        let shown = format!("{reply:?}");
        let repo = world.repo("r");
        repo.refs().unwrap();
        world.server.always(PACK, reply);
        let error = repo.commit(id).unwrap_err();
        assert!(cause(&error).is_some_and(|cause| expected.contains(&cause)), "{shown}: {error}");
        world.server.natural();
        let packs = world.kept("-own")[0].join("objects/pack");
        assert_eq!(std::fs::read_dir(packs).unwrap().count(), 0, "{shown}");
    }
    assert_eq!(text(&refs, id, "noise"), noise);
}

#[test]
fn what_is_too_large_is_refused_by_a_limit() {
    let Some(scene) = scene() else { return };
    let noise: String = (0..200_000_u64).map(|n| (n * n * 7919).to_string()).collect();
    scene.fixture.commit("r", &[("noise", &noise)]);
    let world = World::with(&scene.fixture, Limits { disk: 100 << 10, ..Limits::default() });
    let error = world.repo("r").commit(scene.oid("main")).unwrap_err();
    assert_eq!(cause(&error), Some(Cause::Limit), "{error}");
    let packs = world.kept("-own")[0].join("objects/pack");
    assert_eq!(std::fs::read_dir(packs).unwrap().count(), 0);
    let hurried = World::with(&scene.fixture, Limits { time: Duration::ZERO, ..Limits::default() });
    let error = hurried.repo("r").commit(scene.oid("main")).unwrap_err();
    assert_eq!(cause(&error), Some(Cause::Timeout), "{error}");
}

#[test]
fn a_redirect_of_the_first_request_leads_the_later_ones() {
    let Some(scene) = scene() else { return };
    let url = scene.world.server.url();
    scene
        .world
        .server
        .always("old/info/refs", Reply::redirect(301, &format!("{url}/r/info/refs?service=git-upload-pack")));
    let repo = scene.world.at(&format!("{url}/old"));
    assert_eq!(text(&repo, scene.oid("v1.0.0"), "a.go"), "package a\n");
    assert_eq!(repo.tags_behind(scene.oid("main")).unwrap().len(), 2);
    assert_eq!(scene.world.server.asked("old/git-upload-pack"), 0);
}

#[test]
fn only_those_with_a_password_get_anything() {
    let Some(scene) = scene() else { return };
    scene.world.server.demand("r/*", "robot", "hunter2");
    scene.world.server.always("r", Reply::html());
    let error = scene.repo().refs().unwrap_err();
    assert_eq!(cause(&error), Some(Cause::Auth));
    let url = scene.world.server.url().replace("https://", "https://robot:hunter2@") + "/r";
    let repo = scene.world.at(&url);
    assert_eq!(exported(&repo, scene.oid("v1.0.0"), "").len(), 2);
    let wrong = scene.world.at(&url.replace("hunter2", "hunter3"));
    let error = wrong.refs().unwrap_err();
    assert_eq!(cause(&error), Some(Cause::Auth));
    assert!(!error.to_string().contains("hunter") && !format!("{wrong:?}").contains("hunter"), "{error}");
}

/// A `git daemon` for a fixture. It is stopped when this goes.
struct Daemon(Child, u16);

impl Daemon {
    fn of(scene: &super::content::Scene, options: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = scene.fixture.path("");
        let programs = testkit::run(Command::new("git").arg("--exec-path")).ok().stdout;
        // By its own name: `git daemon` would only start it, and leave it behind.
        let child = Command::new(std::path::Path::new(programs.trim()).join("git-daemon"))
            .args(["--export-all", "--listen=127.0.0.1", "--reuseaddr"])
            .args(options)
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", root.display()))
            .arg(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self(child, port);
        let until = Instant::now() + testkit::LIMIT;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until);
            std::thread::yield_now();
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn gits_own_protocol_is_spoken() {
    let Some(scene) = scene() else { return };
    let daemon = Daemon::of(&scene, &[]);
    let repo = scene.world.at(&format!("git://127.0.0.1:{}/r", daemon.1));
    assert_eq!(repo.refs().unwrap().default_branch.as_deref(), Some("main"));
    assert_eq!(text(&repo, scene.oid("v1.0.0"), "a.go"), "package a\n");
    assert_eq!(repo.tags_behind(scene.oid("main")).unwrap().len(), 2);
    let none = scene.world.at(&format!("git://127.0.0.1:{}/none", daemon.1));
    assert_eq!(cause(&none.refs().unwrap_err()), Some(Cause::Server));
    drop(daemon);
    let gone = scene.world.at("git://127.0.0.1:1/r");
    assert_eq!(cause(&gone.refs().unwrap_err()), Some(Cause::Network));
}

#[test]
fn a_server_of_an_old_protocol_is_left_to_the_program() {
    let Some(scene) = scene() else { return };
    let first = format!("{} HEAD\0side-band-64k ofs-delta\n", scene.oid("main"));
    let list = format!("001e# service=git-upload-pack\n0000{:04x}{first}0000", first.len() + 4);
    let kind = "application/x-git-upload-pack-advertisement";
    scene.world.server.always("r/info/refs", Reply::ok(list).content_type(kind));
    scene.world.server.always("r", Reply::html());
    let error = scene.world.far("r").refs().unwrap_err();
    assert_eq!(cause(&error), Some(Cause::Local), "{error}");
    let text = error.to_string();
    assert!(text.contains("old version of git's protocol") && text.contains("no git in PATH"), "{text}");
    // One that is spoken with is read without it.
    scene.world.server.natural();
    assert_eq!(scene.world.far("r").refs().unwrap().tags.len(), 2);
}
