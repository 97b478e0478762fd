//! When a source is left alone, and when it is used again.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use prometheus_client::{encoding::text::encode, registry::Registry};
use testkit::{Gate, ModuleTree, Reply, ScriptedUpstream};
use upstream::{
    Breaker, Door, DoorConfig, Env, FaultKind, Fetched, Limits, Meters, Miss, Proxy, Retry, Stubborn, Want,
};

use crate::{INFO, LIST, SOON, ZIP, absence, fault, get, patient, proxy, want, whole};

fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::serving(ModuleTree::parse("-- example.com/m@v1.0.0/go.mod --\nmodule example.com/m\n"))
}

/// A source that is asked once for each request, and left alone for so long.
fn impatient(url: &str, open: Duration) -> Proxy {
    within(url, open, patient())
}

/// The same, within these limits.
fn within(url: &str, open: Duration, limits: Limits) -> Proxy {
    let retry = Retry { tries: 1, ..Retry::default() };
    let breaker = Breaker { open, ..Breaker::default() };
    let stubborn = Stubborn { retry, breaker, ..Stubborn::default() };
    proxy(
        &Door::new(DoorConfig { stubborn, limits, ..DoorConfig::new("test", Env::default()) }).unwrap(),
        url,
    )
}

fn not_alone(path: &str) -> Want {
    Want { alone: false, ..want(path) }
}

