//! What operators are told of checksum databases: `/api/v1/sumdb` and `larder sumdb`.

use testkit::{ScriptedUpstream, TestLog, TestServer};

use crate::world::{LOG, larder, logged, served, tree};

/// What the API says.
fn api(server: &TestServer, path: &str) -> serde_json::Value {
    let answer = server.get(&format!("/api/v1/sumdb{path}")).expect(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn programs_are_told_what_is_known_of_each_database() {
    let (upstream, server, vkey) = logged();
    let before = api(&server, "");
    let database = &before["databases"][0];
    assert_eq!((&database["name"], &database["own"]), (&LOG.into(), &false.into()));
    assert_eq!((&database["key"], &database["head"]), (&vkey.clone().into(), &serde_json::Value::Null));

    let latest = server.get(&format!("/sumdb/{LOG}/latest")).expect(200).text();
    let after = api(&server, "");
    let head = &after["databases"][0]["head"];
    assert_eq!(head["note"], latest);
    assert_eq!(head["size"].to_string(), latest.lines().nth(1).unwrap());
    assert_eq!(head["root"], latest.lines().nth(2).unwrap());
    assert!(head["stored"].as_str().is_some_and(|at| at.starts_with("20")), "{head}");
    assert_eq!(api(&server, &format!("/{LOG}")), after["databases"][0]);
    assert_eq!(upstream.asked("*/latest"), 1, "looking asks nobody");
    server.get("/api/v1/sumdb/other.example.com").expect(404);
    let head = server.connect().request("HEAD", "/api/v1/sumdb", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn a_database_with_a_slash_in_its_name_has_a_page_too() {
    let name = "sum.example.com/internal";
    let log = TestLog::over(name, &tree());
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let server = larder().serve(&upstream.url()).sumdb(&vkey).start();
    assert_eq!(api(&server, &format!("/{name}"))["key"], vkey);
}

#[test]
fn without_a_database_toolchains_have_one_all_the_same() {
    let (_upstream, server) = served();
    let all = api(&server, "");
    assert_eq!(all["databases"][0]["name"], "sum.golang.org");
    assert_eq!(all["databases"].as_array().unwrap().len(), 1);
    server.get("/sumdb/sum.golang.org/supported").expect(404);
}

#[test]
fn nothing_is_at_the_root_without_an_own_database() {
    let (upstream, server, _) = logged();
    for path in ["/latest", "/supported", "/lookup/example.com/app@v1.0.0", "/tile/8/0/000"] {
        server.get(path).expect(404);
    }
    assert_eq!(upstream.seen().len(), 0);
}
