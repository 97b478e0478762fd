//! A ledger of files, by itself.

use std::fs;

use super::*;

fn row(path: &str, fill: u8) -> SealRow {
    let file = SealedFile { sha256: [fill; 32], size: u64::from(fill), mode: 0o100_644, time: -5 };
    SealRow { path: path.to_owned(), file }
}

fn paths(ledger: &SealFile, root: &SealRoot) -> Vec<String> {
    let mut paths = Vec::new();
    let done: Result<(), SealError> = ledger.files(root, |row| {
        paths.push(row.path);
        Ok(())
    });
    done.unwrap();
    paths
}

#[test]
fn what_is_recorded_is_found_again_and_what_was_not_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seal");
    let ledger = SealFile::write(&path).unwrap();
    let root = ledger.begin("vendor").unwrap();
    ledger.record(&root, &[row("b/x", 1), row("a", 2), row("b.x", 3)]).unwrap();
    assert_eq!(ledger.finish(&root).unwrap(), 0);
    assert_eq!(paths(&ledger, &root), ["a", "b.x", "b/x"]);
    ledger.sign("a note").unwrap();

    let again = ledger.begin("vendor").unwrap();
    assert_eq!(ledger.signature().unwrap(), None);
    assert_eq!(ledger.recorded(&again, "a").unwrap(), None);
    ledger.record(&again, &[row("a", 9)]).unwrap();
    assert_eq!(ledger.recorded(&again, "a").unwrap(), Some(row("a", 9).file));
    assert_eq!(ledger.finish(&again).unwrap(), 2);
    drop(ledger);

    let ledger = SealFile::read(&path).unwrap();
    let [root] = ledger.roots().unwrap().try_into().unwrap();
    assert!(root.complete);
    assert_eq!(ledger.behind(&root, "", 5).unwrap(), [row("a", 9)]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "one file that can be copied");
}

#[test]
fn a_sealing_that_was_broken_off_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seal");
    let ledger = SealFile::write(&path).unwrap();
    let root = ledger.begin("d").unwrap();
    ledger.record(&root, &[row("a", 1)]).unwrap();
    drop(ledger);
    let ledger = SealFile::write(&path).unwrap();
    assert!(!ledger.roots().unwrap()[0].complete);
    let root = ledger.begin("d").unwrap();
    assert_eq!(ledger.recorded(&root, "a").unwrap(), Some(row("a", 1).file));
}

#[test]
fn what_was_broken_off_at_its_very_beginning_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seal");
    fs::write(&path, "").unwrap();
    assert!(matches!(SealFile::read(&path), Err(SealError::Foreign(_))));
    SealFile::write(&path).unwrap().begin("d").unwrap();
}

#[test]
fn one_process_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.seal");
    let ledger = SealFile::write(&path).unwrap();
    ledger.begin("d").unwrap();
    assert!(matches!(SealFile::write(&path), Err(SealError::Busy(_))));
}

#[test]
fn other_files_and_altered_ones_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("text"), "not a database, but long enough to look into: ".repeat(40)).unwrap();
    Connection::open(at("other")).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    for name in ["text", "other"] {
        assert!(matches!(SealFile::read(&at(name)), Err(SealError::Foreign(_))), "{name}");
        assert!(matches!(SealFile::write(&at(name)), Err(SealError::Foreign(_))), "{name}");
    }
    assert!(matches!(SealFile::read(&at("none")), Err(SealError::Absent(_))));

    for (n, change) in [
        "UPDATE files SET path = '../x'",
        "UPDATE files SET path = '/x'",
        "UPDATE files SET sha256 = 'zz'",
        "UPDATE files SET size = -1",
        "UPDATE files SET mode = -1",
    ]
    .iter()
    .enumerate()
    {
        let path = at(&format!("{n}.seal"));
        let ledger = SealFile::write(&path).unwrap();
        let root = ledger.begin("d").unwrap();
        ledger.record(&root, &[row("a", 1)]).unwrap();
        ledger.finish(&root).unwrap();
        drop(ledger);
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let ledger = SealFile::read(&path).unwrap();
        let read: Result<(), SealError> = ledger.files(&root, |_| Ok(()));
        assert!(matches!(read, Err(SealError::Damaged { .. })), "{change}: {read:?}");
        assert!(matches!(ledger.behind(&root, "", 9), Err(SealError::Damaged { .. })), "{change}");
    }
    let path = at("newer.seal");
    drop(SealFile::write(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    assert!(matches!(SealFile::read(&path), Err(SealError::Newer { form: 7, .. })));
}
