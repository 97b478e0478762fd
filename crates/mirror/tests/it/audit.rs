//! An audit of what is stored of checksum databases finds each thing that is wrong, and nothing that is right.

use std::{fs, path::PathBuf, sync::Arc};

use gomod::{DbName, H1, ModulePath, ModuleVersion, Version};
use jiff::Timestamp;
use mirror::{Audit, Audited, Finding};
use storage::{Data, Evidence, FileFact, Key, Kind, MinFree, OpenOptions, Store};
use sumdb::{Frontier, Lookup, Signer, grow};
use tokio::sync::mpsc;

const DB: &str = "sum.example.com";

/// A directory with a log that was kept as Larder keeps it, a few heads long.
struct Kept {
    dir: tempfile::TempDir,
    store: Arc<Store>,
    signer: Signer,
    frontier: Frontier,
}

fn db() -> DbName {
    DB.parse().unwrap()
}

fn version(n: u64) -> ModuleVersion {
    let path = ModulePath::new(&format!("example.com/m{n}")).unwrap();
    ModuleVersion::new(path, Version::new("v1.0.0").unwrap()).unwrap()
}

fn h1(what: &str) -> H1 {
    H1::of_gomod(what.as_bytes())
}

fn text(n: u64) -> String {
    let version = version(n);
    let (path, zip, gomod) = (version.path(), h1(&format!("zip {n}")), h1(&format!("mod {n}")));
    format!("{path} v1.0.0 {zip}\n{path} v1.0.0/go.mod {gomod}\n")
}

impl Kept {
    async fn with(heads: &[usize]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = OpenOptions { min_free: MinFree::Percent(0), ..OpenOptions::default() };
        let store = Store::open(&Data::open(dir.path(), options).unwrap());
        let signer = Signer::from_seed(DB, &[7; 32]).unwrap();
        let mut kept = Kept { dir, store, signer, frontier: Frontier::new() };
        for records in heads {
            let first = kept.frontier.size();
            let texts: Vec<_> = (first..first + *records as u64).map(text).collect();
            kept.append(&texts).await;
        }
        kept
    }

