//! Which proxies are compared, in what order they come out, and what is recommended.

use testkit::{GoCommand, Reply};

use super::{MODULE, dead, good, half, json, measured, of, order, slow};
use crate::world::{larder, project, tree};

#[test]
fn the_good_comes_first_and_the_recommendation_names_those_that_work() {
    let (good, slow, half, dead) = (good(), slow(), half(), dead());
    let (ran, value) = measured(&[&dead, &half.url(), &slow.url(), &good.url()]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(order(&value), [good.url(), slow.url(), half.url(), dead.clone()], "{ran}");
    let standings: Vec<_> =
        value["proxies"].as_array().unwrap().iter().map(|p| p["standing"].clone()).collect();
    assert_eq!(standings, ["works", "works", "unreliable", "fails"], "{ran}");
    assert_eq!(value["recommendation"]["goproxy"], format!("{}|{}", good.url(), slow.url()), "{ran}");
    let reasons = value["recommendation"]["reasons"].to_string();
    assert!(reasons.contains(&format!("{dead} is left out: connection refused.")), "{reasons}");
    assert!(reasons.contains(&format!("{} is left out: ", half.url())), "{reasons}");
    let codes: Vec<_> = value["findings"].as_array().unwrap().iter().map(|f| f["code"].clone()).collect();
    assert_eq!(codes, ["L3-PROXY-FAILS", "L2-CONNECT-REFUSED"], "{ran}");
    // Half of them, at every number of requests at once.
    for level in of(&value, &half.url())["at_once"].as_array().unwrap() {
        let (asked, good) = (level["asked"].as_u64().unwrap(), level["good"].as_u64().unwrap());
        assert!(asked >= level["at_once"].as_u64().unwrap() && good.abs_diff(asked / 2) <= 1, "{level}");
    }
    let at_once: Vec<_> = of(&value, &good.url())["at_once"].as_array().unwrap().clone();
    assert_eq!(at_once.iter().map(|l| l["at_once"].as_u64().unwrap()).collect::<Vec<_>>(), [50, 100, 200]);
    assert!(at_once.iter().all(|level| level["asked"] == level["good"]), "{at_once:?}");
    assert!(of(&value, &good.url())["zip"]["warm"]["bytes_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_recommended_works_for_go() {
    let (good, half, dead) = (good(), half(), dead());
    let (_, value) = measured(&[&half.url(), &dead, &good.url()]);
    let goproxy = value["recommendation"]["goproxy"].as_str().unwrap().to_owned();
    project(&goproxy).run(["mod", "download", "all"]).ok();
}

#[test]
fn without_arguments_the_proxies_of_the_settings_are_compared_and_a_larder_that_runs() {
    let (one, other, third) = (good(), good(), good());
    let server = larder().serve(&one.url()).start();
    let listen = server.url().trim_start_matches("http://").to_owned();
    let goproxy = format!("{},{},direct", one.url(), other.url());
    let bench = larder().env("GOPROXY", &goproxy).env("LARDER_UPSTREAM", third.url());
    let (ran, value) = json(&bench, &["--module", MODULE, "--listen", &listen]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    for (url, by) in [
        (one.url(), "GOPROXY"),
        (other.url(), "GOPROXY"),
        (third.url(), "LARDER_UPSTREAM in the environment"),
        (server.url(), "the Larder that runs here"),
    ] {
        assert_eq!(of(&value, &url)["named_by"], by, "{ran}");
    }
    assert!(value["recommendation"]["goproxy"].as_str().unwrap().ends_with(",direct"), "{ran}");
    // Nobody but Larder is taken for one.
    let (ran, value) =
        json(&bench, &["--module", MODULE, "--listen", other.url().trim_start_matches("http://")]);
    assert_eq!(order(&value).len(), 3, "{ran}");
    assert!(value["notes"].to_string().contains("no Larder answers at 127.0.0.1:"), "{ran}");
}

#[test]
fn the_projects_modules_are_asked_for_and_private_ones_are_not() {
    let upstream = good();
    let go: GoCommand = project(&upstream.url());
    go.write(
        "go.mod",
        "module test\n\ngo 1.21\n\nrequire (\n\texample.com/app v1.0.0\n\texample.com/old v2.1.0+incompatible\n)\n",
    );
    let bench = larder().work(go.work()).env("GOPROXY", upstream.url()).env("GOPRIVATE", "example.com/old");
    let (ran, value) = json(&bench, &["--requests", "40"]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    assert_eq!(value["modules"].as_array().unwrap().as_slice(), [MODULE], "{ran}");
    assert_eq!(upstream.asked("*old*"), 0);
    // Somebody who names the module and the proxy may ask.
    let named = bench.run(["bench", "--module", "example.com/old@v2.1.0+incompatible"]);
    assert_eq!(named.code(), Some(2), "{named}");
    assert!(named.stderr.contains("is private by these settings"), "{named}");
    assert_eq!(upstream.asked("*old*"), 0);
    let (ran, _) = json(
        &bench,
        &["--requests", "40", "--module", "example.com/old@v2.1.0+incompatible", &upstream.url()],
    );
    assert_eq!(ran.code(), Some(0), "{ran}");
}

#[test]
fn a_module_without_a_version_is_the_latest() {
    let upstream = good();
    upstream.always("example.com/app/@latest", Reply::ok("{\"Version\":\"v1.1.0\"}"));
    let (ran, value) = json(&larder(), &["--requests", "40", "--module", "example.com/app", &upstream.url()]);
    assert_eq!(value["modules"].as_array().unwrap().as_slice(), ["example.com/app@v1.1.0"], "{ran}");
    let ran = larder().run(["bench", "--module", "example.com/nowhere", &upstream.url()]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(ran.stderr.contains("no proxy says which version of example.com/nowhere is the latest"), "{ran}");
}

#[test]
fn nobody_is_asked_offline_and_wrong_usage_says_so() {
    let upstream = good();
    let url = upstream.url();
    for (args, why) in [
        (&["--offline", &url][..], "nobody may be asked"),
        (&["--requests", "501", &url], "say --i-own-this"),
        (&["direct"], "direct is no proxy"),
        (&["ftp://gopher:hunter2@proxy.example.com"], "not a URL"),
        (&["--module", "nodot", &url], "--module nodot"),
        (&["--json", "--csv", &url], "cannot be used with"),
        (&["--timeout", "soon", &url], "is not a length of time"),
    ] {
        let ran = larder().run(["bench"].iter().chain(args));
        assert_eq!(ran.code(), Some(2), "{ran}");
        assert!(ran.stderr.contains(why), "{why}: {ran}");
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
    let ran = larder().env("LARDER_OFFLINE", "true").run(["bench", &url]);
    assert_eq!(ran.code(), Some(2), "{ran}");
    assert!(upstream.seen().is_empty());
}

#[test]
fn a_directory_is_measured_like_a_proxy() {
    let (dir, upstream) = (tempfile::tempdir().unwrap(), good());
    tree().write_to(dir.path());
    let url = format!("file://{}", dir.path().display());
    let (ran, value) = measured(&[&upstream.url(), &url]);
    assert_eq!(ran.code(), Some(0), "{ran}");
    let disk = of(&value, &url);
    assert_eq!((&disk["standing"], &disk["place"]), (&"works".into(), &"loopback".into()), "{ran}");
    assert_eq!(disk["zip"]["warm"]["good"], 1, "{ran}");
    assert_eq!(disk["at_once"].as_array().unwrap().len(), 3, "{ran}");
    project(value["recommendation"]["goproxy"].as_str().unwrap()).run(["mod", "download", "all"]).ok();
    // One that is not there is no proxy without modules.
    let gone = format!("{url}/gone");
    let (ran, value) = measured(&[&gone]);
    assert_eq!(ran.code(), Some(1), "{ran}");
    assert_eq!(value["findings"][0]["code"], "L3-PROXY-NO-DIRECTORY", "{ran}");
}

/// What they cost is measured, so which of the two rules decides is taken from that.
#[test]
fn of_two_that_cost_the_same_one_that_passes_the_database_on_comes_first() {
    let (plain, relay) = (good(), good());
    plain.always("sumdb/*", Reply::status(404));
    relay.always("sumdb/sum.golang.org/supported", Reply::ok(""));
    let run = |database: &str, urls: [&str; 2]| {
        let larder = larder().env("GOPROXY", "https://proxy.example.com").env("GOSUMDB", database);
        json(&larder, &["--requests", "40", "--module", MODULE, urls[0], urls[1]])
    };
    for urls in [[&*plain.url(), &*relay.url()], [&*relay.url(), &*plain.url()]] {
        let (ran, value) = run("sum.golang.org", urls);
        assert_eq!(of(&value, &relay.url())["relays_sumdb"], true, "{ran}");
        assert_eq!(of(&value, &plain.url())["relays_sumdb"], false, "{ran}");
        let cost = |url: &str| of(&value, url)["cost_ms"].as_f64().unwrap();
        let (of_relay, of_plain) = (cost(&relay.url()), cost(&plain.url()));
        let alike = (of_relay - of_plain).abs() < of_relay.max(of_plain) / 10.0;
        let first = if alike || of_relay < of_plain { relay.url() } else { plain.url() };
        assert_eq!(order(&value)[0], first, "{ran}");
    }
    plain.forget();
    let (ran, value) = run("off", [&plain.url(), &relay.url()]);
    assert_eq!(
        (plain.asked("sumdb/*"), &value["proxies"][0]["relays_sumdb"]),
        (0, &serde_json::Value::Null),
        "{ran}"
    );
}

#[test]
fn a_picture_and_a_sheet_are_made() {
    let upstream = good();
    let bench = larder();
    let file = bench.home().join("bench.html");
    let args = [
        "bench",
        "--requests",
        "40",
        "--module",
        MODULE,
        "--csv",
        "--html",
        file.to_str().unwrap(),
        &upstream.url(),
    ];
    let ran = bench.run(args).ok();
    let sheet: Vec<_> = ran.stdout.lines().collect();
    assert!(sheet[0].starts_with("rank,proxy,standing,measure,"), "{ran}");
    assert!(sheet.iter().all(|line| line.split(',').count() == 13), "{ran}");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(page.contains("<svg ") && page.contains(&upstream.url()) && page.ends_with("</html>\n"));
    let ran = bench.run([
        "bench",
        "--requests",
        "9",
        "--module",
        MODULE,
        "--html",
        "/nonexistent/x",
        &upstream.url(),
    ]);
    assert_eq!(ran.code(), Some(2), "{ran}");
}
