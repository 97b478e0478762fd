//! A walk over everything that is stored: what it finds, and what it leaves alone.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use gomod::{DbName, H1, ZipCheck};
use storage::{
    Data, Done, Evidence, FileFact, Finding, Key, Kind, Loaded, Question, Scrub, ScrubError, ScrubOptions,
    Store, StoredAnswer, Walked,
};
use testkit::Module;

use crate::world::{mv, open, staged};

const WHAT: &str = "example.com/a@v1.0.0";
const AT: &str = "modules/example.com/a/@v/v1.0.0";

/// A directory in which one of each sort is stored.
struct World {
    dir: tempfile::TempDir,
    data: Arc<Data>,
    store: Arc<Store>,
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = open(dir.path());
        let store = Store::open(&data);
        let world = World { dir, data, store };
        for version in ["v1.0.0", "v1.1.0"] {
            world.publish("example.com/a", version).await;
        }
        let module = mv(WHAT).path().clone();
        let answer = StoredAnswer {
            at: jiff::Timestamp::UNIX_EPOCH,
            source: "proxy.example.com".into(),
            validator: None,
            body: "v1.0.0\n".into(),
        };
        for question in [Question::List(module.clone()), Question::Latest(module)] {
            world.store.put_answer(&question, &answer).await.unwrap();
        }
        for key in [lookup(), Key::Tile(db(), "8/0/000".parse().unwrap()), Key::Head(db())] {
            world.store.put_small(&key, "what the database said\n".into()).await.unwrap();
        }
        world
    }

    async fn publish(&self, path: &str, version: &str) {
        let module = Module::of_noise(path, version, 200_000);
        let mv = mv(&format!("{path}@{version}"));
        let zip = module.zip.to_vec();
        let h1 = ZipCheck::new(&mv).finish(&zip[..], zip.len() as u64).unwrap().h1;
        let files = [
            (Kind::Info, module.info.clone(), None),
            (Kind::Mod, module.gomod.clone(), Some(H1::of_gomod(&module.gomod))),
            (Kind::Zip, zip, Some(h1)),
        ];
        for (kind, bytes, h1) in files {
            let staged = staged(self.data.staging(), bytes.into()).await;
            let at = jiff::Timestamp::UNIX_EPOCH;
            let fact = FileFact::new(&staged, h1, "proxy.example.com", at, Evidence::FirstSight);
            self.store.publish(&mv, kind, &staged, fact).await.unwrap();
        }
    }

    /// Walks, and gives the findings by path.
    async fn scrub(&self) -> (BTreeMap<String, Finding>, Walked) {
        self.scrub_with(ScrubOptions::default()).await
    }

    async fn scrub_with(&self, options: ScrubOptions) -> (BTreeMap<String, Finding>, Walked) {
        let (tell, mut told) = tokio::sync::mpsc::channel(100);
        let walked = Scrub::begin(&self.data, &self.store, options).unwrap().run(tell).await;
        let mut findings = BTreeMap::new();
        while let Some(finding) = told.recv().await {
            assert!(findings.insert(finding.path.display().to_string(), finding).is_none());
        }
        assert!(!self.file("scrub").exists(), "a walk that came to its end leaves no cursor");
        (findings, walked)
    }

    fn file(&self, path: &str) -> std::path::PathBuf {
        self.dir.path().join(path)
    }

    fn quarantined(&self) -> usize {
        fs::read_dir(self.file("quarantine")).unwrap().count() / 2
    }
}

fn db() -> DbName {
    DbName::new("sum.example.com").unwrap()
}

fn lookup() -> Key {
    Key::Lookup(db(), mv(WHAT))
}

