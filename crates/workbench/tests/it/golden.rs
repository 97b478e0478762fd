//! What a real `go` prints under real faults: the one in PATH now, and older ones in the logs next to this.
//!
//! `golden/make.sh` writes those logs, with toolchains that it fetches.

mod checksum;
mod lab;
mod network;
mod proxy;
mod resolver;
mod settings;
mod source;
mod state;

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
};

use testkit::{GoCommand, note};
use workbench::{Explainer, Finding, Report};

use lab::{Lab, Log};

/// A fault, and what has to be said of it.
#[derive(Clone, Copy, Debug)]
struct Fault {
    /// Unique.
    name: &'static str,
    /// The code of the first finding.
    code: &'static str,
    /// The first Go 1.N that has it.
    since: u32,
    /// Whether it takes `go` many seconds to notice.
    slow: bool,
    make: fn(&Lab) -> Log,
}

const fn fault(name: &'static str, code: &'static str, make: fn(&Lab) -> Log) -> Fault {
    Fault { name, code, since: 0, slow: false, make }
}

const fn slow(name: &'static str, code: &'static str, make: fn(&Lab) -> Log) -> Fault {
    Fault { name, code, since: 0, slow: true, make }
}

const fn since(minor: u32, name: &'static str, code: &'static str, make: fn(&Lab) -> Log) -> Fault {
    Fault { name, code, since: minor, slow: false, make }
}

const AREAS: [&[Fault]; 7] = [
    proxy::FAULTS,
    network::FAULTS,
    resolver::FAULTS,
    checksum::FAULTS,
    settings::FAULTS,
    source::FAULTS,
    state::FAULTS,
];

fn faults() -> impl Iterator<Item = &'static Fault> {
    AREAS.into_iter().flatten()
}

pub(crate) fn explain(log: &str) -> Report {
    let mut explainer = Explainer::default();
    explainer.feed(log.as_bytes());
    explainer.finish()
}

fn codes(log: &str) -> Vec<&'static str> {
    explain(log).findings.iter().map(Finding::code).collect()
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The logs that are kept, by version and name.
pub(crate) fn kept() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ext| ext != "txt") {
            continue;
        }
        let mut logs = BTreeMap::<String, String>::new();
        let mut name = String::new();
        for line in fs::read_to_string(&path).unwrap().split_inclusive('\n') {
            if let Some(next) = line.strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --\n")) {
                next.clone_into(&mut name);
            } else {
                logs.entry(name.clone()).or_default().push_str(line);
            }
        }
        all.insert(path.file_stem().unwrap().to_string_lossy().into_owned(), logs);
    }
    all
}

