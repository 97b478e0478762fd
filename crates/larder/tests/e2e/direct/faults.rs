//! What git servers do wrong, and what a client sees of it.

use std::time::{Duration, Instant};

use testkit::{Gate, GitFixture, Reply, TestServer};

use super::site::{CODE, Site};

const LIB: &str = "/code.corp.example.com/team/lib.git";
const KINDS: [&str; 6] =
    ["@v/list", "@latest", "@v/main.info", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"];
/// Nothing counts for longer than the moment.
const AT_ONCE: &str = "failure = \"0s\"\nabsence = \"0s\"\nfreshness = \"0s\"\nfreshness_behind = \"0s\"\n\
                       freshness_wait = \"1h\"\n[limits]\nbegin = \"3s\"\n";

fn start(site: &Site) -> TestServer {
    let larder = site.larder();
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, AT_ONCE).unwrap();
    larder.serve("off").flag("--config", file).start()
}

/// A file that does not fit into one piece of a pack.
fn grows(git: &GitFixture, repository: &str, seed: u64) {
    let numbers: String = (0..20_000_u64).map(|n| (n * n * 7919 + seed).to_string()).collect();
    git.commit(repository, &[("numbers.txt", &numbers)]);
}

#[test]
fn a_server_that_has_disappeared_takes_nothing_with_it() {
    let Some(mut site) = Site::with_lib() else { return };
    let server = start(&site);
    let first: Vec<_> =
        KINDS.iter().map(|kind| server.get(&format!("{LIB}/{kind}")).expect(200).body).collect();
    // Another process knows nothing but what is stored.
    let server = server.kill().start();
    site.server.take_down();
    for (kind, first) in KINDS.iter().zip(first) {
        let again = server.get(&format!("{LIB}/{kind}")).expect(200);
        assert_eq!(again.body, first, "{kind}");
        let cache = if kind.contains("v1.0.0") { "HIT" } else { "STALE" };
        assert_eq!(again.header("X-Cache"), Some(cache), "{kind}");
    }
    // What was never asked for is a failure, and no absence.
    let got = server.get(&format!("{LIB}/@v/v1.9.0.info"));
    assert!(matches!(got.status, 502..=504), "{}", got.text());
    let got = server.get(&format!("/{CODE}/team/other.git/@v/list"));
    assert!(matches!(got.status, 502..=504), "{}", got.text());
    site.server.bring_up();
    let server = server.kill().start();
    assert_eq!(server.get(&format!("{LIB}/@v/list")).expect(200).header("X-Cache"), Some("REVALIDATED"));
}

#[test]
fn what_breaks_within_a_pack_is_tried_again() {
    let Some(site) = Site::with_lib() else { return };
    grows(&site.repositories, "team/lib", 1);
    site.repositories.git("team/lib", &["tag", "v1.2.0"]);
    for broken in [Reply::natural().reset_after(4000), Reply::natural().cut_after(4000), Reply::reset()] {
        let server = start(&site);
        site.server.natural();
        site.server.script("*/git-upload-pack", [Reply::natural(), broken]);
        server.get(&format!("{LIB}/@v/v1.2.0.info")).expect(200);
        server.get(&format!("{LIB}/@v/v1.2.0.zip")).expect(200);
    }
}

#[test]
fn a_server_that_is_ill_is_a_failure_in_its_own_words_and_soon() {
    let Some(site) = Site::with_lib() else { return };
    let garbage: Vec<u8> = (0..5000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let gate = Gate::new();
    for (how, reply) in [
        ("500", Reply::status(500)),
        ("503", Reply::status(503)),
        ("403", Reply::status(403)),
        ("garbage", Reply::ok(garbage)),
        ("a page", Reply::html()),
        ("nothing", Reply::ok("")),
        ("a reset", Reply::reset()),
        ("silence", Reply::natural().hold(&gate)),
        ("a stall", Reply::natural().stall_after(10, &gate)),
    ] {
        let server = start(&site);
        site.server.natural();
        site.server.always("*", reply);
        for kind in ["@v/list", "@latest", "@v/v1.0.0.info", "@v/v1.0.0.zip"] {
            let begun = Instant::now();
            let got = server.get(&format!("{LIB}/{kind}"));
            let text = got.text();
            assert!(matches!(got.status, 502..=504), "{how}, {kind}: {} {text}", got.status);
            assert!(text.contains("direct: "), "{how}, {kind}: {text}");
            assert!(begun.elapsed() < Duration::from_secs(15), "{how}, {kind}: {:?}", begun.elapsed());
        }
        site.server.natural();
        // A failure is remembered for a second, but by no other process; and a busy machine may need its time.
        let server = server.kill().without("--config").start();
        server.get(&format!("{LIB}/@v/list")).expect(200);
        server.get(&format!("{LIB}/@v/v1.0.0.zip")).expect(200);
    }
    gate.open();
}

#[test]
fn a_wrong_password_is_no_absence() {
    let Some(site) = Site::with_lib() else { return };
    site.server.demand("*", "somebody", "else");
    let server = start(&site);
    for kind in KINDS {
        let got = server.get(&format!("{LIB}/{kind}")).expect(502);
        assert!(got.text().contains("direct: denied"), "{}", got.text());
        assert!(!got.text().contains("hunter2"));
    }
}

#[test]
fn what_is_not_there_is_told_in_the_words_of_go() {
    let Some(site) = Site::with_lib() else { return };
    let server = start(&site);
    let text = server.get(&format!("{LIB}/@v/v1.9.0.info")).expect(404).text();
    assert!(text.contains("unknown revision v1.9.0"), "{text}");
    let text = server.get(&format!("{LIB}/@v/nowhere.info")).expect(404).text();
    assert!(text.contains("unknown revision nowhere"), "{text}");
    server.get(&format!("{LIB}/missing/@latest")).expect(404);
}
