//! Middleboxes that let everything through, in their own way; and portals that let nothing through.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use testkit::{
    Authority, FakeResolver, FaultProxy, Gate, GoCommand, Link, Module, ModuleTree, Reply, Says,
    ScriptedUpstream,
};

use super::{Machine, hanging, network, trusting, working, working_slowly};
use crate::world::{project, tree};

/// A module that fills more than the first packets of a connection, and does not shrink in a zip.
fn large() -> ModuleTree {
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let files = [
        ("go.mod".to_owned(), b"module example.com/large\n".to_vec()),
        ("large.go".to_owned(), b"package large\n".to_vec()),
        ("noise.bin".to_owned(), noise.take(320 << 10).collect()),
    ];
    let mut tree = ModuleTree::default();
    tree.add(Module::new("example.com/large", "v1.0.0", &files));
    tree
}

fn needing_it(proxy: &str) -> GoCommand {
    let go = project(proxy);
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/large v1.0.0\n");
    go
}

/// A middlebox that gives an answer on when the whole of it has come.
fn collecting(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            thread::spawn(move || {
                let Ok(server) = TcpStream::connect(to) else { return };
                let _ = pass(BufReader::new(client), BufReader::new(server));
            });
        }
    });
    address
}

fn pass(mut client: BufReader<TcpStream>, mut server: BufReader<TcpStream>) -> std::io::Result<()> {
    loop {
        let (asked, _) = head(&mut client)?;
        server.get_mut().write_all(&asked)?;
        let (mut answer, len) = head(&mut server)?;
        if !asked.starts_with(b"HEAD ") {
            server.by_ref().take(len).read_to_end(&mut answer)?;
        }
        client.get_mut().write_all(&answer)?;
    }
}

/// The head of a request or an answer, and the length of the body that it tells.
fn head(from: &mut impl BufRead) -> std::io::Result<(Vec<u8>, u64)> {
    let (mut head, mut len) = (String::new(), 0);
    loop {
        let at = head.len();
        if from.read_line(&mut head)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = head[at..].trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            len = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            return Ok((head.into_bytes(), len));
        }
    }
}

#[test]
fn large_answers_are_held_back_until_they_are_whole() {
    let slow = || Reply::natural().drip(32 << 10, Duration::from_millis(200));
    for reply in [slow(), slow().without_ranges()] {
        let upstream = ScriptedUpstream::serving(large());
        upstream.always("*.zip", reply);
        let go = needing_it(&format!("http://{}", collecting(upstream.address())));
        let report = working(&go);
        let finding = report.is("L2-BODY-HELD-BACK");
        assert!(finding["evidence"][0].to_string().contains("v1.0.0.zip: the first of "), "{finding}");
        // The same without the middlebox: bytes come as the server gives them.
        let report = network(&needing_it(&upstream.url()));
        report.healthy();
        assert!(report.json["passed"].to_string().contains(", a zip at "), "{}", report.ran);
    }
}

#[test]
fn a_zip_comes_thinly() {
    let upstream = ScriptedUpstream::serving(large());
    let thin = FaultProxy::before(&upstream.url());
    thin.always(Link::good().throttle(45_000));
    let report = working_slowly(&needing_it(&thin.url()));
    let evidence = report.is("L2-SLOW")["evidence"].to_string();
    assert!(evidence.contains("kB/s"), "{evidence}");
}

#[test]
fn a_server_that_has_to_fetch_a_zip_first_holds_nothing_back() {
    let upstream = ScriptedUpstream::serving(large());
    let gate = Gate::new();
    upstream.script("*.zip", [Reply::natural().hold(&gate)]);
    let go = needing_it(&upstream.url());
    let report = thread::scope(|scope| {
        let report = scope.spawn(|| network(&go));
        upstream.wait_asked("*.zip", 1);
        thread::sleep(Duration::from_millis(1100));
        gate.open();
        report.join().unwrap()
    });
    report.healthy();
}

#[test]
fn a_server_that_is_slow_to_begin_holds_nothing_back() {
    let upstream = ScriptedUpstream::serving(large());
    let far = FaultProxy::before(&upstream.url());
    far.always(Link::good().delay(Duration::from_millis(1200)));
    network(&needing_it(&far.url())).healthy();
}

#[test]
fn of_large_answers_nothing_comes_at_all() {
    let upstream = ScriptedUpstream::serving(large());
    let gate = Gate::new();
    upstream.always("*.zip", Reply::natural().hold(&gate));
    let report = hanging(&needing_it(&upstream.url()));
    let finding = report.is("L2-BODY-STALLS");
    assert!(finding["evidence"].to_string().contains("small answers come"), "{finding}");
    gate.open();
}

