//! A real `git` judges the server of repositories.

use std::{fs, process::Command};

use tempfile::TempDir;
use testkit::{Authority, GitFixture, Ran, Reply, ScriptedUpstream, run};

struct World {
    fixture: GitFixture,
    server: ScriptedUpstream,
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        let fixture = GitFixture::empty();
        fixture.init("team/lib", &[]);
        fixture.commit("team/lib", &[("a.go", "package a\n")]);
        let authority = Authority::new();
        let server = ScriptedUpstream::of_git(&fixture, &authority);
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ca.pem"), authority.ca()).unwrap();
        Self { fixture, server, dir }
    }

    fn clone(&self, options: &[&str], login: &str, into: &str) -> Ran {
        let url = self.server.url().replace("https://", &format!("https://{login}"));
        let mut command = Command::new("git");
        command
            .current_dir(self.dir.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_SSL_CAINFO", self.dir.path().join("ca.pem"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .arg("clone")
            .args(options)
            .args([&format!("{url}/team/lib.git"), into]);
        run(&mut command)
    }
}

#[test]
fn a_git_clones_whole_shallow_and_by_every_protocol() {
    let world = World::new();
    let head = world.fixture.commit("team/lib", &[("b.go", "package a\n")]);
    for (options, into) in [
        (&["-q"][..], "whole"),
        (&["-q", "--depth=1"], "shallow"),
        (&["-q", "--filter=blob:none"], "partial"),
        (&["-q", "-c", "protocol.version=0"], "old"),
    ] {
        world.clone(options, "", into).ok();
        let cloned =
            run(Command::new("git").args(["rev-parse", "HEAD"]).current_dir(world.dir.path().join(into)));
        assert_eq!(cloned.ok().stdout.trim(), head, "{into}");
    }
    assert!(world.server.asked("team/lib.git/git-upload-pack") >= 4);
}

#[test]
fn who_shows_no_password_gets_nothing() {
    let world = World::new();
    world.server.demand("team/*", "robot", "hunter2");
    world.clone(&[], "", "nobody").fails();
    world.clone(&[], "robot:wrong@", "wrong").fails();
    world.clone(&[], "robot:hunter2@", "right").ok();
}

#[test]
fn a_pack_breaks_off_and_a_server_is_not_well() {
    let world = World::new();
    let numbers: String = (0..20_000_u64).map(|n| (n * n * 7919).to_string()).collect();
    world.fixture.commit("team/lib", &[("numbers.txt", &numbers)]);
    let pack = "team/lib.git/git-upload-pack";
    // The first answer are the refs, which are shorter than that.
    world.server.always(pack, Reply::natural().reset_after(4000));
    world.clone(&[], "", "broken").fails();
    assert!(world.server.asked(pack) >= 2, "the refs came whole");
    world.server.always("team/*", Reply::status(500));
    world.clone(&[], "", "unwell").fails();
    world.server.natural();
    world.clone(&[], "", "well").ok();
}
