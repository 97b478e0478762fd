use std::time::Duration;

use server::Config;
use testkit::{Connection, End, Gate, Reply};

use crate::world::{BIG, INFO, World};

#[test]
fn what_runs_is_finished_and_what_idles_is_closed() {
    let mut served = World::default().serve();
    let gate = Gate::new();
    served.upstream.script("*.zip", [Reply::natural().stall_after(100_000, &gate)]);
    let mut running = served.connect();
    running.ask("GET", BIG, &[]).unwrap();
    gate.wait_for(1);
    let mut idle = served.connect();
    idle.request("GET", INFO, &[]).expect(200);

    served.order_to_stop();
    assert_eq!(idle.to_end(), (Vec::new(), End::Cut));
    assert!(Connection::try_open(served.address).is_err(), "nobody is let in any more");
    gate.open();
    assert!(running.response("GET").unwrap().expect(200).body == served.zip("example.com/big"));
    assert_eq!(running.to_end(), (Vec::new(), End::Cut));
    served.wait_stopped();
}

#[test]
fn what_does_not_end_is_cut() {
    let config = Config { grace: Duration::from_millis(50), ..Config::default() };
    let mut served = World { config, patience: Duration::ZERO, ..World::default() }.serve();
    let gate = Gate::new();
    served.upstream.script("*.zip", [Reply::natural().stall_after(512 << 10, &gate)]);
    let mut running = served.connect();
    running.ask("GET", BIG, &[]).unwrap();
    running.head().unwrap();
    served.order_to_stop();
    served.wait_stopped();
    let (came, _) = running.to_end();
    assert!(came.len() < served.zip("example.com/big").len());
    gate.open();
}
