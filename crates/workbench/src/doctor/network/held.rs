//! Answers that somebody on the way holds back until they are whole.

use std::time::Duration;

use super::part;
use crate::wire::{Answer, Ask, Offer, Wire};

/// A body that came in one piece after a long silence, and one that did not have to wait.
pub(super) struct Held {
    /// Bytes of the body.
    pub(super) len: u64,
    /// From the request to its first byte.
    pub(super) first: Duration,
    /// From there to its last one.
    pub(super) rest: Duration,
    /// From the request for something small to its first byte.
    pub(super) control: Duration,
}

impl Held {
    /// Looks whether an answer was held back. `ask` is for the same body, `others` is the longest that a small answer of the
    /// same server took.
    ///
    /// A server that has to fetch or make the body first is silent as well, once: so it is asked again. A server that is
    /// slow to begin is so for a small part of the body too.
    pub(super) async fn look(wire: &Wire, ask: &Ask, answer: &Answer, others: Duration) -> Option<Self> {
        if !came_at_once(answer) {
            return None;
        }
        let small = wire.fetch(&ask.clone().range(0, SMALL - 1), Offer::Both, &mut Vec::new()).await.end;
        let control = match &small {
            Ok(small) if part::is_beginning(small) => small.first_after,
            // Who gives no parts says nothing by the whole.
            _ => others,
        };
        if control.saturating_mul(MORE) > answer.first_after {
            return None;
        }
        let again = wire.fetch(ask, Offer::Both, &mut Vec::new()).await.end.ok()?;
        let rest = answer.took.saturating_sub(answer.first_after);
        came_at_once(&again).then_some(Held { len: answer.len, first: answer.first_after, rest, control })
    }
}

/// Whether a long body came after a long silence, in far less time than the silence took.
fn came_at_once(answer: &Answer) -> bool {
    let rest = answer.took.saturating_sub(answer.first_after);
    answer.broken.is_none()
        && answer.len >= ENOUGH
        && answer.first_after >= LONG
        && rest.saturating_mul(MORE) <= answer.first_after
}

/// So long nobody is silent who has what was asked for.
const LONG: Duration = Duration::from_secs(1);
/// Times: what is so much longer is longer by no chance.
const MORE: u32 = 4;
/// Bytes that fill more than the first packets of a connection.
const ENOUGH: u64 = 64 << 10;
/// Bytes that nobody has to collect.
const SMALL: u64 = 1 << 10;
