//! Happy eyeballs (RFC 8305): every address of a host is tried, and none is waited for long.

use std::{collections::VecDeque, io, net::SocketAddr, pin::pin, time::Duration};

use futures_util::{
    future::{FusedFuture, FutureExt},
    stream::{FuturesUnordered, StreamExt},
};
use tokio::time::sleep;

/// The first connection that stands. The address after one that says nothing is tried `stagger` later, the one
/// after a failure at once; those that lost are dropped. What `later` brings joins the end of the line. Fails with
/// the error of the first address that failed, when all have.
pub async fn race<S, F>(
    addresses: &[SocketAddr],
    later: impl Future<Output = Vec<SocketAddr>>,
    stagger: Duration,
    dial: impl Fn(SocketAddr) -> F,
) -> io::Result<S>
where
    F: Future<Output = io::Result<S>>,
{
    let mut waiting = VecDeque::from(interleaved(addresses));
    let mut running = FuturesUnordered::new();
    let mut later = pin!(later.fuse());
    let mut first_error = None;
    loop {
        if let Some(address) = waiting.pop_front() {
            running.push(dial(address));
        } else if running.is_empty() && later.is_terminated() {
            return Err(first_error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
        }
        // The next address is due when this ends, whatever ended it.
        let step = sleep(stagger);
        let mut step = pin!(step);
        loop {
            tokio::select! {
                biased;
                Some(result) = running.next() => match result {
                    Ok(connection) => return Ok(connection),
                    Err(e) => {
                        first_error.get_or_insert(e);
                        break;
                    }
                },
                more = &mut later, if !later.is_terminated() => {
                    let new: Vec<_> = more.into_iter().filter(|address| !addresses.contains(address)).collect();
                    waiting.extend(interleaved(&new));
                    if running.is_empty() {
                        break;
                    }
                }
                () = &mut step, if !waiting.is_empty() => break,
                else => break,
            }
        }
    }
}

/// IPv6 and IPv4 by turns, each in the resolver's order, beginning with the family that the resolver puts first.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut a, mut b): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first_is_v6);
    a.reverse();
    b.reverse();
    let mut turns = Vec::with_capacity(addresses.len());
    while !(a.is_empty() && b.is_empty()) {
        turns.extend(a.pop());
        turns.extend(b.pop());
    }
    turns
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::*;

    const STAGGER: Duration = Duration::from_millis(250);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// What an address does when it is dialled, by its port: 1 is silent, 2 refuses, 3 answers after a second, any
    /// other answers at once.
    async fn play(address: SocketAddr) -> io::Result<SocketAddr> {
        match address.port() {
            1 => std::future::pending().await,
            2 => Err(io::ErrorKind::ConnectionRefused.into()),
            3 => {
                sleep(Duration::from_secs(1)).await;
                Ok(address)
            }
            _ => Ok(address),
        }
    }

    async fn race(
        list: &[SocketAddr],
        later: impl Future<Output = Vec<SocketAddr>>,
    ) -> io::Result<SocketAddr> {
        super::race(list, later, STAGGER, play).await
    }

    fn nothing() -> impl Future<Output = Vec<SocketAddr>> {
        std::future::ready(Vec::new())
    }

    #[test]
    fn the_families_take_turns() {
        let given =
            addresses(&["[2001:db8::1]:9", "[2001:db8::2]:9", "192.0.2.1:9", "192.0.2.2:9", "192.0.2.3:9"]);
        let turns =
            addresses(&["[2001:db8::1]:9", "192.0.2.1:9", "[2001:db8::2]:9", "192.0.2.2:9", "192.0.2.3:9"]);
        assert_eq!(interleaved(&given), turns);
        let v4_first = addresses(&["192.0.2.1:9", "[2001:db8::1]:9"]);
        assert_eq!(interleaved(&v4_first), v4_first);
        assert_eq!(interleaved(&[]), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_first_address_costs_one_step() {
        let list = addresses(&["192.0.2.1:1", "192.0.2.2:9"]);
        let start = Instant::now();
        assert_eq!(race(&list, nothing()).await.unwrap(), list[1]);
        assert_eq!(start.elapsed(), STAGGER);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_the_next_is_tried_at_once() {
        let list = addresses(&["192.0.2.1:2", "192.0.2.2:2", "192.0.2.3:9"]);
        let start = Instant::now();
        assert_eq!(race(&list, nothing()).await.unwrap(), list[2]);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_address_may_still_win() {
        let list = addresses(&["192.0.2.1:3", "192.0.2.2:1", "192.0.2.3:2"]);
        let start = Instant::now();
        assert_eq!(race(&list, nothing()).await.unwrap(), list[0]);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn every_address_is_tried_before_it_fails() {
        let list = addresses(&["192.0.2.1:2", "[2001:db8::1]:2", "192.0.2.2:2"]);
        let tried = Mutex::new(Vec::new());
        let failed = super::race(&list, nothing(), STAGGER, |address| {
            tried.lock().unwrap().push(address);
            play(address)
        })
        .await
        .unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(*tried.lock().unwrap(), list);
        assert_eq!(race(&[], nothing()).await.unwrap_err().kind(), io::ErrorKind::AddrNotAvailable);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_come_later_join_the_line() {
        let list = addresses(&["192.0.2.1:1"]);
        let second = Duration::from_secs(1);
        let later = async {
            sleep(second).await;
            addresses(&["192.0.2.1:1", "192.0.2.2:9"])
        };
        let start = Instant::now();
        assert_eq!(race(&list, later).await.unwrap().port(), 9);
        assert!((second..=second + STAGGER).contains(&start.elapsed()), "{:?}", start.elapsed());

        let refused = addresses(&["192.0.2.1:2"]);
        let later = async {
            sleep(second).await;
            addresses(&["192.0.2.2:9"])
        };
        let start = Instant::now();
        assert_eq!(race(&refused, later).await.unwrap().port(), 9);
        assert_eq!(start.elapsed(), second);

        let later = async {
            sleep(second).await;
            Vec::new()
        };
        assert_eq!(race(&refused, later).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
