//! `larder explain`: what a real `go` prints under real faults, and what is said of it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use testkit::{Authority, GoCommand, Pty, Reply, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, project, tree};

/// What a `go` printed that failed.
fn fails(go: &GoCommand, args: &[&str]) -> String {
    go.run(args).fails().stderr
}

/// A server that says the same to everybody, before it has heard anything, and its URL as https.
fn answering(what: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let _ = connection.write_all(what).and_then(|()| connection.read_exact(&mut [0; 64]));
        }
    });
    url
}

/// `go mod download` of a project that asks an upstream which answers so to a path.
fn download(pattern: &str, reply: Reply) -> String {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always(pattern, reply);
    fails(&project(&upstream.url()), &["mod", "download", "all"])
}

/// The codes that are said of a log, in their order.
#[track_caller]
fn codes(log: &str) -> Vec<String> {
    let larder = larder();
    let file = larder.home().join("build.log");
    fs::write(&file, log).unwrap();
    let ran = larder.run(["explain", "--json", file.to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let codes: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ran.code(), Some(i32::from(!codes.is_empty())), "{ran}");
    codes
}

#[test]
fn what_go_prints_under_a_fault_of_a_proxy_is_explained() {
    let zip = "example.com/app/@v/v1.0.0.zip";
    let module = "example.com/app/@v/v1.0.0.mod";
    for (what, log, first) in [
        ("503", download(module, Reply::status(503)), "L3-PROXY-FAILS"),
        ("429", download(module, Reply::status(429)), "L3-PROXY-BUSY"),
        ("403", download(module, Reply::status(403)), "L3-PROXY-DENIES"),
        ("401", download(zip, Reply::status(401)), "L3-PROXY-DENIES"),
        ("451", download(zip, Reply::status(451)), "L3-PROXY-BLOCKED"),
        ("404", download(module, Reply::status(404)), "L3-NOT-FOUND"),
        ("410", download(zip, Reply::status(410)), "L3-NOT-FOUND"),
        ("reset", download(zip, Reply::reset()), "L2-CONNECTION-RESET"),
        ("reset in the body", download(zip, Reply::natural().reset_after(100)), "L2-CONNECTION-RESET"),
        ("cut", download(zip, Reply::natural().cut_after(100)), "L2-BODY-CUT"),
        ("a page as a zip", download(zip, Reply::html()), "L3-ZIP-DAMAGED"),
        (
            "in circles",
            download(module, Reply::redirect(302, "/example.com/app/@v/v1.0.0.mod")),
            "L2-REDIRECTS",
        ),
    ] {
        let codes = codes(&log);
        assert_eq!(codes.first().map(String::as_str), Some(first), "{what}: {codes:?}\n{log}");
    }
}

#[test]
fn what_go_prints_without_a_way_to_its_proxy_is_explained() {
    let mut upstream = ScriptedUpstream::serving(tree());
    let refused = upstream.url();
    upstream.take_down();
    let authority = Authority::new();
    let tls = ScriptedUpstream::over_tls(tree(), &authority);
    let tls_url = tls.url();
    let not_tls = answering(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let download = |proxy: &str| fails(&project(proxy), &["mod", "download", "all"]);
    let through = |variable: &str| {
        let go = project("https://proxy.example.test").env("HTTPS_PROXY", variable);
        fails(&go, &["mod", "download", "all"])
    };
    for (what, log, first) in [
        ("refused", download(&refused), "L2-CONNECT-REFUSED"),
        ("an authority that nobody knows", download(&tls_url), "L2-TLS-INTERCEPTED"),
        ("no TLS", download(&not_tls), "L2-TLS-NOT-SPOKEN"),
        ("no HTTP proxy there", through(&refused), "L2-HTTP-PROXY"),
        ("no scheme that counts", download("ftp://proxy.example.com"), "L1-GOPROXY-URL"),
        ("nothing", download(","), "L1-GOPROXY-EMPTY"),
        ("off", download("off"), "L1-GOPROXY-OFF"),
    ] {
        let codes = codes(&log);
        assert_eq!(codes.first().map(String::as_str), Some(first), "{what}: {codes:?}\n{log}");
    }
}

#[test]
fn what_go_prints_of_checksums_is_explained() {
    let log = TestLog::over(LOG, &tree());
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let verified = || project(&upstream.url()).sumdb(&vkey);

    let go = verified();
    go.write("go.sum", "example.com/app v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    let wrong_line = fails(&go, &["mod", "download", "all"]);
    go.write("go.sum", "example.com/app v1.0.0\n");
    let no_line = fails(&go, &["mod", "download", "all"]);
    go.write("go.sum", "");
    let missing = fails(&go, &["build", "-mod=readonly", "./..."]);

    upstream.always("sumdb/*/lookup/*", Reply::status(404));
    let unknown = fails(&verified(), &["mod", "download", "all"]);
    upstream.always("sumdb/*/lookup/*", Reply::status(503));
    let unreachable = fails(&verified(), &["mod", "download", "all"]);
    upstream.always("sumdb/*/lookup/*", Reply::html());
    let page = fails(&verified(), &["mod", "download", "all"]);

    for (log, first) in [
        (wrong_line, "L3-SUM-MISMATCH-GOSUM"),
        (no_line, "L3-GOSUM-MALFORMED"),
        (missing, "L3-GOSUM-LINE-MISSING"),
        (unknown, "L3-SUM-NOT-IN-DATABASE"),
        (unreachable, "L3-SUMDB-UNREACHABLE"),
        (page, "L3-SUMDB-WRONG-ANSWER"),
    ] {
        let codes = codes(&log);
        assert_eq!(codes.first().map(String::as_str), Some(first), "{codes:?}\n{log}");
    }
}

#[test]
fn what_go_prints_of_the_project_is_explained() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = || project(&upstream.url());
    let with = |name: &str, content: &str, args: &[&str]| {
        let go = go();
        go.run(["mod", "tidy"]).ok();
        go.write(name, content);
        fails(&go, args)
    };
    let main = "package main\n\nimport _ \"example.com/app/nowhere\"\n\nfunc main() {}\n";
    let gomod = |rest: &str| format!("module test\n\ngo 1.21\n\n{rest}\n");
    for (log, first) in [
        (with("main.go", main, &["build", "./..."]), "L5-NOT-REQUIRED"),
        (with("go.mod", &gomod("<<<<<<< HEAD"), &["build", "./..."]), "L5-GOMOD-MALFORMED"),
        (with("go.mod", &gomod("require example.com/app v9.0.0"), &["build", "./..."]), "L5-MAJOR-VERSION"),
        (
            with(
                "go.mod",
                &gomod("replace example.com/app => ../nowhere\nrequire example.com/app v1.0.0"),
                &["build", "./..."],
            ),
            "L5-REPLACE-MISSING",
        ),
        (with("vendor/modules.txt", "# example.com/app v1.1.0\n", &["build", "./..."]), "L5-VENDOR-STALE"),
        (
            with("go.mod", &gomod("toolchain go1.99.0\n").replace("1.21", "1.99"), &["build", "./..."]),
            "L1-GO-TOO-OLD",
        ),
        (fails(&go().env("GOTOOLCHAIN", "go1.99.9"), &["version"]), "L1-TOOLCHAIN-ABSENT"),
        (fails(&go().env("GO111MODULE", "off"), &["mod", "download"]), "L1-GO111MODULE"),
        (fails(&go().env("GOMODCACHE", "here"), &["mod", "download"]), "L5-CACHE-RELATIVE"),
        (fails(&go(), &["get", "example.com/app@v0.9.9"]), "L3-NOT-FOUND"),
    ] {
        let codes = codes(&log);
        assert_eq!(codes.first().map(String::as_str), Some(first), "{codes:?}\n{log}");
    }
}

#[test]
fn a_log_comes_from_standard_input_too_and_people_read_the_answer() {
    let log = download("example.com/app/@v/v1.0.0.mod", Reply::status(503));
    let larder = larder();
    let mut command = larder.command(["explain"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for word in ["L3-PROXY-FAILS", "  why   ", "  cure  ", "larder run -- go mod download"] {
        assert!(text.contains(word), "{word} is in\n{text}");
    }
    let none = larder.run(["explain", "/nonexistent/build.log"]);
    assert_eq!(none.code(), Some(2), "{none}");
}

#[test]
fn a_command_is_passed_through_and_explained_when_it_fails() {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always("example.com/app/@v/v1.0.0.mod", Reply::status(503));
    let go = project(&upstream.url());
    let explained = |args: &[&str]| {
        let mut larder = larder().work(go.work());
        for (name, value) in go.variables() {
            larder = larder.env(name, value);
        }
        larder.run(["explain", "--"].iter().chain(args))
    };
    let failed = explained(&["sh", "-c", "echo out; go mod download all"]).fails();
    assert_eq!((failed.code(), &*failed.stdout), (Some(1), "out\n"), "{failed}");
    assert!(
        failed.stderr.contains("503 Service Unavailable") && failed.stderr.contains("L3-PROXY-FAILS"),
        "{failed}"
    );
    let other = explained(&["sh", "-c", "echo broken >&2; exit 7"]);
    let nothing = "Nothing in it is known as a fault of modules, network or caches.";
    assert_eq!((other.code(), other.stderr), (Some(7), format!("broken\n\n{nothing}\n")));
    let compiler = explained(&["sh", "-c", "echo './main.go:3:2: undefined: x' >&2; exit 1"]);
    assert_eq!(compiler.code(), Some(1), "{compiler}");
    assert!(
        compiler
            .stderr
            .ends_with(&format!("\n{nothing} 1 error of the compiler: for that, look at the code.\n")),
        "{compiler}"
    );
    let fine = explained(&["go", "version"]).ok();
    assert_eq!(fine.stderr, "", "{fine}");
    assert_eq!(explained(&["no-such-command-anywhere"]).code(), Some(127));
}

#[test]
fn progress_is_drawn_while_a_long_log_is_read_and_gone_afterwards() {
    let larder = larder();
    let log = larder.home().join("build.log");
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    let mut command = larder.command(["explain", log.to_str().unwrap()]);
    let pty = Pty::start(&mut command, 100);
    let seen = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            let mut log = fs::File::options().write(true).open(&log).unwrap();
            while !seen.load(Ordering::Relaxed) {
                log.write_all(b"ok  \texample.com/app\t0.1s\n").unwrap();
            }
        });
        let drawn = pty.wait_for(" of the log read");
        seen.store(true, Ordering::Relaxed);
        assert!(drawn, "{}", pty.so_far());
    });
    let shown = pty.wait();
    assert_eq!(shown.code(), Some(0), "{shown:?}");
    assert!(!shown.screen().contains("of the log read"), "{}", shown.screen());
}
