//! `larder doctor`: real faults, and what is said of them.

mod network;
mod privacy;
mod settings;
mod shown;
mod source;
mod state;

use std::{ffi::OsStr, process::Command};

use serde_json::Value;
use testkit::{GoCommand, Ran};

use crate::world::larder;

/// What the doctor said.
struct Report {
    ran: Ran,
    json: Value,
}

/// The doctor, in the environment and the directory of a `go`.
#[track_caller]
fn doctor(go: &GoCommand, args: &[&str]) -> Report {
    doctor_behind(go, &[], args)
}

/// The same behind a command that prepares something for it, like `unshare`.
#[track_caller]
fn doctor_behind(go: &GoCommand, before: &[&OsStr], args: &[&str]) -> Report {
    let larder = larder();
    let words: Vec<_> = before.iter().copied().chain([larder.program().as_os_str()]).collect();
    let (first, rest) = words.split_first().unwrap();
    let mut command = Command::new(first);
    command.args(rest).args(["doctor", "--json"]).args(args);
    command.current_dir(go.work()).env_clear().envs(go.variables().iter().cloned());
    let ran = testkit::run(&mut command);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("no report: {ran}"));
    let mut report = Report { ran, json };
    assert_eq!(report.ran.code(), Some(i32::from(!report.codes().is_empty())), "{}", report.ran);
    // The go of tests asks no checksum database where a test does not say otherwise.
    if go.variables().iter().any(|(name, value)| name == "GOSUMDB" && value == "off") {
        let findings = report.json["findings"].as_array_mut().unwrap();
        findings.retain(|finding| finding["code"] != "L1-SUMDB-OFF");
    }
    report
}

impl Report {
    /// The codes of all findings, in their order.
    fn codes(&self) -> Vec<&str> {
        self.findings().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
    }

    fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().unwrap()
    }

    /// The root cause must be this; what else was found may only follow from it.
    #[track_caller]
    fn is(&self, code: &str) -> &Value {
        let roots: Vec<_> = self.findings().iter().filter(|finding| finding["follows"].is_null()).collect();
        let codes: Vec<_> = roots.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
        assert_eq!(codes, [code], "{}", self.ran);
        roots[0]
    }

    /// These must be the findings, in this order.
    #[track_caller]
    fn are(&self, codes: &[&str]) {
        assert_eq!(self.codes(), codes, "{}", self.ran);
    }

    /// Nothing must be found.
    #[track_caller]
    fn healthy(&self) {
        self.are(&[]);
    }
}
