//! docs/handbook.md: what it says that `go` prints is what `go` prints under that fault, and its commands help.

mod page;
mod ward;

use std::{fs, net::Ipv4Addr};

use testkit::{
    Authority, FaultProxy, GitFixture, Link, NameServer, Names, Reply, ScriptedUpstream, TestLog, Tunnel,
    skipped,
};

use crate::world::LOG;
use page::Section;
use ward::{NO_ADDRESS, Ward, modules};

const MOD: &str = "example.com/app/@v/v1.0.0.mod";
const OVERLOADED: &str = "the server is overloaded";

#[test]
fn the_proxy_is_down() {
    let mut ward = Ward::new();
    ward.upstream.take_down();
    Section::of("The proxy is down").holds(&ward);
}

/// It answers again soon: symptom and cause are seen before, and each cure meets two failures.
#[test]
fn the_proxy_answers_503() {
    let ward = Ward::new();
    let section = Section::of("The proxy answers 503");
    let fails = || ward.upstream.script(MOD, [1, 2].map(|_| Reply::status(503).body(OVERLOADED)));
    ward.upstream.always("example.com/*", Reply::status(503).body(OVERLOADED));
    section.symptom(&ward);
    for cure in section.cures() {
        ward.upstream.natural();
        fails();
        ward.cures(cure);
    }
}

#[test]
fn nothing_comes_and_then_a_time_out() {
    let relay = FaultProxy::before("http://127.0.0.1:1");
    relay.always(Link::silent());
    let ward = Ward::with_proxy(&relay.url().replace("http:", "https:"));
    Section::of("Nothing comes, and then a time-out").holds(&ward);
}

/// The only resolver says of every name that it is the portal.
#[test]
fn a_name_leads_somewhere_else() {
    let Some(names) = NameServer::start() else {
        skipped("this machine allows no resolver of one's own");
        return;
    };
    let authority = Authority::for_hosts(&["portal.example.net"]);
    let portal = ScriptedUpstream::over_tls(modules(), &authority);
    names.says(Names::All(Ipv4Addr::LOCALHOST));
    let ward = Ward::with_proxy(&format!("https://proxy.example.com:{}", portal.address().port()));
    ward.write("portal.pem", &authority.ca());
    let trusted = ward.path("portal.pem");
    let under = names.under().into_iter().map(|word| word.into_string().unwrap()).collect();
    let ward = ward.env("SSL_CERT_FILE", trusted).under(under);
    Section::of("A name leads somewhere else").holds(&ward);
    assert!(names.asked().iter().any(|name| name == "proxy.example.com"));
}

#[test]
fn behind_a_company_middlebox() {
    let authority = Authority::for_hosts(&["proxy.example.com"]);
    let middlebox = ScriptedUpstream::over_tls(modules(), &authority);
    let tunnel = Tunnel::to(middlebox.address());
    let ward = Ward::with_proxy("https://proxy.example.com").env("HTTPS_PROXY", tunnel.url());
    ward.write("company-ca.pem", &authority.ca());
    Section::of("Behind a company middlebox").holds(&ward);
}

#[test]
fn a_private_module_is_asked_of_a_public_proxy() {
    if !testkit::require("git", GitFixture::is_possible()) {
        return;
    }
    let authority = Authority::for_hosts(&["*.corp.example.com"]);
    let repositories = GitFixture::empty();
    repositories.init("team/lib", &[]);
    let module = "module go.corp.example.com/lib\n";
    repositories.commit("team/lib", &[("go.mod", module), ("lib.go", "package lib\n")]);
    repositories.git("team/lib", &["tag", "v1.0.0"]);
    let site = ScriptedUpstream::of_git(&repositories, &authority);
    let tag = "<meta name=\"go-import\" content=\"go.corp.example.com/lib git https://code.corp.example.com/team/lib\">";
    site.always("lib*", Reply::ok(tag).content_type("text/html"));
    let tunnel = Tunnel::to(site.address());
    let ward = Ward::new();
    ward.write("ca.pem", &authority.ca());
    let ca = ward.path("ca.pem");
    let ward = ward
        .env("HTTPS_PROXY", tunnel.url())
        .env("SSL_CERT_FILE", &ca)
        .env("GIT_SSL_CAINFO", &ca)
        .env("GIT_CONFIG_NOSYSTEM", "1");
    // What shows that it is private: a login for its host. The project's code uses it already.
    ward.write("lib.go", "package main\n\nimport _ \"go.corp.example.com/lib\"\n");
    ward.write("../home/.netrc", "machine go.corp.example.com login robot password hunter2\n");
    let section = Section::of("A private module is asked of a public proxy");
    section.symptom(&ward);
    for cure in section.cures() {
        ward.upstream.forget();
        ward.cures(cure);
        assert_eq!(ward.upstream.asked("go.corp.example.com/*"), 0, "nobody else has heard of it: {cure}");
    }
}

