//! What `storage` promises, through its public face.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
mod blobs;
mod catalog;
mod cut;
mod data;
mod formats;
mod import;
mod pinning;
mod power;
mod scrub;
mod staging;
mod store;
mod sumdb;
mod syscalls;
mod tokens;
mod trouble;
mod whole;
mod world;
