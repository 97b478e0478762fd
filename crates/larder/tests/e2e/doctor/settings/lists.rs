//! GOPROXY, and the lists of patterns.

use std::fs;

use testkit::{Authority, ScriptedUpstream, TestLog, Tunnel};

use super::{
    super::{Report, doctor, network::led},
    go, requiring, settings, shows, told,
};
use crate::world::{LOG, project, tree};

const DOWNLOAD: [&str; 3] = ["mod", "download", "example.com/app@v1.0.0"];

#[test]
fn a_list_of_proxies_without_an_entry() {
    let go = go().env("GOPROXY", " ,|");
    assert!(go.run(DOWNLOAD).fails().stderr.contains("contains no entries"));
    settings(&go).is("L1-GOPROXY-EMPTY");
}

/// What a directory replaces, or the workspace has, is never fetched.
#[test]
fn fetches_are_forbidden_where_directories_have_all() {
    let go = requiring(go().env("GOPROXY", "off"));
    settings(&go).is("L1-GOPROXY-OFF");
    go.write("app/go.mod", "module example.com/app\n\ngo 1.21\n");
    go.write("app/app.go", "package app\n");
    go.write("go.mod", &(go.read("go.mod") + "\nreplace example.com/app => ./app\n"));
    go.run(["build", "."]).ok();
    settings(&go).healthy();
    let go = requiring(super::go().env("GOPROXY", "off"));
    go.write("app/go.mod", "module example.com/app\n\ngo 1.21\n");
    go.write("app/app.go", "package app\n");
    go.write("go.work", "go 1.21\n\nuse .\nuse ./app\n");
    go.run(["build", "."]).ok();
    settings(&go).healthy();
}

#[test]
fn a_directory_of_modules_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = format!("file://{}", dir.path().join("modules").display());
    let go = requiring(go().env("GOPROXY", &proxy));
    assert!(go.run(["mod", "download"]).fails().stderr.contains("no such file or directory"));
    settings(&go).is("L3-PROXY-NO-DIRECTORY");
    fs::create_dir(dir.path().join("modules")).unwrap();
    settings(&go).healthy();
}

#[test]
fn a_proxy_that_is_no_url() {
    for (proxy, said) in [("ftp://proxy.example.com", "scheme"), ("https:/proxy.example.com", "no Host")] {
        let go = go().env("GOPROXY", proxy);
        assert!(go.run(DOWNLOAD).fails().stderr.contains(said));
        settings(&go).is("L1-GOPROXY-URL");
    }
}

#[test]
fn every_fetch_is_forbidden() {
    let go = requiring(told("GOPROXY=off\n"));
    assert!(go.run(["mod", "download"]).fails().stderr.contains("GOPROXY=off"));
    let report = settings(&go);
    shows(report.is("L1-GOPROXY-OFF"), "example.com/app@v1.0.0 does not lie in the module cache");
}

#[test]
fn fetches_are_forbidden_where_none_is_needed() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.url());
    go.run(["mod", "download", "all"]).ok();
    let go = go.env("GOPROXY", "off");
    go.run(["mod", "download", "all"]).ok();
    settings(&go).healthy();
}

#[test]
fn proxies_behind_direct_are_never_asked() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = told(&format!("GOPROXY=direct,{}\n", upstream.url())).env("GOVCS", "*:off");
    go.run(["mod", "download", "nowhere.invalid/app.git@v1.0.0"]).fails();
    assert!(upstream.seen().is_empty());
    let go = go.env("GOVCS", "");
    shows(settings(&go).is("L1-GOPROXY-DEAD-ENTRY"), &format!("never asked: {}", upstream.url()));
    settings(&super::go().env("GOPROXY", "https://proxy.example.com,direct,off")).healthy();
}

#[test]
fn a_password_that_would_be_sent_in_the_clear() {
    let go = go().env("GOPROXY", "http://user:hunter2@proxy.example.com");
    assert!(go.run(DOWNLOAD).fails().stderr.contains("refusing to pass credentials"));
    let report = settings(&go);
    report.is("L1-GOPROXY-PASSWORD");
    assert!(!report.ran.stdout.contains("hunter2"));
}

#[test]
fn a_proxy_misspelt_beside_the_one_of_the_users_file() {
    let go = told("GOPROXY=https://proxy.corp.example/go\n").env("GOPROXY", "https://proxy.crop.example/go");
    let report = settings(&go);
    shows(report.is("L1-GOPROXY-MISSPELT"), "proxy.corp.example is named in ");
    // Two proxies with numbers are two proxies.
    let go = told("GOPROXY=https://proxy1.corp.example\n");
    settings(&go.env("GOPROXY", "https://proxy2.corp.example")).is("L1-SHADOWED");
}

