//! The checksum database through Larder: byte for byte, and only those that are configured.

use testkit::{GoCommand, Reply, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, logged, project, served, tree};

#[test]
fn records_tiles_and_heads_pass_byte_for_byte() {
    let (mut upstream, server, _) = logged();
    let paths = [
        format!("sumdb/{LOG}/lookup/example.com/app@v1.0.0"),
        format!("sumdb/{LOG}/lookup/example.com/%21upper@v1.0.0-%21r%21c1"),
        format!("sumdb/{LOG}/tile/8/0/000"),
        format!("sumdb/{LOG}/tile/8/0/001.p/50"),
        format!("sumdb/{LOG}/tile/8/1/000.p/1"),
        format!("sumdb/{LOG}/tile/8/data/000"),
        format!("sumdb/{LOG}/latest"),
    ];
    let straight = |path: &str| {
        testkit::Connection::open(upstream.address())
            .request("GET", &format!("/{path}"), &[])
            .expect(200)
            .body
    };
    let bodies: Vec<_> = paths.iter().map(|path| straight(path)).collect();
    for (path, body) in paths.iter().zip(&bodies) {
        assert_eq!(server.get(&format!("/{path}")).expect(200).body, *body, "{path}");
    }
    upstream.take_down();
    for (path, body) in paths.iter().zip(&bodies).filter(|(path, _)| !path.ends_with("latest")) {
        assert_eq!(server.get(&format!("/{path}")).expect(200).body, *body, "stored: {path}");
    }
}

#[test]
fn supported_is_a_promise_that_holds_when_the_database_is_down() {
    let (upstream, server, _) = logged();
    upstream.always("*", Reply::status(500));
    server.get(&format!("/sumdb/{LOG}/supported")).expect(200);
    let answer = server.get(&format!("/sumdb/{LOG}/lookup/example.com/app@v1.0.0"));
    assert_eq!(answer.status, 503, "{}", answer.text());
}

#[test]
fn what_the_database_does_not_know_is_404() {
    let log = TestLog::over(LOG, &tree());
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let server = larder().serve(&upstream.url()).sumdb(&format!("{vkey} {}", upstream.url())).start();
    server.get(&format!("/sumdb/{LOG}/lookup/example.com/none@v1.0.0")).expect(404);
}

#[test]
fn other_databases_are_not_relayed() {
    let (upstream, server, _) = logged();
    for path in ["supported", "latest", "lookup/example.com/app@v1.0.0", "tile/8/0/000"] {
        server.get(&format!("/sumdb/other.example.com/{path}")).expect(404);
    }
    assert_eq!(upstream.seen().len(), 0);
    let (_upstream, off) = served();
    off.get(&format!("/sumdb/{LOG}/supported")).expect(404);
}

#[test]
fn a_tile_that_is_misspelt_is_a_bad_request() {
    let (upstream, server, _) = logged();
    for tile in ["8/0/x000/001", "8/0/1", "8/0/000.p/0", "8/0/000.p/256", "8/0/000.p/05", "9/0/000"] {
        let answer = server.get(&format!("/sumdb/{LOG}/tile/{tile}"));
        assert!(matches!(answer.status, 400 | 404), "{tile}: {}", answer.status);
    }
    assert_eq!(upstream.seen().len(), 0);
}

#[test]
fn a_database_may_have_a_slash_in_its_name_and_a_host_of_its_own() {
    let name = "sum.example.com/internal";
    let log = TestLog::over(name, &tree());
    let vkey = log.vkey();
    let modules = ScriptedUpstream::serving(tree());
    let database = ScriptedUpstream::with_log(testkit::ModuleTree::default(), log);
    let server = larder().serve(&modules.url()).sumdb(&format!("{vkey} {}", database.url())).start();
    server.get(&format!("/sumdb/{name}/supported")).expect(200);
    project(&server.url()).sumdb(&vkey).run(["mod", "tidy"]).ok();
    assert!(database.asked("lookup/*") > 0);
    assert_eq!(modules.asked("sumdb/*"), 0);
    let go = GoCommand::new(&server.url()).sumdb(&vkey);
    go.run(["mod", "download", "example.com/none@v1.0.0"]).fails();
}
