//! What `storage` promises, through its public face.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod store;
mod world;
