//! `larder verify --repair`: every fault of a module cache is mended, and what was good is not touched.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::process::Signal;
use testkit::Running;

use super::{
    Row, caches, put,
    site::{APP, LIB, Site, UPPER, other, remove},
};

/// What a file holds, and what shows that somebody wrote to it: its inode, and when it was changed.
type Held = (Vec<u8>, (u64, i64, i64));

/// Every file of a module cache.
fn files(root: &Path) -> BTreeMap<PathBuf, Held> {
    let mut all = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                open.push(path);
            } else if meta.is_file() && path.extension().is_none_or(|ending| ending != "lock") {
                let content = fs::read(&path).unwrap();
                let name = path.strip_prefix(root).unwrap().to_owned();
                all.insert(name, (content, (meta.ino(), meta.mtime(), meta.mtime_nsec())));
            }
        }
    }
    all
}

/// Makes each fault in a copy of the site, mends it, and looks at what became of every file.
fn each(site: &Site, rows: &[Row]) {
    let right = files(&site.go.modcache());
    let mut wrong = Vec::new();
    for row in rows {
        let copy = site.copy();
        (row.mutate)(&copy);
        let before = files(&copy.go.modcache());
        let report = copy.verify(&["--repair"]);
        if !report.codes().is_empty() {
            wrong.push(format!("{}: {}", row.what, report.ran));
            continue;
        }
        copy.go.run(["mod", "verify"]).ok();
        let after = files(&copy.go.modcache());
        for (path, (content, touched)) in &before {
            let was_good = right.get(path).is_some_and(|(right, _)| right == content);
            if was_good && after.get(path).map(|(_, touched)| touched) != Some(touched) {
                wrong.push(format!("{}: {} was touched", row.what, path.display()));
            }
        }
        for (path, (content, _)) in &after {
            if path.starts_with("example.com") && right.get(path).map(|(right, _)| right) != Some(content) {
                wrong.push(format!("{}: {} is not right", row.what, path.display()));
            }
        }
        if let Some(left) = after.keys().find(|path| path.extension().is_some_and(|ending| ending == "tmp")) {
            wrong.push(format!("{}: {} is left", row.what, left.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), rows.len(), wrong.join("\n\n"));
}

#[test]
fn zips_and_kept_hashes_are_mended() {
    each(&Site::new(), &caches::zips());
}

#[test]
fn unpacked_files_are_mended() {
    each(&Site::new(), &caches::trees());
}

#[test]
fn gomod_and_info_files_are_mended() {
    each(&Site::new(), &caches::small());
}

/// Much is wrong at once.
fn spoil(site: &Site) {
    put(site.cached(APP, "zip"), other(APP).zip.to_vec());
    put(site.cached(APP, "ziphash"), other(APP).h1);
    for file in ["app.go", "sub/data.txt"] {
        put(site.unpacked(APP).join(file), "spoilt");
    }
    remove(&site.unpacked(LIB).join("deep/deep.go"));
    put(site.unpacked(LIB).join("deep/extra.go"), "package deep");
    put(site.cached(UPPER, "zip"), "no zip");
    put(site.cached(UPPER, "mod"), "module example.com/other\n");
}

#[test]
fn a_repair_that_is_killed_at_any_moment_is_gone_on_with() {
    let site = Site::new();
    let mut killed = 0;
    for n in 0..20_u64 {
        let copy = site.copy();
        spoil(&copy);
        let running = Running::start(&mut copy.verifying(&["--repair"]));
        // Not to order anything: the moments of the kill are to differ.
        thread::sleep(Duration::from_millis(5 + 17 * n));
        running.signal(Signal::KILL);
        killed += usize::from(running.wait().code().is_none());
        // Every file is what it was, or what it should be: those of the spoilt versions too.
        let right = files(&site.go.modcache());
        for (path, (content, _)) in files(&copy.go.modcache()) {
            let spoilt = content == b"spoilt"
                || content == b"no zip"
                || content == b"package deep"
                || content == b"module example.com/other\n"
                || content == other(APP).zip.to_vec()
                || content == other(APP).h1.as_bytes();
            let temporary = path.extension().is_some_and(|ending| ending == "tmp");
            let good = right.get(&path).is_some_and(|(right, _)| *right == content);
            assert!(spoilt || temporary || good, "{} after {n}", path.display());
        }
        let report = copy.verify(&["--repair"]);
        assert_eq!(report.codes(), [""; 0], "{}", report.ran);
        copy.go.run(["mod", "verify"]).ok();
    }
    assert!(killed > 0, "none was killed");
}

#[test]
fn the_lock_of_go_is_waited_for_and_permissions_stay() {
    let site = Site::new();
    put(site.cached(UPPER, "zip"), "no zip");
    put(site.unpacked(APP).join("app.go"), "spoilt");
    let dirs = [site.unpacked(APP), site.unpacked(APP).join("sub")];
    for dir in &dirs {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o555)).unwrap();
    }
    // As a go command does that downloads.
    let lock = fs::File::options().write(true).open(site.cached(UPPER, "lock")).unwrap();
    lock.lock().unwrap();
    thread::scope(|scope| {
        let repair = scope.spawn(|| site.verify(&["--repair"]));
        // The other version does not wait.
        while fs::read(site.unpacked(APP).join("app.go")).unwrap() == b"spoilt" {
            thread::yield_now();
        }
        assert_eq!(fs::read(site.cached(UPPER, "zip")).unwrap(), b"no zip");
        lock.unlock().unwrap();
        assert_eq!(repair.join().unwrap().codes(), [""; 0]);
    });
    for dir in &dirs {
        assert_eq!(fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o555, "{}", dir.display());
    }
    site.go.run(["mod", "verify"]).ok();
}

#[test]
fn what_no_source_gives_stays_and_is_said() {
    let site = Site::new();
    put(site.cached(UPPER, "zip"), "no zip");
    let report = site.verify(&["--repair", "--offline"]);
    assert_eq!(report.codes(), ["L5-CACHE-ZIP-ALTERED"], "{}", report.ran);
    let unchecked = report.json["unchecked"].to_string();
    assert!(unchecked.contains("not repaired: example.com/Upper@v1.2.0: the zip"), "{}", report.ran);
    assert_eq!(fs::read(site.cached(UPPER, "zip")).unwrap(), b"no zip");
}
