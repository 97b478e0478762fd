//! What tests stand on: a scripted upstream, a relay that breaks connections, module trees, a checksum log, a Larder under test, a real `go`.
//!
//! The kit shares no code with Larder. What it says about escapes, hashes, zips and tiles is a second
//! opinion, and its own tests let a real `go` judge it. It is made of threads and blocking sockets, so that no
//! runtime, not even one whose time stands still, can hold a double up. A promise that is broken panics: the
//! kit is used by tests only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc)]
#![allow(clippy::print_stderr, clippy::return_self_not_must_use)]

mod archive;
mod black_hole;
mod fault_proxy;
mod gate;
mod git;
mod go;
mod h2_upstream;
mod hash;
mod http;
mod larder;
mod log;
mod module;
mod name_server;
mod noise;
mod process;
mod pty;
mod reply;
mod require;
mod resolver;
mod script;
mod sent;
mod tls;
mod tree;
mod tunnel;
mod upstream;

pub use archive::{Archive, Body};
pub use black_hole::BlackHole;
pub use fault_proxy::{Act, At, FaultProxy, Link};
pub use gate::Gate;
pub use git::GitFixture;
pub use go::{GoCommand, toolchain};
pub use h2_upstream::{Break, H2Upstream, INTERNAL_ERROR, REFUSED_STREAM};
pub use hash::{gomod_h1, h1};
pub use http::{Connection, End, Response};
pub use larder::{Larder, Serve, TestServer};
pub use log::{Lie, Part, TestLog};
pub use module::{Module, escape};
pub use name_server::{NameServer, Names};
pub use process::{Ran, Running, run};
pub use pty::{Pty, Shown};
pub use reply::Reply;
pub use require::{note, require, skipped};
pub use resolver::{FakeResolver, Says};
pub use tls::Authority;
pub use tree::ModuleTree;
pub use tunnel::Tunnel;
pub use upstream::{ScriptedUpstream, Seen};

use std::time::Duration;

/// How long the kit waits for something that must come before it calls the test failed. Never a measure of
/// how fast a thing should be.
pub const LIMIT: Duration = Duration::from_mins(2);