async fn is_tripped(proxy: &Proxy, path: &str) -> bool {
    let tripped = proxy.tripped(&want(path).what);
    let refused =
        matches!(proxy.fetch(&not_alone(path)).await, Err(Miss::Failed(f)) if f.kind() == FaultKind::Tripped);
    assert_eq!(tripped, refused, "{path}");
    tripped
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn after_five_failures_a_source_is_left_alone_for_that_kind_of_request() {
    let upstream = upstream();
    upstream.always(ZIP, Reply::status(500));
    let proxy = impatient(&upstream.url(), HOUR);
    for _ in 0..5 {
        assert!(!proxy.tripped(&want(ZIP).what));
        assert_eq!(fault(proxy.fetch(&not_alone(ZIP)).await).kind(), FaultKind::Status(500));
    }
    let refused = fault(proxy.fetch(&not_alone(ZIP)).await);
    assert_eq!(refused.kind(), FaultKind::Tripped);
    assert!(
        refused.detail().ends_with("last with status: 500 Internal Server Error: scripted: 500"),
        "{refused}"
    );
    assert_eq!(upstream.asked(ZIP), 5);
    for path in [LIST, INFO] {
        assert!(!is_tripped(&proxy, path).await, "{path}");
        get(&proxy, path).await.unwrap();
    }
}

#[tokio::test]
async fn a_source_that_cannot_be_reached_is_left_alone_for_everything() {
    let mut upstream = upstream();
    upstream.take_down();
    let proxy = impatient(&upstream.url(), HOUR);
    for path in [LIST, INFO, ZIP, LIST, INFO] {
        assert_eq!(fault(proxy.fetch(&not_alone(path)).await).kind(), FaultKind::Connect);
    }
    for path in [LIST, ZIP, "sumdb/sum.golang.org/latest"] {
        assert!(is_tripped(&proxy, path).await, "{path}");
    }
    // Who has no other choice finds out at once that it is back, for everybody.
    upstream.bring_up();
    get(&proxy, LIST).await.unwrap();
    assert!(!is_tripped(&proxy, ZIP).await);
}

#[tokio::test]
async fn silence_counts_for_everything_unless_others_are_answered() {
    let upstream = upstream();
    let gate = Gate::new();
    upstream.always(ZIP, Reply::natural().hold(&gate));
    let proxy = within(&upstream.url(), HOUR, Limits { first_byte: SOON * 10, ..patient() });
    for answered in [true, false] {
        let zip = not_alone(ZIP);
        let silent = join_all([(); 5].map(|()| proxy.fetch(&zip)));
        let list = async {
            if answered {
                get(&proxy, LIST).await.unwrap();
            }
        };
        let (silent, ()) = tokio::join!(silent, list);
        for end in silent {
            assert_eq!(fault(end).kind(), FaultKind::Timeout);
        }
        assert!(is_tripped(&proxy, ZIP).await);
        if answered {
            assert!(!is_tripped(&proxy, LIST).await, "lists are answered all the time");
            gate.open();
            get(&proxy, ZIP).await.unwrap();
            upstream.always(ZIP, Reply::natural().hold(&Gate::new()));
        }
    }
    assert!(is_tripped(&proxy, LIST).await);
}

#[tokio::test]
async fn absence_and_refusal_are_signs_of_life() {
    let upstream = upstream();
    let proxy = impatient(&upstream.url(), HOUR);
    get(&proxy, INFO).await.unwrap();
    for _ in 0..2 {
        upstream.script(LIST, (0..4).map(|_| Reply::status(500)));
        for _ in 0..4 {
            fault(get(&proxy, LIST).await);
        }
        upstream.script(LIST, [Reply::status(404)]);
        absence(get(&proxy, LIST).await);
    }
    upstream.always(LIST, Reply::status(403));
    for _ in 0..20 {
        fault(get(&proxy, LIST).await);
    }
    assert!(!is_tripped(&proxy, LIST).await);
}

#[tokio::test]
async fn when_the_interval_is_over_one_probe_finds_out() {
    let upstream = upstream();
    upstream.always(LIST, Reply::status(500));
    let open = SOON * 15;
    let proxy = impatient(&upstream.url(), open);
    for _ in 0..5 {
        fault(get(&proxy, LIST).await);
    }
    assert!(is_tripped(&proxy, LIST).await);
    let gate = Gate::new();
    upstream.always(LIST, Reply::natural().hold(&gate));
    tokio::time::sleep(open).await;
    let ask = not_alone(LIST);
    let probe = proxy.fetch(&ask);
    tokio::pin!(probe);
    assert!((&mut probe).now_or_never().is_none());
    assert!(is_tripped(&proxy, LIST).await, "one at a time");
    gate.open();
    let Fetched::Body(body) = probe.await.unwrap() else { panic!("no body") };
    assert!(!is_tripped(&proxy, LIST).await, "an answer that begins is enough");
    whole(body).await.unwrap();
}

#[tokio::test]
async fn who_has_no_other_choice_waits_for_a_probe_and_shares_what_it_finds() {
    let upstream = upstream();
    for good in [true, false] {
        let gate = Gate::new();
        upstream.always(LIST, Reply::status(500));
        let proxy = Arc::new(impatient(&upstream.url(), HOUR));
        for _ in 0..5 {
            fault(get(&proxy, LIST).await);
        }
        upstream.forget();
        upstream.always(LIST, if good { Reply::natural() } else { Reply::status(500) }.hold(&gate));
        let asking: Vec<_> = (0..10)
            .map(|_| {
                let proxy = Arc::clone(&proxy);
                tokio::spawn(async move { get(&proxy, LIST).await })
            })
            .collect();
        // Everybody comes before the probe is answered.
        tokio::task::yield_now().await;
        gate.open();
        let mut failed = Vec::new();
        for one in asking {
            if let Err(Miss::Failed(fault)) = one.await.unwrap() {
                failed.push(fault.kind());
            }
        }
        if good {
            assert_eq!((failed.len(), upstream.asked(LIST)), (0, 10));
        } else {
            failed.sort_by_key(|kind| kind.as_str());
            assert_eq!(failed[0], FaultKind::Status(500));
            assert_eq!(failed[1..], [FaultKind::Tripped; 9]);
            assert_eq!(upstream.asked(LIST), 1);
        }
    }
}

#[tokio::test]
async fn a_probe_that_is_given_up_is_none() {
    let upstream = upstream();
    upstream.always(LIST, Reply::status(500));
    let proxy = impatient(&upstream.url(), HOUR);
    for _ in 0..5 {
        fault(get(&proxy, LIST).await);
    }
    upstream.always(LIST, Reply::natural().hold(&Gate::new()));
    let asked = want(LIST);
    let probe = proxy.fetch(&asked);
    assert!(tokio::time::timeout(SOON / 10, probe).await.is_err());
    upstream.natural();
    assert!(!is_tripped(&proxy, LIST).await, "the next one may find out at once");
}

#[tokio::test]
async fn bodies_that_never_end_well_and_lies_count() {
    let upstream = upstream();
    upstream.always(ZIP, Reply::natural().cut_after(10).without_ranges());
    let proxy = impatient(&upstream.url(), HOUR);
    for _ in 0..5 {
        assert_eq!(fault(get(&proxy, ZIP).await).kind(), FaultKind::Truncated);
    }
    assert!(is_tripped(&proxy, ZIP).await);
    for _ in 0..5 {
        get(&proxy, INFO).await.unwrap();
        proxy.lied(&want(INFO).what);
    }
    assert!(is_tripped(&proxy, INFO).await);
}

#[tokio::test]
async fn hedges_lost_in_silence_count_and_shorten_the_next_wait() {
    let upstream = upstream();
    let proxy = impatient(&upstream.url(), HOUR);
    assert_eq!(proxy.hedge_after(), Duration::from_millis(500));
    assert_eq!(proxy.latency(), None);
    for _ in 0..5 {
        proxy.lost(&want(LIST).what);
        assert_eq!(proxy.hedge_after(), Duration::from_millis(25));
    }
    assert!(is_tripped(&proxy, ZIP).await);
    get(&proxy, LIST).await.unwrap();
    assert!(proxy.latency().is_some());
    assert_eq!(proxy.hedge_after(), Duration::from_millis(500));
}

#[tokio::test]
async fn states_are_shown() {
    let upstream = upstream();
    upstream.always(LIST, Reply::status(500));
    let meters = Meters::default();
    let mut registry = Registry::default();
    meters.register(&mut registry);
    let stubborn = Stubborn { retry: Retry { tries: 1, ..Retry::default() }, ..Stubborn::default() };
    let config = DoorConfig { meters, stubborn, ..DoorConfig::new("test", Env::default()) };
    let proxy = proxy(&Door::new(config).unwrap(), &upstream.url());
    let shown = |line: &str| {
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let line = line.replace("NAME", proxy.name().as_str());
        assert!(text.lines().any(|l| l == line), "{line} is not in:\n{text}");
    };
    for _ in 0..5 {
        fault(get(&proxy, LIST).await);
    }
    shown(r#"upstream_breaker{source="NAME",what="modules"} 2"#);
    shown(r#"upstream_breaker{source="NAME",what="source"} 0"#);
    shown(r#"upstream_trips_total{source="NAME"} 1"#);
    upstream.natural();
    get(&proxy, LIST).await.unwrap();
    shown(r#"upstream_breaker{source="NAME",what="modules"} 0"#);
}
