//! Logins as requests need them: what blocks does so elsewhere.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use url::{Origin, Url};

use crate::{Login, Logins, login::Refusal};

/// Those who know what to tell hosts, if there are any. Only `https` hosts are told anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring {
    logins: Option<Arc<dyn Logins>>,
    /// What one server is told in every request.
    always: Option<(Origin, Login)>,
}

impl Keyring {
    pub(crate) fn new(logins: Option<Arc<dyn Logins>>) -> Self {
        Keyring { logins, always: None }
    }

    /// The same, which tells this server that besides.
    pub(crate) fn always(&self, server: &Url, login: Login) -> Self {
        Keyring { logins: self.logins.clone(), always: Some((server.origin(), login)) }
    }

    fn always_for(&self, url: &Url) -> Option<&Login> {
        self.always.as_ref().filter(|(server, _)| *server == url.origin()).map(|(_, login)| login)
    }

    pub(crate) fn logins(&self) -> Option<Arc<dyn Logins>> {
        self.logins.clone()
    }

    fn of(&self, url: &Url) -> Option<&Arc<dyn Logins>> {
        self.logins.as_ref().filter(|_| url.scheme() == "https")
    }

    /// What to say first.
    pub(crate) async fn first(&self, url: &Url) -> Option<Login> {
        let always = self.always_for(url);
        let known = match always {
            Some(always) if always.authorizes() => None,
            _ => self.known(url).await,
        };
        match (always, known) {
            (Some(always), Some(known)) => Some(always.and(&known)),
            (always, known) => known.or_else(|| always.cloned()),
        }
    }

    async fn known(&self, url: &Url) -> Option<Login> {
        let logins = self.of(url)?;
        if !logins.is_ready() {
            let logins = Arc::clone(logins);
            let _ = spawn_blocking(move || logins.prepare()).await;
        }
        logins.known(&plain(url))
    }

    /// What to say after that answer, if it is a refusal.
    pub(crate) async fn again(&self, url: &Url, refusal: Refusal, said: Option<&Login>) -> Option<Login> {
        // What the user has every request say is not improved on.
        let logins = self.of(url).filter(|logins| logins.asks(refusal.status()) && self.always.is_none())?;
        let (logins, url, said) = (Arc::clone(logins), plain(url), said.cloned());
        let found = spawn_blocking(move || logins.refused(&url, &refusal, said.as_ref()));
        found.await.ok().flatten()
    }

    /// The host took it.
    pub(crate) fn accepted(&self, url: &Url, login: &Login) {
        if let Some(logins) = self.of(url) {
            logins.accepted(&plain(url), login);
        }
    }

    /// Texts that may appear in no message.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let always = self.always.iter().flat_map(|(_, login)| login.secrets());
        self.logins.iter().flat_map(|logins| logins.secrets()).chain(always).collect()
    }
}

fn plain(url: &Url) -> String {
    let mut url = url.clone();
    // These fail only for URLs that cannot have userinfo.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
