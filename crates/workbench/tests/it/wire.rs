//! What a probe sees of real sockets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
    time::{Duration, SystemTime},
};

use testkit::{Authority, BlackHole, FaultProxy, Gate, Link, ModuleTree, Reply, ScriptedUpstream, Tunnel};
use upstream::Env;
use url::Url;
use workbench::wire::{Ask, Distrust, Fetched, Nameserver, Offer, Problem, Step, Wire, nameservers};

fn wire(vars: &[(&str, &str)]) -> Wire {
    Wire::new(&Env::new(vars.iter().copied()), Duration::from_secs(5)).unwrap()
}

async fn get(wire: &Wire, url: &str) -> Fetched {
    wire.fetch(&Ask::get(Url::parse(url).unwrap()), Offer::Both, &mut Vec::new()).await
}

fn tree() -> ModuleTree {
    ModuleTree::parse(
        "-- example.com/a@v1.0.0/go.mod --\nmodule example.com/a\n-- example.com/a@v1.0.0/a.go --\npackage a\n",
    )
}

/// A server that says the same to everybody.
fn answering(what: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let _ = connection.write_all(what).and_then(|()| connection.read_exact(&mut [0; 64]));
        }
    });
    address
}

#[tokio::test]
async fn an_answer_comes_with_every_step_before_it() {
    let upstream = ScriptedUpstream::serving(tree());
    let wire = wire(&[]);
    let mut lines = Vec::new();
    let ask = Ask::get(Url::parse(&format!("{}/example.com/a/@v/list", upstream.url())).unwrap());
    let fetched = wire.fetch(&ask, Offer::Both, &mut lines).await;
    let answer = fetched.end.unwrap();
    assert_eq!((answer.status.as_u16(), &*answer.body, answer.whole), (200, &b"v1.0.0\n"[..], true));
    assert!(
        matches!(&fetched.steps[..], [(Step::Resolve(_), _), (Step::Connect(_), _)]),
        "{:?}",
        fetched.steps
    );
    let again = wire.fetch(&ask.range(0, 1), Offer::Both, &mut lines).await;
    assert_eq!((again.steps.len(), &*again.end.unwrap().body), (0, &b"v1"[..]));
    assert_eq!(upstream.seen().iter().map(|seen| seen.connection).max(), Some(0));
}

#[tokio::test]
async fn the_certificate_is_seen_whether_it_is_trusted_or_not() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let url = Url::parse(&upstream.url()).unwrap();
    let opened = wire(&[]).open(&url, Offer::Both).await;
    let failure = opened.line.unwrap_err();
    assert_eq!(failure.problem, Problem::Distrust(Distrust::Issuer), "{failure}");
    let shown = &opened.tls.unwrap().chain[0];
    assert_eq!((&*shown.subject, &*shown.issuer), ("testkit server", "testkit authority"));
    assert!(shown.covers(SystemTime::now()) && shown.names.contains(&"localhost".to_owned()), "{shown:?}");

    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, authority.ca()).unwrap();
    let wire = wire(&[("SSL_CERT_FILE", ca.to_str().unwrap())]);
    let opened = wire.open(&url, Offer::Both).await;
    assert!(!opened.line.unwrap().is_http2());
    assert_eq!(opened.tls.unwrap().version.as_deref(), Some("TLSv1.3"));

    let tunnel = Tunnel::to(upstream.address());
    let through = Wire::new(
        &Env::new([("SSL_CERT_FILE", ca.to_str().unwrap()), ("HTTPS_PROXY", &tunnel.url())]),
        Duration::from_secs(5),
    )
    .unwrap();
    let wrong = through.open(&Url::parse("https://other.example.com/").unwrap(), Offer::Both).await;
    assert_eq!(wrong.line.unwrap_err().problem, Problem::Distrust(Distrust::Name));
    assert!(wrong.steps.iter().any(|(step, _)| matches!(step, Step::Tunnel(_))), "{:?}", wrong.steps);
}

