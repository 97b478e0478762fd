//! A GOPROXY in a directory answers as one over HTTP (PROTOCOL 1.10).

use std::{fs, path::Path};

use upstream::{Caps, DirProxy, Door, FaultKind, Fetched, Limits, Miss, Resume, SourceConfig, Want};

use crate::{INFO, LIST, MOD, ZIP, absence, door, fault, patient, source, want, whole};

fn open(door: &Door, root: &Path) -> DirProxy {
    DirProxy::open(door, &source(&format!("file://{}", root.display()))).unwrap()
}

fn write(root: &Path, path: &str, body: impl AsRef<[u8]>) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, body).unwrap();
}

async fn read(dir: &DirProxy, path: &str) -> Result<Vec<u8>, Miss> {
    match dir.fetch(&want(path)).await? {
        Fetched::Body(incoming) => whole(incoming).await.map_err(Miss::Failed),
        Fetched::NotModified => panic!("not modified"),
    }
}

#[tokio::test]
async fn files_are_read_at_their_escaped_names() {
    let root = tempfile::tempdir().unwrap();
    let dir = open(&door(patient()), root.path());
    let zip = [b"PK\x03\x04".to_vec(), vec![7; 200_000]].concat();
    for (path, body) in [
        ("example.com/!m/@v/v1.0.0.zip", zip.as_slice()),
        ("example.com/!m/@v/list", b"v1.0.0\n"),
        ("sumdb/example.com/db/latest", b"go.sum database tree\n"),
        ("sumdb/example.com/db/tile/8/0/x001/234.p/5", b"<hashes>"),
        (LIST, b""),
    ] {
        write(root.path(), path, body);
        assert_eq!(read(&dir, path).await.unwrap(), body, "{path}");
    }
    let Fetched::Body(incoming) = dir.fetch(&want("example.com/!m/@v/v1.0.0.zip")).await.unwrap() else {
        panic!("no body")
    };
    assert_eq!(incoming.meta.len, Some(200_004));
    assert_eq!(incoming.meta.source.as_str(), format!("file://{}", root.path().display()));
}

#[tokio::test]
async fn what_is_not_there_is_absent() {
    let root = tempfile::tempdir().unwrap();
    let dir = open(&door(patient()), root.path());
    assert_eq!(absence(read(&dir, LIST).await).status, 404);
    write(root.path(), "example.com/m/@v", "a file where a directory should be");
    assert_eq!(absence(read(&dir, LIST).await).text, None);
    let nowhere = open(&door(patient()), &root.path().join("none"));
    assert_eq!(absence(read(&nowhere, ZIP).await).status, 404);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_failure() {
    let root = tempfile::tempdir().unwrap();
    let limits = Limits { caps: Caps { info: 3, ..Caps::default() }, ..patient() };
    let dir = open(&door(limits), root.path());
    fs::create_dir_all(root.path().join(MOD)).unwrap();
    write(root.path(), INFO, "{ }\n");
    write(root.path(), ZIP, "no zip");
    write(root.path(), LIST, "<html>");
    for (path, kind) in
        [(MOD, FaultKind::Disk), (INFO, FaultKind::TooLarge), (ZIP, FaultKind::Lie), (LIST, FaultKind::Lie)]
    {
        assert_eq!(fault(read(&dir, path).await).kind(), kind, "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_may_not_be_read_is_denied() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    write(root.path(), LIST, "v1.0.0\n");
    let path = root.path().join(LIST);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let dir = open(&door(patient()), root.path());
    // The administrator may read everything.
    let due = if fs::File::open(&path).is_ok() { None } else { Some(FaultKind::Denied(403)) };
    assert_eq!(read(&dir, LIST).await.err().map(|miss| fault::<()>(Err(miss)).kind()), due);
}

#[test]
fn only_a_plain_file_url_names_a_directory() {
    let door = door(patient());
    assert!(DirProxy::open(&door, &source("https://proxy.example.com")).is_err());
    let with_ca = SourceConfig { ca: Some("ca.pem".into()), ..source("file:///srv/modules") };
    assert!(DirProxy::open(&door, &with_ca).is_err());
}

#[tokio::test]
async fn what_broke_elsewhere_goes_on_where_the_bytes_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let zip: Vec<u8> =
        b"PK\x03\x04".iter().copied().chain((0..200_000u32).map(|i| (i % 251) as u8)).collect();
    std::fs::create_dir_all(dir.path().join("example.com/m/@v")).unwrap();
    std::fs::write(dir.path().join(ZIP), &zip).unwrap();
    let source =
        DirProxy::open(&door(patient()), &source(&format!("file://{}", dir.path().display()))).unwrap();
    for (have, len, altered, start) in [
        (150_000_usize, zip.len(), false, 150_000_usize),
        (150_000, zip.len(), true, 0),
        (150_000, 5, false, 0),
        (0, 5, false, 0),
    ] {
        let mut tail = zip[have.saturating_sub(100)..have].to_vec();
        if altered {
            tail[50] ^= 1;
        }
        let resume = Resume { have: have as u64, len: Some(len as u64), etag: None, tail: tail.into() };
        let want = Want { resume: Some(resume), ..want(ZIP) };
        let Fetched::Body(incoming) = source.fetch(&want).await.unwrap() else { panic!("no body") };
        assert_eq!((incoming.meta.start, incoming.meta.len), (start as u64, Some(zip.len() as u64)));
        assert!(whole(incoming).await.unwrap() == zip[start..]);
    }
}
