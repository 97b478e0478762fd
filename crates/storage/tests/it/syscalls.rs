//! The system calls that store a file are those that `durable.rs` promises, in that order.

use std::{fs, path::Path, process::Command};

use storage::{Kind, Question, StoredAnswer};

use crate::world::{fact, mv, noise};

const DIR: &str = "LARDER_TEST_TRACED";

#[test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn a_file_is_stored_by_the_promised_system_calls() {
    if let Some(dir) = std::env::var_os(DIR) {
        return be_traced(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace");
    let traced = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-e",
            "trace=link,linkat,rename,renameat,renameat2,mkdir,mkdirat,fsync,flock",
            "-o",
        ])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["syscalls::a_file_is_stored_by_the_promised_system_calls", "--exact"])
        .env(DIR, dir.path().join("data"))
        .output();
    match traced {
        Ok(output) if output.status.success() => {}
        _ if std::env::var_os("LARDER_REQUIRE_SERVICES").is_some() => panic!("strace is needed: {traced:?}"),
        _ => return println!("skipped: strace cannot be used here"),
    }
    let trace = fs::read_to_string(&trace).unwrap();
    let data = dir.path().join("data");
    let calls: Vec<String> = trace.lines().filter_map(|line| call(line, data.to_str()?)).collect();
    let part = |from: &str, to: &str| {
        let place = |mark: &str| calls.iter().position(|call| *call == format!("mkdir {mark}")).unwrap();
        calls[place(from) + 1..place(to)].join("\n")
    };
    // The directory of all modules was there, but another process may have made it a moment ago.
    let created = "\
fsync staging/P/N
fsync .
mkdir modules/example.com
fsync modules
mkdir modules/example.com/a
fsync modules/example.com
mkdir modules/example.com/a/@v
fsync modules/example.com/a
linkat staging/P/N modules/example.com/a/@v/v1.0.0.receipt
fsync modules/example.com/a/@v
fsync staging/P/N
linkat staging/P/N modules/example.com/a/@v/v1.0.0.zip
fsync modules/example.com/a/@v";
    assert_eq!(part("begin", "created"), created);
    let replaced = "\
fsync staging/P/N
flock locks/XX
linkat staging/P/N staging/P/N
rename staging/P/N answers/example.com/a/@v/list
fsync answers/example.com/a/@v
flock locks/XX";
    assert_eq!(part("answered", "replaced"), replaced);
}

/// What is traced, with marks between the parts.
fn be_traced(dir: &Path) {
    let mark = |name: &str| fs::create_dir(dir.join(name)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let data = crate::world::open(dir);
        let blobs = std::sync::Arc::new(storage::LocalBlobs::new(std::sync::Arc::clone(&data)));
        let staging = std::sync::Arc::clone(data.staging());
        let store = storage::Store::new(blobs, staging, std::sync::Arc::new(storage::NoCatalog));
        mark("begin");
        let mut staging = store.stage();
        staging.append(noise(100, 1)).await.unwrap();
        let staged = staging.finish();
        let version = mv("example.com/a@v1.0.0");
        store.publish(&version, Kind::Zip, &staged, fact(&staged, Kind::Zip, "z")).await.unwrap();
        mark("created");
        let question = Question::List(version.path().clone());
        let answer = |body: &'static str| StoredAnswer {
            at: jiff::Timestamp::UNIX_EPOCH,
            source: "proxy.example.com".into(),
            validator: None,
            body: body.into(),
        };
        store.put_answer(&question, &answer("v1.0.0\n")).await.unwrap();
        mark("answered");
        store.put_answer(&question, &answer("v1.1.0\n")).await.unwrap();
        mark("replaced");
    });
}

/// `fsync modules/example.com` from a line of strace; `None` for what failed, or lies outside.
fn call(line: &str, data: &str) -> Option<String> {
    let (_, line) = line.split_once(' ')?;
    let (name, arguments) = line.trim_start().split_once('(')?;
    if !line.ends_with("= 0") {
        return None;
    }
    let paths = arguments.split(['"', '<', '>']).filter_map(|part| part.strip_prefix(data));
    let mut call = name.to_owned();
    for path in paths {
        let mut parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_mut_slice() {
            ["staging", process, file] => {
                *process = "P";
                *file = "N";
            }
            ["locks", shard] => *shard = "XX",
            [] => parts.push("."),
            _ => {}
        }
        call.push(' ');
        call.push_str(&parts.join("/"));
    }
    call.contains(' ').then_some(call)
}
