//! What people and programs are told, word for word.

use std::{fs, path::Path};

use insta::{Settings, assert_snapshot};
use testkit::Ran;

use super::{GO_MOD, Site, path, restore};
use crate::world::larder;

/// The output with the names of the documents in place of this machine's, and its exit code.
fn said(ran: &Ran, places: &[(&Path, &str)]) -> String {
    let mut text = format!("{}{}exit code {}", ran.stdout, ran.stderr, ran.code().unwrap());
    for (place, name) in places {
        text = text.replace(path(place), name);
    }
    text.lines().map(steady).collect::<Vec<_>>().join("\n")
}

/// A line without what depends on the moment at which a list was given: digests, and the size of what was compressed.
fn steady(line: &str) -> String {
    let is_digest = |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = line.split([' ', '"']).find(is_digest);
    let line = digest.map_or(line.to_owned(), |digest| line.replace(digest, "DIGEST"));
    if line.starts_with("  \"size\": ") {
        return "  \"size\": SIZE,".to_owned();
    }
    let Some((content, rest)) = line.split_once(" of content, ") else { return line };
    let (_, rest) = rest.split_once(" written").unwrap();
    format!("{content} of content, SIZE written{rest}")
}

/// The snapshots show the output alone.
fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_command_says_what_it_did() {
    let site = Site::new();
    let home = site.larder.home();
    let data = site.larder.data();
    let far = site.far();
    let there = far.data();
    let places: [(&Path, &str); 3] =
        [(&there, "/var/lib/larder"), (&data, "/home/gopher/.cache/larder"), (&home, "/media/usb")];
    settings().bind(|| {
        let (may, created) = site.try_create("may.snapshot", &[]);
        assert_snapshot!("create", said(&created, &places));
        let json = site.try_create("may.snapshot", &["--store", "--json"]).1;
        assert_snapshot!("create_json", said(&json, &places));
        let verified = far.run(["snapshot", "verify", path(&may)]);
        assert_snapshot!("verify", said(&verified, &places));
        let verified = far.run(["snapshot", "verify", path(&may), "--json"]);
        assert_snapshot!("verify_json", said(&verified, &places));
        assert_snapshot!("inspect", said(&far.run(["snapshot", "inspect", path(&may)]), &places));
        assert_snapshot!("restore", said(&restore(&far, &may, &[]), &places));
        assert_snapshot!("restore_json", said(&restore(&far, &may, &["--json"]), &places));

        fs::write(site.project.join("go.mod"), GO_MOD.replace("app v1.2.0", "app v1.3.0")).unwrap();
        let (june, created) = site.try_create("june.snapshot", &["--since", path(&may)]);
        assert_snapshot!("create_since", said(&created, &places));
        let diff = far.run(["snapshot", "diff", path(&may), path(&june)]);
        assert_snapshot!("diff", said(&diff, &places));
        let diff = far.run(["snapshot", "diff", path(&may), path(&june), "--json"]);
        assert_snapshot!("diff_json", said(&diff, &places));

        let cut = home.join("cut.snapshot");
        let bytes = fs::read(&may).unwrap();
        fs::write(&cut, &bytes[..bytes.len() - 1]).unwrap();
        assert_snapshot!("refused", said(&restore(&far, &cut, &[]), &places));
        let verified = far.run(["snapshot", "verify", path(&cut), "--json"]);
        assert_snapshot!("refused_json", said(&verified, &places));
        let none = far.run(["snapshot", "inspect", path(&home.join("none"))]);
        assert_snapshot!("none", said(&none, &places));
    });
}

#[test]
fn a_key_is_made_once_and_shown_by_half() {
    let larder = larder();
    let key = larder.home().join("ops.key");
    let keygen = || larder.run(["snapshot", "keygen", "ops.example.com", "--out", path(&key)]);
    let made = keygen().ok();
    let private = fs::read_to_string(&key).unwrap();
    assert!(private.starts_with("PRIVATE+KEY+ops.example.com+"), "{private}");
    let secret = private.trim_end().splitn(5, '+').last().unwrap();
    assert!(!made.stdout.contains(secret) && !made.stderr.contains(secret));
    assert!(made.stderr.contains(&format!("larder snapshot restore --key {} FILE", made.stdout.trim_end())));
    let again = keygen();
    assert_eq!(again.code(), Some(2), "{again}");
    assert!(again.stderr.contains("a private key is never overwritten"), "{again}");
}
