//! What people and programs are shown.

use std::{fs, process::Command};

use testkit::{Larder, Pty, run};

use super::{
    put,
    site::{APP, Site, WRONG, other},
};
use crate::world::larder;

/// Two faults: one of go.sum, one of the cache.
fn ill() -> Site {
    let site = Site::new();
    site.line("example.com/Upper v1.2.0 ", &format!("example.com/Upper v1.2.0 {WRONG}"));
    put(site.cached(APP, "zip"), other(APP).zip.to_vec());
    site
}

impl Site {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.larder.program());
        command.arg("verify").args(args).current_dir(self.go.work());
        command.env_clear().envs(self.go.variables().iter().cloned()).env("LARDER_DATA", self.larder.data());
        command.env(Larder::MIN_FREE, "0");
        command
    }

    /// What is printed, without the places of this run.
    fn printed(&self, args: &[&str]) -> String {
        let ran = run(&mut self.command(args));
        assert_eq!(ran.stderr, "", "{ran}");
        let text = ran.stdout.replace(&*self.go.work().to_string_lossy(), "/home/dev/app");
        text.replace(&*self.go.modcache().to_string_lossy(), "/home/dev/go/pkg/mod")
    }
}

#[test]
fn the_report_as_text() {
    insta::assert_snapshot!(ill().printed(&[]));
}

#[test]
fn the_report_for_programs() {
    insta::assert_snapshot!(ill().printed(&["--json"]));
}

#[test]
fn a_clean_report() {
    insta::assert_snapshot!(Site::vendored().printed(&[]));
}

#[test]
fn the_whole_cache() {
    let site = Site::new();
    insta::assert_snapshot!(site.printed(&["--modcache"]));
    // What no project needs is looked at too.
    site.go.run(["mod", "download", "example.com/app@v1.1.0"]).ok();
    fs::write(site.unpacked("example.com/app@v1.1.0").join("app.go"), "package other\n").unwrap();
    assert_eq!(site.verify(&["--modcache"]).codes(), ["L5-CACHE-TREE-EDITED"]);
    assert_eq!(site.verify(&[]).codes(), [""; 0]);
}

#[test]
fn the_help() {
    insta::assert_snapshot!(larder().run(["verify", "--help"]).ok().stdout);
}

#[test]
fn progress_is_drawn_while_it_works_and_gone_afterwards() {
    let site = Site::new();
    let shown = Pty::start(&mut site.command(&[]), 100).wait();
    assert_eq!(shown.code(), Some(0), "{shown:?}");
    let screen = shown.screen();
    assert!(screen.starts_with("verified") && !screen.contains("modules read"), "{screen}");
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let site = Site::new();
    let nowhere = site.go.work().join("nowhere");
    for (args, why) in [
        (&["nowhere"][..], "cannot look at nowhere"),
        (&["--offline=perhaps"], "is neither yes nor no"),
        (&["/"], "there is no go.mod at or above /"),
    ] {
        let ran = run(&mut site.command(args));
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(why) && ran.stdout.is_empty(), "{ran}");
    }
    assert!(!nowhere.exists());
}
