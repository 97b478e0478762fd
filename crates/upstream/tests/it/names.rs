//! Names of hosts in tests, and a log of every lookup.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Instant,
};

use futures_util::future::BoxFuture;
use upstream::{Door, DoorConfig, Env, FaultKind, Limits, Resolver};

use crate::{
    LIST, SOON,
    certificates::Authority,
    fault, get, kind, patient, proxy,
    server::{Server, Step, answer, ok},
};

/// Every name is this machine, and is written down.
#[derive(Clone, Default)]
pub(crate) struct Here(Arc<Mutex<Vec<String>>>);

impl Here {
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Resolver for Here {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.0.lock().unwrap().push(host.to_owned());
        Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
    }
}

/// A door in a given environment, whose lookups are written down.
pub(crate) fn door_at(env: Env) -> (Door, Here) {
    let here = Here::default();
    let config = DoorConfig { resolver: Arc::new(here.clone()), ..DoorConfig::new("test", env) };
    (Door::new(config).unwrap(), here)
}

pub(crate) fn door_with(resolver: impl Resolver, limits: Limits) -> Door {
    let config =
        DoorConfig { resolver: Arc::new(resolver), limits, ..DoorConfig::new("test", Env::default()) };
    Door::new(config).unwrap()
}

struct Fails;

impl Resolver for Fails {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Err(io::Error::other("no such host")) })
    }
}

struct Nothing;

impl Resolver for Nothing {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

struct Silent;

impl Resolver for Silent {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(std::future::pending())
    }
}

/// Answers what it is told to at the moment; `None` is silence.
#[derive(Clone, Default)]
pub(crate) struct Board(Arc<Mutex<Option<Vec<IpAddr>>>>);

impl Board {
    pub(crate) fn says(list: &[&str]) -> Self {
        let board = Board::default();
        board.set(list);
        board
    }

    pub(crate) fn set(&self, list: &[&str]) {
        *self.0.lock().unwrap() = Some(list.iter().map(|ip| ip.parse().unwrap()).collect());
    }

    fn hang(&self) {
        *self.0.lock().unwrap() = None;
    }
}

impl Resolver for Board {
    fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let answer = self.0.lock().unwrap().clone();
        Box::pin(async move {
            match answer {
                Some(list) => Ok(list.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect()),
                None => std::future::pending().await,
            }
        })
    }
}

#[tokio::test]
async fn every_lookup_goes_through_the_door() {
    let server = Server::always(ok("v1.0.0\n")).await;
    let (door, here) = door_at(Env::default());
    let port = server.addr.port();
    get(&proxy(&door, &format!("http://proxy.example.com:{port}")), LIST).await.unwrap();
    get(&proxy(&door, &format!("http://127.0.0.1:{port}")), LIST).await.unwrap();
    assert_eq!(here.asked(), ["proxy.example.com"]);
}

#[tokio::test]
async fn a_name_without_address_is_a_failure_of_the_resolver() {
    let limits = Limits { resolve: SOON, ..patient() };
    for (door, detail) in [
        (door_with(Fails, limits), "no such host"),
        (door_with(Nothing, limits), "the name has no address"),
        (door_with(Silent, limits), "no answer from the resolver within 100ms"),
    ] {
        let fault = fault(get(&proxy(&door, "https://proxy.example.com"), LIST).await);
        assert_eq!((fault.kind(), fault.detail()), (FaultKind::Dns, detail));
    }
}

/// Each request needs a connection of its own.
fn once() -> Vec<Step> {
    [answer("200 OK", &[("Connection", "close")], "v1.0.0\n"), vec![Step::Close]].concat()
}

#[tokio::test]
async fn a_dead_resolver_is_bridged_by_what_it_said_before() {
    let server = Server::always(once()).await;
    let board = Board::says(&["127.0.0.1"]);
    let door = door_with(board.clone(), patient());
    let proxy = proxy(&door, &format!("http://proxy.example.com:{}", server.addr.port()));
    get(&proxy, LIST).await.unwrap();
    assert_eq!(door.meters().dns_bridged(), 0);
    board.hang();
    let start = Instant::now();
    get(&proxy, LIST).await.unwrap();
    assert!(start.elapsed() < patient().resolve, "{:?}", start.elapsed());
    board.set(&[]);
    get(&proxy, LIST).await.unwrap();
    assert_eq!(door.meters().dns_bridged(), 2);
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_plain_source_goes_inside_only_when_it_is_dead_outside() {
    let server = Server::always(ok("v1.0.0\n")).await;
    // An address of the documentation: nobody is there.
    let board = Board::says(&["198.51.100.1"]);
    let door = door_with(board.clone(), Limits { connect: SOON, ..patient() });
    let proxy = proxy(&door, &format!("http://proxy.example.com:{}", server.addr.port()));
    assert_eq!(kind(&proxy, LIST).await, FaultKind::Connect);
    board.set(&["127.0.0.1"]);
    assert_eq!(get(&proxy, LIST).await.unwrap(), b"v1.0.0\n");
    assert_eq!(door.meters().dns_held_back(), 1);
}

#[tokio::test]
async fn a_source_with_a_certificate_may_move_where_it_likes() {
    let authority = Authority::new();
    let server = Server::start_tls(authority.server("proxy.example.com"), |_| ok("v1.0.0\n")).await;
    let board = Board::says(&["198.51.100.1"]);
    let env = Env::new([("SSL_CERT_FILE", authority.pem())]);
    let config = DoorConfig {
        resolver: Arc::new(board.clone()),
        limits: Limits { connect: SOON, ..patient() },
        ..DoorConfig::new("test", env)
    };
    let door = Door::new(config).unwrap();
    let proxy = proxy(&door, &format!("https://proxy.example.com:{}", server.addr.port()));
    assert_eq!(kind(&proxy, LIST).await, FaultKind::Connect);
    board.set(&["127.0.0.1"]);
    assert_eq!(get(&proxy, LIST).await.unwrap(), b"v1.0.0\n");
    assert_eq!(door.meters().dns_held_back(), 0);
}
