//! Two faults at once: the root cause comes first.

use testkit::{Authority, GoCommand, ScriptedUpstream};

use super::{at_home, go_fails, project, requiring};
use crate::{
    direct::site::{CODE, Site},
    doctor::doctor,
    world,
};

const CHECKS: &[&str] = &["--check", "source,git,netrc,logins,privacy"];

/// A site that lets nobody in without a login, and a project.
fn shy() -> Option<(Site, GoCommand)> {
    let site = Site::with_lib()?;
    site.wants_a_login();
    let go = project(&site);
    Some((site, go))
}

#[test]
fn a_broken_configuration_of_git_before_a_missing_login() {
    let Some((_site, go)) = shy() else { return };
    at_home(&go, ".gitconfig", "[user\n", 0o600);
    go_fails(&go);
    doctor(&go, CHECKS).are(&["L4-GIT-CONFIG"]);
}

#[test]
fn a_missing_git_before_a_name_that_is_told_to_a_proxy() {
    let Some(site) = Site::with_lib() else { return };
    let proxy = ScriptedUpstream::serving(world::tree());
    let go = project(&site).env("GOPRIVATE", "").env("GOPROXY", format!("{},direct", proxy.url()));
    let go = go.env("PATH", site.only(&["sh"]));
    at_home(&go, ".netrc", &format!("machine {CODE} login robot password hunter2\n"), 0o600);
    go_fails(&go);
    doctor(&go, CHECKS).are(&["L4-NO-GIT", "L1-PRIVATE-TO-PROXY"]);
}

#[test]
fn a_netrc_that_is_not_understood_before_the_login_that_is_missing() {
    let Some((_site, go)) = shy() else { return };
    at_home(&go, ".netrc", &format!("machin {CODE} login robot password hunter2\n"), 0o600);
    go_fails(&go);
    doctor(&go, CHECKS).are(&["L4-NETRC-SYNTAX", "L4-NO-PASSWORD"]);
}

#[test]
fn a_wrong_login_before_a_file_that_others_can_read() {
    let Some((_site, go)) = shy() else { return };
    at_home(&go, ".netrc", &format!("machine {CODE} login robot password of-last-year\n"), 0o644);
    go_fails(&go);
    doctor(&go, CHECKS).are(&["L4-WRONG-PASSWORD", "L4-NETRC-MODE"]);
}

#[test]
fn a_host_that_is_away_before_a_file_that_others_can_read() {
    let Some(site) = Site::new() else { return };
    drop(site);
    let go = requiring("127.0.0.1/team/lib.git v1.0.0").env("GOPRIVATE", "127.0.0.1");
    at_home(&go, ".netrc", "machine 127.0.0.1 login robot password hunter2\n", 0o644);
    go_fails(&go);
    doctor(&go, CHECKS).are(&["L4-HOST-UNREACHABLE", "L4-NETRC-MODE"]);
}

#[test]
fn a_program_that_is_forbidden_before_a_login_that_is_missing() {
    let Some((_site, go)) = shy() else { return };
    let go = go.env("GOVCS", "private:hg");
    assert!(go_fails(&go).contains("GOVCS disallows"));
    doctor(&go, CHECKS).are(&["L4-GOVCS-FORBIDS"]);
}

#[test]
fn a_netrc_that_cannot_be_read_before_the_proxy_that_refuses() {
    let authority = Authority::new();
    let upstream = ScriptedUpstream::over_tls(world::tree(), &authority);
    upstream.demand("*", "robot", "hunter2");
    let go = world::project(&upstream.url());
    at_home(&go, "ca.pem", &authority.ca(), 0o600);
    let ca = go.work().join("../home/ca.pem");
    let go = go.env("SSL_CERT_FILE", ca).env("NETRC", "/nowhere/netrc");
    assert!(go_fails(&go).contains("401"));
    doctor(&go, CHECKS).is("L4-NETRC-UNREADABLE");
}
