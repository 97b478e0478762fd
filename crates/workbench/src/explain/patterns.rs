//! The messages of cmd/go's fetching, checksum, toolchain, repository, vendor and go.sum code, and those of the network
//! and of git inside them. The first that fits counts: the more particular come first.

mod checksum;
mod last;
mod local;
mod module;
mod network;
mod proxy;
mod settings;
mod vcs;

use super::pattern::Pattern;

/// All, in the order in which they are tried.
pub(super) fn all() -> impl Iterator<Item = &'static Pattern> {
    [
        settings::PATTERNS,
        checksum::PATTERNS,
        vcs::PATTERNS,
        local::PATTERNS,
        network::PATTERNS,
        proxy::PATTERNS,
        module::PATTERNS,
        last::PATTERNS,
    ]
    .into_iter()
    .flatten()
}
