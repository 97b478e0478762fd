//! Disks that take nothing for a while: full, read-only, or with errors. The client gets its bytes all the same.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use testkit::{LIMIT, Larder, Module, ModuleTree, ScriptedUpstream, TestServer, skipped};

use crate::world::{larder, tree};

/// How to get a mount namespace: as root, or as root of a user namespace. A container may allow neither.
fn namespace() -> Option<Vec<&'static str>> {
    let ways =
        [&["unshare", "--mount", "--"][..], &["unshare", "--user", "--map-root-user", "--mount", "--"]];
    let allowed = |way: &&&[&str]| {
        let mut command = Command::new(way[0]);
        testkit::run(command.args(&way[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"])).status.success()
    };
    let way = ways.iter().find(allowed);
    if way.is_none() {
        skipped("this machine does not allow a mount namespace, so no disk can be filled");
    }
    Some(way?.to_vec())
}

/// A Larder whose data directory is a disk of its own, of this size.
fn on_a_disk(size: &str) -> Option<Larder> {
    mounted(size, "rw")
}

/// The same, read-only at first (`ro`) or not (`rw`).
fn mounted(size: &str, how: &str) -> Option<Larder> {
    let plain = larder().unset(Larder::MIN_FREE);
    let words = disk_of(&plain, size, how)?;
    Some(plain.under(words))
}

/// What that Larder is to be started under so that its data directory is such a disk.
pub(crate) fn disk_of(larder: &Larder, size: &str, how: &str) -> Option<Vec<OsString>> {
    let way = namespace()?;
    fs::create_dir_all(larder.data()).unwrap();
    let mount = format!("mount -t tmpfs -o size={size},{how} none {}", larder.data().display());
    let script = format!("{mount} && exec \"$0\" \"$@\"");
    Some(way.into_iter().chain(["sh", "-c", &script]).map(OsString::from).collect())
}

/// The disk of a running server, as seen from here.
pub(crate) fn disk(server: &TestServer) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", server.running().pid()));
    root.join(server.data().strip_prefix("/").unwrap())
}

/// Takes all room there is, and gives it back when the file is removed.
pub(crate) fn fill(disk: &Path) -> PathBuf {
    use std::io::Write;

    let path = disk.join("fill");
    let mut file = File::create(&path).unwrap();
    for size in [1 << 16, 1 << 12] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
    path
}

/// Mounts the disk of a running server anew. Making one read-only is refused while files of it are open.
fn remount(server: &TestServer, how: &str) {
    let pid = server.running().pid().to_string();
    let mut command = Command::new("nsenter");
    command.args(["--target", &pid, "--mount"]);
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    testkit::run(command.args(["mount", "-o", &format!("remount,{how}")]).arg(server.data())).ok();
}

fn until(mut so: impl FnMut() -> bool, what: &str) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn metric(server: &TestServer, name: &str) -> i64 {
    let text = server.get("/metrics").expect(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}")).trim().parse().unwrap()
}

/// All modules of the world, and one of noise for each size in MiB.
fn noisy(sizes: &[u64]) -> ModuleTree {
    let mut tree = tree();
    for size in sizes {
        tree.add(Module::of_noise(&format!("example.com/noise{size}"), "v1.0.0", size << 20));
    }
    tree
}

fn zip(size: u64) -> String {
    format!("/example.com/noise{size}/@v/v1.0.0.zip")
}

#[test]
fn a_full_disk_costs_storing_and_nothing_else() {
    let Some(larder) = on_a_disk("256k") else { return };
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder.serve(&upstream.url()).start();
    for _ in 0..2 {
        for module in tree().modules() {
            for (ext, right) in
                [("info", module.info.clone()), ("mod", module.gomod.clone()), ("zip", module.zip.to_vec())]
            {
                let path = format!("/{}", module.url_path(ext));
                assert_eq!(server.get(&path).expect(200).body, right, "{path}");
            }
        }
    }
    server.get("/example.com/app/@v/list").expect(200);
    server.stop().ok();
}

#[test]
fn what_passes_a_full_disk_is_bounded_checked_and_stored_once_there_is_room() {
    let Some(larder) = on_a_disk("24m") else { return };
    let tree = noisy(&[2, 3, 4]);
    let upstream = ScriptedUpstream::serving(tree.clone());
    let config = larder.home().join("larder.toml");
    fs::write(&config, "[memory]\nstaging = \"3500 KiB\"\n").unwrap();
    let serve = larder.serve(&upstream.url()).flag("--config", &config).flag("--min-free", "0");
    let server = serve.start();
    server.get("/example.com/app/@v/v1.0.0.mod").expect(200);
    let fill = fill(&disk(&server));

    // One after another, more than the memory has room for at once, and again, as nothing is stored.
    for _ in 0..2 {
        for size in [2, 3] {
            let right = tree.module(&format!("example.com/noise{size}"), "v1.0.0").zip.to_vec();
            assert!(server.get(&zip(size)).expect(200).body == right, "{size} MiB");
        }
    }
    assert_eq!(upstream.asked(&zip(3)[1..]), 2);
    let refused = server.get(&zip(4)).expect(503);
    assert!(refused.text().contains("the disk of this mirror"), "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    // What is stored is served, and what is wrong is said.
    server.get("/example.com/app/@v/v1.0.0.mod").expect(200);
    let ready = server.get("/readyz").expect(200).text();
    assert!(ready.starts_with("ready\ndegraded: no space left"), "{ready}");
    assert_eq!(metric(&server, "larder_storage_trouble"), 1);
    assert!(metric(&server, "larder_storage_refused_total") >= 4);
    until(|| metric(&server, "larder_storage_spill_bytes") == 0, "the memory is not given back");

    fs::remove_file(fill).unwrap();
    until(|| server.get("/readyz").expect(200).text() == "ready\n", "it does not notice that there is room");
    assert_eq!(metric(&server, "larder_storage_trouble"), 0);
    server.get(&zip(4)).expect(200);
    assert!(disk(&server).join("modules").join(&zip(4)[1..]).exists(), "it is stored again");
    let before = upstream.asked(&zip(4)[1..]);
    server.get(&zip(4)).expect(200);
    assert_eq!(upstream.asked(&zip(4)[1..]), before);
    server.stop().ok();
}

#[test]
fn storing_stops_at_the_floor_and_goes_on_above_it() {
    let Some(larder) = on_a_disk("24m") else { return };
    let upstream = ScriptedUpstream::serving(noisy(&[2]));
    let server = larder.serve(&upstream.url()).flag("--min-free", "16 MiB").start();
    let fill = disk(&server).join("fill");
    fs::write(&fill, vec![0; 8 << 20]).unwrap();
    let ready = || server.get("/readyz").expect(200).text();
    until(|| ready().contains("--min-free"), "the floor is not noticed");
    server.get(&zip(2)).expect(200);
    let stored = disk(&server).join("modules").join(&zip(2)[1..]);
    assert!(!stored.exists());
    fs::remove_file(&fill).unwrap();
    until(|| ready() == "ready\n", "room is not noticed");
    server.get(&zip(2)).expect(200);
    assert!(stored.exists());
}

#[test]
fn a_disk_that_is_read_only_at_the_start_is_used_once_it_can_be_written() {
    let Some(larder) = mounted("24m", "ro") else { return };
    let upstream = ScriptedUpstream::serving(noisy(&[2]));
    let server = larder.serve(&upstream.url()).start();
    let stored = disk(&server).join("modules").join(&zip(2)[1..]);
    for path in ["/example.com/app/@v/v1.0.0.info", &zip(2)] {
        server.get(path).expect(200);
    }
    assert!(!stored.exists());
    let ready = || server.get("/readyz").expect(200).text();
    assert!(ready().contains("cannot be written"), "{}", ready());
    assert_eq!(metric(&server, "larder_storage_trouble"), 1);
    remount(&server, "rw");
    until(|| ready() == "ready\n", "it is not noticed that it can be written");
    assert_eq!(metric(&server, "larder_storage_trouble"), 0);
    server.get(&zip(2)).expect(200);
    assert!(stored.exists());
    assert!(disk(&server).join("catalog.sqlite").exists());
    let before = upstream.asked(&zip(2)[1..]);
    server.get(&zip(2)).expect(200);
    assert_eq!(upstream.asked(&zip(2)[1..]), before);
}

#[test]
fn a_disk_with_errors_costs_storing_and_nothing_else() {
    // What a disk says whose blocks go bad, and what it says once the system has made it read-only for that.
    for (error, said) in [("EIO", "degraded: cannot "), ("EROFS", "cannot be written")] {
        // From some on, no fsync of any thread succeeds, and no write in the middle of a file.
        let trace = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,pwrite64", "-e"];
        let inject =
            [format!("inject=fsync:error={error}:when=5+"), format!("inject=pwrite64:error={error}:when=9+")];
        let words = || trace.into_iter().chain([inject[0].as_str(), "-e", inject[1].as_str()]);
        if !testkit::run(Command::new("strace").args(words()).arg("true")).status.success() {
            skipped("strace cannot be used here, so no call can be made to fail");
            return;
        }
        let upstream = ScriptedUpstream::serving(noisy(&[2]));
        let server = larder().under(["strace"].into_iter().chain(words())).serve(&upstream.url()).start();
        for _ in 0..2 {
            for module in noisy(&[2]).modules() {
                for (ext, right) in [
                    ("info", module.info.clone()),
                    ("mod", module.gomod.clone()),
                    ("zip", module.zip.to_vec()),
                ] {
                    let path = format!("/{}", module.url_path(ext));
                    assert!(server.get(&path).expect(200).body == right, "{path}");
                }
            }
        }
        let ready = server.get("/readyz").expect(200).text();
        assert!(ready.starts_with("ready\ndegraded: ") && ready.contains(said), "{ready}");
        assert!(metric(&server, "larder_storage_refused_total") > 0);
    }
}
