//! What a checksum database vouches for, and what it cannot.

use testkit::{Larder, ModuleTree, Reply, Response, ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder, tree};

const ZIP: &str = "/example.com/app/@v/v1.0.0.zip";
const MOD: &str = "/example.com/app/@v/v1.0.0.mod";
const INFO: &str = "/example.com/app/@v/v1.0.0.info";
const WHO: &str = "X-Larder-Verified";

/// The same versions with other content.
fn altered() -> ModuleTree {
    ModuleTree::parse(
        "\
-- example.com/app@v1.0.0/go.mod --
module example.com/app // altered
-- example.com/app@v1.0.0/app.go --
package app // altered
",
    )
}

/// The database of the world's modules, at an address of its own, and how to ask it.
fn database() -> (ScriptedUpstream, String) {
    let log = TestLog::over(LOG, &tree());
    let vkey = log.vkey();
    let database = ScriptedUpstream::with_log(ModuleTree::default(), log);
    let spec = format!("{vkey} {}", database.url());
    (database, spec)
}

fn start(larder: &Larder, chain: &str, spec: &str, config: &str) -> TestServer {
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, config).unwrap();
    larder.serve(chain).sumdb(spec).flag("--config", file).start()
}

#[track_caller]
fn verified(response: &Response, by: &str) {
    assert_eq!((response.status, response.header(WHO)), (200, Some(by)), "{}", response.text());
}

#[test]
fn what_the_database_vouches_for_is_said_to_be_in_its_log() {
    let (upstream, (mut database, spec)) = (ScriptedUpstream::serving(tree()), database());
    let larder = larder();
    let server = start(&larder, &upstream.url(), &spec, "");
    for path in [ZIP, MOD] {
        verified(&server.get(path), "log");
        verified(&server.get(path), "log");
    }
    database.take_down();
    verified(&server.get(ZIP), "log");
}

#[test]
fn altered_files_are_taken_from_the_next_source_or_from_nobody() {
    let (bad, good) = (ScriptedUpstream::serving(altered()), ScriptedUpstream::serving(tree()));
    let (_database, spec) = database();
    for joined in [",", "|"] {
        let larder = larder();
        let server = start(&larder, &format!("{}{joined}{}", bad.url(), good.url()), &spec, "");
        for path in [ZIP, MOD] {
            let got = server.get(path);
            verified(&got, "log");
            assert_eq!(got.header("X-Larder-Source"), Some(&*good.address().to_string()));
        }
    }
    let larder = larder();
    let server = start(&larder, &bad.url(), &spec, "");
    for path in [ZIP, MOD] {
        let refused = server.get(path).expect(502).text();
        assert!(refused.starts_with("SECURITY: example.com/app@v1.0.0"), "{refused}");
        assert!(refused.contains(LOG) && refused.contains(&bad.address().to_string()), "{refused}");
    }
}

#[test]
fn the_database_may_be_dead_for_a_while() {
    let (upstream, (mut database, spec)) = (ScriptedUpstream::serving(tree()), database());
    let larder = larder();
    let server = start(&larder, &upstream.url(), &spec, "");
    database.take_down();
    for path in [ZIP, MOD] {
        let held = server.get(path).expect(503);
        assert!(held.text().contains(LOG) && held.text().contains("GOPRIVATE"), "{}", held.text());
        assert!(held.header("Retry-After").is_some());
    }
    server.get(INFO).expect(200);
    database.bring_up();
    for path in [ZIP, MOD] {
        verified(&server.get(path), "log");
    }
}

#[test]
fn an_operator_may_let_out_what_is_not_verified() {
    let (upstream, (database, spec)) = (ScriptedUpstream::serving(tree()), database());
    database.always("*", Reply::status(503));
    let larder = larder();
    let server = start(&larder, &upstream.url(), &spec, "on_unverifiable = \"serve-pending\"\n");
    for path in [ZIP, MOD] {
        let got = server.get(path);
        verified(&got, "pending");
        assert_eq!(got.header("Cache-Control"), Some("no-cache"));
    }
    database.natural();
    for path in [ZIP, MOD] {
        let until = std::time::Instant::now() + testkit::LIMIT;
        while server.get(path).header(WHO) != Some("log") {
            assert!(std::time::Instant::now() < until, "{path} was never verified");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

#[test]
fn a_private_route_pins_what_it_saw_first_and_off_is_said() {
    let (upstream, (database, spec)) = (ScriptedUpstream::serving(tree()), database());
    for (sumdb, word) in [("ledger", "first-sight"), ("off", "off")] {
        let larder = larder();
        let route = format!("[[route]]\nmodules = [\"example.com\"]\nsumdb = \"{sumdb}\"\n");
        let server = start(&larder, &upstream.url(), &spec, &route);
        verified(&server.get(ZIP), word);
        std::fs::remove_file(server.data().join("modules").join(&ZIP[1..])).unwrap();
        let serve = server.kill();
        upstream.serve(altered());
        let server = serve.start();
        let refused = server.get(ZIP).expect(502).text();
        assert!(refused.starts_with("SECURITY") && refused.contains("seen first"), "{refused}");
        upstream.serve(tree());
        verified(&server.get(ZIP), word);
        assert_eq!(database.seen().len(), 0, "its name is private");
    }
}
