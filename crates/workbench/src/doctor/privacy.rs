//! Looks at names that leave this machine and should not.

use super::Check;

/// All of it.
pub(super) const CHECKS: &[Check] = &[];
