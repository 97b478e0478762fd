//! Logins that are missing, wrong, over, or not looked at.

use std::fs;

use testkit::{Authority, GoCommand, ScriptedUpstream};

use super::{at_home, go_fails, project, source};
use crate::{
    direct::site::{CODE, Site},
    doctor::{Report, doctor},
    world,
};

/// A site that lets nobody in without a login, and a project on a machine with this netrc.
fn site_and(netrc: &str) -> Option<(Site, GoCommand)> {
    let site = Site::with_lib()?;
    site.wants_a_login();
    let go = project(&site);
    if !netrc.is_empty() {
        at_home(&go, ".netrc", netrc, 0o600);
    }
    Some((site, go))
}

fn whole(go: &GoCommand) -> Report {
    let report = doctor(go, &["--check", "source,git,netrc,logins,privacy"]);
    assert!(!report.ran.stdout.contains("hunter2"), "{}", report.ran);
    report
}

#[test]
fn a_right_login_is_no_fault() {
    let Some((_site, go)) = site_and(&format!("machine {CODE} login robot password hunter2\n")) else {
        return;
    };
    go.run(["mod", "download", "all"]).ok();
    whole(&go).healthy();
}

#[test]
fn there_is_no_login() {
    let Some((_site, go)) = site_and("") else { return };
    go_fails(&go);
    whole(&go).is("L4-NO-PASSWORD");
}

#[test]
fn the_login_is_wrong() {
    let Some((_site, go)) = site_and(&format!("machine {CODE} login robot password hunter2-of-last-year\n"))
    else {
        return;
    };
    go_fails(&go);
    whole(&go).is("L4-WRONG-PASSWORD");
}

#[test]
fn the_login_of_a_helper_is_wrong() {
    let Some((_site, go)) = site_and("") else { return };
    at_home(&go, "store", &format!("https://robot:hunter2-of-last-year@{CODE}\n"), 0o600);
    let store = go.work().join("../home/store");
    at_home(
        &go,
        ".gitconfig",
        &format!("[credential]\n\thelper = store --file={}\n", store.display()),
        0o600,
    );
    go_fails(&go);
    // What git erases because it is refused has to be there again.
    at_home(&go, "store", &format!("https://robot:hunter2-of-last-year@{CODE}\n"), 0o600);
    whole(&go).is("L4-WRONG-PASSWORD");
}

#[test]
fn the_token_has_expired() {
    // {"exp":1700000000}
    let token = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3MDAwMDAwMDB9.hunter2";
    let Some((_site, go)) = site_and(&format!("machine {CODE} login robot password {token}\n")) else {
        return;
    };
    go_fails(&go);
    whole(&go).is("L4-TOKEN-EXPIRED");
}

#[test]
fn the_login_is_for_another_port() {
    let Some((_site, go)) = site_and(&format!("machine {CODE}:8443 login robot password hunter2\n")) else {
        return;
    };
    go_fails(&go);
    whole(&go).is("L4-NETRC-PORT");
}

#[test]
fn the_login_is_where_git_does_not_look() {
    let Some((_site, go)) = site_and("") else { return };
    at_home(&go, "logins", &format!("machine {CODE} login robot password hunter2\n"), 0o600);
    let logins = go.work().join("../home/logins");
    let go = go.env("NETRC", logins);
    go_fails(&go);
    whole(&go).is("L4-NETRC-NOT-GIT");
}

#[test]
fn a_credential_helper_is_not_installed() {
    let Some((_site, go)) = site_and("") else { return };
    at_home(&go, ".gitconfig", "[credential]\n\thelper = keychain-of-another-system\n", 0o600);
    go_fails(&go);
    whole(&go).is("L4-HELPER-MISSING");
}

#[test]
fn a_credential_helper_waits_for_somebody() {
    let Some((_site, go)) = site_and("") else { return };
    at_home(&go, ".gitconfig", "[credential]\n\thelper = \"!sleep 600; echo\"\n", 0o600);
    source(&go).is("L4-HELPER-WAITS");
}

