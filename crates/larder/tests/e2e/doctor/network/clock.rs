//! A machine whose clock is wrong.

use std::{fs, process::Command};

use testkit::{Authority, GoCommand, Reply, ScriptedUpstream};

use super::{network, trusting, working};
use crate::{
    doctor::Report,
    world::{project, tree},
};

/// What the doctor says on a machine whose clock goes so many seconds ahead; none where that cannot be made.
///
/// The kernel has one clock for all: so the doctor's C library is told another time. `go` has no C library.
fn ahead(go: GoCommand, seconds: i64) -> Option<Report> {
    const CLOCK: &str = "\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*usual)(clockid_t, struct timespec *);
    if (!usual) usual = dlsym(RTLD_NEXT, \"clock_gettime\");
    int done = usual(which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += atol(getenv(\"CLOCK_AHEAD\"));
    return done;
}
";
    go.write("clock.c", CLOCK);
    let library = go.work().join("clock.so");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &go.work().join("clock.c")])
        .arg("-ldl")
        .status();
    if !testkit::require("a C compiler", made.is_ok_and(|made| made.success())) {
        return None;
    }
    fs::remove_file(go.work().join("clock.c")).unwrap();
    let go = go.env("LD_PRELOAD", library).env("CLOCK_AHEAD", seconds.to_string());
    Some(network(&go))
}

const HOUR: i64 = 3600;
const YEAR: i64 = 365 * 24 * HOUR;

/// An answer that says now, as the server sees it.
fn dated(seconds: i64) -> Reply {
    let date = Command::new("date")
        .env("LC_ALL", "C")
        .args(["-u", &format!("--date={seconds} seconds"), "+%a, %d %b %Y %H:%M:%S GMT"])
        .output();
    let date = String::from_utf8(date.unwrap().stdout).unwrap();
    Reply::natural().header("Date", date.trim())
}

/// Two proxies whose clocks go so many seconds ahead.
fn two(seconds: [i64; 2]) -> ([ScriptedUpstream; 2], GoCommand) {
    let upstreams = seconds.map(|seconds| {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always("*", dated(seconds));
        upstream
    });
    let go = project(&format!("{},{}", upstreams[0].url(), upstreams[1].url()));
    (upstreams, go)
}

#[test]
fn certificates_are_refused_by_a_clock_that_is_years_off() {
    let authority = Authority::in_years(&["127.0.0.1"], 2000, 2035);
    for seconds in [-40 * YEAR, 30 * YEAR] {
        let upstream = ScriptedUpstream::over_tls(tree(), &authority);
        upstream.always("*", dated(0));
        let go = trusting(&upstream.url(), &authority);
        go.run(["mod", "download", "all"]).ok();
        let Some(report) = ahead(go, seconds) else { return };
        let evidence = report.is("L2-CLOCK-WRONG")["evidence"].to_string();
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        assert!(evidence.contains(way), "{evidence}");
    }
}

#[test]
fn the_clock_drifts_and_several_servers_say_so() {
    for seconds in [-3 * HOUR, 3 * HOUR] {
        let (_upstreams, go) = two([0, 0]);
        go.run(["mod", "download", "all"]).ok();
        let Some(report) = ahead(go, seconds) else { return };
        let evidence = report.is("L2-CLOCK-DRIFTS")["evidence"].to_string();
        assert!(evidence.contains("hours"), "{evidence}");
    }
}

#[test]
fn a_clock_that_is_a_minute_off_is_right() {
    let (_upstreams, go) = two([0, 0]);
    let Some(report) = ahead(go, 60) else { return };
    report.healthy();
    assert!(report.json["passed"].to_string().contains("the clock: as that of"), "{}", report.ran);
}

#[test]
fn servers_that_contradict_each_other_say_nothing_of_this_clock() {
    for seconds in [[2 * HOUR, 0], [2 * HOUR, -2 * HOUR], [2 * HOUR, 20 * HOUR]] {
        let (_upstreams, go) = two(seconds);
        let report = working(&go);
        report.healthy();
        assert!(report.json["unchecked"].to_string().contains("the clock"), "{}", report.ran);
    }
}
