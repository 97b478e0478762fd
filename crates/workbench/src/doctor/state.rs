//! Looks at what lies on this machine.

use super::Check;

/// All of it.
pub(super) const CHECKS: &[Check] = &[];
