//! Connections that do not come about, certificates that do not count, proxies of the network in the way.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use testkit::{
    Authority, BlackHole, FaultProxy, H2Upstream, INTERNAL_ERROR, Link, Reply, ScriptedUpstream, Tunnel,
};

use super::{cut_off, failing, hanging, holds, led, trusting, working};
use crate::world::{project, tree};

#[test]
fn nothing_listens() {
    let mut upstream = ScriptedUpstream::serving(tree());
    let url = upstream.url();
    let go = project(&url);
    upstream.take_down();
    let report = failing(&go);
    let commands = report.is("L2-CONNECT-REFUSED")["cure"]["commands"].to_string();
    assert!(commands.contains(&format!("curl -sv -o /dev/null {url}/")), "{commands}");
}

#[test]
fn nobody_answers_the_first_packet() {
    let hole = BlackHole::new();
    hanging(&project(&hole.url())).is("L2-CONNECT-TIMEOUT");
}

#[test]
fn a_connection_without_an_answer() {
    let upstream = ScriptedUpstream::serving(tree());
    let silent = FaultProxy::before(&upstream.url());
    silent.always(Link::silent());
    hanging(&project(&silent.url())).is("L2-NO-ANSWER");
}

#[test]
fn every_connection_is_reset() {
    let upstream = ScriptedUpstream::serving(tree());
    let broken = FaultProxy::before(&upstream.url());
    broken.always(Link::reset());
    failing(&project(&broken.url())).is("L2-CONNECTION-RESET");
}

#[test]
fn no_way_leads_there() {
    let Some(report) = cut_off(&project("http://192.0.2.1:8080")) else { return };
    report.is("L2-NO-ROUTE");
}

#[test]
fn the_handshake_never_ends() {
    let upstream = ScriptedUpstream::serving(tree());
    let silent = FaultProxy::before(&upstream.url());
    silent.always(Link::silent());
    hanging(&project(&format!("https://{}", silent.address()))).is("L2-TLS-TIMEOUT");
}

#[test]
fn there_is_an_ipv6_address_only_and_no_way_there() {
    let Some(report) = cut_off(&project("http://[2001:db8::1]:8080")) else { return };
    report.is("L2-IPV6-BROKEN");
}

#[test]
fn somebody_unknown_signed_the_certificate() {
    let middlebox = Authority::signing("Example Corp Web Gateway", &[], None);
    let upstream = ScriptedUpstream::over_tls(tree(), &middlebox);
    let go = trusting(&upstream.url(), &Authority::new());
    let report = failing(&go);
    let finding = report.is("L2-TLS-INTERCEPTED");
    assert!(finding["evidence"].to_string().contains("signed by Example Corp Web Gateway"), "{finding}");
}

#[test]
fn a_middlebox_that_this_machine_trusts_is_said_and_no_fault() {
    let middlebox = Authority::signing("Zscaler Root CA", &[], None);
    let upstream = ScriptedUpstream::over_tls(tree(), &middlebox);
    let report = working(&trusting(&upstream.url(), &middlebox));
    report.healthy();
    assert!(report.json["passed"].to_string().contains("Zscaler reads along"), "{}", report.json);
}

#[test]
fn this_machine_trusts_nobody() {
    let upstream = ScriptedUpstream::over_tls(tree(), &Authority::new());
    let go =
        project(&upstream.url()).env("SSL_CERT_FILE", "/nonexistent.pem").env("SSL_CERT_DIR", "/nonexistent");
    failing(&go).is("L2-NO-AUTHORITIES");
}

#[test]
fn the_certificate_has_expired() {
    let authority = Authority::signing("testkit authority", &[], Some((2020, 2021)));
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    failing(&trusting(&upstream.url(), &authority)).is("L2-TLS-EXPIRED");
}

#[test]
fn the_clock_is_wrong() {
    for (years, date) in
        [((2020, 2021), "Wed, 01 Jul 2020 12:00:00 GMT"), ((2090, 2091), "Sat, 01 Jul 2090 12:00:00 GMT")]
    {
        let authority = Authority::signing("testkit authority", &[], Some(years));
        let upstream = ScriptedUpstream::over_tls(tree(), &authority);
        upstream.always("*", Reply::natural().header("Date", date));
        failing(&trusting(&upstream.url(), &authority)).is("L2-CLOCK-WRONG");
    }
}

#[test]
fn the_clock_goes_wrong_and_certificates_still_count() {
    let upstreams = [(); 2].map(|()| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always("*", Reply::natural().header("Date", "Wed, 01 Jul 2020 12:00:00 GMT"));
        upstream
    });
    let chain = format!("{},{}", upstreams[0].url(), upstreams[1].url());
    working(&project(&chain)).is("L2-CLOCK-DRIFTS");
}

#[test]
fn the_certificate_is_for_another_name() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let tunnel = Tunnel::to(upstream.address());
    let go = trusting("https://proxy.example.com", &authority).env("HTTPS_PROXY", tunnel.url());
    failing(&go).is("L2-TLS-WRONG-NAME");
}

#[test]
fn plain_http_at_a_port_for_tls() {
    let upstream = ScriptedUpstream::serving(tree());
    failing(&project(&upstream.url().replace("http://", "https://"))).is("L2-TLS-NOT-SPOKEN");
}

#[test]
fn the_server_wants_a_certificate_of_the_client() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::for_known_clients(tree(), &authority);
    let report = failing(&trusting(&upstream.url(), &authority));
    report.is("L2-TLS-CLIENT-CERTIFICATE");
}