#[test]
fn checksum_mismatch() {
    let ward = Ward::verified(&TestLog::over(LOG, &modules()));
    let wrong = "example.com/app v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    ward.write("go.sum", wrong);
    Section::of("Checksum mismatch").holds(&ward);
    assert!(!ward.read("go.sum").contains("AAAAAAAA"));
}

#[test]
fn the_checksum_database_cannot_be_reached() {
    let log = TestLog::over(LOG, &modules());
    let ward = Ward::verified(&log);
    ward.upstream.always("sumdb/*/lookup/*", Reply::status(503).body(OVERLOADED));
    Section::of("The checksum database cannot be reached").holds(&ward);
}

#[test]
fn the_module_cache_is_rotten() {
    let ward = Ward::new();
    let section = Section::of("The module cache is rotten");
    ward.sh("go mod tidy && go list example.com/app").ok();
    let spoil = || {
        ward.sh("rm -rf \"$GOMODCACHE/example.com/app@v1.0.0\" && printf PK >\"$GOMODCACHE/cache/download/example.com/app/@v/v1.0.0.zip\"").ok();
    };
    spoil();
    section.symptom(&ward);
    for cure in section.cures() {
        spoil();
        ward.cures(cure);
        ward.sh("go list example.com/app").ok();
    }
}

#[test]
fn gosum_has_lines_that_are_none() {
    let ward = Ward::new();
    ward.sh("go mod tidy").ok();
    let lines = ward.read("go.sum");
    ward.write("go.sum", &format!("<<<<<<< HEAD\n{lines}=======\n>>>>>>> other\n"));
    Section::of("go.sum has lines that are none").holds(&ward);
    assert_eq!(ward.read("go.sum"), lines);
}

#[test]
fn vendor_is_out_of_step() {
    let ward = Ward::new();
    let section = Section::of("vendor is out of step");
    ward.sh("go mod tidy && go mod vendor").ok();
    let stale = "# example.com/old v0.1.0\n## explicit\n";
    for cure in section.cures() {
        ward.write("vendor/modules.txt", "");
        section.symptom(&ward);
        ward.write("vendor/modules.txt", stale);
        ward.cures(cure);
        ward.sh("go list . >list").ok();
    }
}

/// A namespace with nothing in it but the loopback, which Larder needs to speak with `go`.
#[test]
fn no_internet_at_all() {
    let ward = Ward::verified(&TestLog::over(LOG, &modules()));
    let Some(alone) = ward::namespace() else { return };
    ward.sh("go mod tidy && go mod download").ok();
    let cache = ward.path("usb");
    fs::create_dir(&cache).unwrap();
    ward.sh("larder snapshot create -o usb/modules.snapshot && cp -r \"$GOMODCACHE/cache\" usb/").ok();
    ward.relapse();
    let ward = ward.under(alone).at_proxy(&format!("http://{NO_ADDRESS}"));
    let section = Section::of("No internet at all");
    section.symptom(&ward);
    for cure in section.cures() {
        ward.sh("go clean -modcache").ok();
        ward.cures(cure);
    }
}

#[test]
fn every_section_has_a_test() {
    let tests = include_str!("handbook.rs");
    for heading in page::headings() {
        assert!(tests.contains(&format!("Section::of(\"{heading}\")")), "{heading}");
    }
    assert_eq!(page::headings().count(), 12);
}
