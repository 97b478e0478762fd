//! How a web server is spoken to (git's `http.c`).

use std::{fmt, path::PathBuf};

use super::{Settings, Variables, url::Parts, value};

/// What the user's settings say of requests to one URL. `Debug` shows no header, and no proxy's password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Http {
    headers: Vec<(String, String)>,
    ca: Option<PathBuf>,
    ca_dir: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    unverified: bool,
    proxy: Option<String>,
    agent: Option<String>,
    beyond: Option<&'static str>,
}

impl Http {
    pub(super) fn new(settings: &Settings, env: &Variables, url: &Parts) -> Self {
        let home = env.get("HOME");
        let text = |name: &'static str| settings.text("http", name, url);
        let path = |variable: &str, name: &'static str| {
            let named = env.get(variable).map(PathBuf::from);
            named.or_else(|| value::path(text(name)?, home)).filter(|path| !path.as_os_str().is_empty())
        };
        let verify = settings.switch("http", "sslverify", url).unwrap_or(true);
        let mut headers: Vec<&str> = Vec::new();
        for header in settings.all("http", "extraheader", url).flatten() {
            if header.is_empty() {
                headers.clear();
            } else {
                headers.push(header);
            }
        }
        let headers = headers.into_iter().filter_map(|header| {
            let (name, value) = header.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        Self {
            headers: headers.collect(),
            ca: path("GIT_SSL_CAINFO", "sslcainfo"),
            ca_dir: path("GIT_SSL_CAPATH", "sslcapath"),
            cert: path("GIT_SSL_CERT", "sslcert"),
            key: path("GIT_SSL_KEY", "sslkey"),
            unverified: !verify || env.get("GIT_SSL_NO_VERIFY").is_some(),
            proxy: text("proxy").map(str::to_owned),
            agent: env.text("GIT_HTTP_USER_AGENT").or_else(|| text("useragent")).map(str::to_owned),
            beyond: BEYOND.iter().copied().find(|name| {
                let set = settings.all("http", name, url).last();
                set.is_some() && settings.switch("http", name, url) != Some(false)
            }),
        }
    }

    /// Headers of every request, by name and value (`http.extraHeader`). They may be secret, and go to no other host.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Whether those headers say who asks.
    pub fn authorizes(&self) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
    }

    /// A PEM file of certificate authorities that are trusted in place of the system's (`GIT_SSL_CAINFO`,
    /// `http.sslCAInfo`).
    pub fn ca(&self) -> Option<&PathBuf> {
        self.ca.as_ref()
    }

    /// A directory of them (`GIT_SSL_CAPATH`, `http.sslCAPath`).
    pub fn ca_dir(&self) -> Option<&PathBuf> {
        self.ca_dir.as_ref()
    }

    /// The PEM file of a certificate that is shown to the server (`http.sslCert`).
    pub fn cert(&self) -> Option<&PathBuf> {
        self.cert.as_ref()
    }

    /// The PEM file of its key, where it has one of its own (`http.sslKey`).
    pub fn key(&self) -> Option<&PathBuf> {
        self.key.as_ref()
    }

    /// Whether the user wants no certificate checked (`http.sslVerify`, `GIT_SSL_NO_VERIFY`).
    pub fn is_unverified(&self) -> bool {
        self.unverified
    }

    /// The HTTP proxy, which the environment's give way to; an empty text is none at all (`http.proxy`).
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// What the client calls itself (`http.userAgent`).
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// A setting that only the `git` program can follow, and that must not be passed over.
    pub fn beyond(&self) -> Option<&'static str> {
        self.beyond
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("headers", &self.headers.len())
            .field("ca", &self.ca)
            .field("ca_dir", &self.ca_dir)
            .field("cert", &self.cert)
            .field("unverified", &self.unverified)
            .field("proxy", &self.proxy.is_some())
            .field("beyond", &self.beyond)
            .finish_non_exhaustive()
    }
}

/// Settings that make a connection safer, or without which a server refuses.
const BEYOND: [&str; 8] = [
    "pinnedpubkey",
    "cookiefile",
    "curloptresolve",
    "emptyauth",
    "sslcertpasswordprotected",
    "proxyauthmethod",
    "proxysslcert",
    "proxysslcainfo",
];
