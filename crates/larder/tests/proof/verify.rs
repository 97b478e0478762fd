//! `larder verify`: everything that is wrong is found, and nothing else; what `go mod verify` says stands beside it.

mod caches;
mod clean;
mod memory;
mod page;
mod repair;
mod shown;
mod site;
mod sums;
mod vendor;

use std::path::PathBuf;

use self::site::Site;

/// A fault, and what is said of it.
struct Row {
    /// What was done, in words.
    what: &'static str,
    /// How.
    mutate: fn(&Site),
    /// The code of the first finding.
    code: &'static str,
    /// Whether `go mod verify` notices it too.
    go: Go,
}

/// What `go mod verify` says of a fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Go {
    /// It fails.
    Sees,
    /// It says `all modules verified`.
    Misses,
}

fn row(what: &'static str, code: &'static str, go: Go, mutate: fn(&Site)) -> Row {
    Row { what, mutate, code, go }
}

/// Makes each fault in a copy of the site, and compares what is said.
fn each(site: &Site, rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        let copy = site.copy();
        (row.mutate)(&copy);
        let before = copy.fingerprint();
        let report = copy.verify(&[]);
        let after = copy.fingerprint();
        // It fetches what is missing.
        let go = copy.go.run(["mod", "verify"]);
        let seen = if go.status.success() { Go::Misses } else { Go::Sees };
        if report.codes().first() != Some(&row.code) {
            wrong.push(format!("{}: not {}, but {:?}\n{}", row.what, row.code, report.codes(), report.ran));
        }
        if seen != row.go {
            wrong.push(format!("{}: go mod verify: {seen:?}\n{go}", row.what));
        }
        if after != before {
            wrong.push(format!("{}: something was written", row.what));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows\n{}", wrong.len(), rows.len(), wrong.join("\n\n"));
}

/// What a file is replaced by.
fn put(path: PathBuf, content: impl AsRef<[u8]>) {
    std::fs::write(path, content).unwrap();
}
