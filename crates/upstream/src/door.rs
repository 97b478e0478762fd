//! The one door out: how every connection of the program to a source is made.

use std::{fmt, path::Path, sync::Arc};

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, USER_AGENT},
};
use rustls::RootCertStore;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::{
    Env, Guard, Limits, Login, Logins, Meters, Resolver, SafeUrl, SourceConfig, SourceError, Stubborn,
    SystemResolver,
    client::Client,
    connector::Connector,
    http_proxy::{BadHttpProxy, HttpProxies},
    keyring::Keyring,
    names::Names,
    netrc::Netrc,
    secret::{Credentials, Redactor},
    tls, via,
    watch::Watch,
};

/// What the door is made of.
pub struct DoorConfig {
    /// Names this process in the `Via` header of every request, so that it can recognize a request that came back
    /// to it: 1 to 64 letters, digits or hyphens.
    pub instance: String,
    /// The bounds of every attempt.
    pub limits: Limits,
    /// How hard each source is tried, and when it is left alone.
    pub stubborn: Stubborn,
    /// The program's environment.
    pub env: Env,
    /// Who finds addresses.
    pub resolver: Arc<dyn Resolver>,
    /// What is counted.
    pub meters: Meters,
    /// Who knows what to tell hosts that want to know who asks; `None`: netrc alone.
    pub logins: Option<Arc<dyn Logins>>,
}

/// The one door out. Clones are the same door.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    instance: Arc<str>,
    headers: HeaderMap,
    limits: Limits,
    stubborn: Stubborn,
    names: Arc<Names>,
    /// Of hosts that others name, which must not push those of the sources out of the memory.
    strangers: Arc<Names>,
    meters: Meters,
    roots: Arc<RootCertStore>,
    proxies: Arc<HttpProxies>,
    netrc: Netrc,
    keyring: Keyring,
}

/// Why there is no door.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// A proxy variable that cannot be used.
    #[error(transparent)]
    HttpProxy(#[from] BadHttpProxy),
    /// The instance's name cannot stand in a header.
    #[error("an instance is named by 1 to 64 letters, digits or hyphens")]
    Instance,
}

impl DoorConfig {
    /// A door with default limits, the system's resolver and meters that are not registered.
    pub fn new(instance: &str, env: Env) -> Self {
        DoorConfig {
            instance: instance.to_owned(),
            limits: Limits::default(),
            stubborn: Stubborn::default(),
            env,
            resolver: Arc::new(SystemResolver),
            meters: Meters::default(),
            logins: None,
        }
    }
}

