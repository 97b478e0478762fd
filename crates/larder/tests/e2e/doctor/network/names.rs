//! Resolvers that are dead, slow or wrong.

use std::net::{IpAddr, UdpSocket};

use testkit::{Authority, FakeResolver, GoCommand, Says, ScriptedUpstream};

use super::{Machine, trusting};
use crate::world::{project, tree};

const NAME: &str = "proxy.larder.example";

fn is(address: &str) -> Says {
    Says::Is(vec![address.parse::<IpAddr>().unwrap()])
}

/// A resolver that says this of the proxy; none where that is not allowed here.
fn resolver(says: Says) -> Option<FakeResolver> {
    let resolver = FakeResolver::saying(&[(NAME, says)]);
    testkit::require("port 53 of a loopback address", resolver.is_some());
    resolver
}

/// A proxy under its name, and a project that uses it.
fn named() -> (ScriptedUpstream, GoCommand) {
    let authority = Authority::for_hosts(&[NAME]);
    let upstream = ScriptedUpstream::over_tls(tree(), &authority);
    let go = trusting(&upstream.url().replace("127.0.0.1", NAME), &authority);
    (upstream, go)
}

#[test]
fn a_name_that_is_found_is_nothing_to_find() {
    let Some(resolver) = resolver(is("127.0.0.1")) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let (_upstream, go) = named();
    machine.go(&go).ok();
    machine.network(&go).healthy();
}

#[test]
fn nobody_knows_the_name() {
    let Some(resolver) = resolver(Says::Code(3)) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let (_upstream, go) = named();
    machine.go(&go).fails();
    machine.network(&go).is("L2-DNS-NO-SUCH-HOST");
}

#[test]
fn the_resolver_fails() {
    let Some(resolver) = resolver(Says::Code(2)) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let (_upstream, go) = named();
    machine.go(&go).fails();
    machine.network(&go).is("L2-DNS-SERVER-FAILURE");
}

#[test]
fn the_resolver_is_dead() {
    let Some(resolver) = resolver(Says::Nothing) else { return };
    for line in [resolver.line(), "nameserver 127.53.53.53\n".to_owned()] {
        let Some(machine) = Machine::new(&(line + "options timeout:1 attempts:1\n"), None) else { return };
        let (_upstream, go) = named();
        machine.go(&go).fails();
        machine.network(&go).is("L2-DNS-DEAD");
    }
}

#[test]
fn the_first_resolver_is_dead_and_every_lookup_waits_for_it() {
    let (Some(dead), Some(good)) = (resolver(Says::Nothing), resolver(is("127.0.0.1"))) else { return };
    let conf = format!("{}{}options timeout:2 attempts:1\n", dead.line(), good.line());
    let Some(machine) = Machine::new(&conf, None) else { return };
    let (_upstream, go) = named();
    machine.go(&go).ok();
    machine.network(&go).is("L2-DNS-SLOW");
}

#[test]
fn the_name_leads_to_an_address_of_nobody() {
    let Some(resolver) = resolver(is("0.0.0.0")) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let (mut upstream, go) = named();
    upstream.take_down();
    machine.go(&go).fails();
    let report = machine.network(&go);
    report.is("L2-DNS-HIJACKED");
    assert!(report.codes().contains(&"L2-CONNECT-REFUSED"), "{:?}", report.codes());
}

#[test]
fn the_name_leads_to_somebody_else_and_another_resolver_knows_better() {
    let stranger = Authority::signing("A Portal", &["login.example.com"], None);
    let (Some(liar), Some(good)) = (resolver(is("127.0.0.77")), resolver(is("127.0.0.1"))) else { return };
    let Some(machine) = Machine::new(&format!("{}{}", liar.line(), good.line()), None) else { return };
    let (upstream, go) = named();
    let other = ScriptedUpstream::over_tls(tree(), &stranger);
    let _stranger = super::led_at("127.0.0.77", upstream.address().port(), other.address());
    machine.go(&go).fails();
    let report = machine.network(&go);
    let finding = report.is("L2-DNS-HIJACKED");
    assert!(finding["evidence"].to_string().contains("127.0.0.77"), "{finding}");
}

#[test]
fn the_name_leads_to_another_machine_and_another_resolver_knows_better() {
    // An address at which a server can be, and somebody else is.
    let own = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        // Nothing is sent.
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip())
    });
    let own = own.ok().filter(|own| !own.is_loopback() && !own.is_unspecified());
    if !testkit::require("an address of this machine that is not its own alone", own.is_some()) {
        return;
    }
    let own = own.unwrap().to_string();
    let stranger = Authority::signing("A Portal", &["login.example.com"], None);
    let (Some(liar), Some(good)) = (resolver(is(&own)), resolver(is("127.0.0.1"))) else { return };
    let Some(machine) = Machine::new(&format!("{}{}", liar.line(), good.line()), None) else { return };
    let (upstream, go) = named();
    let other = ScriptedUpstream::over_tls(tree(), &stranger);
    let _stranger = super::led_at(&own, upstream.address().port(), other.address());
    machine.go(&go).fails();
    let finding = machine.network(&go).is("L2-DNS-HIJACKED")["evidence"].to_string();
    assert!(finding.contains("at 127.0.0.1 the host itself answers"), "{finding}");
}

#[test]
fn the_first_resolver_does_not_know_the_name_and_another_one_does() {
    let (Some(first), Some(second)) = (resolver(Says::Code(3)), resolver(is("127.0.0.1"))) else { return };
    let Some(machine) = Machine::new(&format!("{}{}", first.line(), second.line()), None) else { return };
    let (_upstream, go) = named();
    machine.go(&go).fails();
    machine.network(&go).is("L2-DNS-DISAGREE");
}

#[test]
fn a_line_of_the_hosts_file_leads_astray() {
    let Some(resolver) = resolver(is("127.0.0.1")) else { return };
    let hosts = format!("127.0.0.1 localhost\n127.0.0.78 {NAME} # a test\n");
    let Some(machine) = Machine::new(&resolver.line(), Some(&hosts)) else { return };
    let (_upstream, go) = named();
    machine.go(&go).fails();
    machine.network(&go).is("L2-HOSTS-FILE");
}

#[test]
fn ipv6_leads_nowhere_and_ipv4_does() {
    let both = Says::Is(vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    let Some(resolver) = resolver(both) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let (upstream, go) = named();
    let hole = testkit::BlackHole::at(format!("[::1]:{}", upstream.address().port()).parse().unwrap());
    if !testkit::require("IPv6", hole.is_some()) {
        return;
    }
    machine.go(&go).ok();
    machine.network(&go).is("L2-IPV6-FALLS-BACK");
}

#[test]
fn nobody_is_asked_whom_the_settings_do_not_name() {
    let Some(resolver) = resolver(is("127.0.0.1")) else { return };
    let Some(machine) = Machine::new(&resolver.line(), None) else { return };
    let go = project("off");
    machine.network(&go).healthy();
    assert!(resolver.asked().is_empty(), "{:?}", resolver.asked());
}
