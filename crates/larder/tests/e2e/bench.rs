//! `larder bench`: proxies compared, and the GOPROXY that follows.

mod faults;
mod limits;
mod proxies;
mod terminal;

use serde_json::Value;
use testkit::{Larder, Ran, Reply, ScriptedUpstream};

use crate::world::{larder, tree};

/// A module of the world that every proxy has.
const MODULE: &str = "example.com/app@v1.0.0";

/// `larder bench` with these arguments, and its JSON.
#[track_caller]
fn json(larder: &Larder, args: &[&str]) -> (Ran, Value) {
    let ran = larder.run(["bench", "--json"].iter().chain(args));
    let value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    (ran, value)
}

/// The same for these proxies, in a directory without a project.
#[track_caller]
fn measured(proxies: &[&str]) -> (Ran, Value) {
    let args: Vec<_> = ["--module", MODULE, "--timeout", "2s"].iter().chain(proxies).copied().collect();
    json(&bench(), &args)
}

/// A Larder on a machine whose own GOPROXY does not matter.
fn bench() -> Larder {
    larder().env("GOPROXY", "https://proxy.example.com")
}

/// One proxy's figures.
#[track_caller]
fn of<'a>(value: &'a Value, url: &str) -> &'a Value {
    let proxies = value["proxies"].as_array().unwrap();
    proxies.iter().find(|proxy| proxy["url"] == url).unwrap_or_else(|| panic!("{url} is in {value}"))
}

/// The URLs in the order of the report.
fn order(value: &Value) -> Vec<&str> {
    value["proxies"].as_array().unwrap().iter().map(|proxy| proxy["url"].as_str().unwrap()).collect()
}

fn good() -> ScriptedUpstream {
    ScriptedUpstream::serving(tree())
}

/// One that takes its time for each small file.
fn slow() -> ScriptedUpstream {
    let upstream = good();
    upstream.always("*", Reply::natural().drip(40, std::time::Duration::from_millis(20)));
    upstream
}

/// Every second request fails.
fn half() -> ScriptedUpstream {
    let upstream = good();
    upstream.script("*", (0..600).map(|n| if n % 2 == 0 { Reply::natural() } else { Reply::status(503) }));
    upstream
}

/// One that is not there.
fn dead() -> String {
    let mut upstream = good();
    upstream.take_down();
    upstream.url()
}
