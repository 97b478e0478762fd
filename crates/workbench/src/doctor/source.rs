//! Looks at repositories, and who may read them.

use super::Check;

/// All of it.
pub(super) const CHECKS: &[Check] = &[];
