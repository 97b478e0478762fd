//! The bounds of sources: how long and how large their answers may be.

use super::{
    amount::Amount,
    file,
    origin::Valued,
    pick::Pick,
    span::{HOUR, LEAST, Span, YEAR, ZERO},
};

/// How long things may take at sources, as [`upstream::Limits`] has them, and `begin` of [`mirror::Config`].
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) resolve: Valued<Span>,
    pub(crate) resolve_patience: Valued<Span>,
    pub(crate) resolve_memory: Valued<Span>,
    pub(crate) connect: Valued<Span>,
    pub(crate) tls: Valued<Span>,
    pub(crate) first_byte: Valued<Span>,
    pub(crate) stall: Valued<Span>,
    /// Bytes in a second.
    pub(crate) trickle: Valued<Amount>,
    pub(crate) trickle_over: Valued<Span>,
    pub(crate) small: Valued<Span>,
    pub(crate) begin: Valued<Span>,
}

/// How large the bodies of sources may be, as [`upstream::Caps`] has them.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    pub(crate) info: Valued<Amount>,
    pub(crate) gomod: Valued<Amount>,
    pub(crate) list: Valued<Amount>,
    pub(crate) zip: Valued<Amount>,
    pub(crate) sumdb: Valued<Amount>,
}

impl Limits {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Limits, pick: &mut Pick<'_>) -> Self {
        let out = upstream::Limits::default();
        let begin = mirror::Config::default().begin;
        Limits {
            resolve_patience: pick.span(
                "limits.resolve_patience",
                file.resolve_patience.as_ref(),
                ZERO..=HOUR,
                out.resolve_patience,
            ),
            resolve_memory: pick.span(
                "limits.resolve_memory",
                file.resolve_memory.as_ref(),
                ZERO..=YEAR,
                out.resolve_memory,
            ),
            resolve: pick.span("limits.resolve", file.resolve.as_ref(), LEAST..=HOUR, out.resolve),
            connect: pick.span("limits.connect", file.connect.as_ref(), LEAST..=HOUR, out.connect),
            tls: pick.span("limits.tls", file.tls.as_ref(), LEAST..=HOUR, out.tls),
            first_byte: pick.span(
                "limits.first_byte",
                file.first_byte.as_ref(),
                LEAST..=HOUR,
                out.first_byte,
            ),
            stall: pick.span("limits.stall", file.stall.as_ref(), LEAST..=HOUR, out.stall),
            trickle: pick.amount("limits.trickle", file.trickle.as_ref(), out.trickle),
            trickle_over: pick.span(
                "limits.trickle_over",
                file.trickle_over.as_ref(),
                LEAST..=HOUR,
                out.trickle_over,
            ),
            small: pick.span("limits.small", file.small.as_ref(), LEAST..=HOUR, out.small),
            begin: pick.span("limits.begin", file.begin.as_ref(), LEAST..=HOUR, begin),
        }
    }
}

impl Bodies {
    /// The file's values; what is wrong is noted in `pick`.
    pub(super) fn pick(file: &file::Bodies, pick: &mut Pick<'_>) -> Self {
        let caps = upstream::Caps::default();
        Bodies {
            info: pick.amount("bodies.info", file.info.as_ref(), caps.info),
            gomod: pick.amount("bodies.mod", file.gomod.as_ref(), caps.gomod),
            list: pick.amount("bodies.list", file.list.as_ref(), caps.list),
            zip: pick.amount("bodies.zip", file.zip.as_ref(), caps.zip),
            sumdb: pick.amount("bodies.sumdb", file.sumdb.as_ref(), caps.sumdb),
        }
    }
}
