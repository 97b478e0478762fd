//! Who turns names into addresses.

use std::{io, net::SocketAddr, pin::pin, time::Duration};

use futures_util::future::{BoxFuture, select};
use tokio::{net::lookup_host, time::timeout};

/// Finds the addresses of a host. Tests and other resolvers put themselves here.
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `host`, best first; the ports do not matter. It is never asked about an IP address.
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The machine's own resolver, so `/etc/hosts` and the like count.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: &str) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(
            async move { again_if_late(|| lookup_host((host.as_str(), 0))).await.map(Iterator::collect) },
        )
    }
}

/// The answer of one lookup, or of a second one where the first takes long. A question that is lost on its way is asked
/// again by the system only when its own time is over: 5 s, as a rule (`resolv.conf(5)`, `timeout`).
async fn again_if_late<F: Future>(look_up: impl Fn() -> F) -> F::Output {
    let mut first = pin!(look_up());
    if let Ok(answer) = timeout(LATE, first.as_mut()).await {
        return answer;
    }
    select(first, pin!(look_up())).await.factor_first().0
}

/// Well above what a resolver needs that has to ask others.
const LATE: Duration = Duration::from_secs(1);

/// Why a host has no address.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoAddress {
    #[error("the name has no address")]
    None,
    #[error("{0}")]
    Failed(String),
    #[error("no answer from the resolver within {0:?}")]
    Late(Duration),
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_lost_is_asked_again() {
        let asked = Cell::new(0);
        let loses_the_first = || async {
            asked.set(asked.get() + 1);
            if asked.get() == 1 { pending().await } else { asked.get() }
        };
        let start = Instant::now();
        assert_eq!(again_if_late(loses_the_first).await, 2);
        assert_eq!(start.elapsed(), LATE);
        assert_eq!(again_if_late(loses_the_first).await, 3);
        assert_eq!(start.elapsed(), LATE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_is_not_lost() {
        let slow = || sleep(LATE * 3 / 2);
        let start = Instant::now();
        again_if_late(slow).await;
        assert_eq!(start.elapsed(), LATE * 3 / 2);
    }
}
