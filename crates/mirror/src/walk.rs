//! The way along a chain: which source is asked next, and what it all means at the end.
//!
//! `,` goes on after a confirmed absence only, `|` after any failure (Go's rule, `modfetch/proxy.go`), and so does
//! `,` where [`Fallback`] allows it. A source that its breaker holds back is passed over while another may answer,
//! and asked after all when nobody has said anything. One that failed for a moment is not tried again while another
//! may answer, but in the end, with all patience. Absence is the answer only when every source was asked and
//! none failed.

use std::{collections::VecDeque, sync::Arc};

use gomod::{Request, Separator};
use upstream::{Absence, Fault, FaultKind, Miss, Troubles};

use crate::{
    Meters, order,
    policy::{Chain, ChainEnd, Fallback, Order, Policy, Route},
    refusal::{Absent, Contradiction, Refusal, Security},
    shorter::Shorter,
    source::{Link, Source},
    vouching::{Vouching, Word},
};

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

/// What a failure does where the chain says `,`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comma {
    /// It ends the walk.
    Stops,
    /// The next source is asked.
    GoesOn,
    /// The next source is asked if the version is vouched for, which is not known yet.
    Open,
}

/// What a walk may do after a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// What a failure does where the chain says `,`.
    comma: Comma,
    /// Whether a second source may be asked while the first is silent.
    pub(crate) hedged: bool,
}

/// A walk along one chain for one thing.
#[derive(Debug)]
pub(crate) struct Walk {
    what: Request,
    steps: Vec<Step>,
    rules: Rules,
    end: ChainEnd,
    /// The policy, and the name of the route, where sources are asked for a module.
    under: Option<(Arc<Policy>, Arc<str>)>,
    /// The step that is handed out next.
    next: usize,
    stopped: bool,
    /// Whether a failure stands at a `,` that is open.
    at_comma: bool,
    /// What the database of the version says, where that decides.
    vouching: Option<Vouching>,
    /// Steps whose breaker let nobody through.
    passed_over: VecDeque<usize>,
    /// Steps that failed in a way that may pass, and were not tried again because others stood behind them.
    hasty: VecDeque<usize>,
    /// Steps that were given up because another one seemed to be faster, or that may be asked once more.
    unheard: VecDeque<usize>,
    /// Steps that were asked once more.
    again: Vec<usize>,
    said: Vec<(usize, Absence)>,
    faults: Vec<(usize, Fault)>,
    contradiction: Option<Contradiction>,
    /// How often something went wrong on the way to an answer without being a fault of the walk.
    troubled: u32,
    /// What went wrong at the sources themselves whose answers were used.
    troubles: Vec<Troubles>,
}

#[derive(Debug)]
struct Step {
    source: Arc<Source>,
    after: Separator,
}

/// One source's turn to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    place: usize,
    pub(crate) source: Arc<Source>,
    /// Whether nobody who is in order takes over when it fails.
    pub(crate) alone: bool,
    /// Whether anybody is asked after it when it fails.
    pub(crate) followed: bool,
    /// Whether it stands last in the chain.
    pub(crate) last: bool,
}

impl Comma {
    fn if_vouched(vouched: bool) -> Self {
        if vouched { Comma::GoesOn } else { Comma::Stops }
    }
}

impl Rules {
    /// The rules for one request on a route. `vouched`: whether the checksum database vouches for the version, if that
    /// is known.
    ///
    /// Private routes are always strict, and no two of their sources are asked at once.
    pub(crate) fn of(route: &Route, what: &Request, vouched: Option<bool>) -> Self {
        let immutable = matches!(what, Request::Info(_) | Request::Mod(_) | Request::Zip(_));
        let comma = match route.fallback {
            _ if route.is_private() => Comma::Stops,
            Fallback::Verified if immutable => vouched.map_or(Comma::Open, Comma::if_vouched),
            Fallback::Strict | Fallback::Verified => Comma::Stops,
            Fallback::Any => Comma::GoesOn,
        };
        Rules { comma, hedged: !route.is_private() }
    }

    /// The rules for a checksum database: its signature decides, not the source, and its names are public.
    pub(crate) fn of_database() -> Self {
        Rules { comma: Comma::Stops, hedged: true }
    }
}

impl Walk {
    /// A walk for `what` along the chain of a route. `vouching` is nothing where no database is asked about the module;
    /// `round` is the number of the request.
    pub(crate) fn along(route: &Route, what: &Request, vouching: Option<&Vouching>, round: u64) -> Self {
        let vouched = match vouching {
            Some(vouching) => vouching.heard().map(|word| covers(word, what)),
            None => Some(false),
        };
        let (Chain { links, end, order }, rules) = (&route.chain, Rules::of(route, what, vouched));
        let mut walk = Walk::over(what.clone(), links, *end, rules);
        walk.vouching = vouching.cloned();
        if *order == Order::Fastest {
            let any = route.fallback == Fallback::Any && !route.is_private();
            let order = order::fastest(links, what, |link| any || link.after == Separator::Pipe, round);
            for (step, source) in walk.steps.iter_mut().zip(order) {
                step.source = source;
            }
        }
        walk
    }

