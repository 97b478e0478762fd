//! `docs/DOCTOR.md` says of everything that the doctor finds which tests make it happen, and there are such tests.

use std::{collections::BTreeMap, env, fmt::Write as _, fs};

use workbench::{Diagnosis, all, checks_of};

use crate::{none, read, top};

/// The tests of a code, as `cargo test` names them.
type Proofs = BTreeMap<String, Vec<String>>;

#[test]
fn everything_the_doctor_finds_is_made_to_happen() {
    let proofs = proofs();
    let found: Vec<_> = all().filter(|diagnosis| checks_of(diagnosis).next().is_some()).collect();
    let unproven: Vec<_> = found
        .iter()
        .filter(|d| proofs.contains_key(d.code) == ELSEWHERE.iter().any(|(code, _)| *code == d.code))
        .map(|d| d.code.to_owned())
        .collect();
    none(&unproven, "crates/larder/tests/e2e/doctor has a test for each code that a check finds");
    assert!(found.len() >= 60, "the doctor finds {} things", found.len());
    page_has(&table(&found, &proofs));
}

#[test]
fn what_two_faults_at_once_are_is_made_to_happen() {
    let pairs: usize =
        tests().iter().filter(|(name, _)| name.contains("::pairs::")).map(|(_, text)| rows(text)).sum();
    assert!(pairs >= 20, "{pairs} pairs of faults");
}

/// How many pairs a test goes through.
fn rows(text: &str) -> usize {
    text.matches(".roots(").count() + text.matches(".is(").count() + text.matches(".are(").count()
}

/// Which tests name which code.
fn proofs() -> Proofs {
    let mut proofs = Proofs::new();
    for (name, text) in tests() {
        for diagnosis in all().filter(|diagnosis| text.contains(&format!("\"{}\"", diagnosis.code))) {
            proofs.entry(diagnosis.code.to_owned()).or_default().push(name.clone());
        }
    }
    proofs
}

/// The end-to-end tests of the doctor, each with its text.
fn tests() -> Vec<(String, String)> {
    let mut tests = Vec::new();
    let mut dirs = vec![top().join("crates/larder/tests/e2e/doctor")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let below = path.strip_prefix(top().join("crates/larder/tests/e2e")).unwrap().with_extension("");
            let module = below.to_string_lossy().replace('/', "::");
            let text = fs::read_to_string(&path).unwrap();
            let mut pieces = text.split("\n#[test]\n");
            pieces.next();
            tests.extend(pieces.map(|piece| {
                let name = piece.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).unwrap().0;
                (format!("{module}::{name}"), piece.to_owned())
            }));
        }
    }
    tests.sort();
    tests
}

fn table(found: &[&Diagnosis], proofs: &Proofs) -> String {
    let mut table =
        "| fault | verdict | cure | seen by check | proven by |\n|---|---|---|---|---|\n".to_owned();
    for diagnosis in found {
        let names = workbench::Names::default();
        let checks: Vec<_> = checks_of(diagnosis).map(|check| format!("`{}`", check.name)).collect();
        let why_not =
            ELSEWHERE.iter().find(|(code, _)| *code == diagnosis.code).map(|(_, why)| (*why).to_owned());
        let tests = proofs.get(diagnosis.code).into_iter().flatten().map(|test| format!("`{test}`"));
        let tests: Vec<_> = tests.chain(why_not).collect();
        let _ = writeln!(
            table,
            "| {} | [{code}](doctor/{code}.md) | {} | {} | {} |",
            names.fill(diagnosis.title),
            names.fill(diagnosis.cure),
            checks.join(", "),
            tests.join(", "),
            code = diagnosis.code,
        );
    }
    table
}

/// The table stands in the page as it would be made today; with `LARDER_WRITE_DOCS` set it is put there.
#[track_caller]
fn page_has(table: &str) {
    const PAGE: &str = "docs/DOCTOR.md";
    let page = read(PAGE);
    let (before, rest) = page.split_once(BEGIN).expect("the beginning of the table");
    let (_, after) = rest.split_once(END).expect("the end of the table");
    let wanted = format!("{before}{BEGIN}{table}{END}{after}");
    if env::var_os("LARDER_WRITE_DOCS").is_some() {
        fs::write(top().join(PAGE), &wanted).unwrap();
    } else {
        assert!(page == wanted, "{PAGE} is not as the tests have it: run with LARDER_WRITE_DOCS=1");
    }
}

/// What no test can make happen, and why.
const ELSEWHERE: [(&str, &str); 2] = [
    ("L5-CACHE-NETWORK", "nothing: it takes a network file system"),
    ("L5-DISK-ERRORS", "nothing: it takes a disk that fails"),
];
const BEGIN: &str = "<!-- made from the diagnoses and their tests: LARDER_WRITE_DOCS=1 cargo test -p larder --test house -->\n";
const END: &str = "<!-- end -->\n";
