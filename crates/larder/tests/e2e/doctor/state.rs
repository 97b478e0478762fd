//! Faults of what lies on this machine: each is made for real, and a real `go` fails of it or visibly does not notice.

mod cache;
mod checksums;
mod gosum;
mod pairs;
mod places;
mod project;
mod vendor;
mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
};

use testkit::{GoCommand, ScriptedUpstream, TestLog};

use super::{Report, doctor};
use crate::world::{LOG, project as project_of, tree};

/// A project whose modules were fetched, verified and built, and where they came from.
struct Site {
    log: TestLog,
    /// What serves all of it.
    upstream: ScriptedUpstream,
    go: GoCommand,
}

impl Site {
    #[track_caller]
    fn new() -> Self {
        let log = TestLog::over(LOG, &tree());
        let upstream = ScriptedUpstream::with_log(tree(), log.clone());
        let go = project_of(&upstream.url()).sumdb(&log.vkey());
        // No program, so that nothing of Go itself has to be built.
        go.write("main.go", "package test\n\nimport \"example.com/app\"\n\nconst Sum = app.Sum\n");
        go.run(["mod", "tidy"]).ok();
        go.run(BUILD).ok();
        Site { log, upstream, go }
    }

    /// The same machine with another setting.
    fn env(mut self, name: &str, value: &str) -> Self {
        self.go = self.go.env(name, value);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.go.work().join(name)
    }

    /// Changes the text of a file of the project.
    fn edit(&self, name: &str, edit: impl FnOnce(String) -> String) {
        self.go.write(name, &edit(self.go.read(name)));
    }

    /// A file of a version in the module cache: `info`, `mod`, `zip`, `ziphash`.
    fn cached(&self, module: &str, ending: &str) -> PathBuf {
        let (path, version) = module.split_once('@').unwrap();
        let dir = self.go.modcache().join("cache/download").join(testkit::escape(path)).join("@v");
        dir.join(format!("{}.{ending}", testkit::escape(version)))
    }

    /// The unpacked files of a version.
    fn unpacked(&self, module: &str) -> PathBuf {
        self.go.modcache().join(testkit::escape(module))
    }

    /// The build fails, and says this.
    #[track_caller]
    fn fails(&self, with: &str) {
        let ran = self.go.run(BUILD).fails();
        assert!(ran.stderr.contains(with), "{ran}");
    }

    #[track_caller]
    fn builds(&self) {
        self.go.run(BUILD).ok();
    }

    #[track_caller]
    fn doctor(&self) -> Report {
        doctor(&self.go, &[])
    }

    /// The first finding must be this, and of the codes of this layer no other one by itself.
    #[track_caller]
    fn is(&self, code: &str) {
        is(&self.doctor(), code);
    }
}

#[track_caller]
fn is(report: &Report, code: &str) {
    let roots: Vec<_> = report.findings().iter().filter(|finding| finding["follows"].is_null()).collect();
    let codes: Vec<_> = roots.iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    let ours = |other: &&&str| {
        let start = ["L5-", "L3-GOSUM", "L3-SUM", "L1-TOOL", "L1-GO-"];
        **other != code && start.iter().any(|start| other.starts_with(start))
    };
    assert_eq!(codes.first(), Some(&code), "{}", report.ran);
    assert_eq!(codes.iter().filter(ours).count(), 0, "{}", report.ran);
}

/// The first finding must be the cause, and the others must be there.
#[track_caller]
fn first(report: &Report, cause: &str, also: &str) {
    let codes = report.codes();
    assert_eq!(codes.first(), Some(&cause), "{}", report.ran);
    assert!(codes.contains(&also), "{}", report.ran);
}

/// Adds text at the end of a file, or makes the file.
fn append(path: &Path, text: &str) {
    let mut content = fs::read(path).unwrap_or_default();
    content.extend_from_slice(text.as_bytes());
    fs::write(path, content).unwrap();
}

const BUILD: [&str; 2] = ["build", "."];

#[test]
fn a_healthy_project_has_nothing() {
    let site = Site::new();
    let report = site.doctor();
    report.healthy();
    assert!(report.json["passed"].as_array().unwrap().len() > 4, "{}", report.ran);
    assert_eq!(doctor(&site.go, &["--offline"]).codes(), [""; 0]);
}
