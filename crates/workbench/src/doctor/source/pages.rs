//! The pages that say where a module's repository is.

use std::sync::Arc;

use tokio::runtime::Handle;
use upstream::{Door, DoorConfig, Env, Guard, Web};
use vcs::{Cause, Credentials, CredentialsConfig, Page, Pages, Root, VcsError, WebPages};

use super::{netrc::Netrc, straight::Straight};
use crate::{
    Diagnosis, Finding, GoVariable,
    diagnoses::{
        network,
        source::{META_FAILS, NETRC_PORT, NO_META, UNREACHABLE},
    },
    doctor::{Patient, modules},
};

/// How hosts are asked for pages, as `go` asks them: with its logins, through the network's proxies. Nobody is asked
/// where nothing may leave the machine.
pub(super) struct Asking {
    web: Option<Arc<Web>>,
    runtime: Handle,
    patience: std::time::Duration,
}

/// Pages of nobody.
struct NoPages;

impl Pages for NoPages {
    fn get(&self, import: &str) -> Result<Page, VcsError> {
        Err(VcsError::Failed {
            what: format!("reading https://{import}?go-get=1"),
            why: "nothing may leave this machine".to_owned(),
            cause: Cause::Local,
        })
    }
}

impl Asking {
    /// Must be called where a runtime runs. The error is for people.
    pub(super) fn new(patient: &Patient) -> Result<Self, String> {
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        let web = if patient.offline { None } else { Some(Arc::new(web(patient)?)) };
        Ok(Asking { web, runtime, patience: patient.patience })
    }

    /// Where the repository of a module is. Blocks.
    pub(super) fn root(&self, module: &Straight) -> Result<Root, VcsError> {
        match &self.web {
            Some(web) => {
                let pages =
                    WebPages::new(Arc::clone(web), self.runtime.clone(), self.patience, module.insecure);
                Root::find(&module.path, &pages, module.insecure)
            }
            None => Root::find(&module.path, &NoPages, module.insecure),
        }
    }

    /// The status and the beginning of what a URL answers, asked once. Blocks.
    pub(super) fn answer(&self, url: &str) -> Option<(u16, String)> {
        let page = self.runtime.block_on(self.web.as_ref()?.page(url, self.patience)).ok()?;
        Some((page.status, String::from_utf8_lossy(&page.body).into_owned()))
    }
}

fn web(patient: &Patient) -> Result<Web, String> {
    let variables = || patient.env.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut logins = CredentialsConfig::new(variables());
    // Whether its text can be read is another check's.
    logins.goauth = patient.go().value(GoVariable::Auth).parse().unwrap_or_default();
    let mut config = DoorConfig::new("doctor", Env::new(variables()));
    config.logins = Some(Arc::new(Credentials::new(logins)));
    let door = Door::new(config).map_err(|error| error.to_string())?;
    Web::open(&door, Guard::private()).map_err(|error| error.to_string())
}

/// What it means that no page told where a module is.
pub(super) fn finding(module: &Straight, netrc: &Netrc, error: &VcsError) -> Finding {
    let (path, host) = (module.path.as_str(), modules::host(module.path.as_str()));
    let diagnosis = match error {
        VcsError::Failed { why, .. } if why.contains("certificate") => of_certificate(why),
        VcsError::Absent(_) | VcsError::Failed { cause: Cause::Auth, .. } => match netrc.nearly(host) {
            Some(_) => &NETRC_PORT,
            None => &NO_META,
        },
        VcsError::Failed { cause: Cause::Network | Cause::Timeout, .. } if module.private => &UNREACHABLE,
        VcsError::Failed { .. } => &META_FAILS,
    };
    let mut finding = Finding::new(diagnosis)
        .name("host", host)
        .name("module", path)
        .evidence(format!("{path}: {error}"))
        .evidence(format!("straight from its repository: {}", module.why));
    if let Some((machine, line)) = netrc.nearly(host).filter(|_| diagnosis == &NETRC_PORT) {
        let file = netrc.path().display().to_string();
        finding = finding
            .name("file", &file)
            .name("machine", host)
            .evidence(format!("{file}:{line}: machine {machine}"));
    }
    finding
}

fn of_certificate(why: &str) -> &'static Diagnosis {
    let says = |word: &str| why.contains(word);
    match () {
        () if says("xpired") => &network::TLS_EXPIRED,
        () if says("NotValidYet") || says("not valid yet") => &network::CLOCK,
        () if says("NotValidForName") || says("not valid for name") => &network::TLS_NAME,
        () => &network::TLS_INTERCEPTED,
    }
}