    /// A walk for `what` along sources as they stand.
    pub(crate) fn over(what: Request, links: &[Link], end: ChainEnd, rules: Rules) -> Self {
        let step = |link: &Link| Step { source: Arc::clone(&link.source), after: link.after };
        Walk {
            what,
            steps: links.iter().map(step).collect(),
            rules,
            end,
            under: None,
            next: 0,
            stopped: false,
            at_comma: false,
            vouching: None,
            passed_over: VecDeque::new(),
            hasty: VecDeque::new(),
            unheard: VecDeque::new(),
            again: Vec::new(),
            said: Vec::new(),
            faults: Vec::new(),
            contradiction: None,
            troubled: 0,
            troubles: Vec::new(),
        }
    }

    /// The same for a module, whose shorter paths have routes too.
    pub(crate) fn under(mut self, policy: &Arc<Policy>, route: &Route) -> Self {
        self.under = Some((Arc::clone(policy), Arc::clone(&route.name)));
        self
    }

    pub(crate) fn what(&self) -> &Request {
        &self.what
    }

    pub(crate) fn rules(&self) -> Rules {
        self.rules
    }

    /// The next turn. After the last source: those whose answer was not waited for, those that may only have failed for
    /// a moment, and those that were passed over, if nobody has said anything.
    pub(crate) fn next(&mut self) -> Option<Turn> {
        if let Some(turn) = self.in_order() {
            return Some(turn);
        }
        let place = match self.unheard.pop_front() {
            Some(place) => place,
            None if self.said.is_empty() => {
                let hasty = self.hasty.pop_front();
                self.troubled += u32::from(hasty.is_some());
                let place = hasty.or_else(|| self.passed_over.pop_front())?;
                self.faults.retain(|(at, _)| *at != place);
                place
            }
            None => return None,
        };
        let source = Arc::clone(&self.steps.get(place)?.source);
        let followed = !(self.unheard.is_empty() && self.hasty.is_empty() && self.passed_over.is_empty());
        Some(Turn { place, source, alone: true, followed, last: place + 1 == self.steps.len() })
    }

    /// The next turn in the order of the chain.
    pub(crate) fn in_order(&mut self) -> Option<Turn> {
        if self.stopped || self.at_comma {
            return None;
        }
        let (place, step) = (self.next, self.steps.get(self.next)?);
        let source = Arc::clone(&step.source);
        let last = place + 1 == self.steps.len();
        let turn =
            Turn { place, source, alone: !self.has_rival(), followed: self.may_go_on(step) && !last, last };
        self.next += 1;
        Some(turn)
    }

    /// What is to be looked at beside `direct`, if it is its turn and every source before it has said that there is no
    /// such thing.
    pub(crate) fn shorter(&self, turn: &Turn) -> Option<Shorter> {
        let absent = self.said.len() == turn.place && turn.place > 0 && self.faults.is_empty();
        if !turn.source.is_direct() || !absent || self.contradiction.is_some() {
            return None;
        }
        let (policy, route) = self.under.as_ref()?;
        let proxies: Vec<_> =
            self.steps.iter().take(turn.place).map(|step| Arc::clone(&step.source)).collect();
        Some(Shorter::of(self.what.module()?, policy, route, &proxies))
    }

    /// Whether the next source is asked when this one fails, as far as is known.
    fn may_go_on(&self, step: &Step) -> bool {
        step.after == Separator::Pipe || self.rules.comma != Comma::Stops
    }

    /// Whether a failure waits for the word of the version's database.
    pub(crate) fn waits_for_word(&self) -> bool {
        self.at_comma
    }

    /// Whether the word of the version's database decides if the source behind the one that was handed out last may be
    /// asked while that one is silent.
    pub(crate) fn is_open(&self) -> bool {
        let last = self.next.checked_sub(1).and_then(|last| self.steps.get(last));
        self.rules.comma == Comma::Open && last.is_some_and(|step| step.after == Separator::Comma)
    }

    /// What the database of the version says, where that decides.
    pub(crate) fn vouching(&self) -> Option<&Vouching> {
        self.vouching.as_ref()
    }

    /// The word has come, or is not waited for any longer.
    pub(crate) fn decide(&mut self, word: Option<&Word>) {
        if self.rules.comma != Comma::Open {
            return;
        }
        let vouched = word.is_some_and(|word| covers(word, &self.what));
        self.rules.comma = Comma::if_vouched(vouched);
        if std::mem::take(&mut self.at_comma) {
            self.stopped = !vouched;
        }
    }

