//! Leaves alone what fails, and finds out when it is well again.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::stubborn::Breaker;

/// Whether something is asked at all. Every decision takes the time.
///
/// Healthy lets everything through. Too many failures trip it. Tripped refuses until an interval is over, or until
/// somebody comes who has no other choice; that one is the probe. Probing refuses everybody else until the probe is
/// answered (Healthy) or fails (Tripped, for twice as long).
#[derive(Debug)]
pub(crate) struct Switch {
    config: Breaker,
    state: State,
    /// Failures since the last success.
    in_a_row: u32,
    /// The same before the last success, in case that turns out to be none.
    in_a_row_before: u32,
    /// How long the next trip lasts.
    interval: Duration,
    window: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Healthy,
    /// Left alone until then.
    Tripped(Instant),
    Probing,
}

/// What somebody who comes is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Free,
    /// Go, and find out.
    Probe,
    /// A probe is under way, and there is no other choice.
    Wait,
    Refused,
}

/// How badly somebody needs the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Another source can answer.
    Optional,
    /// None can, but somebody else has just been here.
    Waited,
    /// None can.
    Alone,
}

impl Switch {
    pub(crate) fn new(config: Breaker) -> Self {
        Switch {
            config,
            state: State::Healthy,
            in_a_row: 0,
            in_a_row_before: 0,
            interval: config.open,
            window: Window::default(),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// What somebody who comes now is told.
    pub(crate) fn would(&self, need: Need, now: Instant) -> Admission {
        match self.state {
            State::Healthy => Admission::Free,
            State::Tripped(until) if need == Need::Alone || until <= now => Admission::Probe,
            State::Probing if need != Need::Optional => Admission::Wait,
            State::Tripped(_) | State::Probing => Admission::Refused,
        }
    }

    /// Somebody was told [`Admission::Probe`] and goes.
    pub(crate) fn probing(&mut self) {
        self.state = State::Probing;
    }

    /// The probe was given up before it found out anything. The next one may go at once.
    pub(crate) fn unprobed(&mut self, now: Instant) {
        if self.state == State::Probing {
            self.state = State::Tripped(now);
        }
    }

    /// A good answer begins. That heals, but one failure now would trip again, for longer.
    pub(crate) fn begun(&mut self, probe: bool) {
        if probe && self.state == State::Probing {
            self.state = State::Healthy;
            self.in_a_row = self.config.failures.saturating_sub(1);
        }
    }

    /// A request came to a good end.
    pub(crate) fn succeeded(&mut self, probe: bool, now: Instant) {
        self.begun(probe);
        self.window.add(self.config.window, now, Counts::GOOD);
        if self.state == State::Healthy {
            self.in_a_row_before = std::mem::take(&mut self.in_a_row);
            self.interval = self.config.open;
        }
    }

    /// A request failed. Says whether that tripped it.
    pub(crate) fn failed(&mut self, probe: bool, now: Instant) -> bool {
        self.window.add(self.config.window, now, Counts::BAD);
        self.in_a_row = self.in_a_row.saturating_add(1);
        match self.state {
            State::Probing if probe => self.trip(now),
            State::Healthy if self.in_a_row >= self.config.failures || self.is_mostly_bad(now) => {
                self.trip(now);
            }
            State::Healthy | State::Tripped(_) | State::Probing => return false,
        }
        true
    }

    /// The last success turned out to be none. Says whether that tripped it.
    pub(crate) fn retracted(&mut self, now: Instant) -> bool {
        self.window.take_back();
        self.in_a_row = self.in_a_row.max(std::mem::take(&mut self.in_a_row_before));
        self.failed(false, now)
    }

    fn is_mostly_bad(&self, now: Instant) -> bool {
        let Counts { good, bad } = self.window.sum(self.config.window, now);
        let all = u64::from(good) + u64::from(bad);
        all >= u64::from(self.config.least) && u64::from(bad) * 100 >= all * u64::from(self.config.percent)
    }

    fn trip(&mut self, now: Instant) {
        self.state = State::Tripped(now + self.interval);
        self.interval = (self.interval * 2).min(self.config.longest);
        self.window = Window::default();
    }
}

/// What happened lately, in [`PARTS`] parts of a window.
#[derive(Debug, Default)]
struct Window(VecDeque<(Instant, Counts)>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    good: u32,
    bad: u32,
}

impl Counts {
    const GOOD: Counts = Counts { good: 1, bad: 0 };
    const BAD: Counts = Counts { good: 0, bad: 1 };

    fn plus(self, other: Counts) -> Counts {
        Counts { good: self.good.saturating_add(other.good), bad: self.bad.saturating_add(other.bad) }
    }
}

impl Window {
    fn add(&mut self, length: Duration, now: Instant, one: Counts) {
        match self.0.back_mut() {
            Some((began, counts)) if now.duration_since(*began) < length / PARTS => {
                *counts = counts.plus(one);
            }
            _ => {
                self.forget(length, now);
                self.0.push_back((now, one));
            }
        }
    }

    fn take_back(&mut self) {
        if let Some((_, counts)) = self.0.iter_mut().rev().find(|(_, counts)| counts.good > 0) {
            counts.good -= 1;
        }
    }

    fn sum(&self, length: Duration, now: Instant) -> Counts {
        let recent = self.0.iter().filter(|(began, _)| now.duration_since(*began) < length);
        recent.fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts))
    }

    fn forget(&mut self, length: Duration, now: Instant) {
        while self.0.front().is_some_and(|(began, _)| now.duration_since(*began) >= length) {
            self.0.pop_front();
        }
    }
}

const PARTS: u32 = 10;
