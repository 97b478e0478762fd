//! Proxies that answer, and what their answers mean; the checksum database behind them.

use std::time::Duration;

use testkit::{Gate, GoCommand, Reply, ScriptedUpstream, TestLog};

use super::{failing, hanging, network, working, working_slowly};
use crate::world::{LOG, project, tree};

/// A project of several modules, one of them with an upper-case letter.
fn several(proxy: &str) -> GoCommand {
    let go = project(proxy);
    go.write(
        "go.mod",
        "module test\n\ngo 1.21\n\nrequire (\n\texample.com/app v1.0.0\n\texample.com/Upper v1.0.0-RC1\n)\n",
    );
    go
}

fn scripted(pattern: &str, reply: Reply) -> (ScriptedUpstream, GoCommand) {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always(pattern, reply);
    let go = several(&upstream.url());
    (upstream, go)
}

#[test]
fn a_proxy_that_answers_is_nothing_to_find() {
    let upstream = ScriptedUpstream::serving(tree());
    working(&several(&upstream.url())).healthy();
}

#[test]
fn oddities_are_no_faults() {
    for (pattern, reply) in [
        ("example.com/app/@v/list", Reply::status(404)),
        ("example.com/!upper/@v/v1.0.0-RC1.info", Reply::status(404)),
        ("*.zip", Reply::natural().without_ranges()),
        ("*", Reply::natural().without_etag()),
        ("*", Reply::natural().chunked()),
        // Go looks at no name of a compression that it did not ask for.
        ("*", Reply::natural().header("Content-Encoding", "br")),
    ] {
        let (_upstream, go) = scripted(pattern, reply);
        network(&go).healthy();
    }
}

#[test]
fn every_path_gets_the_same_refusal() {
    for (status, code) in [
        (500, "L3-PROXY-FAILS"),
        (502, "L3-PROXY-FAILS"),
        (503, "L3-PROXY-FAILS"),
        (429, "L3-PROXY-BUSY"),
        (401, "L3-PROXY-DENIES"),
        (403, "L3-PROXY-DENIES"),
        (451, "L3-PROXY-BLOCKED"),
        (511, "L2-PORTAL"),
    ] {
        let (_upstream, go) = scripted("*", Reply::status(status));
        failing(&go).is(code);
    }
}

#[test]
fn the_refusal_of_one_module_is_no_fault_of_the_proxy() {
    let (upstream, go) = scripted("example.com/!upper/*", Reply::status(403));
    network(&go).healthy();
    assert!(upstream.asked("example.com/!upper/*") > 0);
}

#[test]
fn a_portal_answers_everything() {
    let (_upstream, go) = scripted("*", Reply::html());
    failing(&go).is("L2-PORTAL");
}

#[test]
fn a_portal_leads_elsewhere() {
    let portal = ScriptedUpstream::serving(tree());
    portal.always("*", Reply::html());
    let (_upstream, go) = scripted("*", Reply::redirect(302, &format!("{}/login", portal.url())));
    failing(&go).is("L2-PORTAL");
}

#[test]
fn answers_go_in_circles() {
    let (_upstream, go) = scripted("*", Reply::redirect(302, "/round"));
    failing(&go).is("L2-REDIRECTS");
}

#[test]
fn an_at_in_a_path_is_refused() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = several(&upstream.url());
    let server = upstream.address();
    // It reads what stands in the request line, and knows no escapes.
    let refusing = super::filtering(server, |target| target.contains('@'));
    let go = go.env("GOPROXY", format!("http://{refusing}"));
    failing(&go).is("L2-PATHS-FILTERED");
}

#[test]
fn a_mark_in_a_path_is_refused() {
    let upstream = ScriptedUpstream::serving(tree());
    let refusing = super::filtering(upstream.address(), |target| target.contains("%21"));
    let go = project(&format!("http://{refusing}"));
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/Upper v1.0.0-RC1\n");
    failing(&go).is("L2-PATHS-FILTERED");
}

#[test]
fn answers_are_compressed_and_nothing_says_so() {
    // `{}` in gzip, and in brotli as it stands.
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    let brotli = b"\x0b\x00\x80{}\x03";
    for reply in [
        Reply::ok(gzip.to_vec()),
        Reply::ok(brotli.to_vec()).header("Content-Encoding", "br"),
        Reply::ok("{}").header("Content-Encoding", "gzip"),
    ] {
        for pattern in ["*.info", "*.mod"] {
            let (_upstream, go) = scripted(pattern, reply.clone());
            failing(&go).is("L2-ENCODING-REWRITTEN");
        }
    }
}

