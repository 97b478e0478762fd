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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gomod::H1;
    use upstream::{DirProxy, Door, DoorConfig, Env, FaultKind, SafeUrl, SourceConfig};

    use super::*;

    /// A chain in which each letter is a source and says: absent, failed, another hash.
    fn outcome(chain: &str, end: ChainEnd) -> (String, Refusal) {
        let door = Door::new(DoorConfig::new("test", Env::default())).unwrap();
        let config = SourceConfig::new(SafeUrl::parse("file:///srv/modules").unwrap());
        let source = Arc::new(Source::Dir(DirProxy::open(&door, &config).unwrap()));
        let says: Vec<char> = chain.chars().filter(|c| c.is_alphabetic()).collect();
        let links: Vec<_> = chain
            .split_inclusive([',', '|'])
            .map(|link| {
                let after = if link.ends_with('|') { Separator::Pipe } else { Separator::Comma };
                Link { source: Arc::clone(&source), after }
            })
            .collect();
        let mut walk = Walk::over(&links, end);
        let mut asked = String::new();
        for said in says {
            let Some(source) = walk.next() else { break };
            asked.push(said);
            let name = source.name().clone();
            match said {
                'a' => walk.miss(Miss::Absent(Absence { source: name, status: 404, text: None })),
                'f' => walk.miss(Miss::Failed(Fault::new(name, FaultKind::Reset, "", Duration::ZERO))),
                _ => walk.contradicts(Contradiction {
                    what: "example.com/m@v1.0.0".into(),
                    source_name: name.to_string(),
                    pinned: H1::of_gomod(b"1"),
                    got: H1::of_gomod(b"2"),
                }),
            }
        }
        (asked, walk.refusal())
    }

    #[test]
    fn a_comma_goes_on_after_an_absence_and_a_bar_after_anything() {
        for (chain, asked) in [
            ("a,a,a", "aaa"),
            ("a|a|a", "aaa"),
            ("f,a,a", "f"),
            ("f|a,a", "faa"),
            ("a|f,a", "af"),
            ("f|f|f", "fff"),
            ("c,a", "c"),
            ("c|a", "ca"),
        ] {
            assert_eq!(outcome(chain, ChainEnd::Exhausted).0, asked, "{chain}");
        }
    }

    #[test]
    fn a_contradiction_weighs_more_than_a_failure_and_that_more_than_an_absence() {
        use ChainEnd::{DirectLeftOut, Exhausted, Off, Private};
        for (chain, end, meaning) in [
            ("a,a", Exhausted, "absent 2"),
            ("a|a", Off, "absent 2"),
            ("a,a", DirectLeftOut, "absent 2, direct left out"),
            ("", Off, "off"),
            ("", Private, "private"),
            ("", Exhausted, "absent 0"),
            ("a|f", Exhausted, "failed 1"),
            ("f|a", Off, "failed 1"),
            ("f|a", DirectLeftOut, "failed 1"),
            ("f|a|f", Exhausted, "failed 2"),
            ("f|c|a", Exhausted, "security"),
            ("c|f", DirectLeftOut, "security"),
        ] {
            let told = match outcome(chain, end).1 {
                Refusal::Absent(Absent::Everywhere { said, direct_left_out }) => {
                    format!("absent {}{}", said.len(), if direct_left_out { ", direct left out" } else { "" })
                }
                Refusal::Absent(Absent::Off) => "off".into(),
                Refusal::Absent(Absent::Private) => "private".into(),
                Refusal::Failed(faults) => format!("failed {}", faults.len()),
                Refusal::Security(_) => "security".into(),
                other => panic!("{other}"),
            };
            assert_eq!(told, meaning, "{chain}");
        }
    }
}
