//! Looks at what `go` was told, and by whom.

use super::Check;

/// All of it.
pub(super) const CHECKS: &[Check] = &[];
