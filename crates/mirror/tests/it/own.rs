//! A log of one's own: appended to by many, read by all, and never contradicting itself.

use std::{fs, path::Path, path::PathBuf, sync::Arc};

use bytes::Bytes;
use gomod::{H1, ModulePath, ModuleVersion, SumdbPath, TileId, Version};
use mirror::{Audit, OwnError, OwnLog};
use storage::{Data, Key, OpenOptions, Store};
use sumdb::{Frontier, Hashes, Head, Lookup, Signer, Tiles, Unproved};

pub(crate) const NAME: &str = "sum.example.com/own";

/// Two keys of one name.
pub(crate) fn signer(seed: u8) -> Signer {
    Signer::from_seed(NAME, &[seed; 32]).unwrap()
}

pub(crate) fn version(n: usize) -> ModuleVersion {
    let path = ModulePath::new(&format!("corp.example.com/Team{}/m{n}", n % 7)).unwrap();
    ModuleVersion::new(path, Version::new("v1.0.0-Rc1").unwrap()).unwrap()
}

pub(crate) fn hashes(n: usize) -> Hashes {
    let h1 = |what: &str| Some(H1::of_gomod(format!("{what} {n}").as_bytes()));
    Hashes { zip: h1("zip"), gomod: h1("go.mod") }
}

fn data(dir: &Path) -> Arc<Data> {
    let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
    Data::open(dir.join("data"), options).unwrap()
}

fn second(dir: &Path) -> PathBuf {
    dir.join("key.head")
}

/// One process's log in a directory.
async fn try_open(dir: &Path, seed: u8) -> Result<Arc<OwnLog>, OwnError> {
    OwnLog::open(Store::open(&data(dir)), signer(seed), second(dir)).await
}

async fn open(dir: &Path) -> Arc<OwnLog> {
    try_open(dir, 1).await.unwrap()
}

async fn append(own: &OwnLog, numbers: std::ops::Range<usize>) {
    let appends = numbers.map(|n| async move { own.append(&version(n), &hashes(n)).await.unwrap() });
    futures_util::future::join_all(appends).await;
}

