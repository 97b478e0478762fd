//! Disks that cannot be written, are full, or come from a later version.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use testkit::{Larder, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, project, tree};

const STORED: &str = "/example.com/app/@v/v1.0.0.zip";
const OTHER: &str = "/example.com/app/@v/v1.1.0.zip";

/// A larder that permissions hold for, also when root runs the tests: it becomes nobody, in directories that all can enter.
fn unprivileged() -> Larder {
    let larder = larder();
    let home = larder.home();
    let root = home.parent().unwrap();
    open(root, 0o755);
    if !rustix::process::geteuid().is_root() {
        return larder;
    }
    let program = root.join("larder");
    fs::copy(larder.program(), &program).unwrap();
    open(&program, 0o755);
    larder.at(program).under(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"])
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Sets the mode of a directory and of everything in it.
fn open_all(dir: &Path, dirs: u32, files: u32) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            open_all(&path, dirs, files);
        } else {
            open(&path, files);
        }
    }
    open(dir, dirs);
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(names(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

#[test]
fn a_read_only_directory_is_served_and_the_rest_passes_through() {
    let upstream = ScriptedUpstream::serving(tree());
    let filler = larder();
    let filled = filler.serve(&upstream.url()).start();
    filled.get(STORED).expect(200);
    let data = filler.data();
    filled.stop().ok();
    open_all(&data, 0o555, 0o444);
    open(data.parent().unwrap(), 0o755);
    let before = names(&data);

    upstream.forget();
    let server = unprivileged().serve(&upstream.url()).data(&data).start();
    let stored = server.get(STORED).expect(200);
    assert_eq!(upstream.seen().len(), 0, "what is stored is served");
    assert_eq!(stored.body, tree().module("example.com/app", "v1.0.0").zip.to_vec());
    for _ in 0..2 {
        let passed = server.get(OTHER).expect(200);
        assert_eq!(passed.body, tree().module("example.com/app", "v1.1.0").zip.to_vec());
    }
    server.get("/example.com/app/@v/list").expect(200);
    let ran = server.stop().ok();
    assert!(ran.stderr.contains("nothing is stored"), "it warns: {ran}");
    assert_eq!(names(&data), before, "and nothing was written");
    open_all(&data, 0o755, 0o644);
}

#[test]
fn a_directory_that_can_be_neither_read_nor_made_is_an_error() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = unprivileged();
    let closed = larder.home().join("closed");
    fs::create_dir(&closed).unwrap();
    open(&closed, 0o000);
    for data in [closed.clone(), closed.join("below"), PathBuf::from("/proc/nowhere")] {
        let Err(ran) = larder.serve(&upstream.url()).data(&data).try_start() else { panic!("started") };
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(data.to_str().unwrap()), "{ran}");
    }
    let file = larder.home().join("file");
    fs::write(&file, "").unwrap();
    let Err(ran) = larder.serve(&upstream.url()).data(&file).try_start() else { panic!("started") };
    assert_eq!(ran.code(), Some(2), "{ran}");
    open(&closed, 0o755);
}

#[test]
fn a_newer_format_is_refused_with_a_sentence() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let server = larder.serve(&upstream.url()).start();
    server.get(STORED).expect(200);
    let serve = server.kill();
    let marker = larder.data().join(MARKER);
    let text = fs::read_to_string(&marker).unwrap();
    let newer: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_ne!(newer, text, "the marker names the format's number: {text:?}");
    fs::write(&marker, &newer).unwrap();
    let Err(ran) = serve.try_start() else { panic!("started on a newer format") };
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("newer"), "{ran}");
    assert_eq!(fs::read_to_string(&marker).unwrap(), newer, "and nothing was touched");
}

/// Where the data directory says which format it has.
const MARKER: &str = "format";

#[test]
fn storing_stops_before_the_disk_is_full() {
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).flag("--min-free", "99 %").start();
    assert_eq!(server.get(STORED).expect(200).body, tree().module("example.com/app", "v1.0.0").zip.to_vec());
    let files = names(&server.data().join("modules"));
    assert!(files.iter().all(|file| file.extension().is_none_or(|ext| ext != "zip")), "{files:?}");
    assert!(server.stop().ok().stderr.contains("not stored"));
}

#[test]
fn a_catalog_that_is_lost_or_broken_costs_no_module() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let server = larder.serve(&upstream.url()).start();
    server.get(STORED).expect(200);
    server.stop().ok();
    let catalog = larder.data().join("catalog.sqlite");
    let offline = larder.serve(&upstream.url()).with("--offline");
    fs::write(&catalog, "this is no database").unwrap();
    let server = offline.clone().start();
    server.get(STORED).expect(200);
    let ran = server.stop().ok();
    assert!(ran.stderr.contains("catalog"), "it says so: {ran}");
    fs::remove_file(&catalog).unwrap();
    offline.start().get(STORED).expect(200);
}

#[test]
fn a_client_verifies_through_a_larder_whose_disk_takes_nothing() {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log.clone());
    let server = larder().serve(&upstream.url()).sumdb(&vkey).flag("--min-free", "99 %").start();
    project(&server.url()).sumdb(&vkey).run(["mod", "download", "all"]).ok();
    log.fill(400);
    project(&server.url()).sumdb(&vkey).run(["mod", "tidy"]).ok();
}
