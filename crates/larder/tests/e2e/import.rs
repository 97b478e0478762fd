//! Modules that lie on a disk, taken in: from a module cache, a GOPROXY in a directory, or Athens.

mod faults;

use std::{fs, path::Path, time::Instant};

use rustix::process::Signal;
use serde_json::Value;
use testkit::{Gate, LIMIT, Larder, Module, ModuleTree, Ran, Reply, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, project, tree};

/// An upstream with a tree and a database over it, and the key of that.
fn vouched(tree: &ModuleTree) -> (ScriptedUpstream, String) {
    let log = TestLog::over(LOG, tree).with_filler(300);
    let vkey = log.vkey();
    (ScriptedUpstream::with_log(tree.clone(), log), vkey)
}

/// `larder import` into the data directory of this Larder.
fn import(larder: &Larder, upstream: &ScriptedUpstream, sumdb: &str, words: &[&str]) -> Ran {
    larder.run(words_for(larder, upstream, sumdb, words))
}

fn words_for(larder: &Larder, upstream: &ScriptedUpstream, sumdb: &str, words: &[&str]) -> Vec<String> {
    let data = larder.data();
    let fixed =
        ["import", "--data", text(&data), "--upstream", &upstream.url(), "--sumdb", sumdb].map(str::to_owned);
    fixed.into_iter().chain(words.iter().map(|word| (*word).to_owned())).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The counts at the end of what was written as JSON.
fn summary(ran: &Ran) -> Value {
    let line: Value = serde_json::from_str(ran.stdout.lines().last().expect("a summary")).unwrap();
    line["summary"].clone()
}

/// A tree as Athens keeps it: names as people write them.
fn athens(tree: &ModuleTree, root: &Path) {
    for module in tree.modules() {
        let dir = root.join(&module.path).join(&module.version);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("go.mod"), &module.gomod).unwrap();
        fs::write(dir.join("source.zip"), module.zip.to_vec()).unwrap();
        fs::write(dir.join(format!("{}.info", module.version)), &module.info).unwrap();
    }
}

/// All modules of a tree come from a Larder that asks nobody.
fn is_whole(larder: &Larder, sumdb: &str, tree: &ModuleTree) {
    let server = larder.serve("http://127.0.0.1:1").sumdb(sumdb).with("--offline").start();
    for module in tree.modules() {
        for (ext, want) in [("info", &module.info), ("mod", &module.gomod), ("zip", &module.zip.to_vec())] {
            let got = server.get(&format!("/{}", module.url_path(ext))).expect(200);
            assert_eq!(&got.body, want, "{} {ext}", module.path);
        }
    }
}

/// How many files of modules lie in the data directory.
fn stored(larder: &Larder) -> usize {
    fn count(dir: &Path) -> usize {
        let Ok(entries) = fs::read_dir(dir) else { return 0 };
        let count_one = |path: &Path| {
            usize::from(
                path.extension().is_some_and(|ext| ["info", "mod", "zip"].map(Some).contains(&ext.to_str())),
            )
        };
        entries
            .flatten()
            .map(|e| if e.path().is_dir() { count(&e.path()) } else { count_one(&e.path()) })
            .sum()
    }
    count(&larder.data().join("modules"))
}

#[test]
fn a_module_cache_of_a_real_go_builds_elsewhere_without_network() {
    let (upstream, vkey) = vouched(&tree());
    let go = project(&upstream.url()).sumdb(&vkey);
    go.run(["mod", "tidy"]).ok();
    go.run(["list", "-deps", "."]).ok();
    go.run(["get", "example.com/branch@main"]).ok();
    let larder = larder();
    let cache = go.modcache();
    let ran = import(&larder, &upstream, &vkey, &["--modcache", text(&cache)]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stderr.contains("files taken in"), "{ran}");

    upstream.forget();
    let again = import(&larder, &upstream, &vkey, &["--modcache", text(&cache), "--json"]);
    assert_eq!(again.code(), Some(0), "{again}");
    let counts = summary(&again);
    assert_eq!((counts["new"].as_u64(), counts["refused"].as_u64()), (Some(0), Some(0)), "{again}");
    assert!(counts["known"].as_u64().unwrap() >= 10, "{again}");
    assert!(counts["passed"].as_u64().unwrap() >= 5, "locks and stated hashes are nobody's files: {again}");
    assert_eq!(upstream.asked("*.zip"), 0, "nothing was fetched");
    let again = import(&larder, &upstream, &vkey, &["--dir", text(&cache)]);
    assert!(again.stderr.contains("nothing was missing"), "a module cache is one by any option: {again}");

    drop(upstream);
    let server = larder.serve("http://127.0.0.1:1").sumdb(&vkey).with("--offline").start();
    let elsewhere = project(&server.url()).sumdb(&vkey);
    elsewhere.write("go.mod", &go.read("go.mod"));
    elsewhere.write("go.sum", &go.read("go.sum"));
    elsewhere.run(["list", "-deps", "."]).ok();
    let zip = server.get("/example.com/app/@v/v1.0.0.zip").expect(200);
    assert_eq!(zip.header("X-Larder-Verified"), Some("log"));
    assert_eq!(zip.header("X-Larder-Source"), Some("import of a module cache"));
}

