//! The settings of stubbornness: how hard one source is tried, and when it is left alone.

use std::time::Duration;

/// How hard one source is tried, and when it is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stubborn {
    /// What is tried again, and how often.
    pub retry: Retry,
    /// When a source is left alone.
    pub breaker: Breaker,
    /// How many requests to one source may be under way. Default 64.
    pub concurrent: usize,
    /// How many more may wait for one of them to end; the next one is refused at once. Default 1,024.
    pub waiting: usize,
    /// How long one may wait where the [`Want`](crate::Want) has no `begin_by`. Default 10 s.
    pub wait: Duration,
    /// How much silence of a source is usual as long as too little is known of it; then that is measured. After it,
    /// another source may be asked as well. Default 500 ms.
    pub hedge_after: Duration,
    /// What the jitter of the pauses is drawn from; `None`: something else in every process.
    pub seed: Option<u64>,
}

/// What is tried again at one source, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The most tries in a row without progress, the first one included. Default 3. Where no other source can answer
    /// and it is the body that breaks each time, three times as many.
    pub tries: u32,
    /// The longest pause before the second try; each further one may be twice as long. The pause is drawn evenly
    /// from zero to that (full jitter). Default 50 ms.
    pub base: Duration,
    /// The same within a body that broke, where nobody waits for a first byte. Default 250 ms.
    pub resume_base: Duration,
    /// The longest `Retry-After` that is waited for. Default 2 s.
    pub retry_after: Duration,
    /// How often one body is continued after tries that brought it on. Default 1,000.
    pub resumes: u32,
    /// How many tries beyond the first each request pays for, in percent. Default 20: a source that fails for
    /// everybody gets a fifth more requests than were made. Tries that helped, and the first one after a connection
    /// broke, cost nothing.
    pub share: u32,
    /// How many tries beyond the first may be saved up. Default 10.
    pub reserve: u32,
    /// How long it takes until one is saved up without any request. Default 5 s.
    pub refill: Duration,
}

/// When a source is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// After so many failures in a row. Default 5.
    pub failures: u32,
    /// Or when so many percent of the requests in `window` failed. Default 50.
    pub percent: u32,
    /// Where there were at least so many. Default 20.
    pub least: u32,
    /// Default 30 s.
    pub window: Duration,
    /// For so long, at first; each time it fails again twice as long. Default 30 s.
    pub open: Duration,
    /// At most so long. Default 5 min.
    pub longest: Duration,
    /// How long a request that no other source can answer waits for a probe that is under way. If nothing is known
    /// by then, one of those who wait becomes the next probe. Default 1 s.
    pub probe_wait: Duration,
}

impl Default for Stubborn {
    fn default() -> Self {
        Stubborn {
            retry: Retry::default(),
            breaker: Breaker::default(),
            concurrent: 64,
            waiting: 1024,
            wait: Duration::from_secs(10),
            hedge_after: Duration::from_millis(500),
            seed: None,
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            tries: 3,
            base: Duration::from_millis(50),
            resume_base: Duration::from_millis(250),
            retry_after: Duration::from_secs(2),
            resumes: 1000,
            share: 20,
            reserve: 10,
            refill: Duration::from_secs(5),
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Breaker {
            failures: 5,
            percent: 50,
            least: 20,
            window: Duration::from_secs(30),
            open: Duration::from_secs(30),
            longest: Duration::from_mins(5),
            probe_wait: Duration::from_secs(1),
        }
    }
}