#[test]
fn bodies_are_cut() {
    let (_upstream, go) = scripted("*.zip", Reply::natural().claim_length(100_000).cut_after(300));
    failing(&go).is("L2-BODY-CUT");
}

#[test]
fn bodies_are_cut_at_a_size() {
    let body = vec![b'x'; 100_000];
    let reply = Reply::ok([b"PK\x03\x04".to_vec(), body].concat()).claim_length(500_000).cut_after(65_536);
    let (_upstream, go) = scripted("*.zip", reply);
    failing(&go).is("L2-BODY-LIMIT");
}

#[test]
fn bodies_stop_half_way() {
    let gate = Gate::new();
    let (_upstream, go) = scripted("*.zip", Reply::natural().stall_after(100, &gate));
    hanging(&go).is("L2-BODY-STALLS");
    gate.open();
}

#[test]
fn requests_fail_now_and_then() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = several(&upstream.url());
    // Once may be chance.
    upstream.script("example.com/app/@v/list", [Reply::reset()]);
    network(&go).healthy();
    for module in ["app", "!upper"] {
        upstream.script(&format!("example.com/{module}/@v/list"), [Reply::reset()]);
    }
    let evidence = network(&go).is("L2-CONNECTION-RESET")["evidence"].to_string();
    assert!(evidence.contains("failed once, then not"), "{evidence}");
}

#[test]
fn bodies_are_reset_half_way() {
    let (_upstream, go) = scripted("*.zip", Reply::natural().reset_after(100));
    failing(&go).is("L2-CONNECTION-RESET");
}

#[test]
fn a_proxy_gives_other_things_than_it_was_asked_for() {
    for (pattern, reply, code) in [
        ("*.info", Reply::ok("{\"Version\":\"v9.9.9\"}"), "L3-PROXY-WRONG-ANSWER"),
        ("*.info", Reply::ok(""), "L3-PROXY-WRONG-ANSWER"),
        ("*.mod", Reply::ok("nothing of that kind"), "L3-PROXY-WRONG-ANSWER"),
        ("*.zip", Reply::ok("nothing of that kind"), "L3-ZIP-DAMAGED"),
        ("*.zip", Reply::natural().edit(|body| body.truncate(body.len() / 2)), "L3-ZIP-DAMAGED"),
    ] {
        let (_upstream, go) = scripted(pattern, reply);
        failing(&go).is(code);
    }
}

#[test]
fn a_proxy_below_a_path_that_the_url_leaves_out() {
    let (_upstream, go) = scripted("*", Reply::status(404));
    failing(&go).is("L3-PROXY-EMPTY");
}

#[test]
fn the_only_module_is_known_to_nobody() {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always("*", Reply::status(404));
    failing(&project(&upstream.url())).is("L3-NOT-FOUND");
    // Where somebody else is asked, it is nothing.
    network(&project(&format!("{},direct", upstream.url()))).healthy();
}

#[test]
fn a_proxy_that_does_not_work_is_skipped() {
    let mut dead = ScriptedUpstream::serving(tree());
    let url = dead.url();
    dead.take_down();
    let fine = ScriptedUpstream::serving(tree());
    working(&project(&format!("{url}|{}", fine.url()))).is("L3-PROXY-SKIPPED");
    failing(&project(&format!("{url},{}", fine.url()))).is("L2-CONNECT-REFUSED");
}

#[test]
fn a_proxy_is_slow() {
    let upstream = ScriptedUpstream::serving(tree());
    let slow = testkit::FaultProxy::before(&upstream.url());
    slow.always(testkit::Link::good().delay(Duration::from_millis(2200)));
    working_slowly(&project(&slow.url())).is("L2-SLOW");
}

/// A project that verifies, behind a proxy that has the database.
fn verified() -> (ScriptedUpstream, GoCommand) {
    let log = TestLog::over(LOG, &tree());
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let go = several(&upstream.url()).sumdb(&vkey);
    (upstream, go)
}

#[test]
fn the_database_behind_the_proxy_is_nothing_to_find() {
    let (_upstream, go) = verified();
    let report = working(&go);
    report.healthy();
    assert!(report.json["passed"].to_string().contains(LOG), "{}", report.json);
}

#[test]
fn the_database_behind_the_proxy_fails() {
    for pattern in ["sumdb/*/supported", "sumdb/*/lookup/*"] {
        let (upstream, go) = verified();
        upstream.always(pattern, Reply::status(503));
        failing(&go).is("L3-SUMDB-UNREACHABLE");
    }
}

