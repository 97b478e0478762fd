//! From a host's name to a connection.

use std::{future::ready, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::TryFutureExt;
use tokio::time::timeout;

use crate::{
    FaultKind,
    connector::NotReached,
    diagnose::io_words,
    eyeballs,
    names::{Names, Proof},
};

/// A connection to a host that is no IP address: to any of its addresses, within `limit`. Where addresses of it
/// were held back, they are tried after all others have failed, within the limit again.
pub(crate) async fn reach<S, F>(
    names: &Arc<Names>,
    host: &str,
    proof: Proof,
    limit: Duration,
    dial: impl Fn(SocketAddr) -> F,
) -> Result<S, NotReached>
where
    F: Future<Output = io::Result<S>>,
{
    let found = names.find(host, proof).await;
    let found = found.map_err(|e| NotReached::new(FaultKind::Dns, e.to_string()))?;
    let named = |address| dial(address).map_ok(move |connection| (address, connection));
    let failed = match any_of(&found.first, found.later(), limit, named).await {
        Ok((address, connection)) => {
            if found.first.first() != Some(&address) {
                names.detour(host, address);
            }
            return Ok(connection);
        }
        Err(failed) => failed,
    };
    let held = found.held();
    if held.is_empty() {
        return Err(failed);
    }
    let connection = any_of(&held, ready(Vec::new()), limit, &dial).await.map_err(|_| failed)?;
    tracing::warn!(host, "the old addresses of this source no longer answer; its private ones are used");
    names.believe(host);
    Ok(connection)
}

/// A connection to any of some addresses, and of those that come later, within `limit`.
pub(crate) async fn any_of<S, F>(
    addresses: &[SocketAddr],
    later: impl Future<Output = Vec<SocketAddr>>,
    limit: Duration,
    dial: impl Fn(SocketAddr) -> F,
) -> Result<S, NotReached>
where
    F: Future<Output = io::Result<S>>,
{
    let tried = match addresses.len() {
        0 | 1 => String::new(),
        n => format!(" ({n} addresses tried)"),
    };
    match timeout(limit, eyeballs::race(addresses, later, stagger(limit, addresses.len()), dial)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(e)) => Err(NotReached::connect(format!("{}{tried}", io_words(&e)))),
        Err(_) => Err(NotReached::connect(format!("no connection within {limit:?}{tried}"))),
    }
}

/// How long an address may say nothing before the next is tried as well: less where there are so many that the
/// last one would have no time left.
fn stagger(limit: Duration, addresses: usize) -> Duration {
    let steps = u32::try_from(addresses).unwrap_or(u32::MAX).saturating_add(1);
    STAGGER.min(limit / steps)
}

