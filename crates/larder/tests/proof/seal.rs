//! `larder seal`: files that are no modules, written down and compared.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Larder, Ran};

use crate::world::larder;

/// A directory `d` with some files, and a Larder that works beside it.
fn world() -> (TempDir, Larder) {
    let dir = tempfile::tempdir().unwrap();
    for (file, content) in [("a.txt", "a"), ("sub/b", "bb"), ("sub/deep/c", "ccc"), ("empty", "")] {
        let path = dir.path().join("d").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    symlink("a.txt", dir.path().join("d/link")).unwrap();
    let larder = larder().work(dir.path());
    (dir, larder)
}

fn seal(larder: &Larder, line: &str) -> Ran {
    larder.run(["seal"].into_iter().chain(line.split(' ')))
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

/// What differs: the word and the path of each.
fn differences(ran: &Ran) -> Vec<String> {
    let one = |line: &Value| format!("{} {}", line["is"].as_str().unwrap(), line["path"].as_str().unwrap());
    json(ran)["differences"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn every_change_is_named() {
    let (dir, larder) = world();
    let made = seal(&larder, "create --db s.db --json d").ok();
    assert_eq!((&json(&made)["files"], &json(&made)["bytes"]), (&5.into(), &11.into()), "{made}");
    seal(&larder, "check --db s.db").ok();
    let at = |file: &str| dir.path().join("d").join(file);

    let time = fs::metadata(at("sub/b")).unwrap().modified().unwrap();
    fs::write(at("sub/b"), "bX").unwrap();
    fs::File::options().write(true).open(at("sub/b")).unwrap().set_modified(time).unwrap();
    fs::remove_file(at("sub/deep/c")).unwrap();
    fs::write(at("sub/new"), "n").unwrap();
    fs::set_permissions(at("empty"), Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(at("link")).unwrap();
    symlink("sub/b", at("link")).unwrap();
    let ran = seal(&larder, "check --db s.db --json");
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(
        differences(&ran),
        ["changed empty", "changed link", "changed sub/b", "missing sub/deep/c", "new sub/new"],
        "{ran}"
    );
    let what = |n: usize| json(&ran)["differences"][n]["what"].clone();
    assert_eq!((what(0), what(2)), (serde_json::json!(["mode"]), serde_json::json!(["content"])));
    let text = seal(&larder, "check --db s.db --ignore-mode");
    assert_eq!(text.code(), Some(1));
    assert_eq!(
        text.stdout,
        "changed  d/link: content\nchanged  d/sub/b: content\nmissing  d/sub/deep/c\nnew      d/sub/new\n",
        "{text}"
    );
    assert!(text.stderr.contains("2 changed, 1 missing, 1 new\n"), "{text}");

    // What it is now, beside what it was.
    fs::copy(dir.path().join("s.db"), dir.path().join("old.db")).unwrap();
    let again = seal(&larder, "create --db s.db d").ok();
    assert!(again.stderr.contains("1 no longer there"), "{again}");
    seal(&larder, "check --db s.db").ok();
    let ran = seal(&larder, "diff old.db s.db --json");
    assert_eq!(ran.code(), Some(1));
    assert_eq!(
        differences(&ran),
        ["changed empty", "changed link", "changed sub/b", "missing sub/deep/c", "new sub/new"]
    );
    seal(&larder, "diff s.db s.db").ok();
}

#[test]
fn a_ledger_travels_with_its_disk() {
    let (dir, larder) = world();
    // It lies in what it seals, and does not seal itself.
    seal(&larder, "create --db d/disk.seal d").ok();
    fs::rename(dir.path().join("d"), dir.path().join("elsewhere")).unwrap();
    seal(&larder, "check --db elsewhere/disk.seal elsewhere").ok();
    seal(&larder, "check --db elsewhere/disk.seal d=elsewhere").ok();
    let gone = seal(&larder, "check --db elsewhere/disk.seal");
    assert_eq!(gone.code(), Some(2), "{gone}");
    assert!(gone.stderr.contains("cannot read d"), "{gone}");
    assert_eq!(fs::read_dir(dir.path().join("elsewhere")).unwrap().count(), 5, "no journal is left");

    fs::create_dir(dir.path().join("two")).unwrap();
    seal(&larder, "create --db elsewhere/disk.seal two").ok();
    let which = seal(&larder, "check --db elsewhere/disk.seal nowhere");
    assert_eq!(which.code(), Some(2));
    assert!(which.stderr.contains("nowhere is not sealed; sealed are: d, two"), "{which}");
}

#[test]
fn a_signature_covers_everything() {
    let (dir, larder) = world();
    let vkey = larder.run(["sumdb", "keygen", "site.example", "--out", "site.key"]).ok().stdout;
    let vkey = vkey.trim();
    seal(&larder, "create --db s.db --sign site.key d").ok();
    seal(&larder, &format!("check --db s.db --key {vkey}")).ok();

    let sql = |change: &str| rusqlite(&dir.path().join("s.db"), change);
    for change in [
        "UPDATE files SET sha256 = replace(sha256, substr(sha256, 1, 1), 'f') WHERE path = 'a.txt'",
        "UPDATE files SET mode = 33261 WHERE path = 'a.txt'",
        "DELETE FROM files WHERE path = 'sub/b'",
        "INSERT INTO files SELECT root, 'evil', sha256, size, mode, time, run FROM files WHERE path = 'a.txt'",
        "UPDATE roots SET name = 'e'",
    ] {
        fs::copy(dir.path().join("s.db"), dir.path().join("kept.db")).unwrap();
        sql(change);
        let ran = seal(&larder, &format!("check --db s.db --key {vkey} --json"));
        assert_eq!((ran.code(), &json(&ran)["signature"]), (Some(1), &"wrong".into()), "{change}: {ran}");
        fs::rename(dir.path().join("kept.db"), dir.path().join("s.db")).unwrap();
    }
    // Sealed anew without a key, it is signed no more.
    seal(&larder, "create --db s.db d").ok();
    let ran = seal(&larder, &format!("check --db s.db --key {vkey}"));
    assert_eq!(ran.code(), Some(1));
    assert!(ran.stderr.contains("SECURITY") && ran.stderr.contains("not signed"), "{ran}");
}

/// Changes a ledger as somebody else would: with Python's SQLite.
fn rusqlite(path: &Path, change: &str) {
    let script =
        "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\ndb.execute(sys.argv[2])\ndb.commit()\n";
    let mut python = Command::new("python3");
    testkit::run(python.args(["-c", script]).arg(path).arg(change)).ok();
}

#[test]
fn a_sealing_that_was_killed_is_gone_on_with() {
    let (dir, larder) = world();
    for n in 0..12 {
        fs::write(dir.path().join(format!("d/large{n}")), vec![n; 8 << 20]).unwrap();
    }
    let mut killed = 0;
    for n in 0..8_u64 {
        let running = larder.spawn(["seal", "create", "--db", "s.db", "--threads", "1", "d"]);
        // Not to order anything: the moments of the kill are to differ.
        std::thread::sleep(std::time::Duration::from_millis(10 + 15 * n));
        running.signal(rustix::process::Signal::KILL);
        killed += usize::from(running.wait().code().is_none());
        let ran = seal(&larder, "check --db s.db");
        // Broken off, or whole: never something in between that is believed.
        assert!(matches!(ran.code(), Some(0 | 2)), "{ran}");
    }
    assert!(killed > 0);
    seal(&larder, "create --db s.db d").ok();
    seal(&larder, "check --db s.db").ok();
}

#[test]
fn what_cannot_be_done_says_so() {
    let (dir, larder) = world();
    fs::write(dir.path().join("text"), "no database ".repeat(100)).unwrap();
    for (line, says) in [
        ("check --db none d", "there is no none"),
        ("check --db text d", "no ledger that `larder seal` has made"),
        ("create --db text d", "no ledger that `larder seal` has made"),
        ("create --db s.db nowhere", "nowhere is no directory"),
        ("create --db s.db d d/", "d is named twice"),
        ("create --db s.db --sign a d", "cannot read a"),
        ("check --db s.db --key nonsense d", "--key"),
        ("diff none none", "there is no none"),
    ] {
        let ran = seal(&larder, line);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(says), "{says}: {ran}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("text")).unwrap(), "no database ".repeat(100));
}
