//! Faults of the module cache.

use std::{
    fs::{self, File},
    time::{Duration, SystemTime},
};

use testkit::{Module, ModuleTree, Running};

use super::{Site, append, is};

const APP: &str = "example.com/app@v1.0.0";

/// Other files under the same name.
pub(super) fn other(module: &str) -> Module {
    let (path, version) = module.split_once('@').unwrap();
    let text = format!(
        "-- {module}/go.mod --\nmodule {path}\n-- {module}/app.go --\npackage app\n\nconst Sum = 666\n"
    );
    ModuleTree::parse(&text).module(path, version).clone()
}

#[test]
fn the_zip_is_cut_and_has_to_be_unpacked() {
    let site = Site::new();
    fs::remove_dir_all(site.unpacked(APP)).unwrap();
    File::options().write(true).open(site.cached(APP, "zip")).unwrap().set_len(100).unwrap();
    site.fails("not a valid zip file");
    site.is("L5-CACHE-DAMAGED");
}

#[test]
fn the_zip_is_another_one_and_no_build_notices() {
    let site = Site::new();
    fs::write(site.cached(APP, "zip"), other(APP).zip.to_vec()).unwrap();
    site.builds();
    let ran = site.go.run(["mod", "verify"]).fails();
    assert!(
        ran.stdout.contains("zip has been modified") || ran.stderr.contains("zip has been modified"),
        "{ran}"
    );
    site.is("L5-CACHE-ZIP-ALTERED");
}

#[test]
fn the_kept_hash_is_not_that_of_the_zip() {
    let site = Site::new();
    fs::write(site.cached(APP, "ziphash"), other(APP).h1).unwrap();
    site.fails("checksum mismatch");
    site.is("L5-CACHE-ZIPHASH-WRONG");
}

#[test]
fn a_torn_hash_is_made_anew() {
    let site = Site::new();
    fs::write(site.cached(APP, "ziphash"), "h1:torn").unwrap();
    site.doctor().healthy();
    site.builds();
}

#[test]
fn a_file_of_the_tree_was_edited_and_no_build_notices() {
    let site = Site::new();
    append(&site.unpacked(APP).join("app.go"), "\nconst More = 1\n");
    site.builds();
    let ran = site.go.run(["mod", "verify"]).fails();
    assert!(format!("{ran}").contains("dir has been modified"), "{ran}");
    site.is("L5-CACHE-TREE-EDITED");
}

#[test]
fn a_file_was_added_to_the_tree() {
    let site = Site::new();
    fs::write(site.unpacked(APP).join("more.go"), "package app\n").unwrap();
    site.builds();
    site.is("L5-CACHE-TREE-EDITED");
}

#[test]
fn the_tree_was_half_removed() {
    let site = Site::new();
    fs::remove_file(site.unpacked(APP).join("app.go")).unwrap();
    site.fails("app.go: no such file");
    let report = site.doctor();
    is(&report, "L5-CACHE-TREE-INCOMPLETE");
    assert!(report.codes().len() <= 2, "{}", report.ran);
}

#[test]
fn the_gomod_in_the_cache_was_changed() {
    let site = Site::new();
    append(&site.cached(APP, "mod"), "\n// more\n");
    site.fails("checksum mismatch");
    site.is("L5-CACHE-MOD-ALTERED");
}

#[test]
fn what_go_mends_by_itself_is_no_fault() {
    let site = Site::new();
    // Unpacking that was broken off, and a module that was never downloaded.
    fs::write(site.cached(APP, "partial"), "").unwrap();
    fs::remove_dir_all(site.unpacked("example.com/old@v2.1.0+incompatible")).unwrap();
    for ending in ["zip", "ziphash", "info"] {
        fs::remove_file(site.cached("example.com/old@v2.1.0+incompatible", ending)).unwrap();
    }
    fs::write(site.cached(APP, "info"), "{garbage").unwrap();
    site.doctor().healthy();
    site.builds();
}

#[test]
fn a_download_was_killed_long_ago() {
    let site = Site::new();
    let file = site.cached(APP, "zip123.tmp");
    fs::write(&file, "PK").unwrap();
    // One that may still be written to is nobody's fault.
    site.doctor().healthy();
    let hours = SystemTime::now() - Duration::from_hours(30);
    File::options().write(true).open(&file).unwrap().set_modified(hours).unwrap();
    site.builds();
    site.is("L5-CACHE-LEFTOVERS");
}

#[test]
fn a_lock_is_held() {
    let site = Site::new();
    fs::remove_dir_all(site.unpacked(APP)).unwrap();
    let lock = File::options().write(true).open(site.cached(APP, "lock")).unwrap();
    lock.lock().unwrap();
    let mut command = std::process::Command::new(testkit::GoCommand::find().unwrap());
    command.args(super::BUILD).current_dir(site.go.work());
    command.env_clear().envs(site.go.variables().iter().cloned());
    let waiting = Running::start(&mut command);
    site.is("L5-CACHE-LOCKED");
    // It waits until the lock is free, and nothing else is wrong with it.
    lock.unlock().unwrap();
    waiting.wait().ok();
    site.doctor().healthy();
}