/// A log without what differs from run to run: ports, places on this machine, times.
fn anonymous(log: &str) -> String {
    let mut out = String::with_capacity(log.len());
    let temporary = env::temp_dir().display().to_string();
    let mut rest = log;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("127.0.0.1:") {
            out.push_str("127.0.0.1:4873");
            rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        } else if let Some(behind) =
            rest.strip_prefix(&*temporary).and_then(|rest| rest.strip_prefix("/testkit-"))
        {
            out.push_str("/home/dev");
            rest = behind.find(['/', ':', ' ', '\n']).map_or("", |end| &behind[end..]);
            if let Some(behind) = rest.strip_prefix("/work") {
                out.push_str("/app");
                rest = behind;
            }
        } else if let Some((address, behind)) =
            rest.strip_prefix(" on ").and_then(|rest| rest.split_once(":53: "))
            && address.parse::<Ipv4Addr>().is_ok()
        {
            out.push_str(" on 192.0.2.53:53: ");
            rest = behind;
        } else if let Some((before, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once("s)"))
            && before.len() == 5
            && before.contains('.')
        {
            out.push_str("(0.012s)");
            rest = behind;
        } else {
            let next = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    out
}

/// Makes all faults that it shall, and says which are not explained as they should be.
fn run_all(lab: &Lab, faults: &[&'static Fault]) -> (BTreeMap<&'static str, String>, Vec<String>) {
    let left = Mutex::new(faults.to_vec());
    let done = Mutex::new((BTreeMap::new(), Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(fault) = left.lock().unwrap().pop() else { return };
                    let Some(log) = (fault.make)(lab) else { continue };
                    let log = anonymous(&log.replace(&lab.root(), "/usr/local/go"));
                    let codes = codes(&log);
                    let mut done = done.lock().unwrap();
                    if codes.first() != Some(&fault.code) {
                        done.1.push(format!(
                            "{}: {} is wanted, not {codes:?} of\n{log}",
                            fault.name, fault.code
                        ));
                    }
                    done.0.insert(fault.name, log);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// The `go` of this machine under every fault that takes no long time.
#[test]
fn what_this_go_prints_is_explained() {
    let lab = Lab::of(GoCommand::find().expect("a `go` in PATH"));
    let wanted: Vec<_> = faults().filter(|fault| !fault.slow && fault.since <= lab.minor).collect();
    let (logs, wrong) = run_all(&lab, &wanted);
    note(&format!("go 1.{} under {} of {} faults", lab.minor, logs.len(), wanted.len()));
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_every_go_printed_is_explained() {
    let faults: BTreeMap<_, _> = faults().map(|fault| (fault.name, fault)).collect();
    assert_eq!(faults.len(), self::faults().count(), "names are unique");
    let (mut wrong, mut count) = (Vec::new(), 0);
    let kept = kept();
    for (version, logs) in &kept {
        for (name, log) in logs {
            let fault =
                faults.get(&**name).unwrap_or_else(|| panic!("{version}: {name} is no fault any more"));
            let codes = codes(log);
            count += 1;
            if codes.first() != Some(&fault.code) {
                wrong.push(format!("{version}, {name}: {} is wanted, not {codes:?} of\n{log}", fault.code));
            }
        }
        let minor: u32 = version.split('.').nth(1).unwrap().parse().unwrap();
        let missing: Vec<_> = faults
            .values()
            .filter(|f| f.since <= minor && !logs.contains_key(f.name))
            .map(|f| f.name)
            .collect();
        assert!(missing.is_empty(), "{version} lacks {missing:?}: run golden/make.sh");
    }
    note(&format!("{count} logs of {} versions of go", kept.len()));
    assert!(kept.len() >= 6, "{:?}", kept.keys());
    assert!(wrong.is_empty(), "{} logs:\n{}", wrong.len(), wrong.join("\n"));
}

/// What build systems make of a line, and a name for it.
type Dress = (&'static str, fn(usize, &str) -> String);

const DRESSES: [Dress; 14] = [
    ("crlf", |_, line| format!("{line}\r")),
    ("colours", |_, line| format!("\u{1b}[31m{line}\u{1b}[0m")),
    ("github", |n, line| format!("2026-11-21T10:00:{:02}.1234567Z {line}", n % 60)),
    ("gitlab", |n, line| format!("2026-11-21T10:00:{:02}.123456Z 01O {line}", n % 60)),
    ("buildkit", |n, line| format!("#12 {}.{:03} {line}", 3 + n / 100, n % 1000)),
    ("buildkit-again", |n, line| format!("{}.{:03} {line}", 3 + n / 100, n % 1000)),
    ("compose", |_, line| format!("builder-1  | {line}")),
    ("journal", |n, line| format!("Nov 21 10:00:{:02} ci runner[812]: {line}", n % 60)),
    ("jenkins", |n, line| format!("[2026-11-21T10:00:{:02}.123Z] {line}", n % 60)),
    ("cloud-build", |_, line| format!("Step #2 - \"build\": {line}")),
    ("kubernetes", |_, line| format!("[pod/builder-x7/go] {line}")),
    ("buildkite", |n, line| format!("\u{1b}_bk;t=17000000{:02}\u{7}{line}", n % 100)),
    ("docker-json", |_, line| {
        serde_json::json!({"log": format!("{line}\n"), "stream": "stderr"}).to_string()
    }),
    ("make-then-colours", |n, line| format!("\u{1b}[2m10:00:{:02}\u{1b}[0m {line}", n % 60)),
];

/// Every log in every dress, between lines of others, says the same as without.
#[test]
fn no_dress_hides_what_go_said() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (version, logs) in kept() {
        for (name, log) in logs {
            // JSON over several lines is not dressed line by line by these.
            let plain = codes(&log);
            for (dress, put_on) in DRESSES {
                let before = ["Cloning into 'app'...", "go: downloading example.com/other v1.0.0"];
                let lines =
                    before.into_iter().chain(log.lines()).chain(["make: *** [Makefile:3: build] Error 1"]);
                let dressed: String = lines.enumerate().map(|(n, line)| put_on(n, line) + "\n").collect();
                count += 1;
                if codes(&dressed) != plain {
                    wrong.push(format!(
                        "{version}, {name}, {dress}: {:?}, not {plain:?}\n{dressed}",
                        codes(&dressed)
                    ));
                }
            }
        }
    }
    note(&format!("{count} dressed logs"));
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Eight megabytes of other output hide nothing, and take no memory that grows with them.
#[test]
fn megabytes_of_other_output_hide_nothing() {
    let logs = kept().remove("go1.26").expect("logs of go 1.26");
    let mut explainer = Explainer::default();
    let noise =
        "=== RUN   TestSomething\n    step_test.go:12: connection refused, as it should be\n".repeat(100);
    for _ in 0..1000 {
        explainer.feed(noise.as_bytes());
    }
    explainer.feed(logs["proxy-503"].as_bytes());
    for _ in 0..100 {
        explainer.feed(noise.as_bytes());
        explainer.feed(logs["proxy-503"].as_bytes());
    }
    let report = explainer.finish();
    let [finding] = report.findings.as_slice() else { panic!("{}", report.text()) };
    assert_eq!(finding.code(), "L3-PROXY-FAILS");
    assert_eq!(finding.evidence.last().map(String::as_str), Some("(99 more of the kind)"));
}

/// Writes the logs. `golden/make.sh` calls it, with the programs in `LARDER_GOLDEN_GO`; `LARDER_GOLDEN_ONLY=NAME` leaves
/// all but one as they are.
#[test]
#[ignore = "writes files; golden/make.sh calls it"]
fn write_logs() {
    let programs = env::var("LARDER_GOLDEN_GO").expect("LARDER_GOLDEN_GO=/path/to/go:/path/to/go");
    let only = env::var("LARDER_GOLDEN_ONLY").ok();
    let (mut wrong, mut kept) = (Vec::new(), kept());
    for program in programs.split(':') {
        let lab = Lab::of(program.into());
        let is_wanted =
            |fault: &&Fault| fault.since <= lab.minor && only.as_ref().is_none_or(|only| only == fault.name);
        let wanted: Vec<_> = faults().filter(is_wanted).collect();
        let (logs, unexpected) = run_all(&lab, &wanted);
        let version = format!("go1.{}", lab.minor);
        let mut all = kept.remove(&version).filter(|_| only.is_some()).unwrap_or_default();
        all.extend(logs.into_iter().map(|(name, log)| (name.to_owned(), log)));
        let mut text = String::new();
        for (name, log) in &all {
            let end = if log.ends_with('\n') { "" } else { "\n" };
            write!(text, "-- {name} --\n{log}{end}").unwrap();
        }
        fs::write(dir().join(format!("{version}.txt")), text).unwrap();
        wrong.extend(unexpected.into_iter().map(|what| format!("{version}: {what}")));
    }
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}