#[test]
fn a_goproxy_tree_and_an_athens_tree_come_out_as_they_went_in() {
    for layout in [ModuleTree::write_to, athens] {
        let (upstream, vkey) = vouched(&tree());
        let larder = larder();
        let dir = larder.home().join("tree");
        layout(&tree(), &dir);
        let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir), "--json"]);
        assert_eq!(ran.code(), Some(0), "{ran}");
        let counts = summary(&ran);
        let modules = tree().modules().count() as u64;
        assert_eq!(counts["versions"], modules, "{ran}");
        assert_eq!(counts["new"], 3 * modules, "{ran}");
        is_whole(&larder, &vkey, &tree());
    }
}

/// What other programs keep in their trees beside modules is left where it is, and nothing is wrong with it.
#[test]
fn clean_oddities_are_no_findings() {
    let (upstream, vkey) = vouched(&tree());
    let larder = larder();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let at = |path: &str| {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        file
    };
    let app = "example.com/app/@v";
    for (path, content) in [
        ("sumdb/sum.example.test/latest", "not a head"),
        ("sumdb/sum.example.test/tile/8/0/000", "x"),
        (&format!("{app}/v1.0.0.lock"), ""),
        (&format!("{app}/v1.0.0.ziphash"), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        (&format!("{app}/v1.0.0.partial"), ""),
        (&format!("{app}/v1.1.0.zip1234.tmp"), "PK"),
        (&format!("{app}/main.info"), r#"{"Version":"v1.0.0"}"#),
        (&format!("{app}/list.lock"), ""),
        (&format!("{app}/list"), "v9.9.9\nv1.0.0\n"),
        (&format!("{app}/.DS_Store"), "x"),
        ("example.com/app/@latest", r#"{"Version":"v9.9.9"}"#),
        ("README", "x"),
        ("lost+found/x", "x"),
        ("example.com/empty/@v/list", ""),
        ("example.com/readme.md", "x"),
        // An unpacked module is no tree of modules.
        ("example.com/app@v1.0.0/go.mod", "module example.com/app\n"),
    ] {
        fs::write(at(path), content).unwrap();
    }
    fs::create_dir_all(dir.join("cache/vcs/0123/refs")).unwrap();
    fs::create_dir_all(dir.join(app).join("tmp")).unwrap();
    // A part of a version is better than none of it.
    fs::remove_file(dir.join("example.com/app/@v/v1.1.0.zip")).unwrap();
    fs::remove_file(dir.join("example.com/app/@v/v1.1.0.mod")).unwrap();
    fs::remove_file(dir.join("example.com/major/v2/@v/v2.0.0.zip")).unwrap();
    fs::remove_file(dir.join("example.com/major/v2/@v/v2.0.0.info")).unwrap();
    // The same version in the other layout too.
    athens(&tree(), &dir);
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir), "--json"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(summary(&ran)["refused"], 0, "{ran}");
    is_whole(&larder, &vkey, &tree());
    let server = larder.serve("http://127.0.0.1:1").with("--offline").start();
    let list = server.get("/example.com/app/@v/list").expect(200).text();
    assert!(!list.contains("v9.9.9"), "a list is made of what is stored: {list}");
}

#[test]
fn a_tree_may_be_named_by_a_link() {
    let (upstream, vkey) = vouched(&tree());
    let larder = larder();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let link = larder.home().join("link");
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&link)]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    is_whole(&larder, &vkey, &tree());
}

