//! Asking the sources of a walk until one gives something usable.
//!
//! One after another; and while one is silent for longer than it usually is, and the next may be asked after a
//! failure, that one is asked as well. The first usable answer counts, whoever gives it, and the rest is dropped.
//! The meaning of the chain stays: what the second one lacks decides nothing while the first may still answer.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep_until, timeout_at};
use upstream::{Fault, FaultKind, Fetched, Miss, Troubles, Want};

use crate::{
    Mirror,
    refusal::{Absent, Refusal},
    vouching::{Vouching, Word},
    walk::{Turn, Walk},
};

/// What an answer of a source is worth.
#[derive(Debug)]
pub(crate) enum Worth<T> {
    /// It is what was asked for.
    Good(T),
    /// It is of no use.
    Miss(Miss),
    /// It is of no use, and nobody else need be asked.
    Final(Refusal),
}

impl<T> Worth<T> {
    fn is_lie(&self) -> bool {
        match self {
            Worth::Miss(Miss::Failed(fault)) => fault.kind() == FaultKind::Lie,
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

/// Those that were asked for one thing.
struct Race<'a> {
    mirror: &'a Mirror,
    walk: &'a mut Walk,
    /// When first bytes must be here.
    begin_by: Instant,
    asked: Vec<Asked>,
    /// When another is asked beside those that are silent.
    hedge_at: Option<Instant>,
    /// Whether that time has come, and only the word of a database is missing.
    hedge_due: bool,
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
        self.hedges.earn();
        let vouching = walk.vouching().cloned();
        let begin_by = Instant::now() + self.config.begin;
        let mut race =
            Race { mirror: self, walk, begin_by, asked: Vec::new(), hedge_at: None, hedge_due: false };
        let mut running = FuturesUnordered::new();
        loop {
            let turn = if running.is_empty() {
                if race.walk.waits_for_word() {
                    let word = timeout_at(begin_by, word(vouching.as_ref())).await;
                    race.walk.decide(word.ok().as_ref());
                }
                race.walk.next()
            } else {
                tokio::select! {
                    biased;
                    Some((index, worth, troubles)) = running.next() => {
                        match race.heard(index, worth, troubles) {
                            ControlFlow::Break(end) => return end,
                            ControlFlow::Continue(()) => continue,
                        }
                    }
                    word = word(vouching.as_ref()), if race.hedge_due || race.walk.waits_for_word() => {
                        race.walk.decide(Some(&word));
                        race.hedge_due = false;
                        race.hedge_at = Some(Instant::now());
                        continue;
                    }
                    () = until(race.hedge_at) => match race.hedge() {
                        Some(turn) => Some(turn),
                        None => continue,
                    }
                }
            };
            let Some(turn) = turn else {
                race.settle(None);
                return Ok(None);
            };
            let hedge = !running.is_empty();
            let Some(begin_by) = race.begin(&turn) else { continue };
            let want = Want { begin_by: Some(begin_by), alone: turn.alone, ..want(&turn) };
            let shorter = race.walk.shorter(&turn);
            let (index, spoke) = race.asks(&turn, hedge);
            let judge = &judge;
            // On the heap at once: it is large, and would be moved several times.
            running.push(Box::pin(async move {
                let said = match shorter {
                    Some(shorter) => shorter.ask(self, &turn.source, &want).await,
                    None => turn.source.fetch(&want).await,
                };
                spoke.store(true, Ordering::Relaxed);
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
            }));
        }
    }
}

impl Race<'_> {
    /// By when the first bytes of the next one must be here; nothing if there is no time left for it.
    fn begin(&mut self, turn: &Turn) -> Option<Instant> {
        let now = Instant::now();
        let left = self.begin_by.saturating_duration_since(now);
        if left.is_zero() {
            let fault = Fault::new(turn.source.name().clone(), FaultKind::Timeout, NO_TIME, Duration::ZERO);
            self.walk.miss(turn, Miss::Failed(fault));
            return None;
        }
        self.hedge_at = if turn.followed { turn.source.hedge_after().map(|after| now + after) } else { None };
        Some(if turn.followed { now + left / 2 } else { self.begin_by })
    }

    fn asks(&mut self, turn: &Turn, hedge: bool) -> (usize, Arc<AtomicBool>) {
        if hedge {
            self.mirror.meters.hedges.inc();
        }
        let spoke = Arc::new(AtomicBool::new(false));
        self.asked.push(Asked { turn: turn.clone(), spoke: Arc::clone(&spoke), hedge, done: false });
        (self.asked.len() - 1, spoke)
    }

    /// Who is asked beside those that are silent, if that is allowed.
    fn hedge(&mut self) -> Option<Turn> {
        self.hedge_at = None;
        let silent = self.asked.last().is_some_and(|asked| !asked.done);
        if silent && self.walk.is_open() {
            self.hedge_due = true;
            return None;
        }
        let allowed = self.walk.rules().hedged && self.walk.may_hedge() && self.mirror.hedges.spend();
        allowed.then(|| self.walk.in_order()).flatten()
    }

    /// One has answered.
    fn heard<T>(
        &mut self,
        index: usize,
        worth: Worth<T>,
        troubles: Troubles,
    ) -> ControlFlow<Result<Option<(Turn, T)>, Refusal>> {
        let Some(Asked { turn, done, .. }) = self.asked.get_mut(index) else {
            return ControlFlow::Continue(());
        };
        *done = true;
        let turn = turn.clone();
        match worth {
            Worth::Good(good) => {
                self.settle(Some(index));
                self.walk.given_after(troubles);
                return ControlFlow::Break(Ok(Some((turn, good))));
            }
            Worth::Final(refusal) => {
                self.settle(None);
                return ControlFlow::Break(Err(refusal));
            }
            Worth::Miss(miss) => self.walk.miss(&turn, miss),
        }
        if self.walk.is_foremost(&turn) {
            // The next one stands in for it, while those before it are silent still.
            self.hedge_at = Some(Instant::now());
        }
        ControlFlow::Continue(())
    }

    /// Counts what came of the hedges, and lets sources know that others were faster.
    fn settle(&mut self, winner: Option<usize>) {
        let meters = &self.mirror.meters;
        for (index, Asked { turn, spoke, hedge, done }) in self.asked.iter().enumerate() {
            if *hedge {
                let end = if winner == Some(index) { &meters.hedges_won } else { &meters.hedges_lost };
                end.inc();
            }
            let Some(winner) = winner.filter(|_| !done) else { continue };
            if index < winner && !spoke.load(Ordering::Relaxed) {
                turn.source.lost(self.walk.what());
                self.walk.troubled();
            }
            self.walk.unheard(turn);
        }
    }
}

/// What the database of a version says. One that is not there says nothing.
async fn word(vouching: Option<&Vouching>) -> Word {
    match vouching {
        Some(vouching) => vouching.word().await,
        None => Err(Refusal::Absent(Absent::NoDatabase)),
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

const NO_TIME: &str = "not asked: the time within which an answer must begin was used up by other sources";