    /// The tiles that `more` records would bring.
    fn grown(&self, more: u64) -> Vec<(Key, Vec<u8>)> {
        let first = self.frontier.size();
        let texts: Vec<_> = (first..first + more).map(text).collect();
        let growth = grow(&self.frontier, &texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        growth.tiles.into_iter().map(|(id, body)| (Key::Tile(db(), id), body)).collect()
    }

    async fn append(&mut self, texts: &[String]) {
        let first = self.frontier.size();
        let growth = grow(&self.frontier, &texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        let tiles = growth.tiles.into_iter().map(|(id, body)| (Key::Tile(db(), id), body.into()));
        self.store.put_small_all(&db(), &tiles.collect::<Vec<_>>()).await.unwrap();
        let tag = self.store.head(&db()).await.unwrap().and_then(|head| head.tag);
        let note = self.signer.sign(&growth.head.to_string()).unwrap();
        self.store.move_head(&db(), tag, note.clone().into()).await.unwrap().unwrap();
        let lookups = (first..).zip(texts).map(|(id, text)| {
            let body = Lookup::compose(id, text, note.as_bytes());
            (Key::Lookup(db(), version_of(text)), body.into())
        });
        self.store.put_small_all(&db(), &lookups.collect::<Vec<_>>()).await.unwrap();
        self.frontier = growth.frontier;
    }

    async fn put(&self, key: &Key, bytes: Vec<u8>) {
        self.store.put_small(key, bytes.into()).await.unwrap();
    }

    fn files(&self, key: &Key) -> [PathBuf; 2] {
        let plain = key.path();
        let checked = PathBuf::from("answers").join(plain.strip_prefix("modules").unwrap());
        [plain, checked].map(|path| self.dir.path().join(path))
    }

    /// A disk that lies so well that the checksums of its copies agree.
    async fn replace(&self, key: &Key, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.store.small(key).await.unwrap().unwrap().to_vec();
        change(&mut bytes);
        self.remove(key);
        self.put(key, bytes).await;
    }

    fn remove(&self, key: &Key) {
        for file in self.files(key) {
            fs::remove_file(file).unwrap();
        }
    }

    async fn publish(&self, n: u64, hash: &str, evidence: Evidence) {
        let mut staging = self.store.stage();
        staging.append("zip".into()).await.unwrap();
        let staged = staging.finish();
        let fact =
            FileFact::new(&staged, Some(h1(hash)), "proxy.example.com", Timestamp::UNIX_EPOCH, evidence);
        self.store.publish(&version(n), Kind::Zip, &staged, fact).await.unwrap();
    }

    async fn audit(&self, own: bool) -> (Audited, Vec<Finding>) {
        self.audit_beside(own, None).await
    }

    async fn audit_beside(&self, own: bool, second: Option<Vec<u8>>) -> (Audited, Vec<Finding>) {
        let (tell, mut told) = mpsc::channel(1000);
        let key = self.signer.verifier().clone();
        let mut audit = Audit::new(&self.store, [(db(), key)], tell);
        if own {
            audit = audit.with_own(db(), second);
        }
        let audited = audit.run().await;
        let mut findings = Vec::new();
        while let Some(finding) = told.recv().await {
            findings.push(finding);
        }
        assert_eq!(findings.len() as u64, audited.found);
        (audited, findings)
    }
}

fn version_of(text: &str) -> ModuleVersion {
    let path = ModulePath::new(text.split(' ').next().unwrap()).unwrap();
    ModuleVersion::new(path, Version::new("v1.0.0").unwrap()).unwrap()
}

fn tile(id: &str) -> Key {
    Key::Tile(db(), id.parse().unwrap())
}

fn lookup(n: u64) -> Key {
    Key::Lookup(db(), version(n))
}

fn log(id: u64, size: u64) -> Evidence {
    Evidence::Log { db: db(), id, size }
}

#[tokio::test]
async fn what_was_kept_as_it_should_be_passes() {
    let kept = Kept::with(&[3, 0, 300, 1, 500]).await;
    kept.publish(7, "zip 7", log(7, 303)).await;
    kept.publish(8, "anything", Evidence::FirstSight).await;
    let (audited, findings) = kept.audit(true).await;
    assert_eq!(findings, []);
    let tiles = audited.tiles;
    let want = Audited { heads: 1, records: 804, tiles, receipts: 1, log: 804, ..Audited::default() };
    assert_eq!(audited, want);
    assert!(tiles >= 8 + 6, "{tiles}");
}

#[tokio::test]
async fn only_what_proofs_need_is_enough_for_a_database_of_others() {
    let kept = Kept::with(&[3, 600]).await;
    for id in ["8/data/000", "8/data/001", "8/data/000.p/3", "8/data/002.p/91", "8/0/001"] {
        kept.remove(&tile(id));
    }
    for n in 256..512 {
        kept.remove(&lookup(n));
    }
    let (audited, findings) = kept.audit(false).await;
    assert_eq!(findings, []);
    assert_eq!((audited.records, audited.unchecked, audited.log), (603 - 256, 0, 0));
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_found() {
    type Change = fn(&mut Vec<u8>);
    let flip: Change = |bytes| *bytes.last_mut().unwrap() ^= 1;
    let cut: Change = |bytes| bytes.truncate(bytes.len() - 1);
    let table: [(&str, Key, Change, &str); 9] = [
        (
            "an altered record",
            lookup(5),
            |bytes| {
                let at = bytes.windows(2).position(|window| window == b"m5").unwrap();
                bytes[at] = b'n';
                let at = bytes.windows(2).position(|window| window == b"m5").unwrap();
                bytes[at] = b'n';
            },
            "the record has no line for",
        ),
        (
            "an altered hash",
            lookup(5),
            |bytes| {
                let at = bytes.windows(3).position(|window| window == b"h1:").unwrap();
                bytes[at + 3] = if bytes[at + 3] == b'A' { b'B' } else { b'A' };
            },
            "what was sent as record 5 is not",
        ),
        ("another number", lookup(5), |bytes| bytes[0] = b'6', "what was sent as record 6 is not"),
        ("no signature", lookup(5), flip, "note"),
        ("an altered tile of hashes", tile("8/0/001"), flip, "tile 8/0/001 does not belong"),
        ("a cut tile", tile("8/0/001"), cut, "tile 8/0/001 does not belong"),
        ("an altered old edge", tile("8/0/000.p/3"), flip, "its bytes are not the log's"),
        (
            "an altered tile of records",
            tile("8/data/001"),
            |bytes| bytes[3] ^= 1,
            "tile 8/data/001 does not belong",
        ),
        ("an altered head", Key::Head(db()), |bytes| bytes[22] ^= 1, "does not count"),
    ];
    for (what, key, change, why) in table {
        let kept = Kept::with(&[3, 700]).await;
        kept.replace(&key, change).await;
        let (_, findings) = kept.audit(false).await;
        let found = findings.iter().find(|finding| finding.object == key);
        let found = found.unwrap_or_else(|| panic!("{what} is not found: {findings:?}"));
        assert!(found.why.contains(why), "{what}: {}", found.why);
    }
}

#[tokio::test]
async fn a_copy_that_differs_or_is_damaged_is_found() {
    let kept = Kept::with(&[10]).await;
    let [plain, _] = kept.files(&lookup(1));
    let [_, checked] = kept.files(&lookup(2));
    let [gone, _] = kept.files(&lookup(3));
    fs::write(plain, "other").unwrap();
    let mut bytes = fs::read(&checked).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&checked, &bytes).unwrap();
    fs::remove_file(gone).unwrap();
    let (audited, mut findings) = kept.audit(false).await;
    findings.sort_by_key(|finding| finding.object.to_string());
    let whys: Vec<_> = findings.iter().map(|finding| (&finding.object, finding.why.as_str())).collect();
    assert_eq!(whys.len(), 2, "{whys:?}");
    assert_eq!(whys[0], (&lookup(1), "it is not what its checked copy holds"));
    assert!(whys[1].0 == &lookup(2) && whys[1].1.contains("its checked copy is damaged"), "{whys:?}");
    // The one without a plain copy is mended when it is asked for.
    assert_eq!(audited.records, 8);
    // Nothing was touched.
    assert_eq!(fs::read(&checked).unwrap(), bytes);
}

#[tokio::test]
async fn a_record_that_lacks_a_tile_is_found() {
    let kept = Kept::with(&[3, 700]).await;
    for id in ["8/0/001", "8/data/001"] {
        kept.remove(&tile(id));
    }
    let (audited, findings) = kept.audit(false).await;
    assert_eq!(findings.len(), 256);
    assert!(
        findings.iter().all(|finding| finding.why.contains("tile 8/0/001 is not stored")),
        "{findings:?}"
    );
    assert_eq!(audited.unchecked, 0);
}

/// A process that is killed has stored tiles, and not the head that they were for. Another one has gone on without it.
#[tokio::test]
async fn tiles_of_a_head_that_never_came_are_counted_and_not_blamed() {
    let mut kept = Kept::with(&[3]).await;
    let unfinished = kept.grown(600);
    // They are all that a process that died before its first head leaves.
    let first = Kept::with(&[]).await;
    for (key, body) in &unfinished {
        first.put(key, body.clone()).await;
    }
    let (audited, findings) = first.audit(false).await;
    assert_eq!((findings, audited.unchecked, audited.ahead), (vec![], 0, unfinished.len() as u64));

    kept.append(&(3..1115).map(text).collect::<Vec<_>>()).await;
    for n in 603 - 91..768 {
        kept.remove(&lookup(n));
    }
    // What was stored for the head that came does not have the rest of the unfinished one's last tile.
    for id in ["8/0/002", "8/data/002"] {
        kept.remove(&tile(id));
    }
    for (key, body) in &unfinished {
        kept.put(key, body.clone()).await;
    }
    let (audited, findings) = kept.audit(false).await;
    assert_eq!((findings, audited.unchecked, audited.ahead), (vec![], 0, 0));
    assert_eq!(audited.beside, 2, "those of hashes and of records");
}

#[tokio::test]
async fn a_head_of_another_history_is_found() {
    let other = Kept::with(&[2]).await;
    let mut kept = Kept::with(&[3]).await;
    let mut forked = other;
    forked.append(&[text(99), text(3), text(4)]).await;
    kept.append(&[text(3), text(4)]).await;
    let forked = forked.store.small(&lookup(4)).await.unwrap().unwrap();
    kept.replace(&lookup(4), |bytes| *bytes = forked.to_vec()).await;
    let (_, findings) = kept.audit(false).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].why.contains("signed two histories"), "{findings:?}");

