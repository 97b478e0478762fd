//! What went wrong in earlier clients of the checksum database. Each test shows the old logic believing a lie that is
//! refused here.

use gomod::{H1, ModulePath, ModuleVersion, TileId, Version};
use sumdb::{Evil, Hash, Head, Lookup, RecordError, Tiles, Unproved, prove, tile};

use crate::model::{LARGE, Log};
use crate::signer;

const FORGED: &str = "example.com/m3 v1.0.0 h1:forged\n";

/// The old reader of tiles for one record, in a tree of 257 to 511 records. It read the edge tiles that give the root,
/// then the record's own, and took up checking against parents behind as many tiles as the root has *subtrees*; but
/// several subtrees lie in one tile.
fn old_reader(head: &Head, id: u64, have: &Tiles) -> Result<Hash, &'static str> {
    let edge: TileId = format!("8/0/001.p/{}", head.size - 256).parse().unwrap();
    let order = ["8/1/000.p/1".parse().unwrap(), edge, "8/0/000".parse::<TileId>().unwrap()];
    let bodies: Vec<&[u8]> = order.iter().map(|id| have.get(*id).unwrap()).collect();
    let entry =
        |tile: usize, n: usize| Hash::from(<[u8; 32]>::try_from(&bodies[tile][n * 32..][..32]).unwrap());
    let right: Vec<Hash> = (0..head.size as usize - 256).map(|n| entry(1, n)).collect();
    if Hash::node(&entry(0, 0), &over(&right)) != head.root {
        return Err("inconsistent edge");
    }
    let subtrees = head.size.count_ones() as usize;
    for tile in subtrees..order.len() {
        let hashes: Vec<Hash> = (0..256).map(|n| entry(tile, n)).collect();
        if over(&hashes) != entry(0, 0) {
            return Err("inconsistent tile");
        }
    }
    Ok(entry(2, id as usize))
}

fn over(hashes: &[Hash]) -> Hash {
    match hashes {
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            Hash::node(&over(left), &over(right))
        }
    }
}

#[test]
fn cve_2026_56865_every_tile_that_is_not_at_the_edge_is_checked_against_its_parent() {
    let id: TileId = "8/0/000".parse().unwrap();
    let body = Lookup::compose(3, FORGED, b"note");
    let lookup = Lookup::parse(&body).unwrap();
    let mut forged = LARGE.tile(id);
    forged[3 * 32..4 * 32].copy_from_slice(Hash::leaf(FORGED.as_bytes()).as_bytes());
    for size in [259, 263, 271, 300, 511] {
        let head = LARGE.head(size);
        let mut have = Tiles::new();
        LARGE.fetch(&mut have, |have| tile(&head, id, have)).0.unwrap();
        assert_eq!(old_reader(&head, 3, &have), Ok(Hash::leaf(LARGE.records[3].as_bytes())));
        have.insert(id, forged.clone());
        assert_eq!(
            old_reader(&head, 3, &have),
            Ok(Hash::leaf(FORGED.as_bytes())),
            "the old logic believes it"
        );
        let lie = || Unproved::from(Evil::Tile { tiles: vec![id], size });
        assert_eq!(prove(None, &head, &lookup, &have), Err(lie()));
        assert_eq!(tile(&head, id, &have), Err(lie()));
    }
}

fn version() -> ModuleVersion {
    let path = ModulePath::new("example.com/victim").unwrap();
    ModuleVersion::new(path, Version::new("v1.0.0").unwrap()).unwrap()
}

const LINE: &str = "example.com/victim v1.0.0 h1:i621H+31c8FZlFIYCQLzLaprGTf36Nl4yoHOxJmfVNo=\n";

/// The old search for lines of a version: in all that was sent.
fn old_lines(body: &[u8]) -> Vec<String> {
    let lines = std::str::from_utf8(body).unwrap().lines();
    lines.filter(|line| line.starts_with("example.com/victim v1.0.0 ")).map(str::to_owned).collect()
}

#[test]
fn cve_2026_56864_only_the_authenticated_text_is_searched() {
    // A database that wants to deceive one client without a trace in its log: the record is another module's and is
    // truly in the log; the line for the client stands behind the tree head, where the signature allows anything.
    let head = LARGE.head(600);
    let note = signer().sign(&format!("{head}{LINE}")).unwrap();
    let body = Lookup::compose(7, &LARGE.records[7], note.as_bytes());
    assert_eq!(old_lines(&body), [LINE.trim_end()], "the old logic believes it");

    let lookup = Lookup::parse(&body).unwrap();
    let signed = Head::open(lookup.note(), signer().verifier()).unwrap();
    let proved = LARGE.fetch(&mut Tiles::new(), |have| prove(None, &signed, &lookup, have)).0;
    assert_eq!(proved.unwrap().head, head);
    assert!(matches!(lookup.hashes(&version()), Err(RecordError::Missing(_))));
    assert!(matches!(lookup.check(&version(), signer().verifier()), Err(RecordError::Missing(_))));
}

#[test]
fn cve_2026_42501_a_record_without_a_line_for_the_version_is_an_error() {
    /// The old check of a download: a wrong line is an error, no line is none.
    fn old_check(lines: &[String], got: H1) -> bool {
        lines.iter().all(|line| line.ends_with(&got.to_string()))
    }
    let head = LARGE.head(600);
    let note = signer().sign(&head.to_string()).unwrap();
    let body = Lookup::compose(7, &LARGE.records[7], note.as_bytes());
    let lookup = Lookup::parse(&body).unwrap();
    let proved = LARGE.fetch(&mut Tiles::new(), |have| prove(None, &head, &lookup, have)).0;
    assert!(proved.is_ok(), "the record is in the log, but it is another's");
    let altered: H1 = "h1:x+twepYWmEjUj3mVSqscwyL91iw9RQtOdYWw4rW2K8o=".parse().unwrap();
    assert!(old_check(&old_lines(&body), altered), "the old logic believes it");
    assert!(matches!(lookup.hashes(&version()), Err(RecordError::Missing(_))));
}

#[test]
fn a_line_of_one_file_does_not_vouch_for_the_other() {
    let log = Log::new(vec![LINE.replace("v1.0.0 ", "v1.0.0/go.mod ")]);
    let body = Lookup::compose(0, &log.records[0], b"note");
    let lookup = Lookup::parse(&body).unwrap();
    assert!(prove(None, &log.head(1), &lookup, &filled(&log)).is_ok());
    let hashes = lookup.hashes(&version()).unwrap();
    assert!(hashes.zip.is_none() && hashes.gomod.is_some());
}

/// The only tile of a log of one record.
fn filled(log: &Log) -> Tiles {
    let mut have = Tiles::new();
    let id: TileId = "8/0/000.p/1".parse().unwrap();
    have.insert(id, log.tile(id));
    have
}