/// Beside a server that has looked for a version in vain, and under clients.
#[test]
fn a_server_that_is_at_work_has_it_at_once() {
    let (upstream, vkey) = vouched(&tree());
    // The records of the database it gives all the same.
    upstream.always("example.com/app/*", Reply::status(503));
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    let zip = "/example.com/app/@v/v1.0.0.zip";
    assert!(server.get(zip).status >= 500);
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let got = server.get(zip).expect(200);
    assert_eq!(got.header("X-Cache"), Some("HIT"));
    assert_eq!(got.body, tree().module("example.com/app", "v1.0.0").zip.to_vec());
    let list = server.get("/example.com/app/@v/list").expect(200).text();
    assert!(list.contains("v1.0.0\n") && list.contains("v1.1.0\n"), "{list}");
}

#[test]
fn one_that_is_killed_goes_on_where_it_was() {
    let mut many = ModuleTree::default();
    for n in 0..40 {
        many.add(Module::of_noise(&format!("example.com/m{n:02}"), "v1.0.0", 100_000 + 7 * n));
    }
    let (upstream, vkey) = vouched(&many);
    let larder = larder();
    let dir = larder.home().join("tree");
    many.write_to(&dir);
    // Somewhere in the middle the database takes its time; by then others are stored.
    let gate = Gate::new();
    upstream.always("*/lookup/example.com/m20@*", Reply::natural().hold(&gate));
    let words = words_for(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    let first = larder.spawn(&words);
    let began = Instant::now();
    while stored(&larder) < 30 {
        assert!(began.elapsed() < LIMIT, "nothing is taken in");
        std::thread::yield_now();
    }
    first.signal(Signal::KILL);
    first.wait();
    gate.open();
    upstream.natural();
    let before = stored(&larder) as u64;
    assert!(before < 120, "it was killed in the middle");

    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir), "--json"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let counts = summary(&ran);
    let (new, known) = (counts["new"].as_u64().unwrap(), counts["known"].as_u64().unwrap());
    assert_eq!(new + known, 120, "{ran}");
    assert!(known > 0 && known <= before && new > 0, "{ran}");
    is_whole(&larder, &vkey, &many);
    let scrub = larder.run(["scrub", "--rate", "0", "--data", text(&larder.data())]);
    assert_eq!(scrub.code(), Some(0), "nothing is torn: {scrub}");
}