    // A larger one than the newest that is kept, which was put back.
    let (mut kept, note) = {
        let kept = Kept::with(&[3]).await;
        let note = kept.store.head(&db()).await.unwrap().unwrap().note;
        (kept, note)
    };
    kept.append(&[text(3)]).await;
    let tag = kept.store.head(&db()).await.unwrap().unwrap().tag;
    kept.store.move_head(&db(), tag, note).await.unwrap().unwrap();
    kept.publish(1, "zip 1", log(1, 4)).await;
    let (audited, findings) = kept.audit(false).await;
    let whys: Vec<_> = findings.iter().map(|finding| finding.why.as_str()).collect();
    assert!(whys.contains(&"it has a head of 4 records, and the newest that is kept has 3"), "{whys:?}");
    assert!(whys.iter().any(|why| why.contains("it was proven in a tree of 4 records")), "{whys:?}");
    assert_eq!(findings.len(), 2, "{whys:?}");
    // The tiles of the larger tree.
    assert_eq!(audited.ahead, 2);
}

#[tokio::test]
async fn receipts_are_compared_with_their_records() {
    let kept = Kept::with(&[10]).await;
    kept.publish(1, "zip 1", log(1, 10)).await;
    kept.publish(2, "other", log(2, 10)).await;
    kept.publish(3, "zip 3", log(4, 10)).await;
    kept.publish(4, "zip 4", log(4, 11)).await;
    kept.publish(99, "zip 99", log(9, 10)).await;
    let elsewhere = Evidence::Log { db: "other.example.com".parse().unwrap(), id: 1, size: 1 };
    kept.publish(5, "zip 5", elsewhere).await;
    let (audited, mut findings) = kept.audit(false).await;
    findings.sort_by_key(|finding| finding.object.to_string());
    let found: Vec<_> = findings.iter().map(|finding| (&finding.object, finding.why.as_str())).collect();
    let want = [
        (2, "record 2 of sum.example.com says h1:"),
        (3, "it names record 4"),
        (4, "older than the receipt"),
        (99, "is not stored"),
    ];
    assert_eq!(found.len(), want.len(), "{found:?}");
    for ((key, why), (n, part)) in found.into_iter().zip(want) {
        assert_eq!(key, &Key::Receipt(version(n)));
        assert!(why.contains(part), "{why}");
    }
    assert_eq!((audited.receipts, audited.unchecked), (1, 1));
    assert_eq!(audited.unknown.into_iter().collect::<Vec<_>>(), ["other.example.com".parse().unwrap()]);
}

