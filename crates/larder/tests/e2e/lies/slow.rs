//! A zip that is passed on while it arrives, and what the database says meanwhile.

use testkit::{End, Gate, Module, ModuleTree, Reply, TestLog};

use super::stage::{LOG, Place, Said, Stage};

const PATH: &str = "example.com/big/@v/v1.0.0.zip";
/// Much more than what is held back of a body.
const LEN: u64 = 600_000;

fn module(len: u64) -> Module {
    Module::of_noise("example.com/big", "v1.0.0", len)
}

fn tree(len: u64) -> ModuleTree {
    let mut tree = ModuleTree::default();
    tree.add(module(len));
    tree
}

/// A Larder whose source has a zip with so much noise, and sends half of it until the gate is open. The log knows another.
fn stalling(sent: u64) -> (Stage, Gate) {
    let log = TestLog::over(LOG, &tree(LEN)).with_filler(300);
    let stage = Stage::with(Place::Alone, &log, tree(sent), "patience = \"10ms\"\n");
    stage.truth.serve(tree(LEN));
    let gate = Gate::new();
    stage.liar.always("*.zip", Reply::natural().stall_after(LEN / 2, &gate));
    (stage, gate)
}

/// What a client gets of such a zip, and how it ends.
fn body(sent: u64) -> (Vec<u8>, End) {
    let (stage, gate) = stalling(sent);
    let mut client = stage.server.connect();
    client.ask("GET", &format!("/{PATH}"), &[("Connection", "close")]).unwrap();
    assert_eq!(client.head().unwrap().status, 200, "it flows before all of it is there");
    gate.open();
    let (body, end) = client.to_end();
    assert!(module(sent).zip.to_vec().starts_with(&body));
    stage.stores_no_lie().unwrap();
    (body, end)
}

#[test]
fn a_slow_body_that_is_right_comes_to_its_end() {
    let (body, end) = body(LEN);
    assert!(body == module(LEN).zip.to_vec());
    assert_eq!(end, End::Cut, "closed, as it was asked to be");
}

#[test]
fn a_slow_body_that_is_wrong_has_no_end() {
    let (body, end) = body(LEN + 1);
    assert!((body.len() as u64) < module(LEN + 1).zip.len());
    assert_eq!(end, End::Reset);
}

/// That nobody vouches for it is said in words, so nobody is given a beginning before.
#[test]
fn nothing_flows_before_the_database_has_spoken() {
    let (stage, gate) = stalling(LEN);
    stage.liar.always("*lookup/*", Reply::status(500));
    let said = stage.ask(PATH).unwrap();
    assert!(matches!(&said, Said::Refused(503, text) if text.contains(LOG)), "{said:?}");
    stage.liar.natural();
    gate.open();
    assert_eq!(stage.ask(PATH).unwrap(), Said::True);
}
