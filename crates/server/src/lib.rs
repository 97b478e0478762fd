//! HTTP only: routes, responses for `go`, limits, metrics.
//!
//! A request goes through [`routes`] (whose is it), [`site`] (from memory, else from the mirror), [`reply`] or
//! [`respond`] (a module, or why there is none) and leaves as a [`body`]. [`accept`], [`connection`] and [`peer`] are
//! the way between a socket and a request. This crate decides nothing about modules: that is `mirror`'s work.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod accept;
mod body;
mod cache;
mod client_address;
mod config;
mod connection;
mod headers;
mod max_age;
mod notice;
mod observe;
mod pages;
mod peer;
mod pieces;
mod reply;
mod respond;
mod routes;
mod select;
mod site;
mod visitor;
mod write;

use std::future::Future;
use std::sync::Arc;

use mirror::Mirror;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

use crate::site::Site;
pub use crate::{
    client_address::{Network, NoNetwork, TrustedProxies},
    config::Config,
    observe::Meters,
    pages::Degraded,
};

/// What shows an operator how the server fares.
#[derive(Clone)]
pub struct Instruments {
    /// What the server counts; register it before.
    pub meters: Meters,
    /// Everything that `/metrics` shows.
    pub registry: Arc<Registry>,
    /// What `/readyz` says is wrong.
    pub degraded: Degraded,
}

/// Serves a mirror until `shutdown` is done, and returns when the last response has left or the configured grace is
/// over. It does not fail: what goes wrong with one connection ends that connection, and a lack of descriptors is
/// waited out.
pub async fn serve(
    listener: TcpListener,
    mirror: Arc<Mirror>,
    config: &Config,
    instruments: Instruments,
    shutdown: impl Future<Output = ()>,
) {
    let Instruments { meters, registry, degraded } = instruments;
    let pages = pages::router(pages::Facts { registry, degraded, mirror: Arc::clone(&mirror) });
    let site = Arc::new(Site::new(mirror, pages, meters, config));
    let forgetting = Arc::clone(&site);
    let forgetting = tokio::spawn(async move { forgetting.forget_changes().await });
    accept::run(listener, site, config, shutdown).await;
    forgetting.abort();
}
