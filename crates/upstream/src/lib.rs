//! The one door out, and one GOPROXY behind it.
//!
//! [`Door`] decides how connections are made: certificate authorities, HTTP proxies, credentials, limits,
//! redirects. [`Proxy`] is one GOPROXY or checksum database behind it, [`DirProxy`] one in a local directory.
//! Both answer a [`Want`]: [`Fetched`], or a [`Miss`], in which absence and failure are different types. Which source
//! is asked when is not decided here.
//!
//! Layers, from the wire up: `client` (one request and its redirects), `endpoint` and `flow` (one attempt and its
//! body, within their limits), `effort` (tries and pauses, within the budgets of `retry`, `gate` and `health`),
//! `download` (a body that goes on after it broke, as `resume` allows), [`Proxy`].
//!
//! No message, `Debug` output or metric of this crate holds a secret.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod addresses;
mod administration;
mod allowance;
mod attempt;
mod breaker;
mod client;
mod config;
mod connector;
mod diagnose;
mod dir_proxy;
mod dns_memory;
mod dns_meters;
mod door;
mod download;
mod effort;
mod endpoint;
mod env;
mod exchange;
mod eyeballs;
mod fault;
mod fetched;
mod flow;
mod gate;
mod gauge;
mod guard;
mod gunzip;
mod health;
mod http_proxy;
mod jitter;
mod keyring;
mod latency;
mod limits;
mod login;
mod look;
mod meters;
mod miss;
mod names;
mod netrc;
mod pace;
mod proxy;
mod reach;
pub mod redirect;
mod resolver;
mod resume;
mod retry;
mod safe_url;
mod secret;
mod spelling;
mod stubborn;
mod tls;
mod transport;
mod tunnel;
mod via;
mod want;
mod watch;
mod web;
mod words;

pub use administration::{Administration, Parcel, Said};
pub use config::{SourceConfig, SourceError};
pub use dir_proxy::DirProxy;
pub use door::{Door, DoorConfig, DoorError};
pub use env::Env;
pub use exchange::{Answer, Exchange, Wire};
pub use eyeballs::race;
pub use fault::{Fault, FaultKind, RetryAfter};
pub use fetched::{Fetched, Incoming, Meta, Piece, Troubles};
pub use gauge::{Bounds, Gauge, Over, Reading};
pub use guard::Guard;
pub use http_proxy::{BadHttpProxy, HttpProxies};
pub use limits::{Caps, Limits};
pub use login::{Login, Logins, Refusal};
pub use meters::Meters;
pub use miss::{Absence, Miss};
pub use netrc::Netrc;
pub use proxy::Proxy;
pub use resolver::{Resolver, SystemResolver};
pub use safe_url::{SafeUrl, SourceName, UrlError};
pub use stubborn::{Breaker, Retry, Stubborn};
pub use tls::roots;
pub use transport::Stream;
pub use tunnel::{TunnelError, through};
pub use via::Via;
pub use want::{OVERLAP, Priority, Resume, Urgency, Validator, Want};
pub use watch::Steps;
pub use web::{Web, WebPage};