/// Does something with the tiles it needs, as they are served.
pub(crate) async fn with_tiles<T>(own: &OwnLog, proof: impl Fn(&Tiles) -> Result<T, Unproved>) -> T {
    let mut tiles = Tiles::default();
    loop {
        match proof(&tiles) {
            Ok(done) => return done,
            Err(Unproved::Need(needed)) => {
                for id in needed {
                    tiles.insert(id, Vec::from(own.tile(id).await.unwrap()));
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// What an auditor finds: every record from the first on, under the present head; one for each version, and the answer
/// to a lookup of it. Gives the records' number.
pub(crate) async fn audit(own: &OwnLog) -> u64 {
    let head = Head::open(&own.latest().await.unwrap(), own.verifier()).unwrap();
    let mut frontier = Frontier::new();
    let mut seen = std::collections::HashSet::new();
    while frontier.size() < head.size {
        let n = frontier.size() / 256;
        let width = u16::try_from((head.size - n * 256).min(256)).unwrap();
        let body = own.tile(TileId::new(None, n, width).unwrap()).await.unwrap();
        for text in sumdb::records(&body).unwrap() {
            let mut words = text.split(' ');
            let (path, number) = (words.next().unwrap(), words.next().unwrap());
            let path = ModulePath::new(path).unwrap();
            let version = ModuleVersion::new(path, Version::new(number).unwrap()).unwrap();
            let answer = own.lookup(&version).await.unwrap().unwrap();
            let lookup = Lookup::parse(&answer).unwrap();
            lookup.check(&version, own.verifier()).unwrap();
            assert_eq!((lookup.id(), lookup.text()), (frontier.size(), text), "{version}");
            assert!(seen.insert(version), "{text} is there twice");
            frontier.append(text).unwrap();
        }
    }
    assert_eq!(frontier.head(), head);
    head.size
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_proven_to_a_client() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    assert_eq!(own.head().await.unwrap(), Frontier::new().head());
    assert_eq!(own.lookup(&version(0)).await.unwrap(), None);
    append(&own, 0..300).await;
    assert_eq!(audit(&own).await, 300);
    for n in [0, 7, 255, 256, 299] {
        let again = own.append(&version(n), &hashes(n)).await.unwrap();
        assert!(!again.new);
        let answer = own.lookup(&version(n)).await.unwrap().unwrap();
        let lookup = Lookup::parse(&answer).unwrap();
        assert_eq!(lookup.id(), again.id);
        let signed = Head::open(lookup.note(), own.verifier()).unwrap();
        let latest = own.head().await.unwrap();
        let proved = with_tiles(&own, |tiles| sumdb::prove(Some(&latest), &signed, &lookup, tiles)).await;
        assert_eq!(proved.head, latest);
        assert_eq!(lookup.hashes(&version(n)).unwrap(), hashes(n));
    }
    // Those who read the directory without Larder find the same.
    let path = dir.path().join("data").join(Key::Lookup(own.name().clone(), version(7)).path());
    assert_eq!(fs::read(path).unwrap(), own.lookup(&version(7)).await.unwrap().unwrap());
    assert_eq!(fs::read(second(dir.path())).unwrap(), own.latest().await.unwrap());
    // And the next process too.
    drop(own);
    let own = open(dir.path()).await;
    assert_eq!(audit(&own).await, 300);
    append(&own, 295..310).await;
    assert_eq!(audit(&own).await, 310);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_never_changes() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    let gomod_only = Hashes { zip: None, ..hashes(1) };
    let (first, second) = (hashes(1), hashes(2));
    // In one batch, too: the first of them to arrive counts.
    let version_1 = version(1);
    let (one, other) = tokio::join!(own.append(&version_1, &first), own.append(&version_1, &second));
    let refused = match (one, other) {
        (Ok(appended), Err(refused)) | (Err(refused), Ok(appended)) if appended.id == 0 => refused,
        other => panic!("{other:?}"),
    };
    let text = refused.to_string();
    assert!(matches!(refused, OwnError::Recorded { .. }), "{text}");
    for hash in [hashes(1).zip.unwrap(), hashes(2).zip.unwrap()] {
        assert!(text.contains(&hash.to_string()), "{text}");
    }
    let recorded = own.append(&version(1), &gomod_only).await;
    assert!(matches!(recorded, Err(OwnError::Recorded { .. })), "{recorded:?}");
    let nothing = own.append(&version(2), &Hashes { zip: None, gomod: None }).await;
    assert!(matches!(nothing, Err(OwnError::Nothing(_))), "{nothing:?}");
    assert_eq!(audit(&own).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_append_the_same_and_others_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let logs = [open(dir.path()).await, open(dir.path()).await];
    let tasks = (0..400).map(|n| {
        let own = Arc::clone(&logs[n % 2]);
        // Each version is appended by both; half of the versions with other hashes by each of them.
        let hashes = hashes(if n / 2 % 2 == 0 { n / 2 } else { n });
        tokio::spawn(async move { (n / 2, own.append(&version(n / 2), &hashes).await) })
    });
    let mut ids = std::collections::HashMap::new();
    for done in futures_util::future::join_all(tasks).await {
        match done.unwrap() {
            (n, Ok(appended)) => {
                let first = *ids.entry(n).or_insert(appended.id);
                assert_eq!(first, appended.id, "{n}");
            }
            (n, Err(OwnError::Recorded { .. })) => assert!(n % 2 == 1, "{n}"),
            (n, Err(error)) => panic!("{n}: {error}"),
        }
    }
    assert_eq!(ids.len(), 200);
    for own in &logs {
        assert_eq!(audit(own).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_head_ever_signed_stays_consistent_and_has_its_tiles() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    let mut heads = Vec::new();
    for n in 0..40 {
        append(&own, n * 13..n * 13 + 13).await;
        heads.push(own.head().await.unwrap());
    }
    for first in (520..10_000).step_by(790) {
        append(&own, first..first + 790).await;
    }
    let new = own.head().await.unwrap();
    assert_eq!(new.size, 10_000);
    for old in &heads {
        with_tiles(&own, |tiles| sumdb::extends(old, &new, tiles)).await;
        // Its own partial tiles, as one asks for them who knows no newer head.
        let mut tiles = Tiles::default();
        for id in sumdb::tlog::new_tiles(0, old.size) {
            tiles.insert(id, Vec::from(own.tile(id).await.unwrap()));
        }
        let edge = sumdb::Frontier::from_tiles(old, &{
            let mut all = tiles.clone();
            let (n, width) = (old.size / 256, u16::try_from(old.size % 256).unwrap());
            if let Ok(id) = TileId::new(None, n, width) {
                all.insert(id, Vec::from(own.tile(id).await.unwrap()));
            }
            all
        });
        assert_eq!(edge.unwrap().head(), *old);
    }
    let beyond = own.tile("8/0/039.p/17".parse().unwrap()).await;
    assert!(matches!(beyond, Err(OwnError::Beyond(_))), "{beyond:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_was_lost_is_made_again_and_nothing_is_recorded_twice() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..20).await;
    drop(own);
    let lookup = |n| (Key::Lookup(NAME.parse().unwrap(), version(n)), SumdbPath::Lookup(version(n)));
    for n in [3, 4] {
        let (plain, path) = lookup(n);
        let checked = Key::Checked(NAME.parse().unwrap(), path);
        for key in [plain, checked] {
            fs::remove_file(dir.path().join("data").join(key.path())).unwrap();
        }
    }
    let own = open(dir.path()).await;
    assert!(!own.append(&version(3), &hashes(3)).await.unwrap().new);
    let answer = own.lookup(&version(4)).await.unwrap().unwrap();
    Lookup::parse(&answer).unwrap().check(&version(4), own.verifier()).unwrap();
    assert_eq!(fs::read(dir.path().join("data").join(lookup(4).0.path())).unwrap(), answer);
    assert_eq!(audit(&own).await, 20);
}

/// What a backup has of a data directory.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for part in ["format", "modules", "answers", "journals"] {
        let status =
            std::process::Command::new("cp").arg("-a").arg(from.join(part)).arg(to).status().unwrap();
        assert!(status.success(), "{part}");
    }
}

/// Removes a directory in which the last one who had it open may still tidy up.
fn remove(dir: &Path) {
    while dir.exists() {
        let _ = fs::remove_dir_all(dir);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_whose_checked_copy_is_damaged_or_set_aside_is_proven_and_kept_on() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..300).await;
    drop(own);
    let name: gomod::DbName = NAME.parse().unwrap();
    let tiles = ["8/0/000", "8/data/000", "8/data/001.p/44", "8/1/000.p/1"].map(|id| id.parse().unwrap());
    let lies = |id: TileId| {
        let root = dir.path().join("data");
        let checked = Key::Checked(name.clone(), SumdbPath::Tile(id));
        (root.join(checked.path()), root.join(Key::Tile(name.clone(), id).path()))
    };
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let last = bytes.len() - 3;
        bytes[last] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    for id in tiles {
        flip(&lies(id).0);
    }
    let own = open(dir.path()).await;
    append(&own, 300..301).await;
    assert_eq!(audit(&own).await, 301);
    drop(own);
    // They are mended; where nobody reads them in time, they are set aside, and the plain ones stay.
    for id in tiles {
        flip(&lies(id).0);
    }
    let opened = data(dir.path());
    let scrub = storage::Scrub::begin(&opened, &Store::open(&opened), storage::ScrubOptions::default());
    let (tell, mut told) = tokio::sync::mpsc::channel(16);
    let walk = tokio::spawn(scrub.unwrap().run(tell));
    let mut found = 0;
    while told.recv().await.is_some() {
        found += 1;
    }
    walk.await.unwrap();
    assert!(found >= tiles.len(), "{found}");
    let own = open(dir.path()).await;
    assert_eq!(audit(&own).await, 301);
    drop(own);
    // One that is altered is not taken for the right one.
    for path in [lies(tiles[0]).0, lies(tiles[0]).1] {
        if path.exists() {
            flip(&path);
        }
    }
    let refused = open(dir.path()).await.append(&version(400), &hashes(400)).await;
    assert!(matches!(refused, Err(OwnError::Damaged { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_older_than_what_clients_saw_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..10).await;
    drop(own);
    let backup = tempfile::tempdir().unwrap();
    copy(&dir.path().join("data"), &backup.path().join("data"));
    let own = open(dir.path()).await;
    append(&own, 10..11).await;
    drop(own);

    remove(&dir.path().join("data"));
    let lost = try_open(dir.path(), 1).await.unwrap_err();
    assert!(matches!(lost, OwnError::Older { stored: 0, seen: 11, .. }), "{lost}");
    remove(&dir.path().join("data"));
    copy(&backup.path().join("data"), &dir.path().join("data"));
    let older = try_open(dir.path(), 1).await.unwrap_err();
    assert!(matches!(older, OwnError::Older { stored: 10, seen: 11, .. }), "{older}");

    // Without the file beside the key nobody can tell; it is made anew.
    fs::remove_file(second(dir.path())).unwrap();
    let own = open(dir.path()).await;
    assert_eq!(fs::read(second(dir.path())).unwrap(), own.latest().await.unwrap());
    append(&own, 20..25).await;
    let other = tempfile::tempdir().unwrap();
    fs::copy(second(dir.path()), second(other.path())).unwrap();
    drop(own);

    // Another log under the same name and key.
    let third = tempfile::tempdir().unwrap();
    let own = open(third.path()).await;
    append(&own, 30..70).await;
    drop(own);
    fs::copy(second(other.path()), second(third.path())).unwrap();
    let fork = try_open(third.path(), 1).await.unwrap_err();
    assert!(matches!(fork, OwnError::Other { .. }), "{fork}");
    fs::write(second(third.path()), "not a head").unwrap();
    let none = try_open(third.path(), 1).await.unwrap_err();
    assert!(matches!(none, OwnError::NoHead { .. }), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_signs_what_is_there_where_the_file_beside_it_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..10).await;
    drop(own);
    let kept = fs::read(second(dir.path())).unwrap();
    fs::remove_file(second(dir.path())).unwrap();
    let unsigned = try_open(dir.path(), 2).await.unwrap_err();
    assert!(matches!(unsigned, OwnError::Unsigned { .. }), "{unsigned}");
    fs::write(second(dir.path()), kept).unwrap();
    let own = try_open(dir.path(), 2).await.unwrap();
    append(&own, 8..12).await;
    // Also of what was recorded under the earlier key.
    assert_eq!(audit(&own).await, 12);
    drop(own);
    let own = try_open(dir.path(), 2).await.unwrap();
    assert_eq!(audit(&own).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_of_others_are_passed_on_until_the_log_grows() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..3).await;
    let latest = own.latest().await.unwrap();
    let line = |name: &str, seed: u8| {
        let witness = Signer::from_seed(name, &[seed; 32]).unwrap();
        let text = Head::open(&latest, own.verifier()).unwrap().to_string();
        witness.sign(&text).unwrap().split("\n\n").nth(1).unwrap().to_owned()
    };
    let with = |lines: &[String]| Bytes::from([latest.as_ref(), lines.concat().as_bytes()].concat());
    let (a, b, newer) = (line("a.example.com", 2), line("b.example.com", 3), line("a.example.com", 4));
    own.cosign(with(std::slice::from_ref(&a))).await.unwrap();
    own.cosign(with(std::slice::from_ref(&b))).await.unwrap();
    assert_eq!(own.latest().await.unwrap(), with(&[a, b.clone()]));
    own.cosign(with(std::slice::from_ref(&newer))).await.unwrap();
    let cosigned = with(&[b.clone(), newer]);
    assert_eq!(own.latest().await.unwrap(), cosigned);
    Head::open(&cosigned, own.verifier()).unwrap();

    let many: Vec<String> = (0..20).map(|n| line(&format!("w{n}.example.com"), n)).collect();
    let forged = {
        let mut forged = latest.to_vec();
        let last = forged.len() - 10;
        forged[last] ^= 1;
        Bytes::from(forged)
    };
    let old = Bytes::from(signer(1).sign(&Frontier::new().head().to_string()).unwrap());
    for bad in [with(&many), with(&["\u{2014} a.example.com !\n".into()]), forged, old, "note".into()] {
        let refused = own.cosign(bad).await;
        assert!(matches!(refused, Err(OwnError::Cosignature(_))), "{refused:?}");
        assert_eq!(own.latest().await.unwrap(), cosigned);
    }
    append(&own, 3..4).await;
    assert_eq!(sumdb_lines(&own.latest().await.unwrap()), 1);
    assert_eq!(audit(&own).await, 4);
}

fn sumdb_lines(note: &[u8]) -> usize {
    std::str::from_utf8(note).unwrap().matches('\u{2014}').count()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_catalog_nothing_is_appended_and_all_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..5).await;
    drop(own);
    let own = open(dir.path()).await;
    let leases = dir.path().join("data/leases");
    fs::remove_dir_all(&leases).unwrap();
    fs::write(&leases, "").unwrap();
    let refused = own.append(&version(5), &hashes(5)).await;
    assert!(matches!(refused, Err(OwnError::NoLease { .. })), "{refused:?}");
    assert_eq!(audit(&own).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_too_long_for_the_disk_does_not_stop_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    append(&own, 0..3).await;
    // Path and version can be asked for, and each is the name of a file. A lookup has both in one name.
    let path = ModulePath::new(&format!("corp.example.com/{}", "m".repeat(200))).unwrap();
    let long = Version::new(&format!("v1.0.0-{}", "a".repeat(150))).unwrap();
    let long = ModuleVersion::new(path, long).unwrap();
    assert!(own.append(&long, &hashes(3)).await.unwrap().new);
    append(&own, 4..6).await;
    assert_eq!(audit(&own).await, 6);
    drop(own);
    let own = open(dir.path()).await;
    append(&own, 6..9).await;
    assert!(!own.append(&long, &hashes(3)).await.unwrap().new);
    assert_eq!(audit(&own).await, 9);
    // Nor is it a finding.
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let all =
        Audit::new(&Store::open(&data(dir.path())), [(own.name().clone(), own.verifier().clone())], tell);
    assert_eq!(all.with_own(own.name().clone(), None).run().await.log, 9);
    assert_eq!(told.recv().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tile_of_the_longest_records_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let own = open(dir.path()).await;
    let version = |n: usize, length: usize| {
        let element = format!("/{}", "m".repeat(99));
        let path = format!("corp.example.com/{n:04}{}", element.repeat(length / 100));
        ModuleVersion::new(ModulePath::new(&path).unwrap(), Version::new("v1.0.0").unwrap()).unwrap()
    };
    // A client may ask for it.
    let refused = own.append(&version(0, 3900), &hashes(0)).await.unwrap_err();
    assert!(matches!(refused, OwnError::Long(_)), "{refused}");
    let appends = (0..300).map(|n| {
        let own = &own;
        async move { own.append(&version(n, 1800), &hashes(n)).await.unwrap() }
    });
    futures_util::future::join_all(appends).await;
    assert_eq!(audit(&own).await, 300);
    drop(own);
    let own = open(dir.path()).await;
    append(&own, 0..1).await;
    assert_eq!(own.head().await.unwrap().size, 301);
    let aside = fs::read_dir(dir.path().join("data/quarantine")).map_or(0, Iterator::count);
    assert_eq!(aside, 0, "what is longer than is read of it looks damaged");
}
