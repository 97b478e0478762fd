//! How much is asked, and how long it may take.

use std::time::Duration;

use gomod::DbName;
use upstream::Bounds;

/// What one proxy is asked at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Requests in all, redirects included.
    pub most: u32,
    /// Requests for small answers one after another, over connections that are kept.
    pub warm: u32,
    /// How many at once, and how many requests so.
    pub levels: Vec<(u32, u32)>,
    /// Modules whose zips are fetched.
    pub zips: usize,
    /// What a small answer may cost.
    pub small: Bounds,
    /// What a zip may cost. Of a larger one only so much is fetched.
    pub zip: Bounds,
    /// How long requests one after another, or so many at once, go on; what is under way then is waited for.
    pub phase: Duration,
    /// How long all of it goes on.
    pub whole: Duration,
    /// The checksum database that `go` asks through whichever proxy passes it on, where it does.
    pub database: Option<DbName>,
}

impl Plan {
    /// Requests that any proxy is asked at most unless somebody says that it is his own.
    pub const POLITE: u32 = 500;
    /// The same for an own one.
    pub const OWN: u32 = 2000;
    /// Requests that nobody may exceed.
    pub const MOST: u32 = 100_000;

    /// As many requests, each answer within so much time.
    pub fn new(most: u32, patience: Duration) -> Self {
        let times = (most / Plan::POLITE).max(1);
        Plan {
            most,
            warm: 60 * times,
            levels: LEVELS.map(|at_once| (at_once, at_once * times)).to_vec(),
            zips: 3,
            small: Bounds { bytes: 1 << 20, time: patience },
            zip: Bounds { bytes: 64 << 20, time: patience * 3 },
            phase: Duration::from_secs(20),
            whole: Duration::from_mins(2),
            database: None,
        }
    }
}

/// One at a time is measured before.
const LEVELS: [u32; 3] = [50, 100, 200];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polite_plan_keeps_its_promise_with_room_for_redirects_of_zips() {
        let plan = Plan::new(Plan::POLITE, Duration::from_secs(10));
        let levels: u32 = plan.levels.iter().map(|(_, requests)| requests).sum();
        // Four modules with three small files, whether it passes the database on, and each zip twice with a redirect.
        assert!(plan.warm + levels + 12 + 1 + 3 * 2 * 2 <= Plan::POLITE);
        let own = Plan::new(Plan::OWN, Duration::from_secs(10));
        assert_eq!(own.levels, [(50, 200), (100, 400), (200, 800)]);
    }
}
