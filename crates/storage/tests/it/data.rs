//! Opening a data directory: new, old, foreign, read-only, or none.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Command,
    sync::Arc,
};

use storage::{Data, Key, Kind, Loaded, OpenError, OpenOptions, PublishError, Store, StoreError};

use crate::world::{fact, mv, noise, open, options, staged};

#[test]
fn a_directory_is_made_with_its_marker() {
    let dir = tempfile::tempdir().unwrap();
    let data = open(&dir.path().join("deep/er"));
    assert!(!data.is_read_only());
    assert_eq!(fs::read_to_string(data.dir().join("format")).unwrap(), "larder data format 1\n");
    for name in ["modules", "answers", "quarantine"] {
        assert!(data.dir().join(name).is_dir(), "{name}");
    }
}

#[test]
fn a_directory_that_something_else_filled_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("modules/example.com/a/@v/v1.0.0.info");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "{}").unwrap();
    open(dir.path());
    assert!(dir.path().join("format").exists());
    assert_eq!(fs::read_to_string(file).unwrap(), "{}");
}

#[test]
fn many_open_a_new_directory_at_once() {
    for _ in 0..10 {
        let dir = tempfile::tempdir().unwrap();
        let dir = &dir.path().join("new");
        let opened: Vec<Arc<Data>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open(dir))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let staging =
            fs::read_dir(dir.join("staging")).unwrap().filter(|e| e.as_ref().unwrap().path().is_dir());
        assert_eq!(staging.count(), opened.len());
    }
}

#[test]
fn a_newer_format_is_refused_in_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("format"), "larder data format 7\n").unwrap();
    let error = Data::open(dir.path(), options()).unwrap_err();
    assert!(matches!(error, OpenError::Newer { format: 7, .. }), "{error}");
    let shown = error.to_string().replace(&*dir.path().to_string_lossy(), "DIR");
    assert_eq!(
        shown,
        "DIR has data format 7, which is newer than this Larder knows; use the newer Larder, or another --data"
    );
    assert!(!dir.path().join("modules").exists());
}

#[test]
fn a_marker_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for text in ["", "something else\n", "larder data format x\n", "larder data format 99999999999\n"] {
        fs::write(dir.path().join("format"), text).unwrap();
        let error = Data::open(dir.path(), options()).unwrap_err();
        assert!(matches!(error, OpenError::Marker(_)), "{text:?}: {error}");
    }
}

#[test]
fn a_file_is_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(Data::open(&file, options()), Err(OpenError::NotADirectory(_))));
    let below = Data::open(file.join("below"), options()).unwrap_err();
    assert!(matches!(below, OpenError::Store(StoreError::Io { .. })), "{below}");
}

/// Set in the process that may not write: the directory of the one that may.
const MARK: &str = "LARDER_TEST_WITHOUT_RIGHTS";

/// Runs this test again as a user who may write nothing here; `true` in that process.
fn without_rights(test: &str, dir: &Path) -> bool {
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    // The test program may lie where that user may not look.
    let program = dir.join("test-program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command.args([test, "--exact", "--nocapture"]).env(MARK, dir).current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{test} is the name of no test");
    false
}

fn forbid_writing(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            forbid_writing(&path);
        } else {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        }
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(0o555)).unwrap();
}

fn allow_writing(dir: &Path) {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            allow_writing(&path);
        }
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_served_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data = match std::env::var_os(MARK) {
        Some(given) => Path::new(&given).join("data"),
        None => {
            let data = dir.path().join("data");
            let store = crate::world::store(&data);
            let file = staged_in(&store, noise(100_000, 1)).await;
            let known = fact(&file, Kind::Zip, "z");
            store.publish(&mv("example.com/a@v1.0.0"), Kind::Zip, &file, known).await.unwrap();
            fs::write(data.join("modules/example.com/a/@v/v1.0.0.info"), "{}").unwrap();
            drop((store, file));
            forbid_writing(&data);
            data
        }
    };
    if !without_rights("data::a_directory_that_cannot_be_written_is_served_and_not_touched", dir.path()) {
        allow_writing(&data);
        return;
    }
    let refused = Data::open(&data, OpenOptions { read_only_ok: false, ..options() }).unwrap_err();
    assert!(matches!(refused, OpenError::ReadOnly { .. }), "{refused}");
    let data = open(&data);
    assert!(data.is_read_only());
    let store = Store::open(&data);
    let version = mv("example.com/a@v1.0.0");
    let Loaded::Blob(blob) = store.load(&version, Kind::Zip).await.unwrap() else { panic!("not served") };
    assert!(blob.bytes().await.unwrap() == noise(100_000, 1));
    let Loaded::Foreign(foreign) = store.load(&version, Kind::Info).await.unwrap() else { panic!("trusted") };
    assert_eq!(foreign.bytes(100).await.unwrap(), "{}");

    let file = staged(data.staging(), noise(1_000_000, 2)).await;
    let known = fact(&file, Kind::Mod, "m");
    let refused = store.publish(&version, Kind::Mod, &file, known).await.unwrap_err();
    assert!(matches!(refused, PublishError::Store(StoreError::ReadOnly(_))), "{refused}");
    // What is pinned stays pinned, though nothing can be written.
    let refused = store.publish(&version, Kind::Zip, &file, fact(&file, Kind::Zip, "other")).await;
    assert!(matches!(refused, Err(PublishError::Pinned { .. })), "{refused:?}");
    assert!(store.catalog().lease("x").await.unwrap().is_some());
    store.used(&version, Kind::Zip, jiff::Timestamp::UNIX_EPOCH);
}

async fn staged_in(store: &Store, bytes: bytes::Bytes) -> Arc<storage::Staged> {
    let mut staging = store.stage();
    staging.append(bytes).await.unwrap();
    staging.finish()
}

#[test]
fn a_directory_that_can_be_neither_made_nor_read_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if without_rights("data::a_directory_that_can_be_neither_made_nor_read_is_an_error", dir.path()) {
        let given = std::env::var(MARK).unwrap();
        let error = Data::open(Path::new(&given).join("closed/data"), options()).unwrap_err();
        assert!(matches!(error, OpenError::Store(StoreError::Io { .. })), "{error}");
        assert!(error.to_string().contains("closed"), "{error}");
    }
}

/// A process that was killed leaves its staging directory; the next one clears it away and looks again whether
/// everything stored is in the index.
#[tokio::test]
async fn what_a_dead_process_left_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let left = dir.path().join("staging/1-0");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("owner"), "").unwrap();
    fs::write(left.join("0"), noise(1000, 1)).unwrap();
    let alive = open(dir.path());
    assert!(!left.exists());
    let file = staged(alive.staging(), noise(1_000_000, 1)).await;
    drop(open(dir.path()));
    assert_eq!(file.written(), 1_000_000);
    assert_eq!(file.read_at(0, 10).await.unwrap(), noise(10, 1));
}

#[test]
fn keys_stay_inside_the_directory() {
    let key = Key::File(mv("example.com/a@v1.0.0"), Kind::Zip);
    assert!(key.path().is_relative());
    assert!(key.path().components().all(|part| matches!(part, std::path::Component::Normal(_))));
}