#[tokio::test]
async fn an_own_log_is_computed_from_its_first_record() {
    let kept = Kept::with(&[700]).await;
    kept.remove(&lookup(5));
    kept.remove(&tile("8/1/000.p/2"));
    let (_, findings) = kept.audit(true).await;
    let whys: Vec<_> = findings.iter().map(|finding| finding.why.as_str()).collect();
    assert!(
        whys.iter().any(|why| why.contains("record 5: example.com/m5@v1.0.0 has no stored answer")),
        "{whys:?}"
    );
    let edge = findings.iter().find(|finding| finding.object == tile("8/1/000.p/2")).unwrap();
    assert_eq!(edge.why, "the log needs it, and it is not stored");

    // A second record for one version.
    let mut kept = Kept::with(&[3]).await;
    kept.append(&[text(1)]).await;
    let (_, findings) = kept.audit(true).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].why.contains("record 3: it is about example.com/m1@v1.0.0, and so is record 1"));

    // Other records than those under its head.
    let kept = Kept::with(&[3]).await;
    kept.replace(&tile("8/data/000.p/3"), |bytes| {
        let at = bytes.len() - 4;
        bytes[at] ^= 1;
    })
    .await;
    let (_, findings) = kept.audit(true).await;
    let about = |key: Key| findings.iter().any(|finding| finding.object == key);
    assert!(about(Key::Head(db())) && about(tile("8/0/000.p/3")), "{findings:?}");
}

#[tokio::test]
async fn without_its_key_a_database_is_not_checked() {
    let kept = Kept::with(&[3]).await;
    let (tell, mut told) = mpsc::channel(10);
    let audited = Audit::new(&kept.store, [], tell).run().await;
    assert_eq!(told.recv().await, None);
    assert_eq!((audited.unchecked, audited.found, audited.unknown.len()), (6, 0, 1));
    let other = Signer::from_seed(DB, &[8; 32]).unwrap();
    let (tell, mut told) = mpsc::channel(10);
    let audited = Audit::new(&kept.store, [(db(), other.verifier().clone())], tell).run().await;
    assert_eq!(audited.records, 0);
    assert!(told.recv().await.unwrap().why.contains("does not count"));
}

#[tokio::test]
async fn a_store_that_is_older_than_the_head_beside_the_key_is_found() {
    let mut kept = Kept::with(&[3]).await;
    let older = kept.store.head(&db()).await.unwrap().unwrap();
    kept.append(&[text(3)]).await;
    let newer = kept.store.head(&db()).await.unwrap().unwrap();
    for note in [&older.note, &newer.note] {
        assert_eq!(kept.audit_beside(true, Some(note.to_vec())).await.1, []);
    }
    let (_, findings) = kept.audit_beside(true, Some(b"no note".to_vec())).await;
    assert!(findings[0].why.contains("beside the key does not count"), "{findings:?}");
    kept.store.move_head(&db(), newer.tag, older.note).await.unwrap().unwrap();
    kept.remove(&lookup(3));
    let (_, findings) = kept.audit_beside(true, Some(newer.note.to_vec())).await;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].why.contains("is older than what clients have seen"), "{findings:?}");
}

#[tokio::test]
async fn a_database_that_was_caught_before_is_a_finding() {
    let kept = Kept::with(&[3]).await;
    kept.store.put_misbehaviour(&db(), "it signed two histories\nmore".into()).await.unwrap();
    let (_, findings) = kept.audit(false).await;
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.object, Key::Misbehaviour(db()));
    assert_eq!(finding.why, "sum.example.com is not used any more: it signed two histories");
}
