//! The `retract` directive.

use super::super::Retract;
use super::string;
use crate::version::Version;

/// Reads `VERSION` or `[VERSION, VERSION]`; `None` if it begins with neither.
pub(super) fn read(words: &[&str], rationale: impl FnOnce() -> String) -> Option<Retract> {
    let (low, high) = match words {
        ["[", low, ",", high, "]", ..] => (version(low)?, version(high)?),
        [only, ..] => (version(only)?, version(only)?),
        [] => return None,
    };
    Some(Retract { low, high, rationale: rationale() })
}

fn version(word: &str) -> Option<Version> {
    Version::canonical(&string(word).ok()?).ok()
}
