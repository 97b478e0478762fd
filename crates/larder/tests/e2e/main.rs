//! The real binary between scripted upstreams, real sockets and a real `go`.
//!
//! A test belongs to the file that is named after the promise it keeps. `world` has the modules that most tests use.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod absence;
mod audit;
mod bad_input;
mod bench;
mod big;
mod closed_world;
mod config;
mod crash;
mod database_away;
mod databases;
mod direct;
mod disk;
mod doctor;
mod door;
mod explain;
mod faults;
mod flight;
mod freshness;
mod full_disk;
mod handbook;
mod http;
mod import;
mod last_call;
mod ledger;
mod lies;
mod limits;
mod loops;
mod machine;
mod offline;
mod operator;
mod overload;
mod own_log;
mod private;
mod publish;
mod real_go;
mod recipes;
mod rot;
mod run;
mod scrub;
mod shared;
mod sources;
mod start;
mod sumdb;
mod superset;
mod verdict;
mod world;
mod xmod;