#[test]
fn a_proxy_misspelt_beside_one_of_the_project() {
    let go = go().env("GOPROXY", "https://mirror.corp.exampel,direct");
    go.write(".gitlab-ci.yml", "variables:\n  GOPROXY: \"https://mirror.corp.example,direct\"\n");
    shows(settings(&go).is("L1-GOPROXY-MISSPELT"), ".gitlab-ci.yml:2");
}

#[test]
fn a_word_of_the_list_that_is_misspelt() {
    let go = go().env("GOPROXY", "drect");
    assert!(go.run(DOWNLOAD).fails().stderr.contains("invalid proxy URL missing scheme: drect"));
    settings(&go).is("L1-GOPROXY-MISSPELT");
}

#[test]
fn a_scheme_that_lost_its_colon() {
    let go = go().env("GOPROXY", "https//127.0.0.1:1");
    go.run(DOWNLOAD).fails();
    settings(&go).is("L1-GOPROXY-MISSPELT");
}

#[test]
fn a_space_in_a_list_makes_nothing_private() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.url()).env("GOPRIVATE", "corp.example, example.com");
    go.run(DOWNLOAD).ok();
    assert_eq!(upstream.asked("example.com/app/@v/v1.0.0.zip"), 1);
    let report = settings(&go);
    shows(report.is("L1-PATTERN-DEAD"), "nothing is trimmed");
}

/// A project that verifies, behind a proxy that has the database.
fn verifying() -> (ScriptedUpstream, testkit::GoCommand) {
    let log = TestLog::over(LOG, &tree());
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let go = project(&upstream.url()).sumdb(&vkey);
    (upstream, go)
}

#[test]
fn patterns_that_are_urls() {
    for (pattern, why) in [
        ("https://example.com", "is a URL"),
        ("example.com:8443", "holds a port"),
        ("example.com/...", "no wildcard here"),
        ("example.com/[x", "is malformed"),
    ] {
        let (upstream, go) = verifying();
        let go = go.env("GONOSUMDB", pattern);
        go.run(DOWNLOAD).ok();
        assert_eq!(upstream.asked("sumdb/*/lookup/example.com/app@v1.0.0"), 1, "{pattern}");
        shows(settings(&go).is("L1-PATTERN-DEAD"), why);
    }
}

#[test]
fn everything_is_private_or_not_verified() {
    for variable in ["GONOSUMDB", "GOPRIVATE"] {
        let (upstream, go) = verifying();
        let go = go.env(variable, "corp.example,*").env("GONOPROXY", "none");
        go.run(DOWNLOAD).ok();
        assert_eq!(upstream.asked("sumdb/*"), 0, "{variable}");
        shows(settings(&go).is("L1-NO-SUMDB-FOR-ALL"), variable);
    }
}

#[test]
fn everything_may_be_fetched_without_proof() {
    // Behind the tunnel is somebody whom nobody trusts.
    let upstream = ScriptedUpstream::over_tls(tree(), &Authority::new());
    let tunnel = Tunnel::to(upstream.address());
    let asks = |insecure: &str| {
        let go = told(&format!("GOINSECURE={insecure}\n"));
        let direct = told(&format!("GOINSECURE={insecure}\n"))
            .env("GOPROXY", "direct")
            .env("HTTPS_PROXY", tunnel.url())
            .env("HTTP_PROXY", tunnel.url());
        direct.run(["mod", "download", "git.corp.example/app@v1.0.0"]).fails();
        (!upstream.take_seen().is_empty(), settings(&go))
    };
    let (trusted, report) = asks("*");
    report.is("L1-INSECURE-FOR-ALL");
    let (other, report) = asks("other.corp.example");
    report.healthy();
    assert_eq!((trusted, other), (true, false));
}

#[test]
fn a_proxy_without_its_scheme_that_speaks_plain_http() {
    let upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.address().to_string());
    go.run(DOWNLOAD).fails();
    doctor(&go, &["--check", "goproxy,spelling,scheme"]).is("L1-GOPROXY-SCHEME");
    settings(&go.env("GOPROXY", "proxy.example.com")).healthy();
    // A server that breaks off what is no TLS to its liking, and answers 400 to everything else, does not speak plain HTTP.
    upstream.always("*", testkit::Reply::status(400));
    let server = upstream.address();
    let front = led(move |first| first.starts_with(b"GET ").then_some(server));
    let report = doctor(&project(&front.to_string()), &["--check", "goproxy,spelling,scheme"]);
    report.healthy();
    shows_unchecked(&report, "speaks https");
}

/// Whether something was said not to be known.
#[track_caller]
fn shows_unchecked(report: &Report, text: &str) {
    assert!(report.json["unchecked"].to_string().contains(text), "{}", report.ran);
}
