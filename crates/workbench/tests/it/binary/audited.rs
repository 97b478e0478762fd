//! What is found of a program, by what it is compared with and what it must have.

use std::{collections::BTreeMap, path::Path};

use gomod::{H1, ModulePath, ModuleVersion, Version};
use workbench::{
    Finding,
    binary::{Against, Audit, Binary, Demands, Said, StampDemand, Testimony, audit},
    gosum::SumLines,
};

use super::fixture::{Elf, kept};

const A: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const B: &str = "h1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn h1(text: &str) -> H1 {
    text.parse().unwrap()
}

fn dep() -> ModuleVersion {
    let path = ModulePath::new("example.com/dep").unwrap();
    ModuleVersion::new(path, Version::new("v1.2.3").unwrap()).unwrap()
}

/// A case: the list behind the main module, a go.sum, what others say, and what is required.
struct Case {
    list: String,
    sums: Option<String>,
    ledger: Option<&'static str>,
    database: Said,
    gosum: bool,
    stamps: Vec<StampDemand>,
}

impl Case {
    fn of(list: impl Into<String>) -> Self {
        Case {
            list: list.into(),
            sums: None,
            ledger: None,
            database: Said::Nothing("offline".into()),
            gosum: false,
            stamps: Vec::new(),
        }
    }

    fn sums(mut self, text: impl Into<String>) -> Self {
        self.sums = Some(text.into());
        self
    }

    fn ledger(mut self, h1: &'static str) -> Self {
        self.ledger = Some(h1);
        self
    }

    fn database(mut self, said: Said) -> Self {
        self.database = said;
        self
    }

    fn strict(mut self) -> Self {
        self.gosum = true;
        self
    }

    fn stamp(mut self, stamp: StampDemand) -> Self {
        self.stamps.push(stamp);
        self
    }

    fn audit(self) -> Audit {
        let list = format!("path\texample.com/app\nmod\texample.com/app\t(devel)\t\n{}", self.list);
        let (_dir, path) = kept(&Elf::USUAL.file("go1.26.8", &list));
        let binary = Binary::open(&path).unwrap();
        let sums = self.sums.map(|text| SumLines::parse(text.as_bytes()));
        let told = Testimony { ledger: self.ledger.map(h1), database: self.database, retracted: None };
        let others = BTreeMap::from([(dep(), told)]);
        let demands = Demands { gosum: self.gosum, stamps: self.stamps };
        let sums = sums.as_ref().map(|sums| (Path::new("go.sum"), sums));
        audit(&binary, &binary.programs()[0], Against { sums, others: &others, demands: &demands }).unwrap()
    }

    #[track_caller]
    fn finds(self, codes: &[&str]) -> Audit {
        let audit = self.audit();
        let found: Vec<_> = audit.findings.iter().map(Finding::code).collect();
        assert_eq!(found, codes, "{audit:#?}");
        audit
    }
}

fn usual() -> String {
    format!("dep\texample.com/dep\tv1.2.3\t{A}\n")
}

fn line(hash: &str) -> String {
    format!("example.com/dep v1.2.3 {hash}\n")
}

#[test]
fn what_agrees_is_no_finding() {
    Case::of(usual()).finds(&[]);
    Case::of(usual()).sums(line(A)).strict().finds(&[]);
    Case::of(usual()).sums(format!("\r\n {}\r\n", line(A).trim())).strict().finds(&[]);
    Case::of(usual()).sums(line(A)).ledger(A).database(Said::Hash(h1(A))).strict().finds(&[]);
    Case::of("").sums("").strict().finds(&[]);
    // It was never public, and go.sum has it all the same.
    Case::of(usual()).sums(line(A)).database(Said::Absent).strict().finds(&[]);
}

#[test]
fn each_witness_is_heard() {
    Case::of(usual()).sums(line(B)).finds(&["L5-BINARY-NOT-AS-GOSUM"]);
    Case::of(usual()).sums(line(B)).strict().finds(&["L5-BINARY-NOT-AS-GOSUM"]);
    Case::of(usual()).sums(line("h1:short=")).finds(&["L5-BINARY-NOT-AS-GOSUM"]);
    Case::of(usual()).ledger(B).finds(&["L5-BINARY-NOT-AS-LEDGER"]);
    Case::of(usual()).database(Said::Hash(h1(B))).finds(&["L5-BINARY-NOT-AS-DATABASE"]);
    // That two agree does not hide the third.
    Case::of(usual())
        .sums(line(A))
        .ledger(A)
        .database(Said::Hash(h1(B)))
        .finds(&["L5-BINARY-NOT-AS-DATABASE"]);
    Case::of(usual()).sums(line(B)).ledger(B).database(Said::Hash(h1(B))).finds(&[
        "L5-BINARY-NOT-AS-DATABASE",
        "L5-BINARY-NOT-AS-GOSUM",
        "L5-BINARY-NOT-AS-LEDGER",
    ]);
    Case::of(usual()).database(Said::Absent).finds(&["L5-BINARY-UNKNOWN-MODULE"]);
}

