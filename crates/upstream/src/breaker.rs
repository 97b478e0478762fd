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
    /// What the last failure was, for people.
    why: String,
    /// The last probe.
    probe: Probe,
}

/// Tells one probe from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Healthy,
    /// Left alone until then.
    Tripped(Instant),
    /// A probe is under way, since then.
    Probing(Instant),
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
    /// None can, and the probe that was waited for says nothing.
    Overdue,
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
            why: String::new(),
            probe: Probe(0),
        }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Keeps the words for a failure.
    pub(crate) fn blame(&mut self, why: String) {
        self.why = why;
    }

    /// What the last failure was, if nothing has come to a good end since.
    pub(crate) fn trouble(&self) -> Option<&str> {
        (self.state != State::Healthy || self.in_a_row > 0).then_some(&self.why)
    }

    /// What somebody who comes now is told.
    pub(crate) fn would(&self, need: Need, now: Instant) -> Admission {
        match self.state {
            State::Healthy => Admission::Free,
            State::Tripped(until) if need == Need::Alone || until <= now => Admission::Probe,
            // A probe that hangs must not hide for long that the source is well again.
            State::Probing(since) if need == Need::Overdue && now >= since + self.config.probe_wait => {
                Admission::Probe
            }
            State::Probing(_) if matches!(need, Need::Waited | Need::Alone) => Admission::Wait,
            State::Tripped(_) | State::Probing(_) => Admission::Refused,
        }
    }

    /// Somebody was told [`Admission::Probe`] and goes.
    pub(crate) fn probing(&mut self, now: Instant) -> Probe {
        self.state = State::Probing(now);
        self.probe = Probe(self.probe.0 + 1);
        self.probe
    }

    /// The probe that is under way.
    pub(crate) fn running(&self) -> Option<Probe> {
        matches!(self.state, State::Probing(_)).then_some(self.probe)
    }

    /// The probe was given up before it found out anything. The next one may go at once.
    pub(crate) fn unprobed(&mut self, probe: Probe, now: Instant) {
        if self.running() == Some(probe) {
            self.state = State::Tripped(now);
        }
    }

    /// A good answer begins. To a probe that heals, but one failure now would trip again, for longer.
    pub(crate) fn begun(&mut self, probe: Option<Probe>) {
        if probe.is_some() && self.state != State::Healthy {
            self.state = State::Healthy;
            self.in_a_row = self.config.failures.saturating_sub(1);
        }
    }

    /// A request came to a good end.
    pub(crate) fn succeeded(&mut self, probe: Option<Probe>, now: Instant) {
        self.begun(probe);
        self.window.add(self.config.window, now, Counts::GOOD);
        if self.state == State::Healthy {
            self.in_a_row_before = std::mem::take(&mut self.in_a_row);
            self.interval = self.config.open;
        }
    }

    /// A request failed. Says whether that tripped it. A probe that others did not wait for says nothing new.
    pub(crate) fn failed(&mut self, probe: Option<Probe>, now: Instant) -> bool {
        if probe.is_some() && probe != self.running() {
            return false;
        }
        self.window.add(self.config.window, now, Counts::BAD);
        self.in_a_row = self.in_a_row.saturating_add(1);
        match self.state {
            State::Probing(_) if probe.is_some() => self.trip(now),
            State::Healthy if self.in_a_row >= self.config.failures || self.is_mostly_bad(now) => {
                self.trip(now);
            }
            State::Healthy | State::Tripped(_) | State::Probing(_) => return false,
        }
        true
    }

    /// The last success turned out to be none. Says whether that tripped it.
    pub(crate) fn retracted(&mut self, now: Instant) -> bool {
        self.window.take_back();
        self.in_a_row = self.in_a_row.max(std::mem::take(&mut self.in_a_row_before));
        self.failed(None, now)
    }

    fn is_mostly_bad(&self, now: Instant) -> bool {
        let Counts { good, bad } = self.window.sum(self.config.window, now);
        let all = u64::from(good) + u64::from(bad);
        all >= u64::from(self.config.least) && u64::from(bad) * 100 >= all * u64::from(self.config.percent)
    }

    fn trip(&mut self, now: Instant) {
        self.state = State::Tripped(now + self.interval);
        self.interval = self.interval.saturating_mul(2).min(self.config.longest);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn switch() -> Switch {
        Switch::new(Breaker::default())
    }

    fn fail(switch: &mut Switch, times: usize, now: Instant) -> usize {
        (0..times).filter(|_| switch.failed(None, now)).count()
    }

    #[test]
    fn five_in_a_row_trip_and_four_do_not() {
        let (mut switch, now) = (switch(), Instant::now());
        assert_eq!(fail(&mut switch, 4, now), 0);
        switch.succeeded(None, now);
        assert_eq!(fail(&mut switch, 4, now), 0);
        assert_eq!(switch.would(Need::Optional, now), Admission::Free);
        assert_eq!(fail(&mut switch, 1, now), 1);
        assert_eq!(switch.would(Need::Optional, now), Admission::Refused);
        assert_eq!(switch.would(Need::Waited, now), Admission::Refused);
        assert_eq!(switch.would(Need::Alone, now), Admission::Probe);
        assert_eq!(switch.would(Need::Optional, now + 29 * SECOND), Admission::Refused);
        assert_eq!(switch.would(Need::Optional, now + 30 * SECOND), Admission::Probe);
    }

    #[test]
    fn half_of_twenty_trip_within_the_window_and_not_beyond_it() {
        let (mut switch, now) = (switch(), Instant::now());
        for n in 0..19 {
            if n % 2 == 0 {
                assert!(!switch.failed(None, now), "{n}");
            } else {
                switch.succeeded(None, now);
            }
        }
        assert!(!switch.failed(None, now + 30 * SECOND), "too long ago");
        let mut switch = self::switch();
        let tripped = (0..100u32).find(|n| {
            switch.succeeded(None, now + *n * SECOND / 10);
            switch.failed(None, now + *n * SECOND / 10)
        });
        assert_eq!(tripped, Some(9), "with the twentieth");
    }

    #[test]
    fn each_probe_that_fails_doubles_the_interval_up_to_the_longest() {
        let (mut switch, mut now) = (switch(), Instant::now());
        fail(&mut switch, 5, now);
        for seconds in [30, 60, 120, 240, 300, 300] {
            assert_eq!(switch.state(), State::Tripped(now + seconds * SECOND));
            now += seconds * SECOND;
            assert_eq!(switch.would(Need::Optional, now), Admission::Probe);
            let probe = switch.probing(now);
            assert_eq!(switch.would(Need::Optional, now), Admission::Refused);
            assert_eq!(switch.would(Need::Alone, now), Admission::Wait);
            assert!(switch.failed(Some(probe), now));
        }
        let probe = switch.probing(now);
        switch.succeeded(Some(probe), now);
        assert_eq!(switch.state(), State::Healthy);
        assert_eq!(fail(&mut switch, 5, now), 1);
        assert_eq!(switch.state(), State::Tripped(now + 30 * SECOND), "it begins from the shortest again");
    }

    #[test]
    fn an_answer_that_begins_heals_on_trial() {
        let (mut switch, now) = (switch(), Instant::now());
        fail(&mut switch, 5, now);
        let probe = switch.probing(now);
        switch.begun(Some(probe));
        assert_eq!(switch.would(Need::Optional, now), Admission::Free);
        assert!(switch.failed(None, now));
        assert_eq!(switch.state(), State::Tripped(now + 60 * SECOND));
    }

    #[test]
    fn a_probe_that_is_given_up_lets_the_next_one_go_at_once() {
        let (mut switch, now) = (switch(), Instant::now());
        fail(&mut switch, 5, now);
        let probe = switch.probing(now);
        switch.unprobed(probe, now);
        assert_eq!(switch.would(Need::Optional, now), Admission::Probe);
    }

    #[test]
    fn a_probe_that_hangs_is_not_waited_for() {
        let (mut switch, now) = (switch(), Instant::now());
        fail(&mut switch, 5, now);
        let first = switch.probing(now);
        assert_eq!(switch.would(Need::Overdue, now + SECOND / 2), Admission::Refused);
        assert_eq!(switch.would(Need::Alone, now + SECOND), Admission::Wait);
        assert_eq!(switch.would(Need::Overdue, now + SECOND), Admission::Probe);
        let second = switch.probing(now + SECOND);
        assert_eq!(switch.would(Need::Overdue, now + SECOND), Admission::Refused, "only one more");
        switch.unprobed(first, now + SECOND);
        assert!(!switch.failed(Some(first), now + SECOND));
        assert_eq!(switch.running(), Some(second));
        switch.begun(Some(second));
        switch.succeeded(None, now + SECOND);
        assert!(!switch.failed(Some(first), now + 9 * SECOND), "it is older than what is known");
        assert_eq!(switch.state(), State::Healthy);
        fail(&mut switch, 5, now);
        switch.begun(Some(first));
        assert_eq!(switch.state(), State::Healthy, "good news are good at any time");
    }

    #[test]
    fn a_success_that_was_a_lie_counts_as_if_it_had_never_been() {
        let (mut switch, now) = (switch(), Instant::now());
        let tripped = (1..100).find(|_| {
            switch.succeeded(None, now);
            switch.retracted(now)
        });
        assert_eq!(tripped, Some(5));
    }

    /// The rules once more, told by everything that ever happened.
    #[derive(Debug)]
    struct Model {
        events: Vec<(Instant, bool)>,
        in_a_row: u32,
        state: State,
        trips: u32,
    }

    impl Model {
        fn end(&mut self, probe: bool, good: bool, now: Instant) {
            self.events.push((now, good));
            self.in_a_row = if good { 0 } else { self.in_a_row + 1 };
            if good && probe {
                self.state = State::Healthy;
            }
            if good && self.state == State::Healthy {
                self.trips = 0;
            }
            let recent = self.events.iter().filter(|(at, _)| now.duration_since(*at) < 30 * SECOND);
            let (all, bad) = recent.fold((0, 0), |(all, bad), (_, good)| (all + 1, bad + u32::from(!good)));
            let trips = match self.state {
                State::Healthy => !good && (self.in_a_row >= 5 || (all >= 20 && bad * 2 >= all)),
                State::Probing(_) => !good && probe,
                State::Tripped(_) => false,
            };
            if trips {
                let seconds = (30 << self.trips.min(4)).min(300);
                self.state = State::Tripped(now + seconds * SECOND);
                self.trips += 1;
                self.events.clear();
            }
        }
    }

    proptest! {
        #[test]
        fn it_does_what_the_rules_say(
            steps in prop::collection::vec((0u32..4, any::<bool>(), any::<bool>(), 0u32..10), 1..300)
        ) {
            let mut switch = switch();
            let mut now = Instant::now();
            let mut model = Model { events: Vec::new(), in_a_row: 0, state: State::Healthy, trips: 0 };
            let mut probing = None;
            for (parts, alone, good, what) in steps {
                // A part of the window at a time, or the counts of one part are forgotten a little early.
                now += parts * 3 * SECOND;
                let need = if alone { Need::Alone } else { Need::Optional };
                let admission = switch.would(need, now);
                prop_assert_eq!(admission, match model.state {
                    State::Healthy => Admission::Free,
                    State::Tripped(until) if alone || until <= now => Admission::Probe,
                    State::Probing(_) if alone => Admission::Wait,
                    State::Tripped(_) | State::Probing(_) => Admission::Refused,
                });
                match (admission, what) {
                    (Admission::Probe, 3..) => {
                        prop_assert!(probing.is_none(), "two probes at a time");
                        probing = Some(switch.probing(now));
                        model.state = State::Probing(now);
                    }
                    // What was admitted before ends now.
                    (_, 0..3) | (Admission::Free, _) => {
                        if good { switch.succeeded(None, now) } else { switch.failed(None, now); }
                        model.end(false, good, now);
                    }
                    (_, 3) => {
                        if let Some(probe) = probing.take() {
                            switch.unprobed(probe, now);
                            model.state = State::Tripped(now);
                        }
                    }
                    (_, _) => {
                        if good { switch.succeeded(probing, now) } else { switch.failed(probing, now); }
                        model.end(probing.take().is_some(), good, now);
                    }
                }
                prop_assert_eq!(switch.state(), model.state);
            }
        }
    }
}