#[test]
fn the_database_is_asked_directly_and_is_not_there() {
    let (upstream, go) = verified();
    upstream.always("sumdb/*", Reply::status(404));
    let key = TestLog::over(LOG, &tree()).vkey();
    let mut gone = ScriptedUpstream::serving(tree());
    let url = gone.url();
    gone.take_down();
    let report = failing(&go.sumdb(&format!("{key} {url}")));
    report.is("L2-CONNECT-REFUSED");
    assert_eq!(report.codes(), ["L2-CONNECT-REFUSED", "L3-SUMDB-UNREACHABLE"], "{}", report.ran);
}

/// The same project when go.sum has all that it needs, before anything was fetched.
fn summed() -> (ScriptedUpstream, GoCommand) {
    let (upstream, go) = verified();
    go.write("go.mod", "module test\n\ngo 1.21\n\nrequire example.com/app v1.0.0\n");
    go.run(["mod", "tidy"]).ok();
    std::fs::remove_dir_all(go.modcache()).unwrap();
    upstream.natural();
    (upstream, go)
}

#[test]
fn the_database_is_not_there_and_nothing_is_asked_of_it_today() {
    for pattern in ["sumdb/*/supported", "sumdb/*/lookup/*"] {
        let (upstream, go) = summed();
        upstream.always(pattern, Reply::status(503));
        working(&go).is("L3-SUMDB-AWAY");
        // A version that is new has to be compared.
        go.run(["get", "example.com/app@v1.1.0"]).fails();
        // Without one line of go.sum it is not complete.
        let sums = go.read("go.sum");
        let (first, rest) = sums.split_once('\n').unwrap();
        assert!(!first.contains("/go.mod"), "{first}");
        go.write("go.sum", rest);
        std::fs::remove_dir_all(go.modcache()).unwrap();
        failing(&go).is("L3-SUMDB-UNREACHABLE");
    }
}

#[test]
fn the_way_to_the_database_itself_is_broken_and_nothing_is_asked_of_it_today() {
    let (upstream, go) = summed();
    upstream.always("sumdb/*", Reply::status(404));
    let key = TestLog::over(LOG, &tree()).vkey();
    let mut gone = ScriptedUpstream::serving(tree());
    let url = gone.url();
    gone.take_down();
    let report = working(&go.sumdb(&format!("{key} {url}")));
    let evidence = report.is("L3-SUMDB-AWAY")["evidence"].to_string();
    assert!(evidence.contains("Nothing listens at"), "{evidence}");
}

#[test]
fn a_page_in_the_place_of_the_database() {
    let (upstream, go) = verified();
    upstream.always("sumdb/*/latest", Reply::html());
    upstream.always("sumdb/*/lookup/*", Reply::html());
    failing(&go).is("L3-SUMDB-WRONG-ANSWER");
}

#[test]
fn a_database_whose_signature_is_not_its_own() {
    let (upstream, go) = verified();
    let forged = |body: &mut Vec<u8>| {
        let at = body.len() - 10;
        body[at] = if body[at] == b'A' { b'B' } else { b'A' };
    };
    upstream.always("sumdb/*/latest", Reply::natural().edit(forged));
    upstream.always("sumdb/*/lookup/*", Reply::natural().edit(forged));
    failing(&go).is("L3-SUMDB-MISBEHAVES");
}

#[test]
fn nothing_leaves_the_machine_offline() {
    let (upstream, go) = verified();
    crate::doctor::doctor(&go, &["--offline", "--check", super::CHECKS]).healthy();
    assert!(upstream.seen().is_empty());
}

#[test]
fn nobody_is_told_a_password_without_tls() {
    let authority = testkit::Authority::new();
    let (plain, secure) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::over_tls(tree(), &authority));
    secure.demand("example.com/*", "user", "hunter2");
    let plain_go = several(&plain.url());
    let secure_go = super::trusting(&secure.url(), &authority);
    for (go, upstream) in [(&plain_go, &plain), (&secure_go, &secure)] {
        let netrc = go.work().join("../home/.netrc");
        let line = format!("machine {} login user password hunter2\n", upstream.address());
        std::fs::write(&netrc, line).unwrap();
        let report = working(go);
        report.healthy();
        assert!(!report.ran.stdout.contains("hunter2"), "{}", report.ran);
    }
    assert!(plain.seen().iter().all(|seen| seen.header("authorization").is_none()));
}

#[test]
fn a_private_module_is_asked_of_nobody() {
    let (upstream, go) = verified();
    network(&go.env("GOPRIVATE", "example.com/Upper")).healthy();
    assert_eq!(upstream.asked("*!upper*"), 0);
    assert!(upstream.asked("example.com/app/*") > 0);
}
