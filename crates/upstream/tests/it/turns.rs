//! How many requests to one source are under way at a time.

use futures_util::FutureExt;
use testkit::{Gate, ModuleTree, Reply, ScriptedUpstream};
use tokio::time::Instant;
use upstream::{Door, DoorConfig, Env, FaultKind, Fetched, Stubborn, Want};

use crate::{LIST, SOON, ZIP, fault, get, proxy, want, whole};

#[tokio::test]
async fn only_so_many_are_under_way_at_a_time() {
    let tree = ModuleTree::parse("-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n");
    let upstream = ScriptedUpstream::serving(tree);
    let gate = Gate::new();
    upstream.always(ZIP, Reply::natural().hold(&gate));
    let stubborn = Stubborn { concurrent: 2, ..Stubborn::default() };
    let door = Door::new(DoorConfig { stubborn, ..DoorConfig::new("test", Env::default()) }).unwrap();
    let proxy = proxy(&door, &upstream.url());
    let (a, b) = (want(ZIP), want(ZIP));
    let running = futures_util::future::join(proxy.fetch(&a), proxy.fetch(&b));
    tokio::pin!(running);
    assert!((&mut running).now_or_never().is_none());
    let started = Instant::now();
    let third = Want { begin_by: Some(started + SOON), ..want(LIST) };
    let busy = fault(proxy.fetch(&third).await);
    assert_eq!(busy.kind(), FaultKind::Busy);
    assert!(started.elapsed() >= SOON);
    assert_eq!(upstream.asked(LIST), 0);
    gate.open();
    let (Ok(Fetched::Body(a)), Ok(Fetched::Body(b))) = running.await else { panic!("no bodies") };
    // A body that is under way is one, until it ends or nobody wants it.
    let fourth = Want { begin_by: Some(Instant::now() + SOON), ..want(LIST) };
    assert_eq!(fault(proxy.fetch(&fourth).await).kind(), FaultKind::Busy);
    whole(a).await.unwrap();
    drop(b);
    get(&proxy, LIST).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_a_source_that_trips_learns_so_at_once() {
    let tree = ModuleTree::parse("-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n");
    let upstream = ScriptedUpstream::serving(tree);
    let gate = Gate::new();
    upstream.always(ZIP, Reply::natural().hold(&gate));
    let stubborn = Stubborn { concurrent: 1, ..Stubborn::default() };
    let door = Door::new(DoorConfig { stubborn, ..DoorConfig::new("test", Env::default()) }).unwrap();
    let proxy = proxy(&door, &upstream.url());
    let zip = want(ZIP);
    let running = proxy.fetch(&zip);
    tokio::pin!(running);
    assert!((&mut running).now_or_never().is_none());
    let list = Want { alone: false, ..want(LIST) };
    let waiting = proxy.fetch(&list);
    tokio::pin!(waiting);
    assert!((&mut waiting).now_or_never().is_none());
    for _ in 0..5 {
        proxy.lost(&list.what);
    }
    assert_eq!(fault(waiting.await).kind(), FaultKind::Tripped);
    gate.open();
    running.await.unwrap();
}