/// Turns one bit around, and leaves size and time alone.
fn flip(file: &Path, at: usize) {
    let time = fs::metadata(file).unwrap().modified().unwrap();
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 16;
    fs::write(file, bytes).unwrap();
    fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

#[tokio::test]
async fn what_is_sound_is_left_alone() {
    let world = World::new().await;
    // Things that lie about in real directories.
    fs::remove_file(world.file(&format!("{AT}.zip"))).unwrap();
    fs::write(world.file("modules/README"), "not Larder's").unwrap();
    fs::write(world.file("modules/example.com/a/@v/v1.0.0.ziphash"), "h1:").unwrap();
    fs::create_dir_all(world.file("modules/example.com/empty/@v")).unwrap();
    let gone = mv("example.com/gone@v1.0.0");
    let foreign = Module::of_noise("example.com/foreign", "v1.0.0", 100_000);
    let dir = world.file("modules/example.com/foreign/@v");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("v1.0.0.zip"), foreign.zip.to_vec()).unwrap();
    fs::write(dir.join("v1.0.0.mod"), &foreign.gomod).unwrap();
    fs::write(dir.join("v1.0.0.info"), &foreign.info).unwrap();
    assert!(matches!(world.store.load(&gone, Kind::Zip).await.unwrap(), Loaded::Absent(_)));

    let (findings, walked) = world.scrub().await;
    assert_eq!(findings, BTreeMap::new());
    // Five files of modules and two receipts, two answers, three objects of the database twice and `supported`.
    assert_eq!(walked, Walked { files: 19, bytes: walked.bytes, foreign: 3, passed: 2, ..Walked::default() });
    assert!(walked.bytes > 300_000);
    assert_eq!(world.quarantined(), 0);
    // Neither does it take what is in quarantine for stored.
    flip(&world.file("modules/example.com/a/@v/v1.1.0.mod"), 3);
    assert_eq!(world.scrub().await.0.len(), 1);
    assert_eq!(world.scrub().await.0.len(), 0);
}

