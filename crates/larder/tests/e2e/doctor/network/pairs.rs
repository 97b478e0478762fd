//! Two faults at once: the one from which the other follows comes first.

use testkit::{Authority, FakeResolver, Reply, Says, ScriptedUpstream, TestLog};

use super::{Machine, failing, network, trusting};
use crate::world::{LOG, project, tree};

const NAME: &str = "proxy.larder.example";

#[test]
fn a_proxy_that_is_down_takes_the_database_with_it() {
    let mut upstream = ScriptedUpstream::serving(tree());
    let go = project(&upstream.url()).sumdb(&TestLog::over(LOG, &tree()).vkey());
    upstream.take_down();
    failing(&go).are(&["L2-CONNECT-REFUSED", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn a_proxy_that_fails_takes_the_database_with_it() {
    for (status, code) in [(503, "L3-PROXY-FAILS"), (403, "L3-PROXY-DENIES"), (429, "L3-PROXY-BUSY")] {
        let upstream = ScriptedUpstream::serving(tree());
        upstream.always("*", Reply::status(status));
        let go = project(&upstream.url()).sumdb(&TestLog::over(LOG, &tree()).vkey());
        failing(&go).are(&[code, "L3-SUMDB-UNREACHABLE"]);
    }
}

#[test]
fn a_portal_answers_for_the_database_too() {
    let upstream = ScriptedUpstream::serving(tree());
    upstream.always("*", Reply::html());
    let go = project(&upstream.url()).sumdb(&TestLog::over(LOG, &tree()).vkey());
    failing(&go).are(&["L2-PORTAL", "L3-SUMDB-WRONG-ANSWER"]);
}

#[test]
fn interception_keeps_the_database_away() {
    let upstream = ScriptedUpstream::over_tls(tree(), &Authority::signing("Example Corp", &[], None));
    let go = trusting(&upstream.url(), &Authority::new()).sumdb(&TestLog::over(LOG, &tree()).vkey());
    failing(&go).are(&["L2-TLS-INTERCEPTED", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn interception_at_two_hosts_is_one_thing() {
    let middlebox = Authority::signing("Example Corp", &[], None);
    let upstreams = [(); 2].map(|()| ScriptedUpstream::over_tls(tree(), &middlebox));
    let chain = format!("{},{}", upstreams[0].url(), upstreams[1].url());
    failing(&trusting(&chain, &Authority::new())).are(&["L2-TLS-INTERCEPTED"]);
}

#[test]
fn a_wrong_clock_expires_certificates_and_keeps_the_database_away() {
    let authority = Authority::signing("testkit authority", &[], Some((2020, 2021)));
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    upstream.always("*", Reply::natural().header("Date", "Wed, 01 Jul 2020 12:00:00 GMT"));
    let go = trusting(&upstream.url(), &authority).sumdb(&TestLog::over(LOG, &tree()).vkey());
    failing(&go).are(&["L2-CLOCK-WRONG", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn no_http_proxy_is_no_proxy_and_no_database() {
    let mut gone = ScriptedUpstream::serving(tree());
    let url = gone.url();
    gone.take_down();
    let go = project("https://proxy.example.com").sumdb(&TestLog::over(LOG, &tree()).vkey());
    failing(&go.env("HTTPS_PROXY", url)).are(&["L2-HTTP-PROXY", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn a_dead_resolver_is_no_proxy_and_no_database() {
    let resolver = FakeResolver::saying(&[(NAME, Says::Nothing), (LOG, Says::Nothing)]);
    if !testkit::require("port 53 of a loopback address", resolver.is_some()) {
        return;
    }
    let conf = format!("{}options timeout:1 attempts:1\n", resolver.as_ref().unwrap().line());
    let Some(machine) = Machine::new(&conf, None) else { return };
    let go = project(&format!("https://{NAME}")).sumdb(&TestLog::over(LOG, &tree()).vkey());
    machine.network(&go).are(&["L2-DNS-DEAD", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn a_lying_resolver_leads_to_a_certificate_of_somebody_else() {
    let stranger = Authority::signing("A Portal", &["login.example.com"], None);
    let other = ScriptedUpstream::over_tls(tree(), &stranger);
    let says = |address: &str| [(NAME, Says::Is(vec![address.parse().unwrap()]))];
    let (liar, good) = (FakeResolver::saying(&says("127.0.0.79")), FakeResolver::saying(&says("127.0.0.1")));
    if !testkit::require("port 53 of a loopback address", liar.is_some() && good.is_some()) {
        return;
    }
    let conf = format!("{}{}", liar.as_ref().unwrap().line(), good.as_ref().unwrap().line());
    let Some(machine) = Machine::new(&conf, None) else { return };
    let authority = Authority::for_hosts(&[NAME]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let _stranger = super::led_at("127.0.0.79", upstream.address().port(), other.address());
    let go = trusting(&upstream.url().replace("127.0.0.1", NAME), &authority);
    let go = go.sumdb(&TestLog::over(LOG, &tree()).vkey());
    machine.network(&go).are(&["L2-DNS-HIJACKED", "L2-TLS-INTERCEPTED", "L3-SUMDB-UNREACHABLE"]);
}

#[test]
fn what_go_fails_of_comes_before_what_is_a_risk() {
    let slow = ScriptedUpstream::serving(tree());
    slow.always("*", Reply::natural().header("Date", "Wed, 01 Jul 2020 12:00:00 GMT"));
    let other = ScriptedUpstream::serving(tree());
    other.always("*", Reply::status(503).header("Date", "Wed, 01 Jul 2020 12:00:00 GMT"));
    let report = network(&project(&format!("{},{}", other.url(), slow.url())));
    report.are(&["L3-PROXY-FAILS", "L2-CLOCK-DRIFTS"]);
}
