//! The way along a chain: which source is asked next, and what it all means at the end.
//!
//! `,` goes on after a confirmed absence only, `|` after any failure (Go's rule, `modfetch/proxy.go`).
//! Absence is the answer only when every source was asked and none failed.

use std::sync::Arc;

use gomod::Separator;
use upstream::{Absence, Fault, Miss};

use crate::{
    Meters,
    policy::{Chain, ChainEnd},
    refusal::{Absent, Contradiction, Refusal},
    source::{Link, Source},
};

/// A walk along one chain for one artifact.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    rest: std::slice::Iter<'a, Link>,
    end: ChainEnd,
    /// The separator behind the source that was handed out last.
    after: Separator,
    stopped: bool,
    said: Vec<Absence>,
    faults: Vec<Fault>,
    contradiction: Option<Contradiction>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(chain: &'a Chain) -> Self {
        Walk::over(&chain.links, chain.end)
    }

    pub(crate) fn over(links: &'a [Link], end: ChainEnd) -> Self {
        Walk {
            rest: links.iter(),
            end,
            after: Separator::Comma,
            stopped: false,
            said: Vec::new(),
            faults: Vec::new(),
            contradiction: None,
        }
    }

    /// The next source to ask.
    pub(crate) fn next(&mut self) -> Option<&'a Arc<Source>> {
        if self.stopped {
            return None;
        }
        let link = self.rest.next()?;
        self.after = link.after;
        Some(&link.source)
    }

    /// The source that was handed out last did not give a usable answer.
    pub(crate) fn miss(&mut self, miss: Miss) {
        match miss {
            Miss::Absent(absence) => self.said.push(absence),
            Miss::Failed(fault) => {
                tracing::warn!(source = %fault.source_name(), kind = fault.kind().as_str(), "{fault}");
                self.faults.push(fault);
                self.stopped = matches!(self.after, Separator::Comma);
            }
        }
    }

    /// The source that was handed out last gave other content than was seen before.
    pub(crate) fn contradicts(&mut self, contradiction: Contradiction) {
        tracing::error!(source = %contradiction.source_name, "SECURITY: {contradiction}");
        self.contradiction.get_or_insert(contradiction);
        self.stopped = matches!(self.after, Separator::Comma);
    }

    /// Whether the source that was handed out last is the last one.
    pub(crate) fn at_end(&self) -> bool {
        self.rest.as_slice().is_empty()
    }

    /// The source that was handed out last gave a usable answer: counts it if others failed before.
    pub(crate) fn arrived(&self, meters: &Meters) {
        if !self.faults.is_empty() || self.contradiction.is_some() {
            meters.absorbed.inc();
        }
    }

    /// What it means that no source gave a usable answer.
    pub(crate) fn refusal(self) -> Refusal {
        if let Some(contradiction) = self.contradiction {
            return Refusal::Security(contradiction);
        }
        if !self.faults.is_empty() {
            return Refusal::Failed(self.faults);
        }
        Refusal::Absent(match self.end {
            ChainEnd::Private => Absent::Private,
            ChainEnd::Off if self.said.is_empty() => Absent::Off,
            ChainEnd::Off | ChainEnd::Exhausted => {
                Absent::Everywhere { said: self.said, direct_left_out: false }
            }
            ChainEnd::DirectLeftOut => Absent::Everywhere { said: self.said, direct_left_out: true },
        })
    }
}
