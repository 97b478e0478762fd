//! A real `go` judges the kit before Larder is judged by it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;
mod git;
mod links;
mod log;
mod names;
mod real_go;
