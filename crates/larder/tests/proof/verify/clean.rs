//! What looks odd and is right.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    time::{Duration, SystemTime},
};

use testkit::Archive;

use super::{
    put,
    site::{APP, LIB, OLD, Site, UPPER, WRONG, remove},
};

/// What was done, in words, and how.
type Oddity = (&'static str, fn(&Site));

const ODDITIES: &[Oddity] = &[
    ("nothing was done", |_| {}),
    ("nothing is downloaded", |site| remove(&site.go.modcache())),
    ("one module is not downloaded", |site| {
        for ending in ["zip", "ziphash"] {
            remove(&site.cached(OLD, ending));
        }
        remove(&site.unpacked(OLD));
    }),
    ("there is the zip alone", |site| remove(&site.unpacked(APP))),
    ("there is the tree alone", |site| {
        for ending in ["zip", "ziphash", "info"] {
            remove(&site.cached(APP, ending));
        }
    }),
    ("there is the tree, and the kept hash", |site| remove(&site.cached(APP, "zip"))),
    ("the zip was packed again, in another order and without compression", |site| {
        let zip = Archive::new()
            .file(&format!("{UPPER}/upper.go"), b"package upper\n\nconst N = 1\n")
            .file(&format!("{UPPER}/go.mod"), b"module example.com/Upper\n");
        put(site.cached(UPPER, "zip"), zip.finish());
    }),
    ("other mode bits", |site| {
        fs::set_permissions(site.unpacked(APP).join("app.go"), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(site.cached(APP, "zip"), Permissions::from_mode(0o400)).unwrap();
    }),
    ("empty directories in the tree", |site| fs::create_dir_all(site.unpacked(APP).join("a/b")).unwrap()),
    ("another time of the files", |site| {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(1);
        File::open(site.unpacked(APP).join("app.go")).unwrap().set_modified(long_ago).unwrap();
        File::open(site.cached(APP, "zip")).unwrap().set_modified(long_ago).unwrap();
    }),
    ("CRLF in go.sum", |site| site.edit("go.sum", |text| text.replace('\n', "\r\n"))),
    ("spaces and tabs in go.sum", |site| {
        site.edit("go.sum", |text| text.replace(' ', " \t ").replace('\n', "  \n  "));
    }),
    ("empty lines in go.sum", |site| site.edit("go.sum", |text| text.replace('\n', "\n\n"))),
    ("no line feed at the end of go.sum", |site| {
        site.edit("go.sum", |text| text.trim_end().to_owned());
    }),
    ("each line of go.sum twice, and in another order", |site| {
        site.edit("go.sum", |text| {
            text.lines().rev().fold(String::new(), |all, line| all + line + "\n" + line + "\n")
        });
    }),
    ("lines of a later kind of hash in go.sum", |site| {
        site.edit("go.sum", |text| format!("{text}example.com/app v1.0.0 h2:later\n"));
    }),
    ("lines in go.sum that an old go wrote for no go.mod", |site| {
        site.edit("go.sum", |text| {
            format!("{text}example.com/none v1.0.0/go.mod h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n")
        });
    }),
    ("lines in go.sum for a version that no build needs", |site| {
        site.go.run(["mod", "download", "example.com/app@v1.1.0"]).ok();
    }),
    ("a line feed behind the kept hash", |site| {
        let file = site.cached(APP, "ziphash");
        let text = fs::read_to_string(&file).unwrap();
        put(file, format!("{text}\r\n"));
    }),
    ("no .info", |site| remove(&site.cached(APP, "info"))),
    ("an .info without a time", |site| put(site.cached(APP, "info"), r#"{"Version":"v1.0.0"}"#)),
    ("an .info with more fields", |site| {
        put(
            site.cached(APP, "info"),
            r#"{"Version":"v1.0.0","Name":"v1.0.0","Time":"2024-01-01T01:00:00+01:00","Origin":{"VCS":"git","Hash":"abc"}}"#,
        );
    }),
    ("no .mod", |site| remove(&site.cached(LIB, "mod"))),
    ("locks and files of broken downloads", |site| {
        put(site.cached(APP, "lock"), "");
        put(site.cached(APP, "zip123456.tmp"), "half");
    }),
    ("unpacking was broken off, and go knows", |site| {
        put(site.cached(APP, "partial"), "");
        remove(&site.unpacked(APP).join("app.go"));
    }),
    ("a module cache that cannot be written", |site| {
        for file in [site.unpacked(APP), site.unpacked(APP).join("sub"), site.cached(APP, "zip")] {
            let mode = if file.is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
        }
    }),
    ("no answers of the checksum database are kept", |site| remove(&site.answers())),
    ("no head of the checksum database is kept", |site| remove(&site.head())),
    ("repositories and other things in the cache", |site| {
        fs::create_dir_all(site.go.modcache().join("cache/vcs/0123")).unwrap();
        put(site.go.modcache().join("cache/lock"), "");
    }),
    ("a replaced module, of which nobody looks at the cache", |site| {
        site.go.write("old/go.mod", "module example.com/old\n");
        site.go.write("old/old.go", "package old\n\nconst N = 4\n");
        site.edit("go.mod", |text| format!("{text}\nreplace example.com/old => ./old\n"));
        put(site.cached(OLD, "zip"), "anything");
    }),
    ("a module cache behind a link", |site| {
        let (cache, behind) = (site.go.modcache(), site.go.work().parent().unwrap().join("behind"));
        fs::rename(&cache, &behind).unwrap();
        std::os::unix::fs::symlink(&behind, &cache).unwrap();
    }),
];

#[test]
fn what_is_odd_and_right_is_no_finding() {
    let site = Site::new();
    assert!(!site.go.read("go.sum").contains(WRONG));
    let mut wrong = Vec::new();
    for (what, make) in ODDITIES {
        let copy = site.copy();
        make(&copy);
        let before = copy.fingerprint();
        for args in [&[][..], &["--offline"], &["--modcache"]] {
            let report = copy.verify(args);
            if !report.codes().is_empty() && (*what, args) != REPLACED {
                wrong.push(format!("{what} {args:?}: {:?}\n{}", report.codes(), report.ran));
            }
        }
        if copy.fingerprint() != before {
            wrong.push(format!("{what}: something was written"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ODDITIES.len(), wrong.join("\n\n"));
}

/// The whole cache is the one that is looked at there.
const REPLACED: (&str, &[&str]) = ("a replaced module, of which nobody looks at the cache", &["--modcache"]);
