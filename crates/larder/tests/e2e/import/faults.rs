//! Everything that can be wrong in a tree, in one tree: each fault is refused for its own reason, and what is right
//! beside it is taken in.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink, net::UnixListener},
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, FileType, Mode};
use serde_json::Value;
use testkit::{Archive, ModuleTree};

use super::{import, larder, text, vouched};

/// What is done to the module of a fault, whose `@v` directory is given.
type Do = fn(&Path);

/// A fault, the reasons that are given for it, in any order, and what makes it.
const FAULTS: &[(&str, &[&str], Do)] = &[
    ("flipped", &["content", "companion"], |v| change(v, "zip", |zip| zip[60] ^= 1)),
    ("truncated", &["content", "companion"], |v| change(v, "zip", |zip| zip.truncate(zip.len() / 2))),
    ("endless", &["content", "companion"], |v| change(v, "zip", |zip| zip.truncate(zip.len() - 4))),
    ("hollow", &["content", "companion"], |v| change(v, "zip", Vec::clear)),
    ("page", &["content", "companion"], |v| put(v, "zip", b"<!DOCTYPE html><html>no</html>")),
    ("stranger", &["content", "companion"], |v| pack(v, "example.com/other@v1.0.0", &["go.mod"])),
    ("neighbour", &["content", "companion"], |v| pack(v, "example.com/neighbour@v1.0.1", &["go.mod"])),
    ("climber", &["content", "companion"], |v| pack(v, "example.com/climber@v1.0.0", &["../../etc/x"])),
    ("shouting", &["content", "companion"], |v| pack(v, "example.com/shouting@v1.0.0", &["GO.MOD"])),
    ("collision", &["content", "companion"], |v| pack(v, "example.com/collision@v1.0.0", &["a.go", "A.go"])),
    ("twice", &["content", "companion"], |v| pack(v, "example.com/twice@v1.0.0", &["a.go", "a.go"])),
    ("device", &["content", "companion"], |v| pack(v, "example.com/device@v1.0.0", &["aux.go"])),
    ("liar", &["content", "companion"], |v| {
        let name = "example.com/liar@v1.0.0/go.mod";
        put(v, "zip", &Archive::new().file_claiming(name, b"module example.com/liar\n", 5).finish());
    }),
    ("extra", &["contradiction", "companion"], |v| {
        pack(v, "example.com/extra@v1.0.0", &["go.mod", "m.go", "evil.go"]);
    }),
    // The hash beside it was made to fit.
    ("hashed", &["contradiction", "companion"], |v| {
        pack(v, "example.com/hashed@v1.0.0", &["evil.go"]);
        put(v, "ziphash", testkit::h1([("example.com/hashed@v1.0.0/evil.go", b"x".as_slice())]).as_bytes());
    }),
    ("bigzip", &["too-large", "companion"], |v| long(v, "zip", 600 << 20)),
    ("bigmod", &["too-large", "companion"], |v| long(v, "mod", 20 << 20)),
    ("othermod", &["contradiction", "companion"], |v| put(v, "mod", b"module example.com/evil\n")),
    ("emptymod", &["content", "companion"], |v| put(v, "mod", b"")),
    ("pagemod", &["content", "companion"], |v| put(v, "mod", b"<html><body>sign in</body></html>")),
    ("binarymod", &["content", "companion"], |v| put(v, "mod", b"module \0\n")),
    ("otherinfo", &["content"], |v| put(v, "info", br#"{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}"#)),
    ("noinfo", &["content"], |v| put(v, "info", b"v1.0.0")),
    ("emptyinfo", &["content"], |v| put(v, "info", b"")),
    ("pageinfo", &["content"], |v| put(v, "info", b"<html></html>")),
    ("trailing", &["content"], |v| put(v, "info", br#"{"Version":"v1.0.0"} {"Version":"v1.0.0"}"#)),
    ("linked", &["link"], |v| {
        fs::rename(file(v, "zip"), v.join("elsewhere")).unwrap();
        symlink("elsewhere", file(v, "zip")).unwrap();
    }),
    ("loop", &["link"], |v| symlink("../..", v.parent().unwrap().join("again")).unwrap()),
    ("outside", &["link"], |v| symlink("/etc/hostname", v.join("v1.0.1.mod")).unwrap()),
    ("dangling", &["link"], |v| symlink("/nowhere", v.join("v1.0.1.info")).unwrap()),
    ("pipe", &["not-file"], |v| {
        let path = v.join("v1.0.1.zip");
        rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }),
    ("socket", &["not-file"], |v| drop(UnixListener::bind(v.join("v1.0.1.mod")).unwrap())),
    ("directory", &["not-file"], |v| fs::create_dir(v.join("v1.0.1.zip")).unwrap()),
    ("major", &["name"], |v| fs::write(v.join("v2.0.0.zip"), "x").unwrap()),
    ("short", &["name"], |v| fs::write(v.join("v1.1.zip"), "x").unwrap()),
    ("branch", &["name"], |v| fs::write(v.join("main.mod"), "x").unwrap()),
    ("meta", &["name"], |v| fs::write(v.join("v1.0.0+meta.mod"), "x").unwrap()),
    ("capital", &["name"], |v| fs::write(v.join("v1.0.1-RC1.zip"), "x").unwrap()),
    ("percent", &["name"], |v| fs::write(v.join("v1.0.1%2f.zip"), "x").unwrap()),
    ("control", &["name"], |v| fs::write(v.join("v1.0.1\u{1b}[31m\n.zip"), "x").unwrap()),
    ("bytes", &["name"], |v| fs::write(v.join(OsStr::from_bytes(b"v1.0.1\xff.zip")), "x").unwrap()),
    ("one", &["name"], |v| beside(v, "v1")),
    ("raw", &["name"], |v| beside(v, "Upper")),
    ("escape", &["name"], |v| beside(v, "!!x")),
    ("dotted", &["name"], |v| beside(v, "x.")),
    ("athens", &["name"], |v| {
        let dir = v.parent().unwrap().join("v2.0.0");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("source.zip"), "x").unwrap();
    }),
    ("deep", &["name"], |v| {
        let deep = "a/".repeat(300);
        fs::create_dir_all(v.parent().unwrap().join(deep)).unwrap();
    }),
];

fn file(versions: &Path, ext: &str) -> PathBuf {
    versions.join(format!("v1.0.0.{ext}"))
}

fn put(versions: &Path, ext: &str, content: &[u8]) {
    fs::write(file(versions, ext), content).unwrap();
}

fn change(versions: &Path, ext: &str, change: fn(&mut Vec<u8>)) {
    let mut content = fs::read(file(versions, ext)).unwrap();
    change(&mut content);
    put(versions, ext, &content);
}

/// Another zip, whose files are all the same.
fn pack(versions: &Path, prefix: &str, files: &[&str]) {
    let add = |archive: Archive, name: &&str| archive.file(&format!("{prefix}/{name}"), b"x");
    put(versions, "zip", &files.iter().fold(Archive::new(), add).finish());
}

/// A file that has a length and no blocks.
fn long(versions: &Path, ext: &str, len: u64) {
    fs::File::options().write(true).open(file(versions, ext)).unwrap().set_len(len).unwrap();
}

/// A module below this one whose name cannot be.
fn beside(versions: &Path, name: &str) {
    let dir = versions.parent().unwrap().join(name).join("@v");
    fs::create_dir_all(&dir).unwrap();
    fs::copy(file(versions, "zip"), file(&dir, "zip")).unwrap();
}

fn modules() -> ModuleTree {
    let one = |(name, ..): &(&str, &[&str], Do)| {
        format!(
            "-- example.com/{name}@v1.0.0/go.mod --\nmodule example.com/{name}\n-- example.com/{name}@v1.0.0/m.go --\npackage m\n"
        )
    };
    ModuleTree::parse(&FAULTS.iter().map(one).collect::<String>())
}

#[test]
fn every_fault_has_its_reason_and_what_is_right_comes_in() {
    assert!(FAULTS.len() >= 40);
    let (upstream, vkey) = vouched(&modules());
    let larder = larder();
    let dir = larder.home().join("tree");
    modules().write_to(&dir);
    for (name, _, fault) in FAULTS {
        fault(&dir.join("example.com").join(name).join("@v"));
    }
    // Not below a module: a name without a dot, and a version that no database knows.
    let mut strangers =
        ModuleTree::parse("-- example.com/unknown@v1.0.0/go.mod --\nmodule example.com/unknown\n");
    strangers.write_to(&dir);
    strangers = ModuleTree::parse("-- nodot/m@v1.0.0/go.mod --\nmodule nodot/m\n");
    strangers.write_to(&dir);

    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir), "--json"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in ran.stdout.lines() {
        let told: Value = serde_json::from_str(line).unwrap();
        let Some(path) = told["path"].as_str() else { continue };
        let module = path.strip_prefix("example.com/").unwrap_or(path).split('/').next().unwrap();
        assert!(!told["why"].as_str().unwrap().is_empty(), "{line}");
        reasons.entry(module.to_owned()).or_default().push(told["reason"].as_str().unwrap().to_owned());
    }
    let mut want: BTreeMap<String, Vec<String>> = FAULTS
        .iter()
        .map(|(name, reasons, _)| ((*name).to_owned(), reasons.iter().map(|r| (*r).to_owned()).collect()))
        .collect();
    want.insert("unknown".to_owned(), ["unknown", "unknown", "companion"].map(str::to_owned).into());
    want.insert("nodot".to_owned(), vec!["name".to_owned()]);
    reasons.values_mut().chain(want.values_mut()).for_each(|reasons| reasons.sort());
    assert_eq!(reasons, want);

    // Whatever lies in the store is what the database vouches for, and what was right beside a fault is there.
    let mut there = 0;
    for module in modules().modules() {
        for (ext, right) in [("info", &module.info), ("mod", &module.gomod), ("zip", &module.zip.to_vec())] {
            if let Ok(stored) = fs::read(larder.data().join("modules").join(module.url_path(ext))) {
                assert_eq!(&stored, right, "{}", module.url_path(ext));
                there += 1;
            }
        }
    }
    let refused: usize = FAULTS.iter().map(|(_, reasons, _)| reasons.len()).sum();
    assert!(there > 3 * FAULTS.len() - refused, "{there} files");
    assert!(!larder.data().join("modules/example.com/unknown").exists());

    // For people: one line each, in groups, whatever the names hold.
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    assert!(ran.stdout.contains("SECURITY: not the content") && ran.stdout.contains("more; --json"), "{ran}");
    assert!(ran.stderr.contains("0 files taken in"), "{ran}");
}
