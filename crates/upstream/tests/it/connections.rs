//! How connections are made, and which are used again.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Response, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::BlackHole;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use upstream::{FaultKind, Limits, Proxy, SourceConfig};

use crate::{
    LIST, SOON,
    certificates::Authority,
    door, fault, get,
    names::{Board, door_with},
    patient, proxy,
    server::{Server, ok},
    source,
};

#[tokio::test]
async fn a_dead_first_address_costs_a_fraction_of_the_limit() {
    let hole = BlackHole::new();
    let port = hole.address().port();
    let server = Server::always_at(SocketAddr::from(([127, 0, 0, 2], port)), ok("v1.0.0\n")).await;
    let door = door_with(Board::says(&["127.0.0.1", "127.0.0.2"]), patient());
    let start = Instant::now();
    assert_eq!(
        get(&proxy(&door, &format!("http://proxy.example.com:{port}")), LIST).await.unwrap(),
        b"v1.0.0\n"
    );
    assert!(start.elapsed() < patient().connect, "{:?}", start.elapsed());
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_host_that_says_nothing_is_left_in_time() {
    let hole = BlackHole::new();
    let door = door(Limits { connect: SOON, ..patient() });
    let fault = fault(get(&proxy(&door, &hole.url()), LIST).await);
    assert_eq!((fault.kind(), fault.detail()), (FaultKind::Connect, "no connection within 100ms"));
}

/// The first connection answers one request and then swallows all others; later ones answer always.
#[tokio::test]
async fn a_shared_connection_that_went_silent_serves_nobody_again() {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(authority.h2_server("localhost"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let made = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let first = made.fetch_add(1, Ordering::Relaxed) == 0;
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let asked = Arc::new(AtomicUsize::new(0));
            let service = service_fn(move |_: hyper::Request<Incoming>| {
                let silent = asked.fetch_add(1, Ordering::Relaxed) > 0 && first;
                async move {
                    if silent {
                        std::future::pending::<()>().await;
                    }
                    Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(
                        b"v1.0.0\n",
                    ))))
                }
            });
            tokio::spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service));
        }
    });
    let door = door(Limits { first_byte: SOON * 5, ..patient() });
    let config = SourceConfig { ca: Some(authority.pem()), ..source(&format!("https://localhost:{port}")) };
    let proxy = Proxy::open(&door, &config).unwrap();
    get(&proxy, LIST).await.unwrap();
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    // Lost in silence, unless it was tried again.
    let _ = get(&proxy, LIST).await;
    for _ in 0..3 {
        get(&proxy, LIST).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_handshake_that_is_cut_is_a_failure_to_connect() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_zero_linger().unwrap();
        }
    });
    let door = door_with(Board::default(), patient());
    let fault = fault(get(&proxy(&door, &format!("https://{addr}")), LIST).await);
    assert_eq!(fault.kind(), FaultKind::Connect);
    assert!(fault.detail().ends_with("during the TLS handshake"), "{fault}");
}
