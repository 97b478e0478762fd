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

use std::sync::LazyLock;

use super::pattern::{Pairs, Pattern};

/// The first message that a text is; of those that others print too only where `go` speaks.
pub(super) fn find(text: &str, go_speaks: bool) -> Option<&'static Pattern> {
    static ALL: LazyLock<Vec<(Vec<usize>, &Pattern)>> =
        LazyLock::new(|| all().map(|pattern| (pattern.places(), pattern)).collect());
    let pairs = Pairs::of(text);
    let is_it = |(places, pattern): &&(Vec<usize>, &Pattern)| {
        (go_speaks || !pattern.common) && pairs.have(places) && pattern.matches(text)
    };
    ALL.iter().find(is_it).map(|(_, pattern)| *pattern)
}

/// All, in the order in which they are tried.
fn all() -> impl Iterator<Item = &'static Pattern> {
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
