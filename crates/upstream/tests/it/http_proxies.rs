//! The way through an HTTP proxy, and around it.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use upstream::{Env, FaultKind};

use crate::{
    LIST,
    certificates::Authority,
    fault, get,
    names::door_at,
    proxy,
    server::{Head, Server, ok, read_head},
};

/// A proxy that leads every tunnel to one port of this machine, and answers everything else itself.
struct HttpProxy {
    port: u16,
    log: Arc<Mutex<Vec<Head>>>,
}

impl HttpProxy {
    async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::clone(&log);
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let heads = Arc::clone(&heads);
                tokio::spawn(async move {
                    let Some(head) = read_head(&mut client).await else { return };
                    heads.lock().unwrap().push(head.clone());
                    if head.line().starts_with("CONNECT refused.") {
                        let no = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
                        client.write_all(no).await.unwrap();
                    } else if head.line().starts_with("CONNECT ") {
                        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await.unwrap();
                        let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    } else {
                        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nv9.9.9\n";
                        client.write_all(answer).await.unwrap();
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
