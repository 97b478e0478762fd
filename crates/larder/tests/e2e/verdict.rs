//! Wrong bytes never leave as right ones.

use testkit::{Archive, End, Gate, Module, ModuleTree, Reply, ScriptedUpstream, TestServer};

use crate::world::{NO_MEMO, chained, configured, larder, served, tree};

const ZIP: &str = "example.com/app/@v/v1.0.0.zip";
const PREFIX: &str = "example.com/app@v1.0.0";

fn broken() -> Vec<(&'static str, Reply)> {
    let gomod = b"module example.com/app\n";
    let zip =
        |name: &str| Archive::new().file(&format!("{PREFIX}/go.mod"), gomod).file(name, b"package app\n");
    let whole = tree().module("example.com/app", "v1.0.0").zip.to_vec();
    let middle = whole.len() / 2;
    vec![
        ("HTML with 200", Reply::html()),
        ("nothing", Reply::ok("")),
        ("cut short", Reply::natural().without_ranges().cut_after(middle as u64)),
        ("reset", Reply::natural().without_ranges().reset_after(middle as u64)),
        ("one byte altered", Reply::natural().edit(|body| body[80] ^= 1)),
        ("a tail that is missing", Reply::natural().edit(move |body| body.truncate(middle)).chunked()),
        ("another prefix", Reply::ok(zip("example.com/other@v1.0.0/app.go").finish())),
        ("a name that climbs", Reply::ok(zip(&format!("{PREFIX}/../evil.go")).finish())),
        ("the same name twice", Reply::ok(zip(&format!("{PREFIX}/go.mod")).finish())),
        ("names that differ in case only", Reply::ok(zip(&format!("{PREFIX}/GO.MOD")).finish())),
        ("a module inside", Reply::ok(zip(&format!("{PREFIX}/sub/go.mod")).finish())),
        (
            "a size that lies",
            Reply::ok(
                Archive::new().file_claiming(&format!("{PREFIX}/a.go"), &vec![b'a'; 1 << 20], 100).finish(),
            ),
        ),
        ("too large", Reply::natural().claim_length((500 << 20) + 1)),
    ]
}

#[test]
fn no_broken_zip_is_served_or_stored() {
    let (upstream, server) = configured(tree(), NO_MEMO);
    for (what, reply) in broken() {
        upstream.always(ZIP, reply);
        let answer = server.get(&format!("/{ZIP}"));
        assert!(answer.status >= 500 || answer.end != End::Whole, "{what}: {}", answer.status);
        assert!(answer.status != 404, "{what}: a failure is no absence");
    }
    let stored = server.data().join("modules").join(ZIP);
    assert!(!stored.exists());
    upstream.natural();
    let good = server.get(&format!("/{ZIP}")).expect(200);
    assert_eq!(good.body, tree().module("example.com/app", "v1.0.0").zip.to_vec());
}

#[test]
fn the_next_source_is_asked_and_the_client_notices_nothing() {
    let (lying, honest) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    for (what, reply) in broken() {
        let server = larder().serve(&format!("{}|{}", lying.url(), honest.url())).start();
        lying.script(ZIP, [reply]);
        let answer = server.get(&format!("/{ZIP}")).expect(200);
        assert_eq!(answer.body, tree().module("example.com/app", "v1.0.0").zip.to_vec(), "{what}");
    }
}

#[test]
fn after_a_comma_a_failure_stops() {
    let (failing, honest) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    let server = chained(&format!("{},{}", failing.url(), honest.url()), NO_MEMO);
    failing.always("*", Reply::status(500));
    let list = "/example.com/app/@v/list";
    assert!(server.get(list).status >= 500);
    assert_eq!(honest.seen().len(), 0);
    failing.always("*", Reply::status(404));
    server.get(list).expect(200);
    assert_eq!(honest.seen().len(), 1, "after an absence the next one is asked");
}

#[test]
fn a_slow_lie_is_aborted() {
    let (upstream, server) = big(|zip| {
        let last = zip.len() - 40;
        zip[last] ^= 1;
    });
    let (gate, reply) = upstream;
    let path = "/example.com/big/@v/v1.0.0.zip";
    let mut connection = server.connect();
    connection.ask("GET", path, &[]).unwrap();
    let head = connection.head().unwrap();
    assert_eq!(head.status, 200, "it flows before it is known to be wrong");
    gate.open();
    let (body, end) = connection.to_end();
    let len: usize = head.header("content-length").map_or(usize::MAX, |len| len.parse().unwrap());
    assert!(body.len() < len, "the last bytes were held back");
    assert_eq!(end, End::Reset);
    assert!(!server.data().join("modules").join(&path[1..]).exists());
    drop(reply);
}

/// A Larder whose upstream stalls a zip after its first part and then sends the rest, altered.
fn big(edit: fn(&mut Vec<u8>)) -> ((Gate, ScriptedUpstream), TestServer) {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", 2 << 20));
    let upstream = ScriptedUpstream::serving(tree);
    let gate = Gate::new();
    upstream.always("*.zip", Reply::natural().edit(edit).stall_after(1 << 20, &gate));
    let server = larder().serve(&upstream.url()).start();
    ((gate, upstream), server)
}