#[test]
fn what_nobody_was_asked_about_is_said_to_be_unchecked() {
    for said in [Said::Private, Said::Nothing("offline".into())] {
        let audit = Case::of(usual()).database(said).finds(&[]);
        assert_eq!(audit.unchecked.len(), 1, "{audit:#?}");
        assert!(audit.unchecked[0].contains("example.com/dep v1.2.3"), "{audit:#?}");
    }
    let audit = Case::of(usual()).sums(line(A)).finds(&[]);
    assert_eq!(audit.unchecked, Vec::<String>::new());
    assert!(audit.passed[0].ends_with("1 of 1 modules are as go.sum has them"), "{audit:#?}");
    // Many lines for one reason are one line.
    let many: Vec<_> = (0..50).map(|n| format!("dep\texample.com/m{n}\tv1.0.0\n")).collect();
    let audit = Case::of(many.concat()).finds(&[]);
    assert!(audit.unchecked[0].contains("example.com/m0 v1.0.0 and 49 others"), "{audit:#?}");
}

#[test]
fn a_required_go_sum_has_every_module() {
    Case::of(usual()).sums("").strict().finds(&["L5-BINARY-NOT-IN-GOSUM"]);
    // The line of a go.mod says nothing of what was built.
    let of_gomod = format!("example.com/dep v1.2.3/go.mod {A}\n");
    Case::of(usual()).sums(of_gomod).strict().finds(&["L5-BINARY-NOT-IN-GOSUM"]);
    Case::of(usual())
        .sums(format!("example.com/dep v1.2.4 {A}\n"))
        .strict()
        .finds(&["L5-BINARY-NOT-IN-GOSUM"]);
    Case::of(usual()).sums("").finds(&[]);

    let unhashed = "dep\texample.com/dep\tv1.2.3\n";
    Case::of(unhashed).sums(line(A)).finds(&[]);
    Case::of(unhashed).sums(line(A)).strict().finds(&["L5-BINARY-NO-HASH"]);
    let of_workspace = "dep\texample.com/lib\t(devel)\t\n";
    Case::of(of_workspace).finds(&[]);
    Case::of(of_workspace).sums("").strict().finds(&["L5-BINARY-NO-HASH"]);
}

#[test]
fn replaced_modules_fail_where_go_sum_is_required() {
    let by_directory = "dep\texample.com/old\tv1.0.0\n=>\t./old\t(devel)\t\n";
    let audit = Case::of(by_directory).finds(&[]);
    assert_eq!(audit.unchecked.len(), 1, "{audit:#?}");
    Case::of(by_directory).sums("").strict().finds(&["L5-BINARY-REPLACED-MODULE"]);

    let by_module = format!("dep\texample.com/old\tv1.0.0\n=>\texample.com/dep\tv1.2.3\t{A}\n");
    Case::of(&*by_module).sums(line(A)).finds(&[]);
    // What was built is compared, whatever was replaced.
    Case::of(&*by_module).sums(line(B)).finds(&["L5-BINARY-NOT-AS-GOSUM"]);
    Case::of(&*by_module).database(Said::Hash(h1(B))).finds(&["L5-BINARY-NOT-AS-DATABASE"]);
    Case::of(by_module).sums(line(A)).strict().finds(&["L5-BINARY-REPLACED-MODULE"]);
}

#[test]
fn the_main_module_needs_no_line() {
    let installed = format!("mod\texample.com/dep\tv1.2.3\t{A}\n");
    Case::of(&*installed).sums("").strict().finds(&[]);
    // Its hash is compared all the same, where it has one.
    Case::of(installed).database(Said::Hash(h1(B))).strict().finds(&["L5-BINARY-NOT-AS-DATABASE"]);
}

#[test]
fn a_list_that_no_linker_writes_is_damage() {
    for list in [
        "dep\texample.com/dep\tv1.2.3\th1:short=\n",
        "dep\texample.com/dep\tlatest\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "dep\t../dep\tv1.2.3\t\n",
        "dep\texample.com/dep\n",
        "=>\tx\tv1.0.0\n",
    ] {
        Case::of(list).finds(&["L5-BINARY-DAMAGED"]);
    }
}

#[test]
fn stamps_are_whole_and_clean() {
    let repository = |settings: &str| Case::of(settings).stamp(StampDemand::Repository);
    repository("build\tvcs=git\nbuild\tvcs.revision=12\nbuild\tvcs.modified=false\n").finds(&[]);
    repository("build\tvcs.revision=12\nbuild\tvcs.modified=true\n").finds(&["L5-BINARY-STAMP-DIRTY"]);
    repository("build\tvcs.revision=12\n").finds(&["L5-BINARY-STAMP-MISSING"]);
    repository("build\tvcs.modified=false\n").finds(&["L5-BINARY-STAMP-MISSING"]);
    repository("").finds(&["L5-BINARY-STAMP-MISSING"]);
    // Nobody asked for it.
    Case::of("build\tvcs.revision=12\nbuild\tvcs.modified=true\n").finds(&[]);

    let set = "build\t-ldflags=\"-s -X main.Commit=1234\"\n";
    let variable = |list: &str, demand: &str| Case::of(list).stamp(demand.parse().unwrap());
    variable(set, "main.Commit").finds(&[]);
    variable(set, "main.Commit=1234").finds(&[]);
    variable(set, "main.Commit=5678").finds(&["L5-BINARY-STAMP-OTHER"]);
    variable(set, "main.Other").finds(&["L5-BINARY-STAMP-MISSING"]);
    variable("", "main.Commit").finds(&["L5-BINARY-STAMP-MISSING"]);
    variable("build\t-ldflags=\"-X main.Commit=\"\n", "main.Commit").finds(&["L5-BINARY-STAMP-MISSING"]);
    variable("build\t-ldflags=\"-X main.Commit=1234-dirty\"\n", "main.Commit")
        .finds(&["L5-BINARY-STAMP-DIRTY"]);
}