#[test]
fn netrc_names_a_file_that_is_not_there() {
    let Some((_site, go)) = site_and("") else { return };
    let go = go.env("NETRC", "/nowhere/netrc");
    go_fails(&go);
    let report = whole(&go);
    report.is("L4-NETRC-UNREADABLE");
    assert_eq!(report.codes(), ["L4-NETRC-UNREADABLE", "L4-NO-PASSWORD"], "{}", report.ran);
}

#[test]
fn netrc_is_not_understood() {
    let Some((_site, go)) = site_and(&format!("machine https://{CODE} login robot password hunter2\n"))
    else {
        return;
    };
    go_fails(&go);
    let report = whole(&go);
    report.is("L4-NETRC-SYNTAX");
    assert_eq!(report.codes()[1..], ["L4-NO-PASSWORD"], "{}", report.ran);
}

#[test]
fn others_can_read_the_logins() {
    let Some((_site, go)) = site_and("") else { return };
    at_home(&go, ".netrc", &format!("machine {CODE} login robot password hunter2\n"), 0o644);
    go.run(["mod", "download", "all"]).ok();
    whole(&go).is("L4-NETRC-MODE");
}

/// A proxy that lets nobody in without a login, and a `go` that asks it.
fn shy_proxy() -> (ScriptedUpstream, GoCommand) {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(world::tree(), &authority);
    upstream.demand("*", "robot", "hunter2");
    let go = world::project(&upstream.url());
    at_home(&go, "ca.pem", &authority.ca(), 0o600);
    let ca = go.work().join("../home/ca.pem");
    (upstream, go.env("SSL_CERT_FILE", ca))
}

#[test]
fn the_login_of_a_proxy_lacks_its_port() {
    let (upstream, go) = shy_proxy();
    at_home(&go, ".netrc", "machine 127.0.0.1 login robot password hunter2\n", 0o600);
    assert!(go_fails(&go).contains("401"));
    doctor(&go, &["--check", "logins,netrc"]).is("L4-NETRC-PORT");
    let address = upstream.address();
    at_home(&go, ".netrc", &format!("machine {address} login robot password hunter2\n"), 0o600);
    go.run(["mod", "download", "all"]).ok();
    doctor(&go, &["--check", "logins,netrc"]).healthy();
}

#[test]
fn a_login_that_lacks_a_port_is_no_fault_where_nobody_wants_one() {
    let upstream = ScriptedUpstream::serving(world::tree());
    let go = world::project(&upstream.url());
    at_home(&go, ".netrc", "machine 127.0.0.1 login robot password hunter2\n", 0o600);
    doctor(&go, &["--check", "logins,netrc"]).healthy();
}

#[test]
fn goauth_hides_the_login_of_a_proxy() {
    let (upstream, go) = shy_proxy();
    let address = upstream.address();
    at_home(&go, ".netrc", &format!("machine {address} login robot password hunter2\n"), 0o600);
    let go = go.env("GOAUTH", "off");
    assert!(go_fails(&go).contains("401"));
    doctor(&go, &["--check", "logins"]).is("L4-GOAUTH-OFF");
}

#[test]
fn no_login_is_shown_over_http() {
    let upstream = ScriptedUpstream::serving(world::tree());
    upstream.demand("*", "robot", "hunter2");
    let go = world::project(&upstream.url());
    let address = upstream.address();
    at_home(&go, ".netrc", &format!("machine {address} login robot password hunter2\n"), 0o600);
    assert!(go_fails(&go).contains("401"));
    doctor(&go, &["--check", "logins"]).is("L4-NETRC-HTTP");
    assert!(upstream.seen().iter().all(|seen| seen.header("authorization").is_none()));
    let netrc = fs::read_to_string(go.work().join("../home/.netrc")).unwrap();
    assert!(netrc.contains("hunter2"), "nothing was changed");
}
