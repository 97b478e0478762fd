//! What one connection goes through.

use std::time::Duration;

use crate::gate::Gate;

/// The orders for one connection of a [`FaultProxy`](crate::FaultProxy):
/// `Link::good().response(At::Byte(1000), Act::Reset)`.
#[derive(Clone, Debug)]
pub struct Link {
    /// Whether the upstream is connected to at all.
    pub(super) reaches: bool,
    pub(super) requests: Way,
    pub(super) responses: Way,
}

/// One direction of a connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) acts: Vec<(At, Act)>,
    /// Bytes in a second.
    pub(super) rate: Option<u32>,
    /// How much later than it came each piece goes on.
    pub(super) delay: Duration,
}

/// When something happens to a direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// After this many of its bytes have gone through.
    Byte(u64),
    /// This long after the connection was made, whatever went through.
    Time(Duration),
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Act {
    /// RST on both sides.
    Reset,
    /// A clean end on both sides.
    Cut,
    /// A clean end of this direction; the other one goes on.
    HalfClose,
    /// Nothing more of this direction comes through until the gate is open.
    Stall(Gate),
    /// The next byte comes out as another one.
    Corrupt,
}

impl Link {
    /// Relays everything.
    pub fn good() -> Self {
        Self { reaches: true, requests: Way::default(), responses: Way::default() }
    }

    /// Accepts, takes what it is sent, and says nothing.
    pub fn silent() -> Self {
        Self { reaches: false, ..Self::good() }
    }

    /// RST as soon as it is connected.
    pub fn reset() -> Self {
        Self::good().request(At::Byte(0), Act::Reset)
    }

    /// One more thing that happens on the way to the upstream.
    #[must_use]
    pub fn request(mut self, at: At, act: Act) -> Self {
        self.requests.acts.push((at, act));
        self
    }

    /// One more thing that happens on the way back.
    #[must_use]
    pub fn response(mut self, at: At, act: Act) -> Self {
        self.responses.acts.push((at, act));
        self
    }

    /// Responses come at most this fast.
    #[must_use]
    pub fn throttle(mut self, bytes_per_second: u32) -> Self {
        self.responses.rate = Some(bytes_per_second.max(1));
        self
    }

    /// Each piece of a response comes this much later.
    #[must_use]
    pub fn delay(mut self, by: Duration) -> Self {
        self.responses.delay = by;
        self
    }
}
