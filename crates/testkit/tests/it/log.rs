//! A log that grows and lies, as a real `go` sees it.

use testkit::{Connection, GoCommand, Lie, Module, ModuleTree, Part, Response, ScriptedUpstream, TestLog};

const NAME: &str = "sum.example.com";
const MODULES: &str = "\
-- example.com/first@v1.0.0/go.mod --
module example.com/first
-- example.com/second@v1.0.0/go.mod --
module example.com/second
";

fn tree() -> ModuleTree {
    ModuleTree::parse(MODULES)
}

/// The second module with another file.
fn forged() -> Module {
    Module::new("example.com/second", "v1.0.0", &[("evil.go".into(), b"package second\n".to_vec())])
}

fn get(upstream: &ScriptedUpstream, path: &str) -> Response {
    Connection::open(upstream.address()).request("GET", path, &[("Connection", "close")])
}

#[test]
fn a_log_grows_under_a_go_that_keeps_its_heads() {
    let log = TestLog::over(NAME, &tree());
    let upstream = ScriptedUpstream::with_log(tree(), log.clone());
    let go = GoCommand::new(&upstream.url()).sumdb(&log.vkey());
    go.run(["mod", "download", "example.com/first@v1.0.0"]).ok();
    let mut grown = tree();
    for (version, fillers) in [("v1.1.0", 300), ("v1.2.0", 0), ("v1.3.0", 70_000), ("v1.4.0", 5)] {
        log.fill(fillers);
        let module = Module::new("example.com/first", version, &[]);
        assert_eq!(log.append(&module) + 1, log.size());
        grown.add(module);
        upstream.serve(grown.clone());
        go.run(["mod", "download", &format!("example.com/first@{version}")]).ok();
    }
    assert!(upstream.asked("*tile/8/2/*") > 0);
    log.lie(Lie::OldHead(3));
    go.run(["mod", "download", "example.com/second@v1.0.0"]).ok();
}

#[test]
fn a_real_go_takes_no_lie() {
    for (fillers, lies) in [
        (70_000, vec![Lie::HashTile(0), Lie::HashTile(1), Lie::HashTile(2)]),
        (
            300,
            vec![
                Lie::CutTile,
                Lie::FullForPartial,
                Lie::PartialForFull,
                Lie::Record(forged()),
                Lie::AnotherRecord,
                Lie::ExtraLine,
                Lie::NoLine,
                Lie::LinesInNote(tree().module("example.com/second", "v1.0.0").clone()),
                Lie::Number,
                Lie::Signature,
                Lie::Stranger,
                Lie::TooSmallHead,
                Lie::Page(Part::Lookups),
                Lie::Page(Part::Tiles),
                Lie::Status(Part::Lookups, 404),
                Lie::Status(Part::Tiles, 500),
            ],
        ),
    ] {
        let log = TestLog::over(NAME, &tree()).with_filler(fillers);
        let upstream = ScriptedUpstream::with_log(tree(), log.clone());
        let download = || {
            let go = GoCommand::new(&upstream.url()).sumdb(&log.vkey());
            go.run(["mod", "download", "example.com/second@v1.0.0"])
        };
        for lie in lies {
            log.lie(lie.clone());
            let ran = download();
            assert!(!ran.status.success(), "{lie:?}: {ran}");
            log.be_honest();
        }
        download().ok();
    }
}

#[test]
fn a_fork_is_seen_by_who_knows_another_head() {
    let (log, fork) = forks();
    let upstream = ScriptedUpstream::with_log(tree(), log.clone());
    for growth in [0, 500] {
        fork.fill(growth);
        let go = GoCommand::new(&upstream.url()).sumdb(&log.vkey());
        go.run(["mod", "download", "example.com/first@v1.0.0"]).ok();
        log.lie(Lie::Heads(fork.clone()));
        assert_eq!(get(&upstream, "/latest").expect(200).text(), fork.head());
        log.lie(Lie::Instead(fork.clone()));
        let ran = go.run(["mod", "download", "example.com/second@v1.0.0"]).fails();
        assert!(ran.stderr.contains("SECURITY ERROR"), "{ran}");
        let fresh = GoCommand::new(&upstream.url()).sumdb(&log.vkey());
        fresh.run(["mod", "download", "example.com/first@v1.0.0"]).ok();
        log.be_honest();
    }
}

fn forks() -> (TestLog, TestLog) {
    let log = TestLog::over(NAME, &tree()).with_filler(300);
    let fork = log.fork(&forged());
    (log, fork)
}

#[test]
fn a_lie_is_told_once_or_always_and_at_one_place() {
    let (log, _) = forks();
    let (here, there) = (
        ScriptedUpstream::with_log(tree(), log.clone()),
        ScriptedUpstream::with_log(tree(), log.elsewhere()),
    );
    let lookup = "/lookup/example.com/second@v1.0.0";
    let truth = get(&there, lookup).expect(200).body;
    log.lie_once(Lie::Number);
    log.lie(Lie::Status(Part::Tiles, 500));
    assert_ne!(get(&here, lookup).expect(200).body, truth);
    assert_eq!(get(&here, lookup).expect(200).body, truth);
    get(&here, &format!("/sumdb/{NAME}/tile/8/0/000")).expect(500);
    get(&here, "/tile/8/data/000").expect(500);
    get(&there, "/tile/8/0/000").expect(200);
    log.fill(1);
    assert_ne!(get(&there, lookup).expect(200).body, truth, "it grows there too");
}

#[test]
fn what_go_never_asks_for_is_a_lie_too() {
    let (log, fork) = forks();
    let upstream = ScriptedUpstream::with_log(tree(), log.clone());
    for (path, lie) in [
        ("/latest", Lie::Signature),
        ("/latest", Lie::Stranger),
        ("/latest", Lie::OldHead(5)),
        ("/latest", Lie::Page(Part::Latest)),
        ("/latest", Lie::Instead(fork)),
        ("/tile/8/data/000", Lie::DataTile),
        ("/tile/8/data/000", Lie::CutTile),
        ("/tile/8/data/000", Lie::PartialForFull),
        ("/tile/8/data/001.p/46", Lie::FullForPartial),
        ("/tile/8/data/000.p/3", Lie::FullForPartial),
    ] {
        let truth = get(&upstream, path).expect(200).body;
        log.lie(lie.clone());
        assert_ne!(get(&upstream, path).expect(200).body, truth, "{path}: {lie:?}");
        log.be_honest();
    }
    log.lie(Lie::Huge(Part::Latest));
    assert!(get(&upstream, "/latest").expect(200).body.len() > 64 << 20);
    log.lie(Lie::Endless(Part::Latest));
    let mut client = Connection::open(upstream.address());
    client.ask("GET", "/latest", &[]).unwrap();
    assert_eq!(client.head().unwrap().header("content-length"), None);
    client.take(1 << 20);
}