#[test]
fn an_info_must_speak_of_the_version_that_was_asked() {
    let (upstream, server) = configured(tree(), NO_MEMO);
    let path = "example.com/app/@v/v1.0.0.info";
    for (what, body) in [
        ("another version", r#"{"Version":"v1.1.0","Time":"2024-01-02T03:04:05Z"}"#),
        ("no JSON", "v1.0.0"),
        ("a page", "<!DOCTYPE html><html></html>"),
        ("a BOM", "\u{feff}{\"Version\":\"v1.0.0\"}"),
        ("more than JSON", r#"{"Version":"v1.0.0"} {"#),
        ("a time that is none", r#"{"Version":"v1.0.0","Time":"2024-01-02 03:04:05Z"}"#),
        ("nothing", ""),
    ] {
        upstream.always(path, Reply::ok(body));
        let answer = server.get(&format!("/{path}"));
        assert!(answer.status >= 500, "{what}: {} {}", answer.status, answer.text());
    }
    upstream.natural();
    let good = server.get(&format!("/{path}")).expect(200);
    assert_eq!(good.text(), r#"{"Version":"v1.0.0","Time":"2024-01-02T03:04:05Z"}"#);
    assert_eq!(good.header("content-type"), Some("application/json"));
}

#[test]
fn a_go_mod_is_served_as_it_is_unless_it_is_a_page() {
    let (upstream, server) = configured(tree(), NO_MEMO);
    upstream.always("example.com/app/@v/v1.0.0.mod", Reply::html());
    assert!(server.get("/example.com/app/@v/v1.0.0.mod").status >= 500);
    let strange = "// no module line at all\r\ngo 9.99\r\n";
    upstream.script("example.com/app/@v/v1.0.0.mod", [Reply::ok(strange)]);
    assert_eq!(server.get("/example.com/app/@v/v1.0.0.mod").expect(200).text(), strange);
}

#[test]
fn a_list_holds_only_what_go_can_use() {
    let (upstream, server) = served();
    let list = "v1.1.0\nv1.0.0 2024-01-02T03:04:05Z\r\n  v1.0.0\nv1\nv1.2\nv2.0.0\nv3.0.0+meta\ngarbage\n\
                v0.0.0-20240102030405-abcdefabcdef\nv2.0.0+incompatible\nv1.2.0-rc.1\n";
    upstream.always("*/list", Reply::html());
    upstream.script("*/list", [Reply::ok(list), Reply::ok("")]);
    let answer = server.get("/example.com/app/@v/list").expect(200);
    assert_eq!(answer.text(), "v1.0.0\nv1.1.0\nv1.2.0-rc.1\nv2.0.0+incompatible\n");
    assert_eq!(server.get("/example.com/old/@v/list").expect(200).text(), "", "no versions is an answer");
    assert!(server.get("/example.com/branch/@v/list").status >= 500);
}

#[test]
fn what_was_seen_first_stays_right() {
    let (upstream, server) = served();
    server.get(&format!("/{ZIP}")).expect(200);
    server.get("/example.com/app/@v/v1.0.0.mod").expect(200);
    let modules = server.data().join("modules");
    let serve = server.kill();
    // Evicted, then fetched again from a source that has changed its mind.
    std::fs::remove_file(modules.join(ZIP)).unwrap();
    std::fs::remove_file(modules.join("example.com/app/@v/v1.0.0.mod")).unwrap();
    upstream.serve(ModuleTree::parse(
        "-- example.com/app@v1.0.0/go.mod --\nmodule evil\n-- example.com/app@v1.0.0/app.go --\npackage evil\n",
    ));
    let server = serve.start();
    for path in [ZIP, "example.com/app/@v/v1.0.0.mod"] {
        let answer = server.get(&format!("/{path}"));
        assert!(answer.status >= 500, "{path}: {} {}", answer.status, answer.text());
        assert!(answer.text().contains("SECURITY"), "{path}: loudly: {}", answer.text());
    }
    upstream.serve(tree());
    server.get(&format!("/{ZIP}")).expect(200);
}

#[test]
fn each_file_of_a_version_stands_alone() {
    let (upstream, server) = served();
    for (version, has, lacks) in
        [("v1.0.0", "info", "mod"), ("v1.1.0", "mod", "zip"), ("v1.2.0-beta.1", "zip", "info")]
    {
        let module = format!("example.com/app/@v/{version}");
        upstream.always(&format!("{module}.{lacks}"), Reply::status(500));
        assert!(server.get(&format!("/{module}.{lacks}")).status >= 500);
        server.get(&format!("/{module}.{has}")).expect(200);
    }
    upstream.forget();
    server.get("/example.com/branch/@v/v0.1.0.mod").expect(200);
    server.get("/example.com/branch/@v/v0.1.0.info").expect(200);
    assert_eq!(upstream.asked("*.zip"), 0, "a go.mod never costs a zip");
}
