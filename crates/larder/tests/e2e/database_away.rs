//! A checksum database that is away for a moment: nothing that is new leaves unverified, and nothing is left of it
//! when it is back.

use testkit::{End, Gate, GoCommand, ModuleTree, Reply, ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder, tree};

const ZIP: &str = "example.com/app/@v/v1.0.0.zip";
const MOD: &str = "example.com/app/@v/v1.0.0.mod";
const LOOKUP: &str = "lookup/example.com/app@v1.0.0";

/// What a database does when it fails.
enum Fault {
    /// It refuses connections.
    Down,
    /// It answers like this.
    Says(Reply),
}

fn faults() -> [(&'static str, Fault); 5] {
    [
        ("refused", Fault::Down),
        ("silent", Fault::Says(Reply::natural().hold(&Gate::new()))),
        ("500", Fault::Says(Reply::status(500))),
        ("reset", Fault::Says(Reply::reset())),
        ("half a body", Fault::Says(Reply::natural().without_ranges().reset_after(60))),
    ]
}

/// Modules at one place, the database at another, and a Larder that asks both.
struct World {
    modules: ScriptedUpstream,
    database: ScriptedUpstream,
    server: TestServer,
    vkey: String,
}

impl World {
    fn new() -> Self {
        let log = TestLog::over(LOG, &tree()).with_filler(300);
        let vkey = log.vkey();
        let modules = ScriptedUpstream::serving(tree());
        let database = ScriptedUpstream::with_log(ModuleTree::default(), log);
        let larder = larder();
        let file = larder.home().join("larder.toml");
        std::fs::write(&file, "[limits]\nfirst_byte = \"300ms\"\n").unwrap();
        let spec = format!("{vkey} {}", database.url());
        let server = larder.serve(&modules.url()).sumdb(&spec).flag("--config", file).start();
        World { modules, database, server, vkey }
    }

    fn fail(&mut self, fault: &Fault) {
        match fault {
            Fault::Down => self.database.take_down(),
            Fault::Says(reply) => self.database.always("*", reply.clone()),
        }
    }

    fn recover(&mut self) {
        self.database.natural();
        self.database.bring_up();
    }
}

#[test]
fn the_next_request_after_it_is_back_is_answered() {
    for (what, fault) in faults() {
        for path in [ZIP, MOD] {
            let mut world = World::new();
            world.fail(&fault);
            let answer = world.server.get(&format!("/{path}"));
            // A body that began while the lookup was under way never ends as a whole one.
            if answer.status == 200 {
                assert_ne!(answer.end, End::Whole, "{what}: {path}");
            } else {
                let text = answer.text();
                assert_eq!(answer.status, 503, "{what}: {path}: {text}");
                assert!(text.contains(LOG) && text.contains("GOPRIVATE"), "{what}: {text}");
                assert!(answer.header("retry-after").is_some(), "{what}: {path}");
            }
            assert!(!world.server.data().join("modules").join(path).exists(), "{what}: {path} is not stored");
            world.recover();
            world.server.get(&format!("/{path}")).expect(200);
        }
    }
}

#[test]
fn one_bad_lookup_is_not_noticed() {
    for (what, fault) in faults() {
        let Fault::Says(reply) = fault else { continue };
        let world = World::new();
        world.database.script(LOOKUP, [reply]);
        let answer = world.server.get(&format!("/{ZIP}"));
        assert_eq!((answer.status, answer.end), (200, End::Whole), "{what}");
    }
}

#[test]
fn what_was_verified_before_is_served_while_it_is_away() {
    for (what, fault) in faults() {
        let mut world = World::new();
        world.server.get(&format!("/{ZIP}")).expect(200);
        world.server.get(&format!("/{MOD}")).expect(200);
        world.fail(&fault);
        world.modules.take_down();
        for path in [ZIP, MOD] {
            let answer = world.server.get(&format!("/{path}"));
            assert_eq!((answer.status, answer.end), (200, End::Whole), "{what}: {path}");
        }
        let server = world.server.kill().start();
        server.get(&format!("/{ZIP}")).expect(200);
    }
}

/// With `go` itself: it fails while the database is away, with a text that says which one, and the same command succeeds
/// when it is back.
#[test]
fn go_says_which_database_and_succeeds_when_it_is_back() {
    let mut world = World::new();
    world.fail(&Fault::Says(Reply::status(500)));
    let go = GoCommand::new(&world.server.url()).sumdb(&world.vkey);
    let ran = go.run(["mod", "download", "example.com/app@v1.0.0"]).fails();
    assert!(ran.stderr.contains(LOG), "{ran}");
    world.recover();
    go.run(["mod", "download", "example.com/app@v1.0.0"]).ok();
}

/// Nobody asks again: what was held back is fetched and verified by itself.
#[test]
fn what_was_held_back_comes_by_itself() {
    let mut world = World::new();
    world.fail(&Fault::Says(Reply::status(500)));
    world.server.get(&format!("/{ZIP}")).expect(503);
    world.database.forget();
    world.recover();
    world.database.wait_asked(LOOKUP, 1);
    world.modules.wait_asked(ZIP, 2);
}
