//! Looks at resolvers, connections, certificates, and the proxies and databases behind them.

use super::Check;

/// All of it.
pub(super) const CHECKS: &[Check] = &[];
