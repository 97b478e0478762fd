use std::time::Duration;

use server::Config;
use testkit::{Connection, End, Gate, Reply};

use crate::world::{BIG, INFO, World, ZIP};

/// Zips stay files, however often they are asked for.
fn cold() -> World {
    World { config: Config { hot_budget: 0, ..Config::default() }, ..World::default() }
}

#[test]
fn from_the_source_from_the_store_and_from_memory_come_the_same_bytes() {
    let served = World::default().serve();
    for (path, module) in [(ZIP, "example.com/app"), (BIG, "example.com/big")] {
        let bytes = served.zip(module);
        let first = served.get(path).expect(200);
        assert_eq!(first.header("x-cache"), Some("MISS"));
        assert!(first.body == bytes);
        // The second is answered from the store, later ones from memory.
        for _ in 0..5 {
            let again = served.get(path).expect(200);
            assert_eq!(again.header("x-cache"), Some("HIT"));
            assert_eq!(again.header("etag"), first.header("etag"));
            assert!(again.body == bytes);
        }
    }
    assert_eq!(served.upstream.asked("*.zip"), 2);
}

#[test]
fn parts_are_the_same_from_a_file_and_from_memory() {
    let block = 64 << 10;
    let edges = [0, 1, block - 1, block, block + 1, 2 * block - 1, 2 * block, 3 * block + 5];
    for world in [World::default(), cold()] {
        let served = world.serve();
        let bytes = served.zip("example.com/big");
        for _ in 0..3 {
            served.get(BIG).expect(200);
        }
        for from in edges {
            for to in edges.into_iter().filter(|to| *to > from).chain([bytes.len()]) {
                let part =
                    served.get_with(BIG, &[("Range", &format!("bytes={from}-{}", to - 1))]).expect(206);
                assert!(part.body == bytes[from..to], "{from}..{to}");
                assert_eq!(
                    part.header("content-range"),
                    Some(&*format!("bytes {from}-{}/{}", to - 1, bytes.len()))
                );
            }
        }
    }
}

#[test]
fn a_query_string_changes_nothing() {
    let served = World::default().serve();
    let plain = served.get(INFO).expect(200);
    assert_eq!(served.get(&format!("{INFO}?token=x&y")).expect(200).body, plain.body);
    assert_eq!(served.upstream.asked("*.info"), 1);
}

#[test]
fn every_answer_has_a_number_of_its_own() {
    let served = World::default().serve();
    let ids: std::collections::HashSet<String> =
        [INFO, INFO, ZIP, "/healthz", "/nothing", "/example.com/x/@v/list"]
            .into_iter()
            .map(|path| served.get(path).header("x-request-id").unwrap().to_owned())
            .collect();
    assert_eq!(ids.len(), 6);
    assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
}

#[test]
fn a_body_that_arrives_is_passed_on_before_its_end() {
    let served = World { patience: Duration::ZERO, ..World::default() }.serve();
    let gate = Gate::new();
    served.upstream.script("*.zip", [Reply::natural().stall_after(512 << 10, &gate)]);
    let mut early = served.connect();
    early.ask("GET", BIG, &[]).unwrap();
    let head = early.head().unwrap();
    let bytes = served.zip("example.com/big");
    assert_eq!(head.header("content-length"), Some(&*bytes.len().to_string()));
    assert_eq!((head.header("x-cache"), head.header("etag")), (Some("MISS"), None));
    assert!(early.take(256 << 10) == bytes[..256 << 10]);
    gate.open();
    assert!(early.take(bytes.len() - (256 << 10)) == bytes[256 << 10..]);
    // The connection is good for more.
    early.request("GET", INFO, &[]).expect(200);
}

#[test]
fn a_body_that_turns_out_wrong_ends_in_a_reset() {
    for chunked in [false, true] {
        let served = World { patience: Duration::ZERO, ..World::default() }.serve();
        let gate = Gate::new();
        let reply = Reply::natural().edit(|zip| *zip.last_mut().unwrap() ^= 1).stall_after(512 << 10, &gate);
        served.upstream.always("*.zip", if chunked { reply.chunked() } else { reply });
        let mut client = served.connect();
        client.ask("GET", BIG, &[]).unwrap();
        let head = client.head().unwrap();
        assert_eq!((head.status, head.header("content-length").is_none()), (200, chunked));
        gate.open();
        let (came, end) = client.to_end();
        assert_eq!(end, End::Reset, "chunked: {chunked}");
        assert!(!came.ends_with(b"0\r\n\r\n"), "chunked: {chunked}");
    }
}

