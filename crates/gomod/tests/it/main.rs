//! What the rules promise, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod go_mod;
mod go_sum;
mod info;
mod lists;
mod paths;
mod properties;
mod requests;
mod vectors;
