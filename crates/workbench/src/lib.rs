//! What runs on a developer's machine: why modules do not come, and what helps.
//!
//! Everything that can be found has a [`Diagnosis`] with a stable code, whoever finds it. What was found is a
//! [`Report`], which people read as text and programs as JSON.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod ahead;
pub mod bench;
pub mod binary;
pub mod build_list;
pub mod cache;
pub mod gosum;
pub mod imports;
pub mod kept_log;
pub mod modcache;
pub mod module_files;
pub mod module_graph;
pub mod needs;
pub mod project;
pub mod repair;
pub mod seal;
pub mod toolchain;
pub mod vendor_tree;

mod amend;
mod build_line;
mod diagnoses;
mod diagnosis;
mod doctor;
mod environment;
mod explain;
mod go_settings;
mod masked;
mod names;
mod page;
mod report;
mod shell;
pub mod verify;
pub mod wire;

pub use amend::{AmendError, Amendment, Change};
pub use diagnoses::all;
pub use diagnosis::{Diagnosis, Layer, Severity};
pub use doctor::{CHECK, Check, Patient, Run, Seen, checks, checks_of, examine};
pub use environment::Environment;
pub use explain::{Explainer, MAX_LINE};
pub use go_settings::{Found, GoPlace, GoSettings, GoVariable};
pub use masked::masked;
pub use names::Names;
pub use page::page;
pub use report::{Finding, Report};
