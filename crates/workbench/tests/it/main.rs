//! The crate as others use it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod binary;
mod cache;
mod coverage;
mod golden;
mod hostile;
mod module_graph;
mod pages;
mod said;
mod wire;
