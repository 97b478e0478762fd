//! What absorbs a fault, and what takes it away.

/// A mechanism of Larder that a row of the table proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// A source is asked again after a failure that may pass.
    Retry,
    /// When a source says when to come back, that is when it is asked again, if it is soon.
    RetryAfter,
    /// If it is not soon, the client is told.
    RetryAfterTold,
    /// Pauses between tries are short.
    Pauses,
    /// A body that broke goes on with `Range` at the same source.
    Resume,
    /// It goes on at the next source, where the bytes are proven the same.
    ResumeNext,
    /// It begins anew where it cannot go on.
    Anew,
    /// A small body that breaks is asked for again.
    Whole,
    /// A body that stops flowing is a body that broke.
    Stall,
    /// A source that is much too slow is left where another one can go on.
    Trickle,
    /// Where none can, it is left in peace, however slow it is.
    Spared,
    /// Connecting and answering have a limit of time each.
    Limits,
    /// All tries at all sources have one budget of time until a first byte.
    Budget,
    /// `,` goes on after an absence, `|` after a failure.
    Chain,
    /// `fallback = "any"` lets `,` go on after a failure.
    Fallback,
    /// A silent source is raced by the next one.
    Hedge,
    /// But not before it has been silent for a while.
    HedgeAfter,
    /// A source that fails again and again is left alone.
    Breaker,
    /// A source that is left alone is found out to be well again.
    Probe,
    /// Absence is told as 404 and failure never is.
    Absence,
    /// What cannot pass is not tried again.
    Final,
    /// An answer that cannot be what was asked is a failure of its source.
    Lies,
    /// A zip is checked before it is whole for anybody.
    ZipCheck,
    /// What was seen first stays right.
    Pin,
    /// Who was fed from a body that broke gets the rest of it.
    Carry,
    /// Who was fed from a body that cannot be finished gets an end that is no clean one.
    Abort,
    /// What is larger than its kind may be is a failure.
    Size,
    /// What is encoded is decoded, and refused where it is not encoded as it says.
    Encoding,
    /// Redirects are followed so far and no farther.
    Redirect,
    /// A path that a middlebox dislikes is written in another way.
    Spelling,
    /// A failure is told to all who ask within a moment.

    /// A failure is told to all who ask within a moment.
    FailureMemo,
    /// An absence is remembered for a while.
    AbsenceMemo,
    /// One question to a source, however many ask.
    Flight,
    /// An old answer stands while sources fail.
    Stale,
    /// It is given after a moment, though a source is silent.
    StaleSoon,
    /// An absence erases nothing that was there.
    Held,
    /// What is stored needs no source.
    Stored,
}

impl Mechanism {
    /// All of them.
    pub(super) const ALL: [Mechanism; 37] = {
        use Mechanism::*;
        [
            Retry,
            RetryAfter,
            RetryAfterTold,
            Pauses,
            Resume,
            ResumeNext,
            Anew,
            Whole,
            Stall,
            Trickle,
            Spared,
            Limits,
            Budget,
            Chain,
            Fallback,
            Hedge,
            HedgeAfter,
            Breaker,
            Probe,
            Absence,
            Final,
            Lies,
            ZipCheck,
            Pin,
            Carry,
            Abort,
            Size,
            Encoding,
            Redirect,
            Spelling,
            FailureMemo,
            AbsenceMemo,
            Flight,
            Stale,
            StaleSoon,
            Held,
            Stored,
        ]
    };

    /// The settings that take it away, if any do.
    pub(super) fn off(self) -> Option<&'static [(&'static str, &'static str)]> {
        match self {
            Mechanism::Retry => Some(&[("retry.tries", "1")]),
            Mechanism::Resume | Mechanism::Anew | Mechanism::Carry => Some(&[("retry.resumes", "0")]),
            Mechanism::RetryAfter => Some(&[("retry.server_pause", "\"0s\"")]),
            Mechanism::Stall => Some(&[("limits.stall", "\"1h\"")]),
            Mechanism::Limits => Some(&[
                ("limits.connect", "\"1h\""),
                ("limits.first_byte", "\"1h\""),
                ("limits.small", "\"1h\""),
            ]),
            Mechanism::Budget => Some(&[("limits.begin", "\"1h\""), ("limits.first_byte", "\"1h\"")]),
            Mechanism::Hedge => Some(&[("hedge.share", "\"0 %\""), ("hedge.burst", "0")]),
            Mechanism::HedgeAfter => Some(&[("hedge.after", "\"1ms\"")]),
            Mechanism::Trickle => Some(&[("limits.trickle", "\"1 B\"")]),
            Mechanism::Size => Some(&[
                ("bodies.mod", "\"16 MiB\""),
                ("bodies.list", "\"32 MiB\""),
                ("bodies.zip", "\"500 MiB\""),
            ]),
            Mechanism::StaleSoon => Some(&[("freshness_wait", "\"1m\"")]),
            Mechanism::Fallback => Some(&[("fallback", "\"strict\"")]),
            Mechanism::Breaker => Some(&[("breaker.failures", "1000000"), ("breaker.least", "1000000")]),
            Mechanism::FailureMemo => Some(&[("failure", "\"0s\"")]),
            Mechanism::AbsenceMemo => Some(&[("absence", "\"0s\"")]),
            _ => None,
        }
    }
}
