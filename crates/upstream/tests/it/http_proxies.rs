//! The way through an HTTP proxy, and around it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use upstream::{Door, DoorConfig, Env, FaultKind, Limits, Proxy, SourceConfig};

use crate::{
    LIST, SOON,
    certificates::Authority,
    fault, get,
    names::door_at,
    patient, proxy,
    server::{Head, Server, ok, read_head},
    source,
};

/// A proxy that leads every tunnel to one port of this machine, and answers everything else itself.
struct HttpProxy {
    port: u16,
    log: Arc<Mutex<Vec<Head>>>,
}

impl HttpProxy {
    async fn start(to: u16) -> Self {
        HttpProxy::run(to, None).await
    }

    async fn run(to: u16, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&log);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (heads, tls) = (Arc::clone(&heads), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => lead(client, to, &heads).await,
                        Some(tls) => lead(tls.accept(client).await.unwrap(), to, &heads).await,
                    }
                });
            }
        });
        HttpProxy { port, log }
    }

    fn asked(&self) -> Vec<Head> {
        self.log.lock().unwrap().clone()
    }

    fn env(&self, authority: &Authority, no_proxy: &str) -> Env {
        let url = format!("http://walker:swordfish@127.0.0.1:{}", self.port);
        let ca = authority.pem().to_str().unwrap().to_owned();
        Env::new([
            ("HTTPS_PROXY", url.clone()),
            ("http_proxy", url),
            ("NO_PROXY", no_proxy.to_owned()),
            ("SSL_CERT_FILE", ca),
        ])
    }
}

async fn lead(mut client: impl AsyncRead + AsyncWrite + Unpin, to: u16, log: &Mutex<Vec<Head>>) {
    let Some(head) = read_head(&mut client).await else { return };
    log.lock().unwrap().push(head.clone());
    if head.line().starts_with("CONNECT refused.") {
        let no = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        client.write_all(no).await.unwrap();
    } else if head.line().starts_with("CONNECT silent.") {
        std::future::pending::<()>().await;
    } else if head.line().starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    } else {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nv9.9.9\n";
        client.write_all(answer).await.unwrap();
    }
}

/// A SOCKS proxy that wants walker's password, and leads one connection to a port of this machine. It gives back
/// the name and port that it was asked for.
async fn socks(listener: TcpListener, to: u16) -> (String, u16) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut greeting = [0; 3];
    client.read_exact(&mut greeting).await.unwrap();
    assert_eq!(greeting, [5, 1, 2]);
    client.write_all(&[5, 2]).await.unwrap();
    let mut secret = [0; 18];
    client.read_exact(&mut secret).await.unwrap();
    assert_eq!(&secret, b"\x01\x06walker\x09swordfish");
    client.write_all(&[1, 0]).await.unwrap();
    let mut request = [0; 5];
    client.read_exact(&mut request).await.unwrap();
    assert_eq!(request[..4], [5, 1, 0, 3]);
    let mut name = vec![0; request[4].into()];
    client.read_exact(&mut name).await.unwrap();
    let port = client.read_u16().await.unwrap();
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
    tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
    (String::from_utf8(name).unwrap(), port)
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_names_are_looked_up_at_its_end() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("mods.example.com"), |_| ok("v1.0.0\n")).await;
    let http_proxy = HttpProxy::start(server.addr.port()).await;
    let (door, here) = door_at(http_proxy.env(&authority, "other.example.com"));
    assert_eq!(get(&proxy(&door, "https://mods.example.com/p"), LIST).await.unwrap(), b"v1.0.0\n");
    let asked = http_proxy.asked();
    assert_eq!(asked[0].target(), "mods.example.com:443");
    assert_eq!(asked[0].header("Proxy-Authorization"), Some("Basic d2Fsa2VyOnN3b3JkZmlzaA=="));
    assert_eq!(server.asked()[0].header("Proxy-Authorization"), None);
    assert!(here.asked().is_empty());
}