#[tokio::test]
async fn every_way_to_fail_has_its_name() {
    // A port that is in use by a connection: nobody listens there, and nobody else gets it.
    let own = TcpListener::bind("127.0.0.1:0").unwrap();
    let used = TcpStream::connect(own.local_addr().unwrap()).unwrap();
    let refused = format!("http://{}", used.local_addr().unwrap());
    let reset = ScriptedUpstream::serving(tree());
    reset.always("*", Reply::reset());
    let cut = ScriptedUpstream::serving(tree());
    cut.always("*", Reply::natural().claim_length(1000).cut_after(3));
    let plain = format!("https://{}", answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    let no_http = format!("http://{}", answering(b"SSH-2.0-x\r\n\r\n"));
    let circle = ScriptedUpstream::serving(tree());
    circle.always("*", Reply::redirect(302, "/example.com/a/@v/list"));
    for (base, problem) in [
        (refused, Problem::Refused),
        (reset.url(), Problem::Reset),
        (cut.url(), Problem::Closed),
        (plain, Problem::NotTls),
        (no_http, Problem::NotHttp),
        (circle.url(), Problem::Redirect),
        ("http://nowhere.invalid".to_owned(), Problem::NoSuchName),
    ] {
        let fetched = get(&wire(&[]), &format!("{base}/example.com/a/@v/list")).await;
        let failure = match fetched.end {
            Ok(answer) => answer.broken.unwrap(),
            Err(failure) => failure,
        };
        // A machine without any resolver cannot say that a name is unknown.
        let unknown = problem == Problem::NoSuchName && failure.problem == Problem::ResolverFailed;
        assert!(failure.problem == problem || unknown, "{base}, {problem:?}: {failure:?}");
    }
}

#[tokio::test]
async fn a_silence_ends_with_the_patience() {
    let hasty = Wire::new(&Env::default(), Duration::from_millis(100)).unwrap();
    let hole = BlackHole::new();
    let fetched = get(&hasty, &hole.url()).await;
    let failure = fetched.end.unwrap_err();
    assert!(matches!((&failure.step, failure.problem), (Step::Connect(_), Problem::TimedOut)), "{failure}");

    let upstream = ScriptedUpstream::serving(tree());
    let silent = FaultProxy::before(&upstream.url());
    silent.always(Link::silent());
    let failure = get(&hasty, &silent.url()).await.end.unwrap_err();
    assert!(matches!((&failure.step, failure.problem), (Step::Head(_), Problem::TimedOut)), "{failure}");

    let gate = Gate::new();
    upstream.always("*", Reply::natural().stall_after(3, &gate));
    let answer = get(&hasty, &format!("{}/example.com/a/@v/list", upstream.url())).await.end.unwrap();
    assert_eq!((answer.len, answer.pause.at, answer.whole), (3, 3, false));
    gate.open();
}

#[tokio::test]
async fn an_http_proxy_that_refuses_says_how() {
    for (said, status) in [(&b"HTTP/1.1 407 Who are you\r\n\r\n"[..], 407), (b"HTTP/1.1 403 No\r\n\r\n", 403)]
    {
        let proxy = format!("http://user:hunter2@{}", answering(said));
        let wire = wire(&[("HTTPS_PROXY", &proxy)]);
        let opened = wire.open(&Url::parse("https://proxy.example.com/").unwrap(), Offer::Both).await;
        let failure = opened.line.unwrap_err();
        assert!(matches!(failure.problem, Problem::ProxySays(seen) if seen.as_u16() == status), "{failure}");
        assert!(!format!("{failure:?} {wire:?}").contains("hunter2"));
    }
}

/// A resolver that gives every name one address, or says this code.
fn resolver(code: u8, address: [u8; 4]) -> Nameserver {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((read, from)) = socket.recv_from(&mut packet) {
            let mut answer = packet[..read].to_vec();
            answer[2] |= 0x80;
            answer[3] = 0x80 | code;
            if code == 0 && answer[read - 3] == 1 {
                answer[7] = 1;
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
                answer.extend(address);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    Nameserver::at(at)
}

#[tokio::test]
async fn each_resolver_is_asked_by_itself() {
    let patience = Duration::from_secs(5);
    let found = resolver(0, [192, 0, 2, 7]).resolve("proxy.example.com", patience).await.unwrap();
    assert_eq!(found, ["192.0.2.7".parse::<std::net::IpAddr>().unwrap()]);
    for (code, problem) in
        [(3, Problem::NoSuchName), (2, Problem::ResolverFailed), (5, Problem::ResolverFailed)]
    {
        let failure = resolver(code, [0; 4]).resolve("proxy.example.com", patience).await.unwrap_err();
        assert_eq!(failure.problem, problem, "{failure}");
    }
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let dead = Nameserver::at(silent.local_addr().unwrap());
    let late = dead.resolve("proxy.example.com", Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(late.problem, Problem::TimedOut, "{late}");
    drop(silent);
    let gone = dead.resolve("proxy.example.com", patience).await.unwrap_err();
    assert_eq!(gone.problem, Problem::Refused, "{gone}");

    let named = nameservers("# a comment\nsearch example.com\nnameserver 192.0.2.1\nnameserver ::1 # here\n");
    let named: Vec<_> = named.iter().map(|server| server.address().to_string()).collect();
    assert_eq!(named, ["192.0.2.1", "::1"]);
    assert_eq!(nameservers("")[0].address().to_string(), "127.0.0.1");
}
