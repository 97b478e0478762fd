//! What this machine's Go settings keep private.

use gomod::Patterns;
use workbench::{Found, GoSettings, GoVariable};

use super::{
    origin::{Origin, Valued},
    route::{pattern_fault, pattern_shown},
};

/// Names that stand in front of every route, as `go` on this machine would treat them.
#[derive(Clone, Debug)]
pub(crate) struct Private {
    /// These go to no source but `direct`.
    pub(crate) no_proxy: Valued<Patterns>,
    /// These go to no checksum database.
    pub(crate) no_sumdb: Valued<Patterns>,
}

impl Private {
    /// What the settings say, and warnings about patterns that cover nothing.
    pub(super) fn read(go: &GoSettings, warnings: &mut Vec<String>) -> Self {
        let mut patterns = |variable| match go.get(variable) {
            Some(Found { variable, value, place }) => {
                let patterns = Patterns::new(&value);
                let origin = Origin::go(variable, &place);
                for (pattern, fault) in patterns.iter().filter_map(|p| Some((p, pattern_fault(p)?))) {
                    let warning =
                        format!("{origin}: {:?} {fault}; it makes nothing private", pattern_shown(pattern));
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
                Valued { value: patterns, origin }
            }
            None => Valued::default(Patterns::default()),
        };
        Private { no_proxy: patterns(GoVariable::NoProxy), no_sumdb: patterns(GoVariable::NoSumdb) }
    }
}