#[tokio::test]
async fn http_is_handed_to_the_proxy_whole() {
    let authority = Authority::new();
    let http_proxy = HttpProxy::start(0).await;
    let (door, here) = door_at(http_proxy.env(&authority, ""));
    assert_eq!(get(&proxy(&door, "http://mods.example.com/p"), LIST).await.unwrap(), b"v9.9.9\n");
    let asked = http_proxy.asked();
    assert_eq!(asked[0].target(), format!("http://mods.example.com/p/{LIST}"));
    assert_eq!(asked[0].header("Proxy-Authorization"), Some("Basic d2Fsa2VyOnN3b3JkZmlzaA=="));
    assert!(here.asked().is_empty());
}

#[tokio::test]
async fn no_proxy_and_the_machine_itself_are_reached_directly() {
    let authority = Authority::new();
    let http_proxy = HttpProxy::start(0).await;
    let (door, here) = door_at(http_proxy.env(&authority, "mods.example.com"));
    for name in ["mods.example.com", "sub.mods.example.com", "localhost", "127.0.0.1"] {
        let server = Server::start_tls(authority.server(name), |_| ok("v1.0.0\n")).await;
        let url = format!("https://{name}:{}", server.addr.port());
        assert_eq!(get(&proxy(&door, &url), LIST).await.unwrap(), b"v1.0.0\n", "{name}");
    }
    assert!(http_proxy.asked().is_empty());
    assert_eq!(here.asked(), ["mods.example.com", "sub.mods.example.com", "localhost"]);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_failure_to_connect() {
    let authority = Authority::new();
    let http_proxy = HttpProxy::start(0).await;
    let (door, _) = door_at(http_proxy.env(&authority, ""));
    let fault = fault(get(&proxy(&door, "https://refused.example.com"), LIST).await);
    assert_eq!(fault.kind(), FaultKind::Connect);
    assert!(fault.detail().contains("proxy authorization required"), "{fault}");
    assert!(!format!("{fault} {fault:?}").contains("swordfish"));
}

#[tokio::test]
async fn a_proxy_that_says_nothing_is_left_in_time() {
    let authority = Authority::new();
    let http_proxy = HttpProxy::start(0).await;
    let config = DoorConfig {
        limits: Limits { connect: SOON, ..patient() },
        ..DoorConfig::new("test", http_proxy.env(&authority, ""))
    };
    let door = Door::new(config).unwrap();
    let fault = fault(get(&proxy(&door, "https://silent.example.com"), LIST).await);
    let words = "no tunnel through the HTTP proxy within 100ms";
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Connect, words));
}

#[tokio::test]
async fn a_proxy_may_be_reached_by_tls_and_is_shown_no_certificate() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.strict_server("mods.example.com"), |_| ok("v1.0.0\n")).await;
    // It would refuse the certificate that the source wants.
    let stranger = Authority::new();
    let tls = TlsAcceptor::from(authority.optional_server("localhost", &stranger));
    let http_proxy = HttpProxy::run(server.addr.port(), Some(tls)).await;
    let (cert, key) = authority.issue("robot.example.com");
    let (door, _) = door_at(Env::new([("HTTPS_PROXY", format!("https://localhost:{}", http_proxy.port))]));
    let config = SourceConfig {
        ca: Some(authority.pem()),
        client_cert: Some(cert),
        client_key: Some(key),
        ..source("https://mods.example.com")
    };
    assert_eq!(get(&Proxy::open(&door, &config).unwrap(), LIST).await.unwrap(), b"v1.0.0\n");
    assert_eq!(http_proxy.asked()[0].target(), "mods.example.com:443");
}

#[tokio::test]
async fn socks_leads_to_names_too() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("mods.example.com"), |_| ok("v1.0.0\n")).await;
    for scheme in ["socks5", "socks5h"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://walker:swordfish@{}", listener.local_addr().unwrap());
        let led = tokio::spawn(socks(listener, server.addr.port()));
        let ca = authority.pem().to_str().unwrap().to_owned();
        let (door, here) = door_at(Env::new([("HTTPS_PROXY", url), ("SSL_CERT_FILE", ca)]));
        assert_eq!(get(&proxy(&door, "https://mods.example.com"), LIST).await.unwrap(), b"v1.0.0\n");
        assert_eq!(led.await.unwrap(), ("mods.example.com".to_owned(), 443));
        assert!(here.asked().is_empty());
    }
}
