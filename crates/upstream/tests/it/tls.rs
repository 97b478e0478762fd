//! Whom the door trusts, and how it shows who it is.

use std::{fs, io};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::StreamBody;
use hyper::{
    Response, Version,
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use upstream::{Env, FaultKind, Limits, Proxy, SourceConfig};

use crate::{
    LIST, SOON,
    certificates::Authority,
    door, fault, get, kind,
    names::door_at,
    patient, proxy,
    server::{Server, ok},
    source,
};

async fn server(authority: &Authority) -> Server {
    Server::start_tls(authority.server("localhost"), |_| ok("v1.0.0\n")).await
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}", server.addr.port())
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_trusted() {
    let authority = Authority::new();
    let server = server(&authority).await;
    let (door, _) = door_at(Env::default());
    let fault = fault(get(&proxy(&door, &url(&server)), LIST).await);
    assert_eq!(fault.kind(), FaultKind::Tls);
    assert!(fault.detail().contains("set ca for this source, or SSL_CERT_FILE"), "{fault}");
}

#[tokio::test]
async fn a_sources_own_authority_is_trusted_for_that_source_only() {
    let authority = Authority::new();
    let server = server(&authority).await;
    let (door, _) = door_at(Env::default());
    let config = SourceConfig { ca: Some(authority.pem()), ..source(&url(&server)) };
    assert_eq!(get(&Proxy::open(&door, &config).unwrap(), LIST).await.unwrap(), b"v1.0.0\n");
    assert_eq!(fault(get(&proxy(&door, &url(&server)), LIST).await).kind(), FaultKind::Tls);
}

#[tokio::test]
async fn ssl_cert_file_and_ssl_cert_dir_are_trusted_by_all_sources() {
    let authority = Authority::new();
    let server = server(&authority).await;
    let other = tempfile::tempdir().unwrap();
    let dirs = std::env::join_paths([other.path(), authority.dir()]).unwrap();
    for env in
        [Env::new([("SSL_CERT_FILE", authority.pem().into_os_string())]), Env::new([("SSL_CERT_DIR", dirs)])]
    {
        let (door, _) = door_at(env);
        assert_eq!(get(&proxy(&door, &url(&server)), LIST).await.unwrap(), b"v1.0.0\n");
    }
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", other.path().join("none"))]));
    assert_eq!(fault(get(&proxy(&door, &url(&server)), LIST).await).kind(), FaultKind::Tls);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = door(Limits { tls: SOON, ..patient() });
    let proxy = proxy(&door, &format!("https://{}", listener.local_addr().unwrap()));
    let fault = fault(get(&proxy, LIST).await);
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Connect, "no TLS handshake within 100ms"));
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("other.example.com"), |_| ok("")).await;
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", authority.pem())]));
    let fault = fault(get(&proxy(&door, &url(&server)), LIST).await);
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Tls, "the certificate is for another host"));
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_set() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.strict_server("localhost"), |_| ok("v1.0.0\n")).await;
    let (cert, key) = authority.issue("robot.example.com");
    let both = authority.dir().join("both.pem");
    fs::write(&both, [fs::read(&cert).unwrap(), fs::read(&key).unwrap()].concat()).unwrap();
    let door = door(patient());
    let bare = SourceConfig { ca: Some(authority.pem()), ..source(&url(&server)) };
    let without = fault(get(&Proxy::open(&door, &bare).unwrap(), LIST).await);
    assert_eq!(without.kind(), FaultKind::Tls, "{without}");
    let with = SourceConfig { client_cert: Some(cert), client_key: Some(key), ..bare.clone() };
    assert_eq!(get(&Proxy::open(&door, &with).unwrap(), LIST).await.unwrap(), b"v1.0.0\n");
    let in_one = SourceConfig { client_cert: Some(both), ..bare };
    assert_eq!(get(&Proxy::open(&door, &in_one).unwrap(), LIST).await.unwrap(), b"v1.0.0\n");
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_can_and_its_streams_may_break() {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(authority.h2_server("localhost"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let service = service_fn(|request: hyper::Request<Incoming>| async move {
                assert_eq!(request.version(), Version::HTTP_2);
                let mut pieces = vec![Ok(Frame::data(Bytes::from_static(b"v1.0.0\n")))];
                if request.uri().path().starts_with("/broken") {
                    pieces.push(Err(io::Error::other("broken")));
                }
                Ok::<_, io::Error>(Response::new(StreamBody::new(stream::iter(pieces))))
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service));
        }
    });
    let (door, _) = door_at(Env::new([("SSL_CERT_FILE", authority.pem())]));
    let base = format!("https://localhost:{port}");
    assert_eq!(get(&proxy(&door, &base), LIST).await.unwrap(), b"v1.0.0\n");
    assert_eq!(kind(&proxy(&door, &format!("{base}/broken")), LIST).await, FaultKind::Reset);
}

#[test]
fn settings_that_cannot_work_are_refused_with_a_sentence() {
    let authority = Authority::new();
    let other = Authority::new();
    let (cert, key) = authority.issue("a.example.com");
    let (_, other_key) = other.issue("a.example.com");
    let empty = authority.dir().join("empty.pem");
    fs::write(&empty, "").unwrap();
    let torn = authority.dir().join("torn.pem");
    fs::write(&torn, "-----BEGIN CERTIFICATE-----\nMIIB").unwrap();
    let torn_key = authority.dir().join("torn.key");
    fs::write(&torn_key, "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n").unwrap();
    let missing = authority.dir().join("missing.pem");
    let door = door(patient());
    let base = source("https://a.example.com");
    for (config, words) in [
        (SourceConfig { ca: Some(missing), ..base.clone() }, "cannot be read"),
        (SourceConfig { ca: Some(empty.clone()), ..base.clone() }, "it holds no certificate"),
        (SourceConfig { ca: Some(torn), ..base.clone() }, "its PEM is damaged"),
        (SourceConfig { client_key: Some(key.clone()), ..base.clone() }, "set both"),
        (SourceConfig { client_cert: Some(cert.clone()), ..base.clone() }, "it holds no private key"),
        (
            SourceConfig { client_cert: Some(cert.clone()), client_key: Some(torn_key), ..base.clone() },
            "its PEM is damaged",
        ),
        (
            SourceConfig { client_cert: Some(cert.clone()), client_key: Some(other_key), ..base.clone() },
            "do not belong together",
        ),
        (SourceConfig { client_cert: Some(empty), client_key: Some(key), ..base }, "it holds no certificate"),
        (SourceConfig { ca: Some(authority.pem()), ..source("http://a.example.com") }, "need an https URL"),
        (source("file:///srv/modules"), "asked over HTTP"),
    ] {
        let error = Proxy::open(&door, &config).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains('\n') && !error.contains("hunter2"), "{error}");
    }
}
