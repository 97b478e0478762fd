//! All that is seen of the network, once for all checks.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use futures_util::future::join_all;
use upstream::Env;

use super::{answers::ProxySeen, database::DatabaseSeen, host::HostSeen, plan::Plan};
use crate::{
    doctor::Patient,
    wire::{Wire, nameservers},
};

/// What was seen of the network.
pub(in crate::doctor) struct Survey {
    pub(super) plan: Plan,
    /// None where the variables for proxies of the network cannot be used: then nothing was asked.
    pub(super) wire: Result<Wire, upstream::BadHttpProxy>,
    /// The hosts of the plan's proxies, in their order.
    pub(super) hosts: Vec<HostSeen>,
    /// Those of them that answer.
    pub(super) proxies: Vec<ProxySeen>,
    pub(super) database: Option<DatabaseSeen>,
    pub(super) hosts_file: String,
    pub(super) taken: SystemTime,
}

impl Survey {
    /// Looks at everything that the settings name.
    pub(super) async fn take(patient: &Patient) -> Self {
        let env = Env::new(patient.env.iter());
        let plan = Plan::of(patient, &env);
        let wire = Wire::new(&env, patient.patience.min(PATIENCE));
        let mut survey = Survey {
            plan,
            wire,
            hosts: Vec::new(),
            proxies: Vec::new(),
            database: None,
            hosts_file: read("/etc/hosts"),
            taken: SystemTime::now(),
        };
        let Ok(wire) = survey.wire.clone() else { return survey };
        let servers = nameservers(&read("/etc/resolv.conf"));
        let plan = &survey.plan;
        let hosts = join_all(plan.proxies.iter().map(|source| HostSeen::look(&wire, source, &servers))).await;
        let reached = plan.proxies.iter().zip(&hosts).filter(|(_, host)| host.end.is_ok());
        let proxies = join_all(
            reached
                .map(|(source, host)| ProxySeen::look(&host.wire, source, &plan.modules, host.tls.as_ref())),
        );
        let database = async {
            match &plan.database {
                Some(database) => Some(DatabaseSeen::look(&wire, plan, database, &hosts, &servers).await),
                None => None,
            }
        };
        (survey.proxies, survey.database) = tokio::join!(proxies, database);
        survey.hosts = hosts;
        survey
    }

    /// Every host that was looked at: those of proxies, and the database's.
    pub(super) fn all_hosts(&self) -> impl Iterator<Item = &HostSeen> {
        self.hosts.iter().chain(self.database.iter().filter_map(|database| database.direct.as_ref()))
    }
}

/// A file of the system, as far as it is one of usual size.
fn read(path: &str) -> String {
    let text = fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(text.get(..text.len().min(MOST)).unwrap_or_default()).into_owned()
}

/// So long a single step may take: several of them have to fit into the time of a check.
const PATIENCE: Duration = Duration::from_secs(4);
const MOST: usize = 1 << 20;
