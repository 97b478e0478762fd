//! Streams and connections of HTTP/2 that break.

use std::{
    convert::Infallible,
    io,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Frame, Incoming},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::{Break, H2Upstream, REFUSED_STREAM};
use tokio::{net::TcpListener, sync::Notify};
use tokio_rustls::TlsAcceptor;
use upstream::{Fetched, Piece, Proxy, SourceConfig, Want};

use crate::{ZIP, certificates::Authority, door, patient, source, want};

/// What becomes of the first request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    /// RST_STREAM before an answer.
    ResetBefore,
    /// RST_STREAM after half of the body.
    ResetWithin,
    /// GOAWAY, and the end of the connection, before an answer.
    GoAway,
}

type Answer = Response<BoxBody<Bytes, io::Error>>;

fn zip() -> Vec<u8> {
    let mut zip = b"PK\x03\x04".to_vec();
    zip.extend((0..100_000u32).map(|i| (i % 251) as u8));
    zip
}

fn full(bytes: Vec<u8>) -> BoxBody<Bytes, io::Error> {
    Full::new(Bytes::from(bytes)).map_err(|never: Infallible| match never {}).boxed()
}

/// A good answer, to a request for a part as well.
fn good(request: &Request<Incoming>) -> Answer {
    let zip = zip();
    let answer = Response::builder().header("etag", "\"one\"");
    let range = request.headers().get("range").and_then(|range| range.to_str().ok());
    let from = range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        Some(from) => answer
            .status(StatusCode::PARTIAL_CONTENT)
            .header("content-range", format!("bytes {from}-{}/{}", zip.len() - 1, zip.len()))
            .body(full(zip[from..].to_vec())),
        None => answer.body(full(zip)),
    }
    .unwrap()
}

/// Half of a good answer; when that has been read, it breaks.
fn half(read: Arc<Notify>) -> Answer {
    let zip = zip();
    let half = Bytes::from(zip[..50_000].to_vec());
    let broken = stream::once(async move {
        read.notified().await;
        Err(io::Error::other("broken"))
    });
    let body = stream::once(async { Ok(Frame::data(half)) }).chain(broken);
    let body = BodyExt::boxed(StreamBody::new(body));
    Response::builder().header("etag", "\"one\"").header("content-length", zip.len()).body(body).unwrap()
}

/// A source over HTTP/2, and the `range` of each request that it got. It is told when half of a body was read.
async fn serve(first: First, read: Arc<Notify>) -> (Proxy, Arc<Mutex<Vec<Option<String>>>>) {
    let authority = Authority::new();
    let acceptor = TlsAcceptor::from(authority.h2_server("localhost"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let requests = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let (log, requests, read) = (Arc::clone(&log), Arc::clone(&requests), Arc::clone(&read));
            let leave = Arc::new(Notify::new());
            let leaving = Arc::clone(&leave);
            let service = service_fn(move |request: Request<Incoming>| {
                let range = request.headers().get("range").map(|range| range.to_str().unwrap().to_owned());
                log.lock().unwrap().push(range);
                let is_first = requests.fetch_add(1, Ordering::Relaxed) == 0;
                let (leave, read) = (Arc::clone(&leave), Arc::clone(&read));
                async move {
                    match first {
                        _ if !is_first => Ok(good(&request)),
                        First::ResetBefore => Err(io::Error::other("broken")),
                        First::ResetWithin => Ok(half(read)),
                        First::GoAway => {
                            leave.notify_one();
                            std::future::pending().await
                        }
                    }
                }
            });
            tokio::spawn(async move {
                let builder = http2::Builder::new(TokioExecutor::new());
                let mut connection = pin!(builder.serve_connection(stream, service));
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = leaving.notified() => connection.as_mut().graceful_shutdown(),
                }
                let _ = tokio::time::timeout(Duration::from_millis(50), connection).await;
            });
        }
    });
    let config = SourceConfig { ca: Some(authority.pem()), ..source(&format!("https://localhost:{port}")) };
    (Proxy::open(&door(patient()), &config).unwrap(), asked)
}

#[tokio::test]
async fn streams_and_connections_that_break_are_absorbed() {
    for (first, ranges) in [
        (First::ResetBefore, [None, None]),
        (First::GoAway, [None, None]),
        (First::ResetWithin, [None, Some("bytes=50000-".to_owned())]),
    ] {
        for alone in [true, false] {
            let read = Arc::new(Notify::new());
            let (proxy, asked) = serve(first, Arc::clone(&read)).await;
            let want = Want { alone, ..want(ZIP) };
            let Fetched::Body(mut incoming) = proxy.fetch(&want).await.unwrap() else { panic!("no body") };
            let mut bytes = Vec::new();
            while let Some(piece) = incoming.bytes.try_next().await.unwrap() {
                let Piece::Bytes(piece) = piece else { panic!("it began anew") };
                bytes.extend_from_slice(&piece);
                if bytes.len() == 50_000 {
                    read.notify_one();
                }
            }
            assert!(bytes == zip(), "{first:?}");
            assert_eq!(*asked.lock().unwrap(), ranges, "{first:?}");
        }
    }
}

/// More than the three tries that a request has: what was not touched is no try.
#[tokio::test]
async fn a_stream_that_is_refused_untouched_is_no_fault() {
    let authority = testkit::Authority::new();
    let upstream = H2Upstream::serving(&zip()[..50_000], &authority);
    upstream.script([Break::Stream(None, REFUSED_STREAM); 6]);
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    std::fs::write(&ca, authority.ca()).unwrap();
    let config = SourceConfig { ca: Some(ca), ..source(&upstream.url()) };
    let proxy = Proxy::open(&door(patient()), &config).unwrap();
    let Fetched::Body(incoming) = proxy.fetch(&want(ZIP)).await.unwrap() else { panic!("no body") };
    assert_eq!(incoming.troubles.count(), 0);
    assert_eq!(upstream.asked(), 7);
}
