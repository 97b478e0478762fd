//! The program, and what most tests stand on.

use testkit::Larder;

/// The program under test.
pub(crate) fn larder() -> Larder {
    Larder::new(env!("CARGO_BIN_EXE_larder"))
}
