//! Two faults at once: the root cause comes first.

use std::fs;

use super::{go, requiring, settings, told};

#[test]
fn quotes_make_a_value_unknown() {
    settings(&told("GO111MODULE=\"on\"\n")).are(&["L1-QUOTED", "L1-GO111MODULE"]);
}

#[test]
fn an_export_hides_the_proxy_and_forbids_every_fetch() {
    let go = requiring(told("GOPROXY=https://proxy.example.com\n")).env("GOPROXY", "off");
    let home = go.work().join("../home");
    fs::write(home.join(".profile"), "export GOPROXY=off\n").unwrap();
    settings(&go).are(&["L1-SHADOWED", "L1-GOPROXY-OFF"]);
}

#[test]
fn a_slip_in_an_export_hides_the_proxy() {
    let go = told("GOPROXY=https://proxy.corp.example\n").env("GOPROXY", "https://proxy.crop.example");
    settings(&go).are(&["L1-GOPROXY-MISSPELT", "L1-SHADOWED"]);
}

#[test]
fn a_misspelt_word_is_no_url() {
    settings(&told("GOPROXY=https://proxy.example.com,drect\n"))
        .are(&["L1-GOPROXY-MISSPELT", "L1-GOPROXY-URL"]);
}

#[test]
fn what_fails_comes_before_what_is_a_risk() {
    settings(&told("GOSUMDB=off\nGOFLAGS=-insecure\n")).are(&["L1-GOFLAGS-INSECURE", "L1-SUMDB-OFF"]);
    settings(&told("GOINSECURE=*\nGO111MODULE=off\n")).are(&["L1-GO111MODULE", "L1-INSECURE-FOR-ALL"]);
}

#[test]
fn nothing_is_said_of_flags_where_there_is_no_go() {
    let go = told("GOFLAGS=-nonsense\n");
    let empty = go.work().join("../empty");
    fs::create_dir(&empty).unwrap();
    let report = settings(&go.env("PATH", empty));
    report.are(&["L1-NO-GO"]);
    assert!(report.json["unchecked"][0].as_str().unwrap().contains("GOFLAGS"));
}

#[test]
fn off_in_front_and_a_proxy_behind_it() {
    settings(&go().env("GOPROXY", "off,https://proxy.example.com"))
        .are(&["L1-GOPROXY-OFF", "L1-GOPROXY-DEAD-ENTRY"]);
}

#[test]
fn line_ends_kill_a_pattern() {
    settings(&told("GOPRIVATE=corp.example\r\n")).are(&["L1-LINE-END", "L1-PATTERN-DEAD"]);
}
