//! Pages of hosts that somebody else names.

use std::{io::Write, time::Duration};

use flate2::{Compression, write::GzEncoder};
use upstream::{Door, DoorConfig, Env, FaultKind, Guard, Limits, Web, WebPage};

use crate::{
    SOON,
    certificates::Authority,
    door,
    names::{Board, door_at, door_with},
    patient,
    server::{Server, Step, answer, head, ok, part},
};

const WITHIN: Duration = Duration::from_secs(30);

async fn page(door: &Door, guard: Guard, url: &str) -> Result<WebPage, upstream::Fault> {
    Web::open(door, guard).unwrap().page(url, WITHIN).await
}

#[tokio::test]
async fn a_page_counts_whatever_its_status() {
    let server =
        Server::always(answer("404 Not Found", &[("Content-Type", "text/plain")], "no such page\n")).await;
    let page = page(&door(patient()), Guard::private(), &server.url("/a?go-get=1")).await.unwrap();
    assert_eq!((page.status, page.reason, page.body.as_slice()), (404, "Not Found", &b"no such page\n"[..]));
    assert!(page.words.as_deref() == Some("no such page") && page.cut.is_none());
    let asked = server.asked();
    assert_eq!(asked[0].target(), "/a?go-get=1");
    assert_eq!(asked[0].names(), ["accept", "accept-encoding", "host", "user-agent"]);
}

#[tokio::test]
async fn private_addresses_are_not_reached() {
    let server = Server::always(ok("secret")).await;
    let port = server.addr.port();
    let board = Board::says(&["127.0.0.1"]);
    let door = door_with(board, patient());
    let urls = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://code.example.com:{port}/"),
    ];
    for url in &urls {
        let fault = page(&door, Guard::public(), url).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Guarded, "{url}: {fault}");
        let admitted = Web::open(&door, Guard::public()).unwrap().admit(url).await;
        assert_eq!(admitted.unwrap_err().kind(), FaultKind::Guarded, "{url}");
    }
    assert_eq!(server.connections(), 0);
    let named = Guard::public_and(["code.example.com"]);
    assert_eq!(page(&door, named.clone(), &urls[4]).await.unwrap().body, b"secret");
    assert_eq!(page(&door, named, &urls[0]).await.unwrap_err().kind(), FaultKind::Guarded);
    assert_eq!(page(&door, Guard::private(), &urls[0]).await.unwrap().body, b"secret");
}

#[tokio::test]
async fn of_a_host_s_addresses_only_the_public_ones_are_tried() {
    let server = Server::always(ok("secret")).await;
    // An address of the documentation: nobody is there.
    let board = Board::says(&["198.51.100.1", "127.0.0.1"]);
    let door = door_with(board.clone(), Limits { connect: SOON, ..patient() });
    let url = format!("http://code.example.com:{}/", server.addr.port());
    assert!(page(&door, Guard::public(), &url).await.is_err());
    // What it is now counts, not what it was when it was judged.
    let web = Web::open(&door, Guard::public()).unwrap();
    board.set(&["198.51.100.1"]);
    assert!(web.admit(&url).await.is_ok());
    board.set(&["127.0.0.1"]);
    assert!(web.page(&url, WITHIN).await.is_err());
    assert!(
        web.admit("ssh://git@127.0.0.1/a").await.is_err() && web.admit("ssh://git@127.1/a").await.is_err()
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_redirect_is_judged_like_a_page() {
    let inside = Server::always(ok("secret")).await;
    let there = inside.url("/");
    let server = Server::start(move |_| answer("302 Found", &[("Location", there.as_str())], "")).await;
    let door = door_with(Board::says(&["127.0.0.1"]), patient());
    let url = format!("http://code.example.com:{}/", server.addr.port());
    let fault = page(&door, Guard::public_and(["code.example.com"]), &url).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Guarded, "{fault}");
    assert_eq!((server.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn a_compressed_page_is_unpacked_and_a_bomb_is_cut() {
    let pack = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        answer("200 OK", &[("Content-Encoding", "gzip")], encoder.finish().unwrap())
    };
    let door = door(patient());
    let server = Server::always(pack(b"<head></head>")).await;
    assert_eq!(page(&door, Guard::private(), &server.url("/")).await.unwrap().body, b"<head></head>");
    let server = Server::always(pack(&vec![b'x'; 64 << 20])).await;
    let page_of_bomb = page(&door, Guard::private(), &server.url("/")).await.unwrap();
    assert_eq!(page_of_bomb.body.len(), Web::MAX);
    assert_eq!(page_of_bomb.cut.unwrap().kind(), FaultKind::TooLarge);
    let server = Server::always(answer("200 OK", &[("Content-Encoding", "br")], "x")).await;
    let page = page(&door, Guard::private(), &server.url("/")).await.unwrap();
    assert_eq!(page.cut.unwrap().kind(), FaultKind::Encoding);
}

#[tokio::test]
async fn a_page_that_does_not_end_is_given_as_far_as_it_came() {
    let hangs = Server::always(vec![part(99, "<head>"), Step::Hang]).await;
    let breaks = Server::always(vec![part(99, "<head>"), Step::Close]).await;
    let endless = Server::always(vec![
        Step::Say(head("200 OK", &[], None)),
        Step::Say(vec![b'x'; 3 << 20]),
        Step::Close,
    ])
    .await;
    let door = door(Limits { stall: SOON, ..patient() });
    for (server, kind) in
        [(&hangs, FaultKind::Stall), (&breaks, FaultKind::Truncated), (&endless, FaultKind::TooLarge)]
    {
        let page = page(&door, Guard::private(), &server.url("/")).await.unwrap();
        assert_eq!(page.cut.unwrap().kind(), kind);
        assert!(page.body.len() == 6 || kind == FaultKind::TooLarge);
    }
    let silent = Server::always(vec![Step::Hang]).await;
    let web = Web::open(&door, Guard::private()).unwrap();
    assert_eq!(web.page(&silent.url("/"), SOON).await.unwrap_err().kind(), FaultKind::Timeout);
}

#[tokio::test]
async fn credentials_go_to_their_host_over_tls_only() {
    let authority = Authority::new();
    let netrc = authority.dir().join("netrc");
    let server = Server::start_tls(authority.server("localhost"), |_| ok("x")).await;
    let port = server.addr.port();
    std::fs::write(&netrc, format!("machine localhost:{port} login robot password hunter2\n")).unwrap();
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", authority.pem()), ("NETRC", netrc)]));
    page(&door, Guard::private(), &format!("https://localhost:{port}/")).await.unwrap();
    assert_eq!(server.asked()[0].header("Authorization"), Some("Basic cm9ib3Q6aHVudGVyMg=="));
}

#[tokio::test]
async fn behind_a_proxy_nothing_is_looked_up() {
    let board = Board::says(&["127.0.0.1"]);
    let env = Env::new([("HTTPS_PROXY", "http://127.0.0.1:9")]);
    let config = DoorConfig { resolver: std::sync::Arc::new(board), ..DoorConfig::new("test", env) };
    let web = Web::open(&Door::new(config).unwrap(), Guard::public()).unwrap();
    assert!(web.admit("https://code.example.com/a").await.is_ok());
    assert!(web.admit("https://10.0.0.1/a").await.is_err());
    assert!(web.admit("ssh://code.example.com/a").await.is_err());
}

#[tokio::test]
async fn only_web_pages_are_asked_for() {
    let door = door(patient());
    for url in ["file:///etc/passwd", "ftp://code.example.com/", "http://u:p@code.example.com/", ""] {
        let fault = page(&door, Guard::public(), url).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unaskable, "{url}");
    }
}
