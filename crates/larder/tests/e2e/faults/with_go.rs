//! The most important rows once more, with a real `go`, which itself never tries anything twice.

use testkit::{Act, At, FaultProxy, GoCommand, Link, Reply, ScriptedUpstream};

use crate::world::{larder, project, tree};

/// `go mod download` of the world through Larder.
#[track_caller]
fn downloads(chain: &str) {
    let server = larder().serve(chain).start();
    let go: GoCommand = project(&server.url());
    go.run(["mod", "download", "all"]).ok();
    go.run(["mod", "verify"]).ok();
}

#[test]
fn every_connection_is_reset_after_a_while() {
    let upstream = ScriptedUpstream::serving(tree());
    let relay = FaultProxy::before(&upstream.url());
    relay.always(Link::good().response(At::Byte(1500), Act::Reset));
    downloads(&relay.url());
    assert!(relay.connections() > 2, "several were reset");
}

#[test]
fn every_file_fails_once() {
    let upstream = ScriptedUpstream::serving(tree());
    for module in tree().modules() {
        upstream.script(&module.url_path("info"), [Reply::status(503)]);
        upstream.script(&module.url_path("mod"), [Reply::reset()]);
        upstream.script(&module.url_path("zip"), [Reply::natural().cut_after(40)]);
    }
    downloads(&upstream.url());
    assert!(upstream.asked("*.zip") > tree().modules().count() / 2, "zips were asked for again");
}

#[test]
fn the_first_source_refuses_lies_or_is_silent() {
    let good = ScriptedUpstream::serving(tree());
    let relay = FaultProxy::before(&good.url());
    for link in [Link::reset(), Link::silent(), Link::good().response(At::Byte(0), Act::Corrupt)] {
        relay.natural();
        relay.always(link);
        downloads(&format!("{}|{}", relay.url(), good.url()));
    }
    let liar = ScriptedUpstream::serving(tree());
    liar.always("*", Reply::html());
    downloads(&format!("{}|{}", liar.url(), good.url()));
    let mut gone = ScriptedUpstream::serving(tree());
    gone.take_down();
    downloads(&format!("{}|{}", gone.url(), good.url()));
}

#[test]
fn a_second_build_needs_no_source() {
    let upstream = ScriptedUpstream::serving(tree());
    let relay = FaultProxy::before(&upstream.url());
    let server = larder().serve(&relay.url()).start();
    project(&server.url()).run(["mod", "tidy"]).ok();
    relay.always(Link::silent());
    relay.reset_all();
    project(&server.url()).run(["mod", "tidy"]).ok();
}