#[tokio::test]
async fn each_sort_of_damage_is_found_and_set_aside() {
    let world = World::new().await;
    let truncate = |path: &str, len: u64| {
        fs::File::options().write(true).open(world.file(path)).unwrap().set_len(len).unwrap();
    };
    flip(&world.file(&format!("{AT}.zip")), 150_000);
    truncate(&format!("{AT}.mod"), 0);
    truncate(&format!("{AT}.info"), 5);
    flip(&world.file("modules/example.com/a/@v/v1.1.0.receipt"), 60);
    flip(&world.file("answers/example.com/a/@v/list"), 30);
    truncate("answers/example.com/a/@latest", 0);
    flip(&world.file("answers/sumdb/sum.example.com/lookup/example.com/a@v1.0.0"), 90);
    flip(&world.file("modules/sumdb/sum.example.com/tile/8/0/000"), 3);
    let foreign = world.file("modules/example.com/b/@v");
    fs::create_dir_all(&foreign).unwrap();
    fs::write(foreign.join("v1.0.0.zip"), "no zip").unwrap();
    fs::write(foreign.join("v1.0.0.mod"), "").unwrap();
    fs::write(foreign.join("v1.0.0.info"), r#"{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}"#).unwrap();

    let (findings, walked) = world.scrub().await;
    let why: BTreeMap<&str, &str> =
        findings.iter().map(|(path, f)| (path.as_str(), f.why.as_str())).collect();
    let expected = BTreeMap::from([
        ("answers/example.com/a/@latest", "it has no complete first line"),
        ("answers/example.com/a/@v/list", why["answers/example.com/a/@v/list"]),
        (
            "answers/sumdb/sum.example.com/lookup/example.com/a@v1.0.0",
            why["answers/sumdb/sum.example.com/lookup/example.com/a@v1.0.0"],
        ),
        ("modules/example.com/a/@v/v1.0.0.info", why["modules/example.com/a/@v/v1.0.0.info"]),
        ("modules/example.com/a/@v/v1.0.0.mod", why["modules/example.com/a/@v/v1.0.0.mod"]),
        ("modules/example.com/a/@v/v1.0.0.zip", "block 2 of 64 KiB has the wrong checksum"),
        ("modules/example.com/a/@v/v1.1.0.receipt", why["modules/example.com/a/@v/v1.1.0.receipt"]),
        ("modules/example.com/b/@v/v1.0.0.info", "it is the .info of v1.0.1"),
        ("modules/example.com/b/@v/v1.0.0.mod", "it is empty"),
        ("modules/example.com/b/@v/v1.0.0.zip", "this is not a zip: it does not begin with a zip entry"),
        ("modules/sumdb/sum.example.com/tile/8/0/000", "it is not what its checked copy holds"),
    ]);
    assert_eq!(why, expected);
    assert_eq!(walked.found, 11);
    for (path, finding) in &findings {
        match &finding.done {
            Done::Mended => assert!(path.ends_with("8/0/000") && world.file(path).exists(), "{path}"),
            Done::SetAside(id) => {
                assert!(!world.file(path).exists(), "{path}");
                assert!(world.file(&format!("quarantine/{id}")).exists(), "{path}");
                let reason = fs::read_to_string(world.file(&format!("quarantine/{id}.reason"))).unwrap();
                assert!(reason.starts_with(path) && reason.contains(&finding.why), "{reason}");
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    // The object goes with the copy that vouched for it, so that it is asked for again.
    assert_eq!(world.store.small(&lookup()).await.unwrap(), None);
    let tile = Key::Tile(db(), "8/0/000".parse().unwrap());
    assert_eq!(world.store.small(&tile).await.unwrap().unwrap(), "what the database said\n");
    let (again, walked) = world.scrub().await;
    assert_eq!((again.len(), walked.found), (0, 0));
}

#[tokio::test]
async fn a_file_and_its_checksums_that_agree_on_other_bytes_are_found_by_the_h1() {
    let world = World::new().await;
    // What a hand that knows the format would leave: sound by its checksums, but not what was pinned.
    let other = Module::of_noise("example.com/a", "v1.0.0", 150_000);
    let staged = staged(world.data.staging(), other.zip.to_vec().into()).await;
    let receipt = world.store.receipt(&mv(WHAT)).await.unwrap().unwrap();
    let pinned = receipt.fact(Kind::Zip).unwrap().h1();
    let at = jiff::Timestamp::UNIX_EPOCH;
    let forged = FileFact::new(&staged, pinned, "proxy.example.com", at, Evidence::FirstSight);
    fs::write(world.file(&format!("{AT}.receipt")), receipt.with(Kind::Zip, forged).to_bytes()).unwrap();
    fs::write(world.file(&format!("{AT}.zip")), other.zip.to_vec()).unwrap();
    assert!(matches!(world.store.load(&mv(WHAT), Kind::Zip).await.unwrap(), Loaded::Blob(_)));
    let (findings, _) = world.scrub().await;
    let [(path, finding)] = &findings.iter().collect::<Vec<_>>()[..] else { panic!("{findings:?}") };
    assert_eq!(**path, format!("{AT}.zip"));
    assert!(finding.why.contains("and its receipt says h1:"), "{finding:?}");
}

#[tokio::test]
async fn a_walk_that_was_given_up_goes_on_where_it_was() {
    let world = World::new().await;
    for path in ["answers/example.com/a/@latest", "modules/example.com/a/@v/v1.1.0.zip"] {
        flip(&world.file(path), 40);
    }
    // After a finding the place is kept, so the walk is given up when it tells the second one.
    let (tell, mut told) = tokio::sync::mpsc::channel(1);
    let scrub = Scrub::begin(&world.data, &world.store, ScrubOptions::default()).unwrap();
    let tally = scrub.tally();
    let walk = tokio::spawn(scrub.run(tell));
    assert_eq!(told.recv().await.unwrap().path, Path::new("answers/example.com/a/@latest"));
    let again = Scrub::begin(&world.data, &world.store, ScrubOptions::default());
    assert!(matches!(again, Err(ScrubError::Running(_))), "{again:?}");
    while !world.file("scrub").exists() {
        tokio::task::yield_now().await;
    }
    walk.abort();
    assert!(walk.await.is_err() || tally.walked().files > 0);

    flip(&world.file("answers/example.com/a/@v/list"), 40);
    let scrub = Scrub::begin(&world.data, &world.store, ScrubOptions::default()).unwrap();
    let after = scrub.resumes_after().unwrap().to_owned();
    assert!(after.as_path() >= Path::new("answers/example.com/a/@latest"), "{after:?}");
    assert!(scrub.tally().walked().found >= 1, "what was found before still counts");
    drop(scrub);
    let (findings, _) = world.scrub_with(ScrubOptions { restart: true, ..ScrubOptions::default() }).await;
    assert!(findings.contains_key("answers/example.com/a/@v/list"), "{findings:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_neither_sound_nor_damaged() {
    let world = World::new().await;
    let newer = world.file("answers/example.com/a/@latest");
    let text = fs::read_to_string(&newer).unwrap().replace("\"format\":1", "\"format\":9");
    fs::write(&newer, text).unwrap();
    let (findings, walked) = world.scrub().await;
    assert_eq!((findings.len(), walked.unchecked), (0, 1));
    assert!(newer.exists());
}

#[tokio::test]
async fn the_index_is_made_anew() {
    let world = World::new().await;
    assert_eq!(world.store.rebuild_index().await.unwrap(), 2);
    assert!(world.store.catalog().is_complete().await.unwrap());
    assert_eq!(world.store.catalog().totals().await.unwrap().versions, 2);
    // Another who does so is waited for.
    let held = world.store.catalog().lease("index").await.unwrap().unwrap();
    let store = Arc::clone(&world.store);
    let again = tokio::spawn(async move { store.rebuild_index().await });
    tokio::task::yield_now().await;
    assert!(!again.is_finished());
    drop(held);
    assert_eq!(again.await.unwrap().unwrap(), 2);
}
