//! Faults of directories and disks.

use std::{
    ffi::{OsStr, OsString},
    fs,
    process::Command,
};

use testkit::{run, skipped};

use super::{Site, is};
use crate::doctor::doctor_behind;

/// How to run something with another file system at a place.
fn mounted(at: &OsStr, options: &str) -> Option<Vec<OsString>> {
    let ways =
        [&["unshare", "--mount", "--"][..], &["unshare", "--user", "--map-root-user", "--mount", "--"]];
    let allowed = |way: &&&[&str]| {
        let mut command = Command::new(way[0]);
        run(command.args(&way[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"])).status.success()
    };
    let Some(way) = ways.iter().find(allowed) else {
        skipped("this machine does not allow a mount namespace, so no disk can be filled");
        return None;
    };
    let script = format!("mount {options} {} && exec \"$0\" \"$@\"", at.to_string_lossy());
    Some(way.iter().map(OsString::from).chain(["sh".into(), "-c".into(), script.into()]).collect())
}

/// What go says there, and the doctor's first finding.
#[track_caller]
fn there(site: &Site, before: &[OsString], says: Option<&str>, code: &str) {
    let mut command = Command::new(&before[0]);
    command.args(&before[1..]).arg(testkit::GoCommand::find().unwrap()).args(super::BUILD);
    command.current_dir(site.go.work()).env_clear().envs(site.go.variables().iter().cloned());
    let ran = run(&mut command);
    match says {
        Some(says) => {
            let ran = ran.fails();
            assert!(ran.stderr.contains(says), "{ran}");
        }
        None => drop(ran.ok()),
    }
    let before: Vec<_> = before.iter().map(OsString::as_os_str).collect();
    is(&doctor_behind(&site.go, &before, &[]), code);
}

#[test]
fn temporary_files_cannot_be_written() {
    let site = Site::new();
    let dir = site.go.work().parent().unwrap().join("tmp");
    let Some(before) = mounted(dir.as_os_str(), "-t tmpfs -o ro none") else { return };
    there(&site, &before, Some("read-only file system"), "L5-TMP-UNUSABLE");
}

#[test]
fn the_build_cache_is_a_file_or_off() {
    let site = Site::new();
    let file = site.path("file");
    fs::write(&file, "").unwrap();
    for (value, says) in [
        (file.to_str().unwrap(), "failed to initialize build cache"),
        ("/dev/null/cache", "failed to initialize build cache"),
        ("off", "build cache is disabled by GOCACHE=off"),
    ] {
        let site = Site::new().env("GOCACHE", value);
        site.fails(says);
        site.is("L5-GOCACHE-UNUSABLE");
    }
}

#[test]
fn the_module_cache_is_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let site = Site::new().env("GOMODCACHE", file.path().to_str().unwrap());
    site.fails("is not a directory");
    site.is("L5-MODCACHE-UNUSABLE");
}

#[test]
fn there_is_no_home() {
    let site = Site::new().env("HOME", "").env("GOPATH", "").env("GOMODCACHE", "").env("GOCACHE", "");
    site.fails("not");
    let report = site.doctor();
    assert!(report.codes().contains(&"L5-CACHE-NOWHERE"), "{}", report.ran);
}

#[test]
fn the_disk_is_full() {
    let site = Site::new();
    let cache = site.go.work().parent().unwrap().join("gocache");
    let Some(before) = mounted(cache.as_os_str(), "-t tmpfs -o size=8k none") else { return };
    there(&site, &before, Some("no space left on device"), "L5-DISK-FULL");
}

#[test]
fn there_are_no_inodes() {
    let site = Site::new();
    let cache = site.go.work().parent().unwrap().join("gocache");
    let Some(before) = mounted(cache.as_os_str(), "-t tmpfs -o nr_inodes=1 none") else { return };
    there(&site, &before, Some("no space left on device"), "L5-DISK-FULL");
}

#[test]
fn the_disk_is_nearly_full() {
    let site = Site::new();
    let cache = site.go.work().parent().unwrap().join("gocache");
    let Some(before) = mounted(cache.as_os_str(), "-t tmpfs -o size=200m none") else { return };
    there(&site, &before, None, "L5-DISK-NEARLY-FULL");
}

#[test]
fn the_module_cache_is_mounted_read_only_and_lacks_a_module() {
    let site = Site::new();
    let cache = site.go.modcache();
    let options = format!("--bind {0} {0} && mount -o remount,bind,ro", cache.display());
    let Some(before) = mounted(cache.as_os_str(), &options) else { return };
    // All that is needed lies there: that is how caches are shared.
    let words: Vec<_> = before.iter().map(OsString::as_os_str).collect();
    doctor_behind(&site.go, &words, &[]).healthy();
    fs::remove_dir_all(site.unpacked("example.com/app@v1.0.0")).unwrap();
    fs::remove_file(site.cached("example.com/app@v1.0.0", "zip")).unwrap();
    there(&site, &before, Some("read-only file system"), "L5-CACHE-READ-ONLY");
}

#[test]
fn part_of_the_cache_belongs_to_somebody_else() {
    if !rustix::process::geteuid().is_root()
        || !run(Command::new("setpriv").arg("--version")).status.success()
    {
        skipped("only root can make files of another user");
        return;
    }
    let site = Site::new();
    let nobody = "65534";
    let root = site.go.work().parent().unwrap().to_owned();
    run(Command::new("chown").args(["-R", nobody]).arg(&root)).ok();
    fs::remove_dir_all(site.unpacked("example.com/app@v1.0.0")).unwrap();
    fs::remove_file(site.cached("example.com/app@v1.0.0", "zip")).unwrap();
    let versions = site.cached("example.com/app@v1.0.0", "zip");
    run(Command::new("chown").args(["-R", "0"]).arg(versions.parent().unwrap())).ok();
    let before = ["setpriv", "--reuid", nobody, "--clear-groups"].map(OsString::from);
    there(&site, &before, Some("permission denied"), "L5-CACHE-OWNER");
}