#[test]
fn a_zip_is_asked_for_in_part() {
    let upstream = ScriptedUpstream::serving(large());
    network(&needing_it(&upstream.url())).healthy();
    let zips: Vec<_> = upstream.seen().into_iter().filter(|seen| seen.path.contains(".zip")).collect();
    let ranges: Vec<_> = zips.iter().map(|zip| zip.header("range")).collect();
    assert_eq!(ranges, [Some("bytes=0-4194303")]);
    // A part that was not asked for says nothing, and the whole does.
    upstream.forget();
    upstream.always("*.zip", Reply::natural().content_range("bytes 5-9/10"));
    network(&needing_it(&upstream.url())).healthy();
    assert_eq!(upstream.asked("*.zip"), 2);
}

#[test]
fn who_answers_403_to_head_alone_is_no_fault() {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always("*", Reply::status(403).for_head_alone());
    working(&project(&upstream.url())).healthy();
    assert!(upstream.seen().iter().any(|seen| seen.method == "HEAD"));
}

/// A name, the address that it leads to, and a machine that knows it, if this process may listen at the usual ports.
struct Hotspot {
    machine: Machine,
    _resolver: FakeResolver,
    secure: TcpListener,
    plain: TcpListener,
}

const NAME: &str = "proxy.larder.example";

impl Hotspot {
    fn at(address: &str) -> Option<Self> {
        let resolver = FakeResolver::saying(&[(NAME, Says::Is(vec![address.parse().unwrap()]))]);
        let (secure, plain) = (TcpListener::bind((address, 443)), TcpListener::bind((address, 80)));
        let all = resolver.is_some() && secure.is_ok() && plain.is_ok();
        if !testkit::require("ports 53, 80 and 443 of a loopback address", all) {
            return None;
        }
        let resolver = resolver?;
        let machine = Machine::new(&resolver.line(), None)?;
        Some(Hotspot { machine, _resolver: resolver, secure: secure.ok()?, plain: plain.ok()? })
    }
}

#[test]
fn a_portal_shows_itself_where_tls_is_not_spoken() {
    let stranger = Authority::signing("A Portal", &["login.example.net"], None);
    let own = ScriptedUpstream::over_tls(tree(), &stranger);
    for (address, says) in [
        ("127.80.0.1", Reply::redirect(302, "http://login.example.net/")),
        ("127.80.0.2", Reply::status(511)),
    ] {
        let Some(hotspot) = Hotspot::at(address) else { return };
        let pages = ScriptedUpstream::serving(tree());
        pages.always("*", says);
        let (secure, plain) = (own.address(), pages.address());
        super::lead(hotspot.secure, move |_| Some(secure));
        super::lead(hotspot.plain, move |_| Some(plain));
        let go = trusting(&format!("https://{NAME}"), &Authority::new());
        hotspot.machine.go(&go).fails();
        let report = hotspot.machine.network(&go);
        report.is("L2-PORTAL");
        assert_eq!(report.codes()[..2], ["L2-PORTAL", "L2-TLS-INTERCEPTED"], "{}", report.ran);
    }
}

#[test]
fn a_portal_lets_no_tls_through() {
    let pages = ScriptedUpstream::serving(tree());
    pages.always("*", Reply::redirect(302, "http://login.example.net/"));
    let Some(hotspot) = Hotspot::at("127.80.0.3") else { return };
    let plain = pages.address();
    super::lead(hotspot.secure, |_| None);
    super::lead(hotspot.plain, move |_| Some(plain));
    let go = project(&format!("https://{NAME}"));
    hotspot.machine.go(&go).fails();
    hotspot.machine.network(&go).are(&["L2-PORTAL", "L2-CONNECTION-RESET"]);
}

#[test]
fn a_portal_answers_a_proxy_without_tls() {
    let pages = ScriptedUpstream::serving(tree());
    pages.always("*", Reply::html());
    let Some(hotspot) = Hotspot::at("127.80.0.4") else { return };
    let plain = pages.address();
    super::lead(hotspot.plain, move |_| Some(plain));
    let go = project(&format!("http://{NAME}"));
    hotspot.machine.go(&go).fails();
    let report = hotspot.machine.network(&go);
    let finding = report.is("L2-PORTAL");
    let commands = finding["cure"]["commands"].to_string();
    assert!(commands.contains(&format!("curl -s http://{NAME}/")), "{commands}");
}

#[test]
fn a_server_that_is_down_and_leads_to_its_own_site_is_no_portal() {
    let pages = ScriptedUpstream::serving(tree());
    pages.always("*", Reply::redirect(302, "http://www.larder.example/"));
    let Some(hotspot) = Hotspot::at("127.80.0.5") else { return };
    let plain = pages.address();
    drop(hotspot.secure);
    super::lead(hotspot.plain, move |_| Some(plain));
    let go = project(&format!("https://{NAME}"));
    hotspot.machine.go(&go).fails();
    let report = hotspot.machine.network(&go);
    assert!(!report.codes().contains(&"L2-PORTAL"), "{}", report.ran);
}
