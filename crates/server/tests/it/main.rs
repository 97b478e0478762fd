//! The server over real sockets, in front of a real mirror whose upstream is scripted.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod freshness;
mod limits;
mod pages;
mod stop;
mod world;
