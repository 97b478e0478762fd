//! Sources that want to be trusted, or to know who asks.

use std::fs;

use testkit::{Authority, Larder, ScriptedUpstream, TestServer};

use crate::world::{larder, tree};

const LIST: &str = "/example.com/app/@v/list";

/// A server with this configuration file.
fn configured(larder: &Larder, upstream: &ScriptedUpstream, config: &str) -> TestServer {
    let file = larder.home().join("larder.toml");
    fs::write(&file, config).unwrap();
    larder.serve(&upstream.url()).flag("--config", file).start()
}

#[test]
fn an_authority_of_ones_own() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let larder = larder();
    let stranger = configured(&larder, &upstream, "");
    let answer = stranger.get(LIST);
    assert!(answer.status >= 500, "{}", answer.status);
    assert!(answer.text().contains("certificate"), "{}", answer.text());

    fs::write(larder.home().join("ca.pem"), authority.ca()).unwrap();
    let config = "[[source]]\nhost = \"127.0.0.1\"\nca = \"ca.pem\"\n";
    configured(&larder, &upstream, config).get(LIST).expect(200);
    let by_variable = larder.clone().env("SSL_CERT_FILE", larder.home().join("ca.pem"));
    configured(&by_variable, &upstream, "").get(LIST).expect(200);
}

#[test]
fn a_certificate_that_go_itself_cannot_show() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::for_known_clients(tree(), &authority);
    let larder = larder();
    let file = |name: &str, text: String| fs::write(larder.home().join(name), text).unwrap();
    file("ca.pem", authority.ca());
    file("client.pem", authority.client_cert());
    file("client.key", authority.client_key());
    let source = "[[source]]\nhost = \"127.0.0.1\"\nca = \"ca.pem\"\n";
    let unknown = configured(&larder, &upstream, source);
    assert!(unknown.get(LIST).status >= 500);
    let known = format!("{source}client_cert = \"client.pem\"\nclient_key = \"client.key\"\n");
    configured(&larder, &upstream, &known).get(LIST).expect(200);
}

#[test]
fn credentials_come_from_netrc_and_stay_secret() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let larder = larder();
    fs::write(larder.home().join("ca.pem"), authority.ca()).unwrap();
    let netrc = format!("machine {} login gopher password hunter2\n", upstream.address());
    fs::write(larder.home().join(".netrc"), netrc).unwrap();
    let server = configured(&larder, &upstream, "[[source]]\nhost = \"127.0.0.1\"\nca = \"ca.pem\"\n");
    server.get(LIST).expect(200);
    // gopher:hunter2
    assert_eq!(upstream.seen()[0].header("authorization"), Some("Basic Z29waGVyOmh1bnRlcjI="));
    upstream.always("*", testkit::Reply::status(401));
    let refused = server.get("/example.com/app/@latest");
    assert!(refused.status >= 500);
    let ran = server.stop().ok();
    for text in [refused.text(), ran.stderr] {
        assert!(!text.contains("hunter2") && !text.contains("Z29waGVy"), "{text}");
    }
}

#[test]
fn nothing_of_the_client_reaches_a_source() {
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).start();
    let headers =
        [("Authorization", "Basic c2VjcmV0"), ("Cookie", "secret"), ("X-Forwarded-For", "10.0.0.1")];
    server.connect().request("GET", &format!("{LIST}?token=secret"), &headers).expect(200);
    let seen = &upstream.seen()[0];
    assert!(!format!("{seen:?}").contains("secret") && !format!("{seen:?}").contains("c2VjcmV0"), "{seen:?}");
    assert_eq!(seen.header("x-forwarded-for"), None);
}
