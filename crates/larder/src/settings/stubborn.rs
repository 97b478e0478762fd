//! How hard sources are tried, when they are left alone, and how much is asked of them at once.

use super::{
    amount::Percent,
    file,
    origin::Valued,
    pick::Pick,
    span::{HOUR, LEAST, Span, ZERO},
};

/// How often one source is tried, as [`upstream::Retry`] has it.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) tries: Valued<u32>,
    pub(crate) pause: Valued<Span>,
    pub(crate) resume_pause: Valued<Span>,
    pub(crate) resumes: Valued<u32>,
    pub(crate) server_pause: Valued<Span>,
    pub(crate) share: Valued<Percent>,
    pub(crate) reserve: Valued<u32>,
    pub(crate) refill: Valued<Span>,
}

/// When a source is left alone, as [`upstream::Breaker`] has it.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    pub(crate) failures: Valued<u32>,
    pub(crate) rate: Valued<Percent>,
    pub(crate) least: Valued<u32>,
    pub(crate) window: Valued<Span>,
    pub(crate) open: Valued<Span>,
    pub(crate) longest: Valued<Span>,
    pub(crate) probe_wait: Valued<Span>,
}

/// When a second source is asked while the first is silent, as [`mirror::Hedging`] and [`upstream::Stubborn`] have it.
#[derive(Clone, Debug)]
pub(crate) struct Hedge {
    pub(crate) after: Valued<Span>,
    pub(crate) share: Valued<Percent>,
    pub(crate) burst: Valued<u32>,
}

/// How much is asked of sources at once: of all as [`mirror::Room`] has it, of each as [`upstream::Stubborn`] has it.
#[derive(Clone, Debug)]
pub(crate) struct Fetches {
    pub(crate) total: Valued<usize>,
    pub(crate) queue: Valued<usize>,
    pub(crate) wait: Valued<Span>,
    pub(crate) per_source: Valued<usize>,
    pub(crate) queue_per_source: Valued<usize>,
    pub(crate) wait_per_source: Valued<Span>,
    /// Lookups before anybody needs them.
    pub(crate) ahead: Valued<usize>,
}

impl Retry {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Retry, pick: &mut Pick<'_>) -> Self {
        let retry = upstream::Retry::default();
        let pause = retry.resume_base;
        Retry {
            tries: pick.number("retry.tries", file.tries.as_ref(), 1..=100, retry.tries),
            pause: pick.span("retry.pause", file.pause.as_ref(), ZERO..=HOUR, retry.base),
            resume_pause: pick.span("retry.resume_pause", file.resume_pause.as_ref(), ZERO..=HOUR, pause),
            resumes: pick.number("retry.resumes", file.resumes.as_ref(), 0..=MANY, retry.resumes),
            server_pause: pick.span(
                "retry.server_pause",
                file.server_pause.as_ref(),
                ZERO..=HOUR,
                retry.retry_after,
            ),
            share: pick.percent("retry.share", file.share.as_ref(), retry.share),
            reserve: pick.number("retry.reserve", file.reserve.as_ref(), 0..=MANY, retry.reserve),
            refill: pick.span("retry.refill", file.refill.as_ref(), LEAST..=HOUR, retry.refill),
        }
    }
}

impl Breaker {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Breaker, pick: &mut Pick<'_>) -> Self {
        let breaker = upstream::Breaker::default();
        let wait = breaker.probe_wait;
        Breaker {
            failures: pick.number("breaker.failures", file.failures.as_ref(), 1..=MANY, breaker.failures),
            rate: pick.percent("breaker.rate", file.rate.as_ref(), breaker.percent),
            least: pick.number("breaker.least", file.least.as_ref(), 1..=MANY, breaker.least),
            window: pick.span("breaker.window", file.window.as_ref(), LEAST..=HOUR, breaker.window),
            open: pick.span("breaker.open", file.open.as_ref(), LEAST..=HOUR, breaker.open),
            longest: pick.span("breaker.longest", file.longest.as_ref(), LEAST..=HOUR, breaker.longest),
            probe_wait: pick.span("breaker.probe_wait", file.probe_wait.as_ref(), ZERO..=HOUR, wait),
        }
    }
}

impl Hedge {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Hedge, pick: &mut Pick<'_>) -> Self {
        let (hedging, after) = (mirror::Hedging::default(), upstream::Stubborn::default().hedge_after);
        Hedge {
            after: pick.span("hedge.after", file.after.as_ref(), ZERO..=HOUR, after),
            share: pick.percent("hedge.share", file.share.as_ref(), hedging.percent),
            burst: pick.number("hedge.burst", file.burst.as_ref(), 0..=MANY, hedging.burst),
        }
    }
}

impl Fetches {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Fetches, pick: &mut Pick<'_>) -> Self {
        let (all, each) = (mirror::Room::default(), upstream::Stubborn::default());
        let queue = file.queue_per_source.as_ref();
        let wait = file.wait_per_source.as_ref();
        let ahead = mirror::Config::default().ahead;
        Fetches {
            total: pick.number("fetches.total", file.total.as_ref(), 1..=MANY_PLACES, all.fetches),
            queue: pick.number("fetches.queue", file.queue.as_ref(), 0..=MANY_PLACES, all.queue),
            wait: pick.span("fetches.wait", file.wait.as_ref(), ZERO..=HOUR, all.wait),
            per_source: pick.number(
                "fetches.per_source",
                file.per_source.as_ref(),
                1..=MANY_PLACES,
                each.concurrent,
            ),
            queue_per_source: pick.number("fetches.queue_per_source", queue, 0..=MANY_PLACES, each.waiting),
            wait_per_source: pick.span("fetches.wait_per_source", wait, ZERO..=HOUR, each.wait),
            ahead: pick.number("fetches.ahead", file.ahead.as_ref(), 0..=MANY_PLACES, ahead),
        }
    }
}

const MANY: u32 = 1_000_000;
const MANY_PLACES: usize = 100_000;
