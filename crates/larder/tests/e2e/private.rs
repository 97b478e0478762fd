//! The names of private modules reach nobody but the hosts they name.

use std::{fs, process::Command};

use testkit::{GoCommand, Reply, ScriptedUpstream, TestLog, require, skipped};

use crate::{
    direct::site::Site,
    world::{LOG, larder, tree},
};

const PRIVATE: [&str; 5] = [
    "corp.example.com/secret/@v/list",
    "corp.example.com/secret/@latest",
    "corp.example.com/secret/@v/main.info",
    "corp.example.com/secret/sub/@v/v1.0.0.info",
    "corp.example.com/secret/@v/v1.0.0.zip",
];

#[test]
fn private_modules_are_asked_of_no_proxy() {
    let Some(site) = Site::new() else { return };
    for variable in ["GOPRIVATE", "GONOPROXY"] {
        let upstream = ScriptedUpstream::serving(tree());
        let larder = site.larder().unset("GOPRIVATE").env(variable, "corp.example.com,*.corp.example.com");
        let server = larder.serve(&upstream.url()).start();
        for path in PRIVATE {
            let text = server.get(&format!("/{path}")).expect(404).text();
            assert!(text.contains("direct (404): "), "{text}");
        }
        server.get("/git.corp.example.com/x/@v/list").expect(404);
        assert_eq!(upstream.seen().len(), 0);
        server.get("/example.com/app/@v/list").expect(200);
    }
    assert_eq!(site.hosts(), ["corp.example.com:443", "git.corp.example.com:443"]);
}

#[test]
fn the_users_own_go_env_counts_too() {
    let Some(site) = Site::new() else { return };
    let upstream = ScriptedUpstream::serving(tree());
    let larder = site.larder().unset("GOPRIVATE");
    let dir = larder.home().join(".config/go");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("env"), "GOPRIVATE=corp.example.com\n").unwrap();
    let server = larder.serve(&upstream.url()).start();
    for path in PRIVATE {
        server.get(&format!("/{path}")).expect(404);
    }
    assert_eq!(upstream.seen().len(), 0);
}

#[test]
fn no_database_hears_of_what_is_private() {
    for variable in ["GOPRIVATE", "GONOSUMDB"] {
        let log = TestLog::over(LOG, &tree());
        let vkey = log.vkey();
        let upstream = ScriptedUpstream::with_log(tree(), log);
        let larder = larder().env(variable, "example.com/branch");
        let server = larder.serve(&upstream.url()).sumdb(&vkey).start();
        server.get(&format!("/sumdb/{LOG}/lookup/example.com/branch@v0.1.0")).expect(404);
        assert_eq!(upstream.asked("sumdb/*/lookup/*"), 0, "{variable}");
        if variable == "GONOSUMDB" {
            let go = GoCommand::new(&server.url()).sumdb(&vkey).env("GONOSUMDB", "example.com/branch");
            go.run(["mod", "download", "example.com/branch@v0.1.0"]).ok();
        }
        assert!(upstream.seen().iter().all(|seen| !seen.path.contains("lookup/example.com/branch")));
    }
}

/// Every connection and every datagram of the process, resolvers included, goes to the upstream, and to the tunnel that
/// leads to the company's host.
#[test]
fn not_even_a_name_server_hears_of_it() {
    let traced = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    if !require("strace", traced.is_ok()) {
        return;
    }
    if !traced.unwrap().success() {
        skipped("this machine does not allow a process to be traced");
        return;
    }
    let Some(site) = Site::new() else { return };
    let upstream = ScriptedUpstream::serving(tree());
    let plain = site.larder();
    // -D: the process that is signalled and awaited is Larder, not its tracer.
    let trace = plain.home().join("trace");
    let words =
        ["strace", "-D", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-s", "256", "-o"];
    let words = words.map(std::ffi::OsString::from).into_iter().chain([trace.clone().into()]);
    let larder = plain.env("GOPRIVATE", "corp.example.com").under(words);
    let server = larder.serve(&upstream.url()).start();
    for path in PRIVATE {
        server.get(&format!("/{path}")).expect(404);
    }
    for fault in [Reply::status(503), Reply::reset(), Reply::html()] {
        site.server.always("*", fault);
        for path in PRIVATE {
            assert_ne!(server.get(&format!("/{path}")).status, 200);
        }
    }
    server.get("/example.com/app/@v/list").expect(200);
    server.get("/example.com/app/@v/v1.0.0.zip").expect(200);
    assert!(server.stop().status.success());

    let trace = fs::read_to_string(trace).unwrap();
    let connects: Vec<_> = trace.lines().filter(|line| line.contains("connect(")).collect();
    assert!(!connects.is_empty(), "the trace saw the upstream's connection");
    let ports =
        [upstream.address().port(), site.tunnel.address().port()].map(|port| format!("htons({port})"));
    for line in connects {
        assert!(ports.iter().any(|port| line.contains(port)), "{line}");
    }
    assert_eq!(site.hosts(), ["corp.example.com:443"]);
    let mut sent = trace.lines().filter(|line| line.contains("sendto(") || line.contains("sendmmsg("));
    let datagram = sent.find(|line| line.contains("sin_port") || line.contains("sin6_port"));
    assert_eq!(datagram, None);
}
