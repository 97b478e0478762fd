//! What the door and one source behind it promise, over real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bodies;
mod certificates;
mod connections;
mod dir;
mod gauge;
mod health;
mod http2;
mod http_proxies;
mod names;
mod redirects;
mod requests;
mod resumes;
mod retries;
mod secrets;
mod server;
mod spellings;
mod statuses;
mod tls;
mod turns;
mod web;

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use gomod::Request;
use upstream::{
    Absence, Door, DoorConfig, Env, Fault, FaultKind, Fetched, Incoming, Limits, Miss, Piece, Priority,
    Proxy, SafeUrl, SourceConfig, Urgency, Want,
};

const ZIP: &str = "example.com/m/@v/v1.0.0.zip";
const INFO: &str = "example.com/m/@v/v1.0.0.info";
const MOD: &str = "example.com/m/@v/v1.0.0.mod";
const LIST: &str = "example.com/m/@v/list";

/// Limits that a test can wait for. What must not run out is left at its default.
fn patient() -> Limits {
    Limits::default()
}

/// A door without environment.
fn door(limits: Limits) -> Door {
    let config = DoorConfig { limits, ..DoorConfig::new("test", Env::default()) };
    Door::new(config).unwrap()
}

fn proxy(door: &Door, url: &str) -> Proxy {
    Proxy::open(door, &source(url)).unwrap()
}

fn source(url: &str) -> SourceConfig {
    SourceConfig::new(SafeUrl::parse(url).unwrap())
}

fn want(path: &str) -> Want {
    let what = Request::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    Want::new(what, Arc::new(Urgency::new(Priority::Client)))
}

/// The whole body.
async fn whole(incoming: Incoming) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    let mut pieces = incoming.bytes;
    while let Some(piece) = pieces.try_next().await? {
        match piece {
            Piece::Bytes(bytes) => body.extend_from_slice(&bytes),
            Piece::Anew(_) => body.clear(),
        }
    }
    Ok(body)
}

/// The whole body of one attempt; a fault in its middle is a miss like one before it.
async fn get(proxy: &Proxy, path: &str) -> Result<Vec<u8>, Miss> {
    match proxy.fetch(&want(path)).await? {
        Fetched::Body(incoming) => whole(incoming).await.map_err(Miss::Failed),
        Fetched::NotModified => panic!("{path}: not modified, though nothing was there before"),
    }
}

#[track_caller]
fn fault<T>(result: Result<T, Miss>) -> Fault {
    match result {
        Err(Miss::Failed(fault)) => fault,
        Err(Miss::Absent(absence)) => panic!("an absence where a failure was due: {absence}"),
        Ok(_) => panic!("a success where a failure was due"),
    }
}

#[track_caller]
fn absence<T>(result: Result<T, Miss>) -> Absence {
    match result {
        Err(Miss::Absent(absence)) => absence,
        Err(Miss::Failed(fault)) => panic!("a failure where an absence was due: {fault}"),
        Ok(_) => panic!("a success where an absence was due"),
    }
}

async fn kind(proxy: &Proxy, path: &str) -> FaultKind {
    fault(get(proxy, path).await).kind()
}

const SOON: Duration = Duration::from_millis(100);
