//! Ways that lead nowhere, certificates that nobody trusts, proxies of the network.

use testkit::{Authority, BlackHole, FaultProxy, Link, ScriptedUpstream, Tunnel};

use super::{
    Fault, fault,
    lab::{DOWNLOAD, Lab, Log, answering, inside, said, tree},
    slow,
};

pub(super) const FAULTS: &[Fault] = &[
    fault("refused", "L2-CONNECT-REFUSED", |lab| lab.download(&nobody())),
    slow("no-answer-to-syn", "L2-CONNECT-TIMEOUT", |lab| lab.download(&BlackHole::new().url())),
    fault("closed-at-once", "L2-BODY-CUT", |lab| lab.download(&format!("http://{}", answering(b"")))),
    fault("not-http", "L2-NOT-HTTP", |lab| {
        lab.download(&format!("http://{}", answering(b"220 mail.example.com ESMTP\r\n")))
    }),
    fault("header-broken", "L2-NOT-HTTP", |lab| {
        lab.download(&format!("http://{}", answering(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n")))
    }),
    fault("tls-authority-unknown", "L2-TLS-INTERCEPTED", |lab| {
        lab.over_tls(&Authority::for_hosts(&["proxy.example.com"]), false)
    }),
    fault("tls-wrong-name", "L2-TLS-WRONG-NAME", |lab| {
        lab.over_tls(&Authority::for_hosts(&["portal.example.net"]), true)
    }),
    fault("tls-expired", "L2-TLS-EXPIRED", |lab| {
        lab.over_tls(&Authority::in_years(&["proxy.example.com"], 2020, 2021), true)
    }),
    fault("tls-not-yet", "L2-CLOCK-WRONG", |lab| {
        lab.over_tls(&Authority::in_years(&["proxy.example.com"], 2090, 2091), true)
    }),
    fault("tls-not-spoken", "L2-TLS-NOT-SPOKEN", |lab| {
        lab.download(&format!(
            "https://{}",
            answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        ))
    }),
    fault("tls-garbage", "L2-TLS-NOT-SPOKEN", |lab| {
        lab.download(&format!("https://{}", answering(b"SSH-2.0-OpenSSH_9.9\r\n")))
    }),
    fault("tls-alert", "L2-TLS-REFUSED", |lab| {
        // Alert, fatal, handshake failure.
        lab.download(&format!("https://{}", answering(b"\x15\x03\x03\x00\x02\x02\x28")))
    }),
    fault("tls-cut-by-name", "L2-CONNECTION-RESET", |lab| {
        let relay = FaultProxy::before("http://127.0.0.1:1");
        relay.always(Link::reset());
        lab.download(&relay.url().replace("http:", "https:"))
    }),
    fault("tls-closed", "L2-BODY-CUT", |lab| lab.download(&format!("https://{}", answering(b"")))),
    fault("tls-client-unknown", "L2-TLS-REFUSED", |lab| {
        let authority = Authority::for_hosts(&["proxy.example.com"]);
        let upstream = ScriptedUpstream::for_known_clients(tree(), &authority);
        let go = lab.go(&upstream.url());
        go.write("ca.pem", &authority.ca());
        let go = go.env("SSL_CERT_FILE", "ca.pem");
        said(&go.run(DOWNLOAD))
    }),
    slow("tls-silent", "L2-TLS-TIMEOUT", |lab| {
        let relay = FaultProxy::before("http://127.0.0.1:1");
        relay.always(Link::silent());
        lab.download(&relay.url().replace("http:", "https:"))
    }),
    fault("http-proxy-refused", "L2-HTTP-PROXY", |lab| through(lab, &nobody())),
    fault("http-proxy-denies", "L2-HTTP-PROXY", |lab| {
        through(lab, &format!("http://{}", answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")))
    }),
    fault("http-proxy-bad-gateway", "L2-HTTP-PROXY", |lab| {
        through(
            lab,
            &format!("http://{}", answering(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")),
        )
    }),
    fault("http-proxy-password", "L2-HTTP-PROXY-AUTH", |lab| {
        through(
            lab,
            &format!(
                "http://{}",
                answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            ),
        )
    }),
    fault("http-proxy-not-http", "L2-NOT-HTTP", |lab| {
        through(lab, &format!("http://{}", answering(b"hello\r\n\r\n")))
    }),
    fault("http-proxy-scheme", "L2-HTTP-PROXY", |lab| through(lab, "gopher://127.0.0.1:70")),
    fault("http-proxy-socks", "L2-HTTP-PROXY", |lab| through(lab, &nobody().replace("http:", "socks5:"))),
    fault("http-proxy-leads-nowhere", "L2-HTTP-PROXY", |lab| {
        through(lab, &Tunnel::to("127.0.0.1:1".parse().unwrap()).url())
    }),
    fault("no-network", "L2-NO-ROUTE", |lab| {
        let go = lab.go("http://203.0.113.7").under(inside(&["--net"], "true")?);
        said(&go.run(DOWNLOAD))
    }),
    fault("no-network-ipv6", "L2-IPV6-BROKEN", |lab| {
        let go = lab.go("http://[2001:db8::7]").under(inside(&["--net"], "true")?);
        said(&go.run(DOWNLOAD))
    }),
];

/// A URL where nobody listens.
fn nobody() -> String {
    let mut upstream = ScriptedUpstream::serving(tree());
    let url = upstream.url();
    upstream.take_down();
    url
}

fn through(lab: &Lab, proxy: &str) -> Log {
    said(&lab.go("https://proxy.example.com").env("HTTPS_PROXY", proxy).run(DOWNLOAD))
}
