//! What the mirror promises, over real sockets and a real data directory.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod absences;
mod ahead;
mod anchors;
mod audit;
mod cells;
mod chains;
mod door;
mod flights;
mod foreign;
mod hedges;
mod held;
mod judged;
mod ledger;
mod overload;
mod own;
mod own_cut;
mod own_killed;
mod own_serve;
mod pins;
mod private;
mod questions;
mod relay;
mod rot;
mod stale;
mod streams;
mod unstored;
mod upheld;
mod world;

use mirror::{Absent, Refusal};
use testkit::{Module, ModuleTree, ScriptedUpstream};

const INFO: &str = "example.com/m/@v/v1.0.0.info";
const MOD: &str = "example.com/m/@v/v1.0.0.mod";
const ZIP: &str = "example.com/m/@v/v1.0.0.zip";
const LIST: &str = "example.com/m/@v/list";
const LATEST: &str = "example.com/m/@latest";
const MAIN: &str = "example.com/m/@v/main.info";

/// Three versions of `example.com/m`, one of them a pseudo-version that its branch `main` means.
fn tree() -> ModuleTree {
    ModuleTree::parse(
        "\
example.com/m@main => v1.1.1-0.20240506070809-0123456789ab
-- example.com/m@v1.0.0/go.mod --
module example.com/m
-- example.com/m@v1.0.0/m.go --
package m
-- example.com/m@v1.1.0/go.mod --
module example.com/m
-- example.com/m@v1.1.0/m.go --
package m // 1.1
-- example.com/m@v1.1.1-0.20240506070809-0123456789ab/go.mod --
module example.com/m
-- example.com/m@v1.1.1-0.20240506070809-0123456789ab/m.go --
package m // main
",
    )
}

/// The same version, with other content.
fn other_tree() -> ModuleTree {
    ModuleTree::parse(
        "\
-- example.com/m@v1.0.0/go.mod --
module example.com/m // other
-- example.com/m@v1.0.0/m.go --
package m // other
",
    )
}

/// `example.com/m@v1.0.0` with a zip of more than `len` bytes.
fn large(len: u64) -> (ScriptedUpstream, Vec<u8>) {
    let module = Module::of_noise("example.com/m", "v1.0.0", len);
    let zip = module.zip.to_vec();
    let mut tree = ModuleTree::default();
    tree.add(module);
    (ScriptedUpstream::serving(tree), zip)
}

fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::serving(tree())
}

/// The zip of `example.com/m@v1.0.0` in [`tree`].
fn zip() -> Vec<u8> {
    tree().module("example.com/m", "v1.0.0").zip.to_vec()
}

#[track_caller]
fn faults<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<upstream::Fault> {
    match result {
        Err(Refusal::Failed(faults)) => faults,
        other => panic!("not a failure: {other:?}"),
    }
}

#[track_caller]
fn absent<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Absent {
    match result {
        Err(Refusal::Absent(absent)) => absent,
        other => panic!("not an absence: {other:?}"),
    }
}
