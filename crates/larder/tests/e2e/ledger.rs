//! The hashes that are known here, as a list that two sites compare, carry and take in.

use std::{fs, path::Path};

use serde_json::Value;
use testkit::{Larder, ModuleTree, Ran, ScriptedUpstream};

use crate::world::{larder, tree};

const ZIP: &str = "/example.com/app/@v/v1.0.0.zip";
const MOD: &str = "/example.com/app/@v/v1.0.0.mod";

/// A Larder with all of the world, none of which a database vouches for.
fn filled() -> Larder {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let server = larder.serve(&upstream.url()).start();
    for module in tree().modules() {
        for ext in ["info", "mod", "zip"] {
            server.get(&format!("/{}", module.url_path(ext))).expect(200);
        }
    }
    server.stop().ok();
    larder
}

fn sumdb(larder: &Larder, words: &[&str]) -> Ran {
    let data = larder.data();
    larder.run([&["sumdb"], words, &["--data", data.to_str().unwrap()]].concat())
}

/// What the list of the world must be.
fn want() -> String {
    let mut lines: Vec<_> = tree()
        .modules()
        .map(testkit::Module::sum_lines)
        .collect::<String>()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.join("\n") + "\n"
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_list_goes_from_one_site_to_another_and_comes_out_the_same() {
    let (here, there) = (filled(), larder());
    let file = here.home().join("sums.txt");
    let ran = sumdb(&here, &["export", text(&file)]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert_eq!(fs::read_to_string(&file).unwrap(), want());
    assert_eq!(sumdb(&here, &["export"]).stdout, want());
    let some = sumdb(&here, &["export", "--module", "example.com/app,example.com/Up*"]).stdout;
    let of_some =
        |line: &&str| line.starts_with("example.com/app ") || line.starts_with("example.com/Upper ");
    assert_eq!(some.lines().collect::<Vec<_>>(), want().lines().filter(of_some).collect::<Vec<_>>());
    let sig = fs::read_to_string(here.home().join("sums.txt.sig")).unwrap();
    let lines = want().lines().count();
    assert!(sig.starts_with(&format!("larder checksums\n{lines}\n")) && sig.lines().count() == 3, "{sig}");

    for (new, known) in [(lines, 0), (0, lines)] {
        let ran = sumdb(&there, &["import", text(&file), "--unsigned", "--json"]);
        assert_eq!(ran.code(), Some(0), "{ran}");
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (&told["summary"]["new"], &told["summary"]["known"]),
            (&new.into(), &known.into()),
            "{ran}"
        );
    }
    assert_eq!(sumdb(&there, &["export"]).stdout, want());
    // No file came with the hashes.
    assert!(!there.data().join("modules").join(&ZIP[1..]).exists());
}

/// The ledger of a private route: what was taken in is what is compared with.
#[test]
fn what_was_taken_in_decides_what_is_served() {
    let (here, there) = (filled(), larder());
    let file = here.home().join("sums.txt");
    sumdb(&here, &["export", text(&file)]);
    let ran = sumdb(&there, &["import", text(&file), "--unsigned"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let moved = testkit::Module::new(
        "example.com/app",
        "v1.0.0",
        &[
            ("go.mod".into(), b"module example.com/app\n".to_vec()),
            ("app.go".into(), b"package moved\n".to_vec()),
        ],
    );
    let mut other = ModuleTree::default();
    other.add(moved);
    let lying = ScriptedUpstream::serving(other);
    let server = there.serve(&lying.url()).start();
    for path in [MOD, ZIP] {
        let refused = server.get(path).expect(502);
        assert!(String::from_utf8_lossy(&refused.body).contains("SECURITY"), "{refused:?}");
    }
    server.stop().ok();
    let honest = ScriptedUpstream::serving(tree());
    let server = there.serve(&honest.url()).start();
    for path in [MOD, ZIP] {
        server.get(path).expect(200);
        let served = server.get(path).expect(200);
        assert_eq!(served.header("x-larder-verified"), Some("imported"), "{served:?}");
    }
}

#[test]
fn a_contradiction_is_told_and_nothing_is_taken_in() {
    let here = filled();
    let app = tree().module("example.com/app", "v1.0.0").h1.clone();
    let other = tree().module("example.com/app", "v1.1.0").h1.clone();
    let list = format!("example.com/app v1.0.0 {other}\nexample.com/new v1.0.0 {app}\n");
    let file = here.home().join("theirs.txt");
    fs::write(&file, list).unwrap();
    for _ in 0..2 {
        let ran = sumdb(&here, &["import", text(&file), "--unsigned"]);
        assert_eq!(ran.code(), Some(1), "{ran}");
        let line =
            format!("SECURITY: the zip of example.com/app@v1.0.0 is {other} in the list, and {app} here\n");
        assert_eq!(ran.stdout, line, "{ran}");
        assert!(ran.stderr.contains("1 lines contradict"), "{ran}");
    }
    assert_eq!(sumdb(&here, &["export"]).stdout, want());
}

#[test]
fn only_a_whole_list_under_the_right_key_is_taken_in() {
    let (here, there) = (filled(), larder());
    let key = here.home().join("sum.key");
    let made = here.run(["sumdb", "keygen", "sum.corp.example", "--out", text(&key)]);
    let vkey = made.stdout.trim().to_owned();
    let config = here.home().join("larder.toml");
    fs::write(&config, format!("[sumdb.own]\nkey = {:?}\n", text(&key))).unwrap();
    let file = here.home().join("sums.txt");
    let ran = sumdb(&here, &["export", text(&file), "--config", text(&config)]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(ran.stderr.contains(&format!("signed by {vkey}")), "{ran}");
    let (list, sig) = (fs::read_to_string(&file).unwrap(), here.home().join("sums.txt.sig"));
    let note = fs::read_to_string(&sig).unwrap();

    let other = there.run(["sumdb", "keygen", "sum.corp.example", "--out", text(&there.home().join("k"))]);
    let refused = |change: &str, list: &str, note: Option<&str>, words: &[&str], why: &str| {
        fs::write(&file, list).unwrap();
        match note {
            Some(note) => fs::write(&sig, note).unwrap(),
            None => drop(fs::remove_file(&sig)),
        }
        let ran = sumdb(&there, &[&["import", text(&file)], words].concat());
        assert_eq!((ran.code(), ran.stdout.as_str()), (Some(2), ""), "{change}: {ran}");
        assert!(ran.stderr.contains(why), "{change}: {ran}");
    };
    let with_key = ["--key", vkey.as_str()];
    let cut = list.rsplit_once("example.com").unwrap().0;
    refused("another key", &list, Some(&note), &["--key", other.stdout.trim()], "not signed by");
    refused("a line less", cut, Some(&note), &with_key, "altered, or is not whole");
    refused("a line less, unsigned", cut, Some(&note), &["--unsigned"], "altered, or is not whole");
    refused(
        "an altered head",
        &list,
        Some(&note.replacen("checksums\n", "checksums\n1", 1)),
        &with_key,
        "wrong signature",
    );
    refused("no head", &list, None, &with_key, "should have the signed head");
    refused("no key", &list, Some(&note), &[], "--key");
    refused("both", &list, Some(&note), &["--key", &vkey, "--unsigned"], "cannot be used with");
    let unsorted = list.lines().rev().collect::<Vec<_>>().join("\n") + "\n";
    refused("not sorted", &unsorted, None, &["--unsigned"], "line 2: it is not in the order");
    assert!(!there.data().join("modules").exists(), "nothing was taken in");

    fs::write(&file, &list).unwrap();
    fs::write(&sig, &note).unwrap();
    let ran = sumdb(&there, &["import", text(&file), "--key", &vkey]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let receipt = there.data().join("modules/example.com/app/@v/v1.0.0.receipt");
    assert!(fs::read_to_string(receipt).unwrap().contains(&vkey));
    assert_eq!(sumdb(&there, &["export"]).stdout, want());
}

#[test]
fn what_cannot_be_done_is_2() {
    let larder = larder();
    for words in [&["audit"][..], &["export"], &["export", "x.txt"]] {
        let ran = sumdb(&larder, words);
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains("holds no modules"), "{ran}");
    }
    let ran = sumdb(&larder, &["import", "/nowhere", "--unsigned"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("cannot read /nowhere"), "{ran}");
    let ran = sumdb(&filled(), &["audit", "--key", "nonsense"]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("--key nonsense"), "{ran}");
}
