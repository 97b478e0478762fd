//! Asking a source to see how it answers.

use std::{io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use testkit::{Authority, BlackHole, Gate, ModuleTree, Reply, ScriptedUpstream};
use upstream::{Bounds, Door, DoorConfig, Env, FaultKind, Gauge, Over};

use crate::{LIST, SOON, door, patient, source};

const BOUNDS: Bounds = Bounds { bytes: 1 << 20, time: Duration::from_mins(1) };

fn upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::serving(ModuleTree::parse(""));
    upstream.always(LIST, Reply::ok("v1.0.0\n"));
    upstream
}

fn gauge(url: &str, most: u32) -> Gauge {
    Gauge::open(&door(patient()), &source(url), most).unwrap()
}

#[tokio::test]
async fn kept_connections_are_shared_and_own_ones_are_not() {
    let upstream = upstream();
    let gauge = gauge(&upstream.url(), 100);
    for over in [Over::Kept, Over::Kept, Over::Own, Over::Own, Over::Kept] {
        let reading = gauge.ask(LIST, over, &BOUNDS).await;
        assert_eq!(reading.answer.unwrap(), (200, b"v1.0.0\n".to_vec()));
        assert_eq!(reading.steps.connect.is_some(), over == Over::Own);
        assert!(reading.first_byte.unwrap() <= reading.total);
    }
    let connections: Vec<_> = upstream.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1, 2, 0]);
}

#[tokio::test]
async fn no_request_goes_out_beyond_the_allowance_redirects_included() {
    let upstream = upstream();
    upstream.always("away", Reply::redirect(302, &format!("/{LIST}")));
    let gauge = gauge(&upstream.url(), 5);
    for _ in 0..2 {
        assert!(gauge.ask("away", Over::Kept, &BOUNDS).await.answer.is_ok());
    }
    assert_eq!((gauge.sent(), gauge.left()), (4, 1));
    for over in [Over::Kept, Over::Own] {
        let fault = gauge.ask("away", over, &BOUNDS).await.answer.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unaskable);
    }
    assert_eq!((upstream.seen().len(), gauge.sent()), (5, 5));
}

#[tokio::test]
async fn the_steps_of_a_connection_are_timed() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(ModuleTree::parse(""), &authority);
    upstream.always(LIST, Reply::ok("v1.0.0\n"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, authority.ca()).unwrap();
    let env = Env::new([("SSL_CERT_FILE", file)]);
    let door = Door::new(DoorConfig::new("test", env)).unwrap();
    let url = upstream.url().replace("127.0.0.1", "localhost");
    let gauge = Gauge::open(&door, &source(&url), 9).unwrap();
    let reading = gauge.ask(LIST, Over::Own, &BOUNDS).await;
    assert!(reading.answer.is_ok(), "{reading:?}");
    let steps = reading.steps;
    let sum = steps.resolve.unwrap() + steps.connect.unwrap() + steps.tls.unwrap();
    assert!(sum <= reading.first_byte.unwrap(), "{reading:?}");
    assert!(steps.peer.unwrap().is_loopback());
}

#[tokio::test]
async fn silence_and_trickles_end_in_time() {
    let upstream = upstream();
    let gate = Gate::new();
    upstream.always("silent", Reply::ok("x").hold(&gate));
    upstream.always("stalls", Reply::ok("x".repeat(1000)).stall_after(10, &gate));
    let soon = Bounds { time: SOON, ..BOUNDS };
    let gauge = gauge(&upstream.url(), 9);
    let silent = gauge.ask("silent", Over::Kept, &soon).await;
    assert_eq!(silent.answer.unwrap_err().detail(), "no answer within 100ms");
    let stalls = gauge.ask("stalls", Over::Kept, &soon).await;
    assert_eq!(stalls.answer.unwrap_err().detail(), "10 bytes came within 100ms");
    assert_eq!((stalls.bytes, stalls.first_byte.is_some()), (10, true));
    gate.open();
    let hole = BlackHole::new();
    let nobody = Gauge::open(&door(patient()), &source(&hole.url()), 9).unwrap();
    let fault = nobody.ask(LIST, Over::Own, &soon).await.answer.unwrap_err();
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Connect, "no connection within 100ms"));
}

#[tokio::test]
async fn answers_are_what_the_go_command_takes() {
    let upstream = upstream();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(b"v1.2.3\n").unwrap();
    upstream.always("packed", Reply::ok(gzip.finish().unwrap()).header("Content-Encoding", "gzip"));
    upstream.always("bomb", Reply::ok(vec![b'x'; 2 << 20]));
    upstream.always("gone", Reply::status(410));
    upstream.always("busy", Reply::status(503));
    upstream.always("denied", Reply::status(403));
    let gauge = gauge(&upstream.url(), 9);
    let ask = async |path| gauge.ask(path, Over::Kept, &BOUNDS).await.answer;
    assert_eq!(ask("packed").await.unwrap().1, b"v1.2.3\n");
    assert_eq!(ask("gone").await.unwrap().0, 410);
    for (path, kind) in
        [("bomb", FaultKind::TooLarge), ("busy", FaultKind::Status(503)), ("denied", FaultKind::Denied(403))]
    {
        assert_eq!(ask(path).await.unwrap_err().kind(), kind, "{path}");
    }
}

#[tokio::test]
async fn a_directory_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(LIST);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "v1.0.0\n").unwrap();
    std::fs::create_dir(dir.path().join("no-file")).unwrap();
    let gauge = gauge(&format!("file://{}", dir.path().display()), 5);
    assert!(gauge.is_directory());
    let reading = gauge.ask(LIST, Over::Kept, &BOUNDS).await;
    assert_eq!(reading.bytes, 7);
    assert!(reading.first_byte.unwrap() <= reading.total);
    assert_eq!(reading.answer.unwrap(), (200, b"v1.0.0\n".to_vec()));
    assert_eq!(gauge.ask("nowhere", Over::Own, &BOUNDS).await.answer.unwrap().0, 404);
    let kind = |reading: upstream::Reading| reading.answer.unwrap_err().kind();
    assert_eq!(kind(gauge.ask("no-file", Over::Own, &BOUNDS).await), FaultKind::Disk);
    let small = Bounds { bytes: 6, ..BOUNDS };
    assert_eq!(kind(gauge.ask(LIST, Over::Own, &small).await), FaultKind::TooLarge);
    dir.close().unwrap();
    assert_eq!(kind(gauge.ask(LIST, Over::Own, &BOUNDS).await), FaultKind::Disk, "that is no 404");
    assert_eq!((gauge.sent(), gauge.left()), (5, 0));
    assert_eq!(kind(gauge.ask(LIST, Over::Own, &BOUNDS).await), FaultKind::Unaskable);
}
