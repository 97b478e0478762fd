//! Names of hosts in tests, and a log of every lookup.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use upstream::{Door, DoorConfig, Env, FaultKind, Limits, Resolver};

use crate::{
    LIST, SOON, fault, get, patient, proxy,
    server::{Server, ok},
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

fn door_with(resolver: impl Resolver, limits: Limits) -> Door {
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