    /// Whether a source that is in order stands behind the one that is next, and is asked when that one fails.
    fn has_rival(&self) -> bool {
        let rest = self.steps.get(self.next..).unwrap_or_default();
        rest.windows(2)
            .take_while(|pair| pair.first().is_some_and(|step| self.may_go_on(step)))
            .any(|pair| pair.last().is_some_and(|step| !step.source.tripped(&self.what)))
    }

    /// Whether there is another source in order to ask, now that the one that was handed out last is no help.
    pub(crate) fn goes_on(&self) -> bool {
        !self.stopped && !self.at_comma && self.next < self.steps.len()
    }

    /// Whether it may be asked beside one that is silent. Repositories may not: what they take to answer is no measure
    /// of anything, and few can bear as many questions as a proxy.
    pub(crate) fn may_hedge(&self) -> bool {
        self.goes_on() && self.steps.get(self.next).is_some_and(|step| !step.source.is_direct())
    }

    /// A source did not give a usable answer.
    pub(crate) fn miss(&mut self, turn: &Turn, miss: Miss) {
        match miss {
            Miss::Absent(absence) => self.said.push((turn.place, absence)),
            Miss::Failed(fault) => {
                if fault.kind() == FaultKind::Tripped {
                    tracing::debug!(source = %fault.source_name(), "{fault}");
                    if !turn.alone {
                        self.passed_over.push_back(turn.place);
                    }
                } else {
                    tracing::warn!(source = %fault.source_name(), kind = fault.kind().as_str(), "{fault}");
                    if !turn.alone && fault.may_pass() {
                        self.hasty.push_back(turn.place);
                    }
                }
                self.faults.push((turn.place, fault));
                self.failed(turn);
            }
        }
    }

    /// A source gave other content than is known to be right.
    pub(crate) fn contradicts(&mut self, turn: &Turn, contradiction: Contradiction) {
        tracing::error!(source = %contradiction.source_name, "SECURITY: {contradiction}");
        self.contradiction.get_or_insert(contradiction);
        self.failed(turn);
    }

    /// Whether no source behind it was asked yet.
    pub(crate) fn is_foremost(&self, turn: &Turn) -> bool {
        turn.place + 1 == self.next
    }

    /// Only the failure of the foremost source can end the walk: the others were left behind already.
    fn failed(&mut self, turn: &Turn) {
        if self.is_foremost(turn) {
            let comma = self.steps.get(turn.place).is_none_or(|step| step.after == Separator::Comma);
            self.stopped = comma && self.rules.comma == Comma::Stops;
            self.at_comma = comma && self.rules.comma == Comma::Open && !turn.last;
        }
    }

    /// A source was given up before it answered, because another one had.
    pub(crate) fn unheard(&mut self, turn: &Turn) {
        self.unheard.push_back(turn.place);
    }

    /// What a source sent was no good in connection with what was there before: it may be asked once more, and says
    /// whether it will be.
    pub(crate) fn once_more(&mut self, turn: &Turn) -> bool {
        let first = !self.again.contains(&turn.place);
        if first {
            self.again.push(turn.place);
            self.unheard.push_back(turn.place);
        }
        first
    }

    /// Something went wrong that was overcome without asking anybody else.
    pub(crate) fn troubled(&mut self) {
        self.troubled += 1;
    }

    /// An answer is used, in which things may have gone wrong and may do so yet.
    pub(crate) fn given_after(&mut self, troubles: Troubles) {
        self.troubles.push(troubles);
    }

    /// A source gave a usable answer: counts all that went wrong before. That a source was left alone is no fault of
    /// its own: those that led to it were counted.
    pub(crate) fn arrived(&self, meters: &Meters) {
        let faults = self.faults.iter().filter(|(_, fault)| fault.kind() != FaultKind::Tripped).count();
        let faults = faults + usize::from(self.contradiction.is_some());
        let overcome: u32 = self.troubles.iter().map(Troubles::count).sum();
        meters.absorbed.inc_by(faults as u64 + u64::from(overcome + self.troubled));
    }

    /// What it means that no source gave a usable answer.
    pub(crate) fn refusal(mut self) -> Refusal {
        if let Some(contradiction) = self.contradiction {
            return Refusal::Security(Security::Content(contradiction));
        }
        // In the order of the chain, whoever was faster.
        self.faults.sort_by_key(|(place, _)| *place);
        self.said.sort_by_key(|(place, _)| *place);
        if !self.faults.is_empty() {
            return Refusal::Failed(self.faults.into_iter().map(|(_, fault)| fault).collect());
        }
        let said: Vec<_> = self.said.into_iter().map(|(_, absence)| absence).collect();
        Refusal::Absent(match self.end {
            ChainEnd::Off if said.is_empty() => Absent::Off,
            ChainEnd::Off | ChainEnd::Exhausted => Absent::Everywhere { said },
        })
    }
}

/// Whether a version is vouched for, so that what is asked may come from anywhere.
fn covers(word: &Word, what: &Request) -> bool {
    word.as_ref().is_ok_and(|vouched| vouched.covers(what))
}
