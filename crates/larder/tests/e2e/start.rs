//! Starting: one sentence for everything that can be wrong.

use std::{fs, net::TcpListener};

use testkit::{Larder, Ran, ScriptedUpstream};

use crate::world::{larder, tree};

/// A start that must fail with exit code 2 and a short text with all these words.
#[track_caller]
fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert_eq!(ran.stdout, "", "{ran}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} is missing: {ran}");
    }
    assert!(ran.stderr.lines().count() <= 6, "a sentence, not a dump: {ran}");
    assert!(!ran.stderr.contains("panicked"), "{ran}");
}

#[track_caller]
fn fails(serve: testkit::Serve) -> Ran {
    match serve.try_start() {
        Ok(server) => panic!("started on {}", server.url()),
        Err(ran) => ran,
    }
}

#[test]
fn the_port_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = fails(larder().serve("http://127.0.0.1:9").flag("--listen", &address));
    refused(&ran, &[&address, "in use"]);
}

#[test]
fn an_address_that_is_none() {
    for address in ["nonsense", "127.0.0.1", "127.0.0.1:99999"] {
        let ran = fails(larder().serve("http://127.0.0.1:9").flag("--listen", address));
        refused(&ran, &[address]);
    }
}

#[test]
fn without_home_the_data_directory_must_be_named() {
    let homeless = larder().unset("HOME");
    let ran = fails(homeless.serve("http://127.0.0.1:9").without("--data"));
    refused(&ran, &["--data"]);
    let upstream = ScriptedUpstream::serving(tree());
    homeless.serve(&upstream.url()).start().get("/example.com/app/@v/list").expect(200);
}

#[test]
fn chains_that_cannot_be() {
    for (chain, words) in [
        ("", &["--upstream"][..]),
        (",", &["upstream"]),
        ("ftp://example.com", &["ftp"]),
        ("/a/path", &["/a/path"]),
    ] {
        let ran = fails(larder().serve(chain));
        refused(&ran, words);
    }
}

#[test]
fn without_any_settings_it_says_what_to_set() {
    // No `go` in this PATH, so that there is no GOROOT to read either.
    let bare = larder().env("PATH", "/nonexistent");
    let ran = fails(bare.serve("x").without("--upstream"));
    refused(&ran, &["GOPROXY", "--upstream"]);
    let upstream = ScriptedUpstream::serving(tree());
    let serve = bare.env("GOPROXY", upstream.url()).serve("x").without("--upstream");
    serve.start().get("/example.com/app/@v/list").expect(200);
}

#[test]
fn databases_that_cannot_be() {
    for spec in ["sum.example.com", "sum.example.com+0+x", "a b c"] {
        let ran = fails(larder().serve("http://127.0.0.1:9").sumdb(spec));
        refused(&ran, &["sumdb"]);
    }
}

#[test]
fn secrets_are_not_printed() {
    let mut upstream = ScriptedUpstream::serving(tree());
    let with_secret = format!("https://user:hunter2@{}", upstream.address());
    upstream.take_down();
    let server = larder().serve(&with_secret).start();
    let answer = server.get("/example.com/app/@v/list");
    assert!(answer.status >= 500);
    let ran = server.stop();
    for text in [answer.text(), ran.stdout, ran.stderr] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let shown = larder().run(["config", "show", "--upstream", &with_secret]);
    assert!(!shown.to_string().replace(&shown.words, "").contains("hunter2"), "{shown}");
}

#[test]
fn the_line_on_stdout_is_all_there_is_on_stdout() {
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).start();
    let line = format!("serving {}\n", server.url());
    server.get("/example.com/app/@v/list").expect(200);
    let ran = server.stop().ok();
    assert_eq!(ran.stdout, line);
}

#[test]
fn variables_and_a_file_set_what_flags_do() {
    let upstream = ScriptedUpstream::serving(tree());
    let larder = larder();
    let file = larder.home().join("larder.toml");
    fs::write(
        &file,
        format!("upstream = \"{}\"\nlisten = \"127.0.0.1:0\"\nsumdb = \"off\"\n", upstream.url()),
    )
    .unwrap();
    let start = |larder: &Larder| {
        let serve =
            larder.serve("x").without("--upstream").without("--listen").without("--sumdb").without("--data");
        serve.start()
    };
    let by_file = larder.clone().env("LARDER_CONFIG", &file).env("LARDER_DATA", larder.data());
    start(&by_file).get("/example.com/app/@v/list").expect(200);
    let by_variables = larder
        .clone()
        .env("LARDER_UPSTREAM", upstream.url())
        .env("LARDER_LISTEN", "127.0.0.1:0")
        .env("LARDER_SUMDB", "off")
        .env("LARDER_DATA", larder.data())
        .env("LARDER_OFFLINE", "true");
    start(&by_variables).get("/example.com/app/@v/v1.0.0.zip").expect(404);
}
