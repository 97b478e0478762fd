//! Proxies that hang, refuse, lie or trickle: none of them breaks the comparison, or holds it up for long.

use std::time::{Duration, Instant};

use testkit::{Authority, BlackHole, Gate, Reply, ScriptedUpstream};

use super::{MODULE, bench, dead, good, json, measured, of, order};
use crate::world::{project, tree};

#[test]
fn a_proxy_that_says_nothing_is_left_in_time() {
    let (good, silent, hole, gate) = (good(), good(), BlackHole::new(), Gate::new());
    silent.always("*", Reply::natural().hold(&gate));
    let started = Instant::now();
    let (ran, value) = measured(&[&hole.url(), &silent.url(), &good.url()]);
    assert!(started.elapsed() < Duration::from_mins(1), "{ran}");
    gate.open();
    assert_eq!(order(&value)[0], good.url(), "{ran}");
    for url in [hole.url(), silent.url()] {
        assert_eq!(of(&value, &url)["standing"], "fails", "{ran}");
        assert_eq!(of(&value, &url)["sent"], 3, "it is not asked again and again: {ran}");
    }
    assert_eq!(value["recommendation"]["goproxy"], good.url(), "{ran}");
    assert_eq!(of(&value, &silent.url())["errors"]["timeout"], 3, "{ran}");
    assert_eq!(of(&value, &hole.url())["errors"]["connect"], 3, "{ran}");
    let mut codes: Vec<_> =
        value["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["L2-CONNECT-TIMEOUT", "L2-NO-ANSWER"], "{ran}");
}

#[test]
fn a_trickle_is_a_failure_and_ends() {
    let (good, trickle) = (good(), good());
    trickle.always("*", Reply::natural().drip(1, Duration::from_millis(250)));
    let started = Instant::now();
    let (ran, value) = measured(&[&trickle.url(), &good.url()]);
    assert!(started.elapsed() < Duration::from_mins(1), "{ran}");
    assert_eq!(order(&value), [good.url(), trickle.url()], "{ran}");
    assert!(of(&value, &trickle.url())["errors"]["timeout"].as_u64().unwrap() > 0, "{ran}");
}

#[test]
fn a_liar_is_not_recommended_however_fast_it_is() {
    let (good, liar) = (good(), good());
    let go = project(&good.url());
    go.run(["mod", "tidy"]).ok();
    // Another go.mod than go.sum knows, and a page in the place of everything else.
    liar.always("*.mod", Reply::ok("module example.com/app\n"));
    let larder = bench().work(go.work());
    let (ran, value) = json(&larder, &["--module", MODULE, &liar.url(), &good.url()]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(of(&value, &liar.url())["standing"], "wrong", "{ran}");
    assert_eq!(value["findings"][0]["code"], "L3-SUM-MISMATCH-GOSUM", "{ran}");
    assert_eq!(value["findings"][0]["title"], "example.com/app is not what go.sum says", "{ran}");
    assert_eq!(value["recommendation"]["goproxy"], good.url(), "{ran}");
    liar.natural();
    liar.always("*", Reply::html());
    let (ran, value) = json(&bench(), &["--module", MODULE, &liar.url(), &good.url()]);
    assert_eq!(of(&value, &liar.url())["standing"], "wrong", "{ran}");
    assert_eq!(value["findings"][0]["code"], "L3-PROXY-WRONG-ANSWER", "{ran}");
}

#[test]
fn where_two_agree_the_third_is_wrong_and_where_two_differ_it_is_said() {
    let (one, other, liar) = (good(), good(), good());
    liar.always("example.com/app/@v/v1.0.0.mod", Reply::ok("module example.com/app\n\n// other\n"));
    let (ran, value) = measured(&[&liar.url(), &one.url(), &other.url()]);
    assert_eq!(of(&value, &liar.url())["standing"], "wrong", "{ran}");
    let (ran, value) = measured(&[&liar.url(), &one.url()]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(value["notes"].to_string().contains("proxies give different content"), "{ran}");
}

#[test]
fn one_module_that_a_proxy_has_not_is_no_fault_of_it() {
    let (one, other) = (good(), good());
    one.always("example.com/old/*", Reply::status(404));
    let args =
        ["--module", MODULE, "--module", "example.com/old@v2.1.0+incompatible", &one.url(), &other.url()];
    let (ran, value) = json(&bench(), &args);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(of(&value, &one.url())["standing"], "works", "{ran}");
    assert!(of(&value, &one.url())["absent"].to_string().contains("example.com/old/@v/"), "{ran}");
    other.always("example.com/old/*", Reply::status(410));
    let (ran, value) = json(&bench(), &args);
    assert!(value["notes"].to_string().contains("nobody has example.com/old/@v/"), "{ran}");
}

#[test]
fn a_dead_proxy_alone_is_a_finding() {
    let dead = dead();
    let (ran, value) = measured(&[&dead]);
    assert_eq!((ran.code(), ran.stderr.as_str()), (Some(1), ""), "{ran}");
    assert_eq!(value["recommendation"]["goproxy"], serde_json::Value::Null, "{ran}");
    assert_eq!(value["findings"][0]["code"], "L2-CONNECT-REFUSED", "{ran}");
    // Nobody says which version is the latest, and the table says so.
    let ran = bench().run(["bench", "--module", "example.com/app", &dead]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert!(ran.stdout.contains("connect: connection refused"), "{ran}");
    assert!(ran.stdout.contains("example.com/app is not asked for: nobody answers"), "{ran}");
    // A certificate that nobody trusts is named as that.
    let upstream = ScriptedUpstream::over_tls(tree(), &Authority::new());
    let (ran, value) = measured(&[&upstream.url()]);
    assert_eq!(value["findings"][0]["code"], "L2-TLS-INTERCEPTED", "{ran}");
}

#[test]
fn statuses_are_told_apart_and_counted() {
    let (good, busy, denied) = (good(), good(), good());
    busy.always("*", Reply::status(429));
    denied.always("*", Reply::status(403));
    let (ran, value) = measured(&[&busy.url(), &denied.url(), &good.url()]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(of(&value, &busy.url())["errors"]["status-429"], 3, "{ran}");
    assert_eq!(of(&value, &denied.url())["errors"]["denied-403"], 3, "{ran}");
    let codes: Vec<_> = value["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
    assert!(codes.contains(&"L3-PROXY-BUSY".into()) && codes.contains(&"L3-PROXY-DENIES".into()), "{ran}");
}

#[test]
fn secrets_of_urls_are_shown_nowhere() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    upstream.demand("*", "gopher", "hunter2");
    let larder = bench();
    let ca = larder.home().join("ca.pem");
    std::fs::write(&ca, authority.ca()).unwrap();
    let larder = larder.env("SSL_CERT_FILE", &ca);
    let file = larder.home().join("bench.html");
    let with = upstream.url().replace("https://", "https://gopher:hunter2@");
    let token = format!("{}/?key=hunter2", good().url());
    for form in ["--json", "--csv", "--offline=false"] {
        let args = [
            "bench",
            form,
            "--requests",
            "40",
            "--module",
            MODULE,
            "--html",
            file.to_str().unwrap(),
            &with,
            &token,
        ];
        let ran = larder.run(args);
        let page = std::fs::read_to_string(&file).unwrap();
        for text in [&ran.stdout, &ran.stderr, &page] {
            assert!(!text.contains("hunter2") && !text.contains("gopher"), "{ran}");
        }
        assert!(ran.stdout.contains("https://***@127.0.0.1"), "{ran}");
    }
    // The credentials were used.
    let (ran, value) = json(&larder, &["--requests", "40", "--module", MODULE, &with]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert!(value["proxies"][0]["connect_ms"]["tls"]["p50"].as_f64().unwrap() > 0.0, "{ran}");
}
