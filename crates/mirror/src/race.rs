//! Asking the sources of a walk until one gives something usable.
//!
//! One after another; and while one is silent for longer than it usually is, and the next may be asked after a
//! failure, that one is asked as well. The first usable answer counts, whoever gives it, and the rest is dropped.
//! The meaning of the chain stays: what the second one lacks decides nothing while the first may still answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until};
use upstream::{Fault, FaultKind, Fetched, Miss, Troubles, Want};

use crate::{
    Mirror,
    refusal::{Contradiction, Refusal},
    walk::{Turn, Walk},
};

/// What an answer of a source is worth.
#[derive(Debug)]
pub(crate) enum Worth<T> {
    /// It is what was asked for.
    Good(T),
    /// It is of no use.
    Miss(Miss),
    /// It is other content than is known to be right.
    Contradiction(Contradiction),
    /// It is of no use, and nobody else need be asked.
    Final(Refusal),
}

impl<T> Worth<T> {
    fn is_lie(&self) -> bool {
        match self {
            Worth::Miss(Miss::Failed(fault)) => fault.kind() == FaultKind::Lie,
            Worth::Contradiction(_) => true,
            Worth::Miss(Miss::Absent(_)) | Worth::Good(_) | Worth::Final(_) => false,
        }
    }
}

/// One that was asked.
struct Asked {
    turn: Turn,
    /// Whether the first bytes of its answer, or its refusal, are here.
    spoke: Arc<AtomicBool>,
    /// Whether it was asked while another was silent.
    hedge: bool,
    done: bool,
}

impl Mirror {
    /// Asks along a walk until a source gives something usable: what `judge` makes of it, and whose turn it was.
    /// `None` at the end of the walk; [`Walk::refusal`] says what that means.
    ///
    /// From here on the first bytes have [`Config::begin`](crate::Config) to be here, whoever sends them: a source that
    /// another one follows gets half of the time that is left, the last one all of it.
    pub(crate) async fn first_good<T, F>(
        &self,
        walk: &mut Walk,
        want: impl Fn(&Turn) -> Want,
        judge: impl Fn(Turn, Result<Fetched, Miss>) -> F,
    ) -> Result<Option<(Turn, T)>, Refusal>
    where
        F: Future<Output = Worth<T>>,
    {
        let begin_by = Instant::now() + self.config.begin;
        self.hedges.earn();
        let mut asked: Vec<Asked> = Vec::new();
        let mut running = FuturesUnordered::new();
        let mut hedge_at = None;
        loop {
            let hedge = !running.is_empty();
            let turn = if hedge {
                // Another is asked beside the one that is silent, if that is still allowed by then.
                tokio::select! {
                    biased;
                    Some((index, worth, troubles)) = running.next() => {
                        let Some(Asked { turn, done, .. }) = asked.get_mut(index) else { continue };
                        *done = true;
                        match worth {
                            Worth::Good(good) => {
                                let turn = turn.clone();
                                self.settle(walk, &asked, Some(index));
                                walk.given_after(troubles);
                                return Ok(Some((turn, good)));
                            }
                            Worth::Miss(miss) => walk.miss(turn, miss),
                            Worth::Contradiction(contradiction) => {
                                self.meters.contradictions.inc();
                                walk.contradicts(turn, contradiction);
                            }
                            Worth::Final(refusal) => {
                                self.settle(walk, &asked, None);
                                return Err(refusal);
                            }
                        }
                        if walk.is_foremost(turn) {
                            // The one behind it stands in for it, while the first is silent still.
                            hedge_at = Some(Instant::now());
                        }
                        continue;
                    }
                    () = until(hedge_at) => {
                        hedge_at = None;
                        if !walk.rules().hedged || !walk.goes_on() || !self.hedges.spend() {
                            continue;
                        }
                        walk.in_order()
                    }
                }
            } else {
                walk.next()
            };
            let Some(turn) = turn else {
                self.settle(walk, &asked, None);
                return Ok(None);
            };
            let now = Instant::now();
            let Some(left) = begin_by.checked_duration_since(now).filter(|left| !left.is_zero()) else {
                let fault =
                    Fault::new(turn.source.name().clone(), FaultKind::Timeout, NO_TIME, Duration::ZERO);
                walk.miss(&turn, Miss::Failed(fault));
                continue;
            };
            let begin_by = if turn.followed { now + left / 2 } else { begin_by };
            hedge_at = turn.source.hedge_after().filter(|_| turn.followed).map(|after| now + after);
            let want = Want { begin_by: Some(begin_by), alone: turn.alone, ..want(&turn) };
            let spoke = Arc::new(AtomicBool::new(false));
            let (index, judge, told) = (asked.len(), &judge, Arc::clone(&spoke));
            asked.push(Asked { turn: turn.clone(), spoke, hedge, done: false });
            if hedge {
                self.meters.hedges.inc();
            }
            running.push(async move {
                let said = turn.source.fetch(&want).await;
                told.store(true, Ordering::Relaxed);
                let fetched = said.is_ok();
                let troubles = match &said {
                    Ok(Fetched::Body(incoming)) => incoming.troubles.clone(),
                    Ok(Fetched::NotModified) | Err(_) => Troubles::default(),
                };
                let worth = judge(turn.clone(), said).await;
                if fetched && worth.is_lie() {
                    turn.source.lied(&want.what);
                }
                (index, worth, troubles)
            });
        }
    }

    /// Counts what came of the hedges, and lets sources know that others were faster.
    fn settle(&self, walk: &mut Walk, asked: &[Asked], winner: Option<usize>) {
        for (index, Asked { turn, spoke, hedge, done }) in asked.iter().enumerate() {
            if *hedge {
                let won = winner == Some(index);
                if won {
                    self.meters.hedges_won.inc()
                } else {
                    self.meters.hedges_lost.inc()
                };
            }
            if winner.is_some_and(|winner| index < winner) && !spoke.load(Ordering::Relaxed) {
                turn.source.lost(walk.what());
                walk.troubled();
            }
            if winner.is_some() && !done {
                walk.unheard(turn);
            }
        }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

const NO_TIME: &str = "not asked: the time within which an answer must begin was used up by other sources";
