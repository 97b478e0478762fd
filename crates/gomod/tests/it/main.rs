//! What the rules promise, seen from outside: vectors, tables, other implementations, and a real `go`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cases;
mod file_names;
mod go;
mod go_mod;
mod go_sum;
mod handmade;
mod info;
mod lists;
mod paths;
mod properties;
mod requests;
mod tree;
mod vectors;
mod zip_check;
mod zip_limits;
mod zip_properties;