/// RFC 8305, 5.
const STAGGER: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        future::pending,
        net::IpAddr,
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use futures_util::future::{BoxFuture, join_all};
    use tokio::time::{Instant, sleep};

    use super::*;
    use crate::{Limits, Resolver, dns_meters::DnsMeters};

    const HOST: &str = "proxy.example.com";
    const OLD: &str = "203.0.113.7";
    const NEW: &str = "203.0.113.8";
    const INSIDE: &str = "127.0.0.1";

    /// One answer of the resolver.
    #[derive(Clone)]
    enum Says {
        Here(&'static str),
        Late(Duration, &'static str),
        Fails,
        Hangs,
    }

    /// Gives its answers one after the other, and the last one for ever.
    #[derive(Clone)]
    struct Script {
        answers: Arc<Mutex<VecDeque<Says>>>,
        asked: Arc<AtomicUsize>,
    }

    impl Resolver for Script {
        fn resolve(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut answers = self.answers.lock().unwrap();
            let says = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
            Box::pin(async move {
                match says.unwrap() {
                    Says::Here(list) => Ok(addresses(list)),
                    Says::Late(after, list) => {
                        sleep(after).await;
                        Ok(addresses(list))
                    }
                    Says::Fails => Err(io::Error::other("no such host")),
                    Says::Hangs => pending().await,
                }
            })
        }
    }

    struct Bench {
        names: Arc<Names>,
        meters: DnsMeters,
        script: Script,
    }

    impl Bench {
        fn new(answers: &[Says]) -> Self {
            let answers = Arc::new(Mutex::new(answers.iter().cloned().collect()));
            let script = Script { answers, asked: Arc::default() };
            let meters = DnsMeters::default();
            let names = Names::new(Arc::new(script.clone()), Limits::default(), meters.clone());
            Bench { names: Arc::new(names), meters, script }
        }

        /// Reaches the host where only `live` answers, and the others are silent.
        async fn reach(&self, proof: Proof, live: &[&str]) -> Result<String, NotReached> {
            let limit = Limits::default().connect;
            reach(&self.names, HOST, proof, limit, |address| {
                let ip = address.ip().to_string();
                let answers = live.contains(&ip.as_str());
                async move { if answers { Ok(ip) } else { pending().await } }
            })
            .await
        }

        fn asked(&self) -> usize {
            self.script.asked.load(Ordering::Relaxed)
        }
    }

    fn addresses(list: &str) -> Vec<SocketAddr> {
        list.split(' ').map(|ip| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), 0)).collect()
    }

    async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
        let start = Instant::now();
        let result = work.await;
        (result, start.elapsed())
    }

    /// On the paused clock: lets work that goes on behind come to its end.
    const TURN: Duration = Duration::from_millis(1);
    const PATIENCE: Duration = Duration::from_millis(300);

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_hangs_costs_its_patience_once() {
        let bench = Bench::new(&[Says::Here(OLD), Says::Hangs]);
        assert_eq!(bench.reach(Proof::Given, &[OLD]).await.unwrap(), OLD);
        assert_eq!(bench.meters.bridged(), 0);
        let (ip, took) = timed(bench.reach(Proof::Given, &[OLD])).await;
        assert_eq!((ip.unwrap().as_str(), took), (OLD, PATIENCE));
        // The lookup is still under way, and nobody waits for it a second time.
        let (ip, took) = timed(bench.reach(Proof::Given, &[OLD])).await;
        assert_eq!((ip.unwrap().as_str(), took), (OLD, Duration::ZERO));
        assert_eq!(bench.asked(), 2);
        sleep(Limits::default().resolve).await;
        let (ip, took) = timed(bench.reach(Proof::Given, &[OLD])).await;
        assert_eq!((ip.unwrap().as_str(), took), (OLD, Duration::ZERO));
        sleep(TURN).await;
        assert_eq!((bench.asked(), bench.meters.bridged()), (3, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_fails_is_bridged_at_once_and_heard_again() {
        let bench = Bench::new(&[Says::Here(OLD), Says::Fails, Says::Here(NEW)]);
        bench.reach(Proof::Given, &[OLD]).await.unwrap();
        let (ip, took) = timed(bench.reach(Proof::Given, &[OLD])).await;
        assert_eq!((ip.unwrap().as_str(), took), (OLD, Duration::ZERO));
        // After the failure the lookup goes on behind, and the connection after it knows.
        assert_eq!(bench.reach(Proof::Given, &[OLD, NEW]).await.unwrap(), OLD);
        sleep(TURN).await;
        assert_eq!(bench.reach(Proof::Given, &[OLD, NEW]).await.unwrap(), NEW);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_forgotten_in_time() {
        let bench = Bench::new(&[Says::Here(OLD), Says::Fails]);
        bench.reach(Proof::Given, &[OLD]).await.unwrap();
        sleep(Limits::default().resolve_memory).await;
        let failed = bench.reach(Proof::Given, &[OLD]).await.unwrap_err();
        assert_eq!((failed.kind(), failed.to_string().as_str()), (FaultKind::Dns, "no such host"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_used_where_the_remembered_addresses_are_dead() {
        let late = Says::Late(Duration::from_secs(1), NEW);
        let bench = Bench::new(&[Says::Here(OLD), late]);
        bench.reach(Proof::Given, &[OLD]).await.unwrap();
        let (ip, took) = timed(bench.reach(Proof::Given, &[NEW])).await;
        assert_eq!(ip.unwrap(), NEW);
        assert!(took <= Duration::from_millis(1250), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_waited_for_is_good_for_the_next() {
        let seconds = Duration::from_secs;
        let bench = Bench::new(&[Says::Late(seconds(5), OLD), Says::Hangs]);
        let start = Instant::now();
        let failed = bench.reach(Proof::Given, &[OLD]).await.unwrap_err();
        assert_eq!(failed.to_string(), "no answer from the resolver within 3s");
        assert_eq!(bench.reach(Proof::Given, &[OLD]).await.unwrap(), OLD);
        assert_eq!(start.elapsed(), seconds(5));
        // Nor does a slow resolver let what is known grow old.
        sleep(Limits::default().resolve_memory / 2).await;
        let bench = Bench::new(&[Says::Here(OLD), Says::Late(seconds(5), OLD), Says::Hangs]);
        bench.reach(Proof::Given, &[OLD]).await.unwrap();
        sleep(Limits::default().resolve_memory / 2).await;
        bench.reach(Proof::Given, &[OLD]).await.unwrap();
        sleep(Limits::default().resolve_memory / 2).await;
        assert_eq!(bench.reach(Proof::Given, &[OLD]).await.unwrap(), OLD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_is_well_again_is_asked_while_an_old_lookup_still_hangs() {
        let bench = Bench::new(&[Says::Hangs, Says::Here(OLD)]);
        bench.reach(Proof::Given, &[OLD]).await.unwrap_err();
        let (ip, took) = timed(bench.reach(Proof::Given, &[OLD])).await;
        assert_eq!((ip.unwrap().as_str(), took), (OLD, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn lookups_that_hang_are_few_and_end() {
        let bench = Bench::new(&[Says::Hangs]);
        for _ in 0..9 {
            bench.reach(Proof::Given, &[OLD]).await.unwrap_err();
        }
        assert_eq!(bench.asked(), 4);
        sleep(Duration::from_secs(30)).await;
        bench.reach(Proof::Given, &[OLD]).await.unwrap_err();
        assert_eq!(bench.asked(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_first_address_is_not_the_first_again_for_a_while() {
        let bench = Bench::new(&[Says::Here("203.0.113.7 203.0.113.8 203.0.113.9")]);
        let live = ["203.0.113.9"];
        let (_, took) = timed(bench.reach(Proof::Given, &live)).await;
        assert_eq!(took, STAGGER * 2);
        for _ in 0..2 {
            let (ip, took) = timed(bench.reach(Proof::Given, &live)).await;
            assert_eq!((ip.unwrap().as_str(), took), (live[0], Duration::ZERO));
        }
        sleep(Duration::from_mins(1)).await;
        assert_eq!(bench.reach(Proof::Given, &["203.0.113.7", "203.0.113.9"]).await.unwrap(), "203.0.113.7");
    }

    #[tokio::test(start_paused = true)]
    async fn one_lookup_serves_all_who_wait() {
        let bench = Bench::new(&[Says::Late(Duration::from_secs(1), OLD)]);
        for ip in join_all((0..50).map(|_| bench.reach(Proof::Given, &[OLD]))).await {
            assert_eq!(ip.unwrap(), OLD);
        }
        assert_eq!(bench.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_goes_on_when_nobody_waits_any_more() {
        let bench = Bench::new(&[Says::Late(Duration::from_secs(1), OLD), Says::Hangs]);
        let left = timeout(PATIENCE, bench.reach(Proof::Given, &[OLD])).await;
        assert!(left.is_err());
        sleep(Duration::from_secs(1)).await;
        assert_eq!(bench.reach(Proof::Given, &[OLD]).await.unwrap(), OLD);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_without_tls_is_not_followed_inside_while_it_answers_outside() {
        let bench = Bench::new(&[Says::Here(OLD), Says::Here(INSIDE)]);
        bench.reach(Proof::None, &[OLD]).await.unwrap();
        for _ in 0..3 {
            assert_eq!(bench.reach(Proof::None, &[OLD, INSIDE]).await.unwrap(), OLD);
        }
        assert_eq!(bench.meters.held_back(), 3);
        assert_eq!(bench.reach(Proof::Given, &[OLD, INSIDE]).await.unwrap(), INSIDE);
        assert_eq!(bench.meters.held_back(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_without_tls_is_followed_inside_when_it_is_dead_outside() {
        let bench = Bench::new(&[Says::Here(OLD), Says::Here(INSIDE)]);
        bench.reach(Proof::None, &[OLD]).await.unwrap();
        let (ip, took) = timed(bench.reach(Proof::None, &[INSIDE])).await;
        assert_eq!((ip.unwrap().as_str(), took), (INSIDE, Limits::default().connect));
        // From then on it is at home there.
        let (ip, took) = timed(bench.reach(Proof::None, &[OLD, INSIDE])).await;
        assert_eq!((ip.unwrap().as_str(), took), (INSIDE, Duration::ZERO));
        assert_eq!(bench.meters.held_back(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_does_not_lead_inside_either() {
        let late = Says::Late(Duration::from_secs(1), INSIDE);
        let bench = Bench::new(&[Says::Here(OLD), late]);
        bench.reach(Proof::None, &[OLD]).await.unwrap();
        let (ip, took) = timed(bench.reach(Proof::None, &[INSIDE])).await;
        assert_eq!((ip.unwrap().as_str(), took), (INSIDE, PATIENCE + Limits::default().connect));
    }

    #[tokio::test(start_paused = true)]
    async fn many_silent_addresses_leave_time_for_the_last() {
        let list = "203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4 203.0.113.5 203.0.113.6 203.0.113.9 \
                    203.0.113.10 203.0.113.11 203.0.113.12 203.0.113.13 203.0.113.14 203.0.113.15 203.0.113.16";
        let bench = Bench::new(&[Says::Here(list)]);
        assert_eq!(bench.reach(Proof::Given, &["203.0.113.16"]).await.unwrap(), "203.0.113.16");
        let failed = bench.reach(Proof::Given, &[]).await.unwrap_err();
        assert_eq!(failed.kind(), FaultKind::Connect);
        assert_eq!(failed.to_string(), "no connection within 3s (14 addresses tried)");
    }
}