impl Door {
    /// Reads certificate authorities, HTTP proxies and netrc. Blocks on the disk for a moment.
    pub fn new(config: DoorConfig) -> Result<Self, DoorError> {
        let DoorConfig { instance, limits, stubborn, env, resolver, meters, logins } = config;
        if !via::is_instance(&instance) {
            return Err(DoorError::Instance);
        }
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("*/*")),
            (USER_AGENT, HeaderValue::from_static(AGENT)),
        ]);
        Ok(Door(Arc::new(Inner {
            instance: instance.into(),
            headers,
            limits,
            stubborn,
            names: Arc::new(Names::new(Arc::clone(&resolver), limits, meters.dns().clone())),
            strangers: Arc::new(Names::new(resolver, limits, meters.dns().clone())),
            meters,
            roots: Arc::new(tls::roots(&env)),
            proxies: Arc::new(HttpProxies::from_env(&env)?),
            netrc: if logins.is_none() { Netrc::load(&env) } else { Netrc::default() },
            keyring: Keyring::new(logins),
        })))
    }

    /// The bounds of every attempt.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// How hard each source is tried, and when it is left alone.
    pub fn stubborn(&self) -> &Stubborn {
        &self.0.stubborn
    }

    /// What this process is called in `Via` headers, without the prefix that all Larders share.
    pub(crate) fn instance(&self) -> &Arc<str> {
        &self.0.instance
    }

    /// Who knows what to tell hosts.
    pub fn logins(&self) -> Option<Arc<dyn Logins>> {
        self.0.keyring.logins()
    }

    /// What is counted.
    pub fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// A client of its own for one source: pool, TLS settings, HTTP proxy.
    pub(crate) fn client(&self, config: &SourceConfig) -> Result<Client, SourceError> {
        let inner = &self.0;
        let names = Arc::clone(&inner.names);
        let tls = TlsConnector::from(Arc::new(tls::client_config(&inner.roots, config)?));
        let proxy_tls = TlsConnector::from(Arc::new(tls::proxy_config(&inner.roots, config)?));
        Ok(inner.client(names, Guard::open(), tls, proxy_tls, inner.keyring.clone()))
    }

    /// A client that shares nothing with others: it asks the resolver itself, and knows no TLS session. The steps of its
    /// first connection are noted.
    pub(crate) fn fresh_client(
        &self,
        config: &SourceConfig,
        watch: Option<&Arc<Watch>>,
    ) -> Result<Client, SourceError> {
        let inner = &self.0;
        let names = Arc::new(Names::new(inner.names.resolver(), inner.limits, inner.meters.dns().clone()));
        let tls = TlsConnector::from(Arc::new(tls::client_config(&inner.roots, config)?));
        let proxy_tls = TlsConnector::from(Arc::new(tls::proxy_config(&inner.roots, config)?));
        let proxies = &inner.proxies;
        let mut connector =
            Connector::new(names, inner.limits, Guard::open(), tls, proxy_tls, Arc::clone(proxies));
        if let Some(watch) = watch {
            connector = connector.watched(Arc::clone(watch));
        }
        let keyring = inner.keyring.clone();
        Ok(Client::new(connector, inner.headers.clone(), Arc::clone(proxies), keyring, &inner.limits))
    }

    /// What a client of another sort is made of, for one source.
    pub(crate) fn parts(
        &self,
        config: &SourceConfig,
    ) -> Result<(Connector, HeaderMap, Arc<HttpProxies>), SourceError> {
        let inner = &self.0;
        let tls = TlsConnector::from(Arc::new(tls::client_config(&inner.roots, config)?));
        let proxy_tls = TlsConnector::from(Arc::new(tls::proxy_config(&inner.roots, config)?));
        let (names, proxies) = (Arc::clone(&inner.names), Arc::clone(&inner.proxies));
        let connector =
            Connector::new(names, inner.limits, Guard::open(), tls, proxy_tls, Arc::clone(&proxies));
        Ok((connector, inner.headers.clone(), proxies))
    }

    /// A client for hosts that others name.
    pub(crate) fn stranger(&self, guard: Guard) -> Result<Client, SourceError> {
        let inner = &self.0;
        let tls = tls::common_config(&inner.roots)?;
        let mut proxy_tls = tls.clone();
        proxy_tls.alpn_protocols.clear();
        let [tls, proxy_tls] = [tls, proxy_tls].map(|tls| TlsConnector::from(Arc::new(tls)));
        Ok(inner.client(Arc::clone(&inner.strangers), guard, tls, proxy_tls, inner.keyring.clone()))
    }

    /// The same for one server, which is told something in every request, and may be signed by other authorities than
    /// everybody else.
    pub(crate) fn stranger_at(
        &self,
        server: &Url,
        guard: Guard,
        ca: Option<&Path>,
        always: Option<Login>,
    ) -> Result<(Client, Keyring), SourceError> {
        let inner = &self.0;
        let roots = match ca {
            Some(path) => Arc::new(tls::roots_of(path)?),
            None => Arc::clone(&inner.roots),
        };
        let mut proxy_tls = tls::common_config(&inner.roots)?;
        proxy_tls.alpn_protocols.clear();
        let [tls, proxy_tls] =
            [tls::common_config(&roots)?, proxy_tls].map(|tls| TlsConnector::from(Arc::new(tls)));
        let keyring = match always {
            Some(login) => inner.keyring.always(server, login),
            None => inner.keyring.clone(),
        };
        let client = inner.client(Arc::clone(&inner.strangers), guard, tls, proxy_tls, keyring.clone());
        Ok((client, keyring))
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    /// Where hosts that others name are.
    pub(crate) fn strangers(&self) -> &Arc<Names> {
        &self.0.strangers
    }

    /// Whether a proxy resolves the URL's host.
    pub(crate) fn is_behind_proxy(&self, url: &Url) -> bool {
        matches!(url.scheme(), "https" | "http") && self.0.proxies.for_url(url).is_some()
    }

    /// Who Larder is for a source, as far as that is known before anything is asked: the URL's own credentials, or
    /// netrc's where nobody else knows of logins. Only over TLS.
    pub(crate) fn credentials<'a>(&'a self, url: &'a SafeUrl) -> Option<&'a Credentials> {
        if url.scheme() != "https" {
            return None;
        }
        url.credentials().or_else(|| self.0.netrc.get(url.authority()))
    }

    /// Takes out of messages whatever a source's requests carry.
    pub(crate) fn redactor(&self, url: &SafeUrl) -> Redactor {
        let credentials = self.credentials(url).into_iter().flat_map(Credentials::spellings);
        let secrets = url.secrets().chain(credentials).chain(self.0.proxies.secrets());
        Redactor::new(secrets).with_logins(self.0.keyring.clone())
    }
}

impl Inner {
    fn client(
        &self,
        names: Arc<Names>,
        guard: Guard,
        tls: TlsConnector,
        proxy_tls: TlsConnector,
        keyring: Keyring,
    ) -> Client {
        let proxies = &self.proxies;
        let connector = Connector::new(names, self.limits, guard, tls, proxy_tls, Arc::clone(proxies));
        Client::new(connector, self.headers.clone(), Arc::clone(proxies), keyring, &self.limits)
    }
}

impl fmt::Debug for DoorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DoorConfig")
            .field("instance", &self.instance)
            .field("limits", &self.limits)
            .field("stubborn", &self.stubborn)
            .field("env", &self.env)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

const AGENT: &str = concat!("larder/", env!("CARGO_PKG_VERSION"));
