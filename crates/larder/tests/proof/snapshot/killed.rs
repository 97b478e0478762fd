//! A restore that is killed, at any moment: all of it becomes visible or nothing.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use testkit::{Larder, ModuleTree, TestServer};

use super::{GO_MOD, MODULES, Site, restore};

/// Enough modules that a restore takes a while.
const MORE: usize = 40;

fn many() -> Site {
    let mut tree = MODULES.to_owned();
    let mut go_mod = GO_MOD.to_owned();
    for n in 0..MORE {
        let module = format!("example.com/m{n}");
        tree.push_str(&["-- ", &module, "@v1.0.0/go.mod --\nmodule ", &module, "\n\ngo 1.21\n"].concat());
        tree.push_str(&["-- ", &module, "@v1.0.0/m.go --\npackage m\n"].concat());
        go_mod.push_str(&["require ", &module, " v1.0.0\n"].concat());
    }
    let site = Site::of(&ModuleTree::parse(&tree));
    fs::write(site.project.join("go.mod"), go_mod).unwrap();
    site
}

/// How many of the modules are there.
fn visible(server: &TestServer) -> usize {
    let there = |n: &usize| server.get(&format!("/example.com/m{n}/@v/v1.0.0.zip")).status == 200;
    (0..MORE).filter(there).count()
}

fn offline(far: &Larder, vkey: &str) -> TestServer {
    far.serve("off").sumdb(vkey).with("--offline").start()
}

#[test]
fn all_of_it_is_visible_or_nothing_and_a_rerun_finishes() {
    let site = many();
    let file = site.create("s", &[]);
    let started = Instant::now();
    restore(&site.far(), &file, &[]).ok();
    let whole = started.elapsed();
    let (mut nothing, mut all) = (0, 0);
    for n in 0..ROUNDS {
        let far = site.far();
        let data = far.data();
        let args = ["snapshot", "restore", file.to_str().unwrap(), "--to", data.to_str().unwrap()];
        let running = far.spawn(args);
        // The moments are spread over the time that it takes.
        thread::sleep(whole * n / ROUNDS + Duration::from_micros(u64::from(n) * 137));
        running.signal(rustix::process::Signal::KILL);
        drop(running);
        let server = offline(&far, &site.vkey);
        match visible(&server) {
            0 => nothing += 1,
            MORE => all += 1,
            some => panic!("{some} of {MORE} are visible after a kill in round {n}"),
        }
        server.stop().ok();
        restore(&far, &file, &[]).ok();
        let server = offline(&far, &site.vkey);
        assert_eq!(visible(&server), MORE);
        assert!(!data.join("restore/files").exists());
        server.stop().ok();
    }
    assert!(nothing > 0, "no kill came early: {all} of {ROUNDS} rounds were finished");
}

/// How often it is killed.
const ROUNDS: u32 = 12;
