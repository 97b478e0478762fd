//! Versions that are stored as a whole, and versions that are taken out.

use std::{path::Path, sync::Arc};

use gomod::ModulePath;
use jiff::Timestamp;
use storage::{Evidence, FileFact, Kind, Loaded, PublishError, State, Store, Whole, Withdrawal};

use crate::world::{hash, mv, store};

const WHAT: &str = "example.com/a@v1.0.0";

/// A version whose contents are these words.
async fn whole(store: &Store, gomod: &str, zip: &str) -> Whole {
    let evidence = Evidence::Published { by: "ci".into() };
    let file = async |kind: Kind, word: &str| {
        let mut staging = store.stage();
        staging.append(format!("{kind} {word}").into()).await.unwrap();
        let staged = staging.finish();
        let h1 = (kind != Kind::Info).then(|| hash(word));
        let fact = FileFact::new(&staged, h1, "published", Timestamp::UNIX_EPOCH, evidence.clone());
        (staged, fact)
    };
    Whole {
        info: file(Kind::Info, "info").await,
        gomod: file(Kind::Mod, gomod).await,
        zip: file(Kind::Zip, zip).await,
    }
}

async fn stored(store: &Store) -> Vec<Option<String>> {
    let mut stored = Vec::new();
    for kind in Kind::ALL {
        stored.push(match store.load(&mv(WHAT), kind).await.unwrap() {
            Loaded::Blob(blob) => Some(String::from_utf8(blob.bytes().await.unwrap().to_vec()).unwrap()),
            Loaded::Absent(_) => None,
            Loaded::Withdrawn(why) => Some(format!("withdrawn: {why}")),
            other => panic!("{other:?}"),
        });
    }
    stored
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_contents_one_is_pinned_as_a_whole() {
    for round in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let stores: Vec<_> = (0..4).map(|_| store(dir.path())).collect();
        let tasks: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(n, store)| {
                let store = Arc::clone(store);
                tokio::spawn(async move {
                    let word = n.to_string();
                    let whole = whole(&store, &word, &word).await;
                    let pinned = store.pin_whole(&mv(WHAT), &whole).await;
                    if pinned.is_ok() {
                        store.store_whole(&mv(WHAT), &whole).await.unwrap();
                    }
                    pinned
                })
            })
            .collect();
        let mut won = Vec::new();
        for (n, task) in tasks.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(new) => {
                    assert!(new);
                    won.push(n);
                }
                Err(PublishError::Pinned { got, .. }) => assert_eq!(got, hash(&n.to_string())),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(won.len(), 1, "round {round}");
        let n = won[0];
        let want = vec![Some("info info".into()), Some(format!("mod {n}")), Some(format!("zip {n}"))];
        assert_eq!(stored(&stores[0]).await, want);
    }
}

#[tokio::test]
async fn what_was_pinned_and_not_stored_is_stored_by_the_same_content_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let first = whole(&store, "m", "z").await;
    assert!(store.pin_whole(&mv(WHAT), &first).await.unwrap());
    assert_eq!(stored(&store).await, [None, None, None]);
    assert_eq!(store.versions(&module()).await.unwrap(), []);
    for (gomod, zip) in [("m", "other"), ("other", "z"), ("other", "other")] {
        let other = whole(&store, gomod, zip).await;
        let refused = store.pin_whole(&mv(WHAT), &other).await;
        assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    }
    let again = whole(&store, "m", "z").await;
    assert!(!store.pin_whole(&mv(WHAT), &again).await.unwrap());
    store.store_whole(&mv(WHAT), &again).await.unwrap();
    assert_eq!(stored(&store).await, ["info info", "mod m", "zip z"].map(|text| Some(text.to_owned())));
    let receipt = store.receipt(&mv(WHAT)).await.unwrap().unwrap();
    assert!(receipt.to_bytes().starts_with(br#"{"larder":"receipt","format":3,"#), "an older Larder is told");
    let evidence = receipt.fact(Kind::Zip).unwrap().evidence().clone();
    assert_eq!(evidence, Evidence::Published { by: "ci".into() });
}

#[tokio::test]
async fn what_was_taken_out_never_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    assert_eq!(store.withdraw(&mv(WHAT), "why").await.unwrap(), Withdrawal::Unknown);
    let content = whole(&store, "m", "z").await;
    store.pin_whole(&mv(WHAT), &content).await.unwrap();
    store.store_whole(&mv(WHAT), &content).await.unwrap();
    let files = dir.path().join("modules/example.com/a/@v");
    assert!(files.join("list").exists());
    assert_eq!(store.withdraw(&mv(WHAT), "a key leaked").await.unwrap(), Withdrawal::Done);
    assert_eq!(names(&files), ["v1.0.0.receipt"]);
    let again = Withdrawal::Before("a key leaked".to_owned());
    assert_eq!(store.withdraw(&mv(WHAT), "another reason").await.unwrap(), again);
    let refused = store.pin_whole(&mv(WHAT), &content).await;
    assert!(matches!(refused, Err(PublishError::Withdrawn(why)) if why == "a key leaked"));
    assert!(matches!(store.store_whole(&mv(WHAT), &content).await, Err(PublishError::Withdrawn(_))));
    assert_eq!(names(&files), ["v1.0.0.receipt"]);
    let receipt = store.receipt(&mv(WHAT)).await.unwrap().unwrap();
    assert_eq!(receipt.state(), &State::Tombstone("a key leaked".to_owned()));
    assert_eq!(receipt.fact(Kind::Zip).unwrap().h1(), Some(hash("z")));
    let withdrawn = store.withdrawn_versions(&module()).await.unwrap();
    assert_eq!(withdrawn, [mv(WHAT).version().clone()]);
}

/// A process that died between the receipt and the files.
#[tokio::test]
async fn files_of_a_withdrawn_version_go_when_the_index_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let content = whole(&store, "m", "z").await;
    store.pin_whole(&mv(WHAT), &content).await.unwrap();
    store.store_whole(&mv(WHAT), &content).await.unwrap();
    store.withdraw(&mv(WHAT), "why").await.unwrap();
    let files = dir.path().join("modules/example.com/a/@v");
    std::fs::write(files.join("v1.0.0.info"), "left").unwrap();
    store.rebuild_index().await.unwrap();
    assert_eq!(names(&files), ["v1.0.0.receipt"]);
}

#[tokio::test]
async fn a_foreign_file_can_be_taken_out_too() {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("modules/example.com/a/@v");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("v1.0.0.zip"), "foreign").unwrap();
    let store = store(dir.path());
    assert_eq!(store.withdraw(&mv(WHAT), "why").await.unwrap(), Withdrawal::Done);
    assert_eq!(names(&files), ["v1.0.0.receipt"]);
}

fn module() -> ModulePath {
    ModulePath::new("example.com/a").unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        dir.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
