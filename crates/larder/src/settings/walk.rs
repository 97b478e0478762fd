//! How chains are walked: what a failure lets through, who is asked first, and what cannot be verified.

use mirror::{Fallback, OnUnverifiable, Order};

use super::wrong::Wrong;

/// What may come from a later source after a failure, as it is written in the file.
pub(super) fn fallback(text: &str) -> Result<Fallback, Wrong> {
    match text {
        "verified" => Ok(Fallback::Verified),
        "strict" => Ok(Fallback::Strict),
        "any" => Ok(Fallback::Any),
        _ => {
            Err(Wrong::new(format!("{text:?} is not known"))
                .help("write \"verified\", \"strict\" or \"any\""))
        }
    }
}

/// The order of sources, as it is written in the file.
pub(super) fn order(text: &str) -> Result<Order, Wrong> {
    match text {
        "chain" => Ok(Order::Written),
        "fastest" => Ok(Order::Fastest),
        _ => Err(Wrong::new(format!("{text:?} is not known")).help("write \"chain\" or \"fastest\"")),
    }
}

/// What becomes of a version whose checksum database does not answer, as it is written in the file.
pub(super) fn on_unverifiable(text: &str) -> Result<OnUnverifiable, Wrong> {
    match text {
        "hold" => Ok(OnUnverifiable::Hold),
        "serve-pending" => Ok(OnUnverifiable::ServePending),
        _ => Err(Wrong::new(format!("{text:?} is not known")).help("write \"hold\" or \"serve-pending\"")),
    }
}

/// What [`fallback`] reads.
pub(crate) fn fallback_name(fallback: Fallback) -> &'static str {
    match fallback {
        Fallback::Verified => "verified",
        Fallback::Strict => "strict",
        Fallback::Any => "any",
    }
}

/// What [`order`] reads.
pub(crate) fn order_name(order: Order) -> &'static str {
    match order {
        Order::Written => "chain",
        Order::Fastest => "fastest",
    }
}

/// What [`on_unverifiable`] reads.
pub(crate) fn on_unverifiable_name(on_unverifiable: OnUnverifiable) -> &'static str {
    match on_unverifiable {
        OnUnverifiable::Hold => "hold",
        OnUnverifiable::ServePending => "serve-pending",
    }
}