#[test]
fn two_at_once_do_not_hurt_each_other() {
    let (upstream, vkey) = vouched(&tree());
    let larder = larder();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let words = words_for(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    let both = [larder.spawn(&words), larder.spawn(&words)];
    for ran in both.map(testkit::Running::wait) {
        assert_eq!(ran.code(), Some(0), "{ran}");
    }
    is_whole(&larder, &vkey, &tree());
}

/// No database hears of a private name, and no proxy is asked for anything.
#[test]
fn private_names_reach_nobody_and_what_was_seen_first_stays() {
    let (upstream, vkey) = vouched(&ModuleTree::default());
    let plain = larder();
    let dir = plain.home().join("tree");
    tree().write_to(&dir);
    let larder = plain.env("GOPRIVATE", "example.com");
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(upstream.seen().len(), 0, "{:?}", upstream.seen());

    let config = larder.home().join("larder.toml");
    fs::write(&config, "[[route]]\nmodules = [\"example.com\"]\nsumdb = \"ledger\"\n").unwrap();
    let config = text(&config).to_owned();
    let ledger = crate::world::larder();
    let ran = import(&ledger, &upstream, &vkey, &["--dir", text(&dir), "--config", &config]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(upstream.seen().len(), 0);

    let mut other = ModuleTree::parse(
        "-- example.com/app@v1.0.0/go.mod --\nmodule example.com/app\n-- example.com/app@v1.0.0/evil.go --\npackage app\n",
    );
    other.add(tree().module("example.com/app", "v1.1.0").clone());
    let forged = ledger.home().join("forged");
    other.write_to(&forged);
    let ran = import(&ledger, &upstream, &vkey, &["--dir", text(&forged), "--config", &config]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.contains("SECURITY") && ran.stdout.contains("was seen first, from import"), "{ran}");
    let server = ledger.serve(&upstream.url()).flag("--config", &config).with("--offline").start();
    let zip = server.get("/example.com/app/@v/v1.0.0.zip").expect(200);
    assert_eq!(zip.body, tree().module("example.com/app", "v1.0.0").zip.to_vec());
    assert_eq!(zip.header("X-Larder-Verified"), Some("first-sight"));
    server.get("/example.com/app/@v/v1.1.0.zip").expect(200);
}

#[test]
fn offline_what_is_stored_of_the_database_counts_and_the_rest_waits() {
    let (upstream, vkey) = vouched(&tree());
    let larder = larder();
    let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
    // It looks after one module, and so keeps its record.
    server.get("/example.com/app/@v/v1.0.0.mod").expect(200);
    server.stop().ok();
    upstream.forget();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let words = ["--dir", text(&dir), "--offline", "--json"];
    let ran = import(&larder, &upstream, &vkey, &words);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(upstream.seen().len(), 0);
    let told: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for refused in &told[..told.len() - 1] {
        assert_ne!(
            (&refused["module"], &refused["version"]),
            (&"example.com/app".into(), &"v1.0.0".into()),
            "{ran}"
        );
        assert!(["unverified", "companion"].contains(&refused["reason"].as_str().unwrap()), "{ran}");
    }
    let server = larder.serve(&upstream.url()).sumdb(&vkey).with("--offline").start();
    server.get("/example.com/app/@v/v1.0.0.zip").expect(200);
    server.get("/example.com/app/@v/v1.1.0.zip").expect(404);
    server.stop().ok();
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    assert_eq!(ran.code(), Some(0), "with its database the rest comes in: {ran}");
    is_whole(&larder, &vkey, &tree());
}

#[test]
fn a_silent_database_is_no_reason_to_believe() {
    let (upstream, vkey) = vouched(&tree());
    upstream.always("sumdb/*", Reply::status(503));
    let larder = larder();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let ran = import(&larder, &upstream, &vkey, &["--dir", text(&dir)]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.contains("import again when it does"), "{ran}");
    assert_eq!(stored(&larder), 0);
}

#[test]
fn what_cannot_be_done_is_2() {
    let (upstream, vkey) = vouched(&tree());
    let larder = larder();
    let dir = larder.home().join("tree");
    tree().write_to(&dir);
    let file = dir.join("example.com/app/@v/list");
    let junk = larder.home().join("junk");
    fs::create_dir_all(junk.join("a")).unwrap();
    fs::write(junk.join("a/b"), "x").unwrap();
    let nowhere = larder.home().join("nowhere");
    for (words, says) in [
        (["--dir", text(&nowhere)], "cannot read"),
        (["--dir", text(&file)], "is no directory"),
        (["--modcache", text(&dir)], "go env GOMODCACHE"),
        (["--dir", text(&junk)], "holds no modules"),
    ] {
        let ran = import(&larder, &upstream, &vkey, &words);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(says), "{says}: {ran}");
    }
    let empty = larder.home().join("empty");
    fs::create_dir(&empty).unwrap();
    assert_eq!(import(&larder, &upstream, &vkey, &["--dir", text(&empty)]).code(), Some(0));
    let full = import(&larder, &upstream, &vkey, &["--dir", text(&dir), "--min-free", "99%"]);
    assert_eq!(full.code(), Some(2), "{full}");
    assert!(full.stderr.contains("no more can be stored") && full.stderr.contains("import again"), "{full}");
    let ran = larder.run(["import", "--dir", "a", "--modcache", "b"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    // Nothing of that stands in the way.
    assert_eq!(import(&larder, &upstream, &vkey, &["--dir", text(&dir)]).code(), Some(0));
    is_whole(&larder, &vkey, &tree());
}

/// Toolchains lie in module caches too; a database vouches for them whatever the settings say.
#[test]
fn a_toolchain_needs_its_database() {
    let (upstream, _) = vouched(&tree());
    let toolchain = testkit::toolchain("go1.99.0", "exit 0");
    let larder = larder();
    let dir = larder.home().join("tree");
    ModuleTree::parse(&toolchain).write_to(&dir);
    let ran = import(&larder, &upstream, "off", &["--dir", text(&dir), "--json"]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(stored(&larder), 0);
}