#[test]
fn http_1_0_gets_no_body_whose_end_it_cannot_see() {
    let served = World { patience: Duration::ZERO, ..World::default() }.serve();
    let gate = Gate::new();
    served.upstream.script("*.zip", [Reply::natural().chunked().stall_after(512 << 10, &gate)]);
    let mut client = Connection::open(served.address);
    client.send(format!("GET {BIG} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
    gate.wait_for(1);
    gate.open();
    let answer = client.response("GET").unwrap().expect(200);
    assert_eq!(answer.header("content-length"), Some(&*answer.body.len().to_string()));
    assert!(answer.body == served.zip("example.com/big"));
}

#[test]
fn a_rotten_block_never_leaves_and_is_healed_before_the_head() {
    let served = cold().serve();
    let bytes = served.zip("example.com/big");
    served.get(BIG).expect(200);
    // An open file is held by now; the same file rots.
    served.get(BIG).expect(200);
    let stored = served.data.path().join("modules").join(&BIG[1..]);
    let mut rotten = bytes.clone();
    rotten[10] ^= 1;
    let file = std::fs::OpenOptions::new().write(true).open(&stored).unwrap();
    std::io::Write::write_all(&mut &file, &rotten).unwrap();
    assert!(served.get(BIG).expect(200).body == bytes);
    assert!(std::fs::read(&stored).unwrap() == bytes);
    assert_eq!(served.upstream.asked("*.zip"), 2);
}

#[test]
fn a_block_that_rots_behind_the_head_aborts_the_answer() {
    let served = cold().serve();
    let bytes = served.zip("example.com/big");
    served.get(BIG).expect(200);
    served.get(BIG).expect(200);
    let stored = served.data.path().join("modules").join(&BIG[1..]);
    let mut rotten = bytes.clone();
    let last = rotten.len() - 10;
    rotten[last] ^= 1;
    let file = std::fs::OpenOptions::new().write(true).open(&stored).unwrap();
    std::io::Write::write_all(&mut &file, &rotten).unwrap();
    let cut = served.get(BIG);
    assert_ne!(cut.end, End::Whole);
    assert!(bytes.starts_with(&cut.body), "what left before was right");
    let again = served.get(BIG);
    assert_eq!((again.status, again.end), (200, End::Whole));
    assert!(again.body == bytes, "and the next one gets it whole");
}

#[test]
fn a_head_joins_the_fetch_and_promises_no_length_that_is_not_known() {
    for chunked in [false, true] {
        let served = World { patience: Duration::ZERO, ..World::default() }.serve();
        let gate = Gate::new();
        let reply = Reply::natural().stall_after(512 << 10, &gate);
        served.upstream.script("*.zip", [if chunked { reply.chunked() } else { reply }]);
        let mut client = served.connect();
        let head = client.request("HEAD", BIG, &[]);
        let len = served.zip("example.com/big").len().to_string();
        assert_eq!((head.status, head.header("content-length")), (200, (!chunked).then_some(&*len)));
        gate.open();
        client.request("GET", BIG, &[]).expect(200);
        assert_eq!(served.upstream.asked("*.zip"), 1);
    }
}

#[test]
fn what_the_client_has_is_not_sent_again() {
    let served = World::default().serve();
    for path in [INFO, ZIP, "/example.com/app/@v/list"] {
        let etag = served.get(path).expect(200).header("etag").unwrap().to_owned();
        for _ in 0..2 {
            let same = served.get_with(path, &[("If-None-Match", &etag)]);
            assert_eq!((same.status, same.header("etag"), same.body.len()), (304, Some(&*etag), 0), "{path}");
            assert_eq!(same.header("content-length"), None, "{path}");
        }
    }
}
