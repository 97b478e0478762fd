//! What differs from route to route.

use std::sync::Arc;

use gomod::Patterns;
use upstream::Guard;

/// What differs from route to route: whom its modules may lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rules {
    /// Modules for which ways count on which nothing proves who answers: GOINSECURE of the go command.
    pub insecure: Patterns,
    /// Hosts that may be reached although they are in a private network.
    pub private_hosts: PrivateHosts,
}

/// Hosts that may be reached although they are in a private network, or are this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PrivateHosts {
    /// None: module paths and pages lead to the public network only.
    #[default]
    None,
    /// These.
    These(Arc<[String]>),
    /// All but the metadata services of clouds.
    All,
}

impl Rules {
    /// The guard that these rules stand for.
    pub(crate) fn guard(&self) -> Guard {
        match &self.private_hosts {
            PrivateHosts::None => Guard::public(),
            PrivateHosts::These(hosts) => Guard::public_and(hosts.iter()),
            PrivateHosts::All => Guard::private(),
        }
    }
}
