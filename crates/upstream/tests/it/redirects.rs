//! Which redirects are followed, and what goes along (PROTOCOL 1.4, trap 12).

use upstream::{Env, FaultKind, Proxy, SourceConfig};

use crate::{
    LIST,
    certificates::Authority,
    door, fault, get, kind,
    names::door_at,
    patient, proxy,
    server::{Server, Step, answer, ok},
    source,
};

fn to(url: &str) -> Vec<Step> {
    answer("302 Found", &[("Location", url)], "")
}

#[tokio::test]
async fn a_redirect_is_followed_to_another_host() {
    let end = Server::always(ok("v1.0.0\n")).await;
    let there = end.url("/signed?sig=1");
    let start = Server::start(move |_| to(&there)).await;
    assert_eq!(get(&proxy(&door(patient()), &start.url("/p?token=x")), LIST).await.unwrap(), b"v1.0.0\n");
    let asked = end.asked();
    assert_eq!(asked[0].target(), "/signed?sig=1");
    assert_eq!(asked[0].header("Referer"), None);
}

#[tokio::test]
async fn ten_redirects_are_followed_and_a_loop_is_left() {
    let server = Server::start(|head| {
        let left: u32 = head.target().split('/').nth(1).unwrap().parse().unwrap();
        match left {
            0 => ok("v1.0.0\n"),
            // 100 leads to itself.
            100 => to("/100/loop"),
            _ => to(&format!("/{}/on", left - 1)),
        }
    })
    .await;
    let door = door(patient());
    assert_eq!(get(&proxy(&door, &server.url("/10")), LIST).await.unwrap(), b"v1.0.0\n");
    let before = server.asked().len();
    for start in ["/11", "/100"] {
        let fault = fault(get(&proxy(&door, &server.url(start)), LIST).await);
        assert_eq!((fault.kind(), fault.detail()), (FaultKind::Redirect, "more than 10 redirects"));
    }
    assert_eq!(server.asked().len() - before, 22);
}

#[tokio::test]
async fn trap_12_https_never_becomes_http() {
    let authority = Authority::new();
    let plain = Server::always(ok("v1.0.0\n")).await;
    let there = plain.url("/");
    let tls = Server::start_tls(authority.server("localhost"), move |_| to(&there)).await;
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", authority.pem())]));
    let proxy = proxy(&door, &format!("https://localhost:{}", tls.addr.port()));
    let fault = fault(get(&proxy, LIST).await);
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Redirect, "a redirect from https to http"));
    assert!(plain.asked().is_empty());
}

#[tokio::test]
async fn http_may_become_https() {
    let authority = Authority::new();
    let tls = Server::start_tls(authority.server("localhost"), |_| ok("v1.0.0\n")).await;
    let there = format!("https://localhost:{}/x", tls.addr.port());
    let plain = Server::start(move |_| to(&there)).await;
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", authority.pem())]));
    assert_eq!(get(&proxy(&door, &plain.url("")), LIST).await.unwrap(), b"v1.0.0\n");
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let authority = Authority::new();
    let other = Server::start_tls(authority.server("other.example.com"), |_| ok("v1.0.0\n")).await;
    let there = format!("https://other.example.com:{}/x", other.addr.port());
    let first = Server::start_tls(authority.server("proxy.example.com"), move |head| {
        if head.target().starts_with("/again") { to(&there) } else { to("/again") }
    })
    .await;
    let (door, _) = door_at(Env::default());
    let url = format!("https://robot:hunter2@proxy.example.com:{}/p", first.addr.port());
    let config = SourceConfig { ca: Some(authority.pem()), ..source(&url) };
    assert_eq!(get(&Proxy::open(&door, &config).unwrap(), LIST).await.unwrap(), b"v1.0.0\n");
    let basic = Some("Basic cm9ib3Q6aHVudGVyMg==");
    assert_eq!(
        first.asked().iter().map(|head| head.header("Authorization")).collect::<Vec<_>>(),
        [basic, basic]
    );
    assert_eq!(other.asked()[0].header("Authorization"), None);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_failures() {
    for location in
        ["https://u:p@proxy.example.com/", "ftp://proxy.example.com/", "file:///etc/passwd", "http://"]
    {
        let server = Server::start(move |_| to(location)).await;
        let kind = kind(&proxy(&door(patient()), &server.url("")), LIST).await;
        assert_eq!(kind, FaultKind::Redirect, "{location}");
    }
    let server = Server::always(answer("301 Moved Permanently", &[], "")).await;
    assert_eq!(kind(&proxy(&door(patient()), &server.url("")), LIST).await, FaultKind::Redirect);
}
