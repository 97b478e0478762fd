//! The same zips given to a real `go`.

#![allow(clippy::disallowed_methods, reason = "the proxy of a real go is a directory")]

use std::collections::HashMap;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{GoCommand, require};

use crate::cases::cases;
use crate::zip_check::{finish, module};

/// A directory that is a proxy for versions of one module.
struct Proxy(TempDir);

const MODULE: &str = "example.com/m";

impl Proxy {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join(MODULE).join("@v")).unwrap();
        Self(root)
    }

    fn add(&self, version: &str, zip: &[u8]) {
        let dir = self.0.path().join(MODULE).join("@v");
        let info = format!(r#"{{"Version":"{version}"}}"#);
        std::fs::write(dir.join(format!("{version}.info")), info).unwrap();
        std::fs::write(dir.join(format!("{version}.mod")), format!("module {MODULE}\n")).unwrap();
        std::fs::write(dir.join(format!("{version}.zip")), zip).unwrap();
    }

    /// What `go mod download` says of each version: its sum, or its error.
    fn download(&self, versions: &[String]) -> HashMap<String, Result<String, String>> {
        let go = GoCommand::new(&format!("file://{}", self.0.path().display()));
        let modules = versions.iter().map(|version| format!("{MODULE}@{version}"));
        let ran = go.run(["mod", "download", "-json"].map(String::from).into_iter().chain(modules));
        let answers = serde_json::Deserializer::from_str(&ran.stdout).into_iter::<Value>();
        let answers = answers.map(|answer| {
            let answer = answer.unwrap();
            let text = |field: &str| answer[field].as_str().map(str::to_owned);
            let version = text("Version").unwrap();
            (version, text("Error").map_or_else(|| Ok(text("Sum").unwrap()), Err))
        });
        let answers: HashMap<_, _> = answers.collect();
        assert_eq!(answers.len(), versions.len(), "{}", ran.stderr);
        answers
    }
}

#[test]
fn go_takes_what_the_table_says_and_sums_it_alike() {
    if !require("go", GoCommand::find().is_some()) {
        return;
    }
    let proxy = Proxy::new();
    let cases: Vec<_> =
        cases().into_iter().enumerate().map(|(n, case)| (format!("v1.0.{n}"), case)).collect();
    let mut ours = Vec::new();
    for (version, case) in &cases {
        let zip = (case.zip)(&format!("{MODULE}@{version}/"));
        proxy.add(version, &zip);
        ours.push(finish(&module(MODULE, version), &zip));
    }
    let versions: Vec<_> = cases.iter().map(|(version, _)| version.clone()).collect();
    let answers = proxy.download(&versions);

    let mut wrong = Vec::new();
    for ((version, case), ours) in cases.iter().zip(ours) {
        match (&answers[version], ours) {
            (Ok(sum), Ok(facts)) if *sum == facts.h1.to_string() => {}
            (Ok(_), Err(_)) if case.go => {}
            (Err(_), Err(_)) if !case.go => {}
            (go, ours) => wrong.push(format!("{}\n  go     {go:?}\n  larder {ours:?}", case.what)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
