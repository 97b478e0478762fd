//! `larder scrub` on the directory of a mirror that is at work, or is not.

use std::{fs, path::Path, time::Instant};

use rustix::process::Signal;
use serde_json::Value;
use testkit::{LIMIT, Larder, Module, Ran, ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder, tree};

const ZIP: &str = "example.com/app/@v/v1.0.0.zip";

/// A server that has most of the world, its upstream, and the Larder.
fn filled() -> (Larder, ScriptedUpstream, TestServer) {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    for module in tree().modules() {
        for ext in ["info", "mod", "zip"] {
            server.get(&format!("/{}", module.url_path(ext))).expect(200);
        }
    }
    for path in ["example.com/app/@v/list", "example.com/branch/@v/main.info"] {
        server.get(&format!("/{path}")).expect(200);
    }
    for path in ["lookup/example.com/app@v1.0.0", "latest", "tile/8/0/000"] {
        server.get(&format!("/sumdb/{LOG}/{path}")).expect(200);
    }
    (larder, upstream, server)
}

fn scrub(larder: &Larder, more: &[&str]) -> Ran {
    let data = larder.data();
    larder.run([&["scrub", "--data", data.to_str().unwrap()], more].concat())
}

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_clean_store_is_clean_beside_a_server_and_without_one() {
    let (larder, _upstream, server) = filled();
    let ran = scrub(&larder, &[]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stderr.contains("nothing damaged"), "{ran}");
    server.stop().ok();
    let ran = scrub(&larder, &["--json", "--rate", "0", "--rebuild"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["summary"]["found"], 0, "{ran}");
    assert!(told["summary"]["files"].as_u64().unwrap() > 30, "{ran}");
    assert_eq!(told["indexed"].as_u64().unwrap(), tree().modules().count() as u64, "{ran}");
}

#[test]
fn damage_is_told_set_aside_and_healed_by_the_next_question() {
    let (larder, upstream, server) = filled();
    let answers = format!("answers/sumdb/{LOG}/tile/8/0/000");
    let damaged = [format!("modules/{ZIP}"), "answers/example.com/app/@v/list".to_owned(), answers];
    for file in &damaged {
        flip(&larder.data().join(file), 60);
    }
    let ran = scrub(&larder, &["--rate", "0"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(ran.stdout.lines().count(), damaged.len(), "{ran}");
    for file in &damaged {
        assert!(ran.stdout.contains(&format!("{file}: ")), "{ran}");
        assert!(!larder.data().join(file).exists(), "{file}");
    }
    assert!(ran.stdout.contains("set aside as quarantine/"), "{ran}");
    assert_eq!(scrub(&larder, &["--rate", "0"]).code(), Some(0));

    upstream.forget();
    let serve = server.kill();
    let server = serve.start();
    let right = tree().module("example.com/app", "v1.0.0").zip.to_vec();
    assert_eq!(server.get(&format!("/{ZIP}")).expect(200).body, right);
    assert_eq!(upstream.asked(ZIP), 1);

    flip(&larder.data().join("modules").join(ZIP), 60);
    let ran = scrub(&larder, &["--json", "--rate", "0"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    let told: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [finding, summary] = &told[..] else { panic!("{ran}") };
    assert_eq!(finding["path"], format!("modules/{ZIP}"), "{ran}");
    assert_eq!(finding["done"], "set-aside", "{ran}");
    assert_eq!(summary["summary"]["found"], 1, "{ran}");
}

#[test]
fn a_walk_that_is_killed_goes_on_where_it_was() {
    let (larder, _upstream, server) = filled();
    server.stop().ok();
    let data = larder.data();
    // At this rate the walk would take hours; a second passes, and it has kept its place.
    let big = Module::of_noise("example.com/zz", "v1.0.0", 1 << 20);
    let dir = data.join("modules/example.com/zz/@v");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("v1.0.0.zip"), big.zip.to_vec()).unwrap();
    flip(&data.join("answers/example.com/app/@v/list"), 60);
    let slow = larder.spawn(["scrub", "--data", data.to_str().unwrap(), "--rate", "1 KiB"]);
    let began = Instant::now();
    while !data.join("scrub").exists() {
        assert!(began.elapsed() < LIMIT, "it keeps no place");
        std::thread::yield_now();
    }
    let beside = scrub(&larder, &[]);
    assert_eq!(beside.code(), Some(2), "{beside}");
    assert!(beside.stderr.contains("another scrub"), "{beside}");
    slow.signal(Signal::KILL);
    let slow = slow.wait();
    assert_eq!(slow.stdout.lines().count(), 1, "{slow}");

    let ran = scrub(&larder, &["--rate", "0"]);
    assert!(ran.stderr.contains("going on after answers/"), "{ran}");
    assert_eq!(ran.code(), Some(1), "what was found before counts: {ran}");
    assert_eq!(ran.stdout, "", "{ran}");
    assert!(!data.join("scrub").exists());
    assert_eq!(scrub(&larder, &["--rate", "0"]).code(), Some(0));
}

#[test]
fn what_cannot_be_done_is_2() {
    let larder = larder();
    let nowhere = larder.home().join("nowhere");
    let empty = larder.home().join("empty");
    fs::create_dir(&empty).unwrap();
    for dir in [&nowhere, &empty] {
        let ran = larder.run(["scrub", "--data", dir.to_str().unwrap()]);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains("holds no modules"), "{ran}");
    }
    assert!(!nowhere.exists() && fs::read_dir(&empty).unwrap().count() == 0, "nothing was made");
    let ran = larder.run(["scrub", "--rate", "fast"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
}

#[test]
fn the_index_is_made_anew_from_the_receipts() {
    let (larder, _upstream, server) = filled();
    server.stop().ok();
    fs::remove_file(larder.data().join("catalog.sqlite")).unwrap();
    let ran = scrub(&larder, &["--rebuild", "--rate", "0"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(ran.stderr.contains("the index has"), "{ran}");
    assert!(larder.data().join("catalog.sqlite").exists());
}
