//! What lies on machines and on disks that travel: that it is what the checksum database says, and that it is enough.
//!
//! A test belongs to the module that is named after the command it runs. `world` has the modules that most tests use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod binary;
mod cache;
mod env;
mod manners;
mod seal;
mod snapshot;
mod vendor;
mod verify;
mod warm;
mod world;