#[test]
fn the_server_refuses_the_handshake() {
    // Alerts (RFC 8446, 6.2): handshake_failure, protocol_version.
    for alert in [40, 70] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(mut client) = client else { return };
                let read = client.read(&mut [0; 2048]);
                let _ = read.and_then(|_| client.write_all(&[21, 3, 3, 0, 2, 2, alert]));
            }
        });
        failing(&project(&url)).is("L2-TLS-REFUSED");
    }
}

#[test]
fn something_that_is_not_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let _ = client.and_then(|mut client| client.write_all(b"SSH-2.0-OpenSSH\r\n"));
        }
    });
    failing(&project(&url)).is("L2-NOT-HTTP");
}

#[test]
fn http2_breaks_and_http1_does_not() {
    let authority = Authority::new();
    let (good, bad) = (ScriptedUpstream::over_tls(tree(), &authority), H2Upstream::serving("x", &authority));
    bad.script(vec![testkit::Break::Stream(None, INTERNAL_ERROR); 200]);
    let (good_at, bad_at) = (good.address(), bad.url().trim_start_matches("https://").parse().unwrap());
    let front = led(move |hello| Some(if holds(hello, "\x02h2") { bad_at } else { good_at }));
    failing(&trusting(&format!("https://{front}"), &authority)).is("L2-HTTP2-BROKEN");
}

#[test]
fn connections_that_name_the_host_are_broken() {
    const NAME: &str = "proxy.larder.example";
    let resolver =
        testkit::FakeResolver::saying(&[(NAME, testkit::Says::Is(vec!["127.0.0.1".parse().unwrap()]))]);
    if !testkit::require("port 53 of a loopback address", resolver.is_some()) {
        return;
    }
    let Some(machine) = super::Machine::new(&resolver.as_ref().unwrap().line(), None) else {
        return;
    };
    let authority = Authority::for_hosts(&[NAME]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let server = upstream.address();
    let filter = led(move |hello| (!holds(hello, NAME)).then_some(server));
    let go = trusting(&format!("https://{NAME}:{}", filter.port()), &authority);
    machine.go(&go).fails();
    machine.network(&go).is("L2-TLS-NAME-FILTERED");
}

/// An HTTP proxy that answers so to everything.
fn proxy_saying(what: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:hunter2@{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let _ = client.read(&mut [0; 2048]).and_then(|_| client.write_all(what.as_bytes()));
        }
    });
    url
}

#[test]
fn the_http_proxy_wants_a_password() {
    let proxy = proxy_saying("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    let report = failing(&project("https://proxy.example.com").env("HTTPS_PROXY", proxy));
    report.is("L2-HTTP-PROXY-AUTH");
    assert!(!report.ran.stdout.contains("hunter2"), "{}", report.ran);
}

#[test]
fn the_http_proxy_does_not_let_it_through() {
    let proxy = proxy_saying("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    failing(&project("https://proxy.example.com").env("HTTPS_PROXY", proxy)).is("L2-HTTP-PROXY-DENIES");
}

#[test]
fn the_http_proxy_is_not_there() {
    let mut gone = ScriptedUpstream::serving(tree());
    let url = gone.url();
    gone.take_down();
    failing(&project("https://proxy.example.com").env("HTTPS_PROXY", url)).is("L2-HTTP-PROXY");
}

#[test]
fn a_proxy_variable_that_names_no_proxy() {
    let go = project("https://proxy.example.com").env("HTTPS_PROXY", "ftp://user:hunter2@proxy.example.com");
    let report = failing(&go);
    report.is("L2-HTTP-PROXY-VARIABLE");
    assert!(!report.ran.stdout.contains("hunter2"), "{}", report.ran);
}

#[test]
fn the_http_proxy_works_and_nobody_is_bothered() {
    let authority = Authority::for_hosts(&["proxy.example.com"]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let tunnel = Tunnel::to(upstream.address());
    let go = trusting("https://proxy.example.com", &authority).env("HTTPS_PROXY", tunnel.url());
    working(&go).healthy();
}

/// A name that only this machine has, for a proxy inside.
const INSIDE: &str = "proxy.larder.example";

fn inside(go: &testkit::GoCommand, works: bool) -> Option<crate::doctor::Report> {
    let machine =
        super::Machine::new("nameserver 127.53.53.53\n", Some(&format!("127.0.0.1 localhost {INSIDE}\n")))?;
    let ran = machine.go(go);
    assert_eq!(ran.status.success(), works, "{ran}");
    Some(machine.network(go))
}

#[test]
fn a_host_inside_is_sent_through_the_http_proxy() {
    let authority = Authority::for_hosts(&[INSIDE]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let proxy = proxy_saying("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let go = trusting(&upstream.url().replace("127.0.0.1", INSIDE), &authority).env("HTTPS_PROXY", proxy);
    if let Some(report) = inside(&go, false) {
        report.is("L2-NO-PROXY-MISSING");
    }
}

#[test]
fn the_variable_of_the_http_proxy_does_not_apply() {
    let authority = Authority::for_hosts(&[INSIDE]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let tunnel = Tunnel::to(upstream.address());
    for variable in ["HTTP_PROXY", "ALL_PROXY"] {
        // From here nothing answers at that port.
        let go = trusting(&format!("https://{INSIDE}:9"), &authority).env(variable, tunnel.url());
        if let Some(report) = inside(&go, false) {
            assert!(report.codes().contains(&"L2-HTTP-PROXY-NOT-USED"), "{}", report.ran);
        }
    }
}
