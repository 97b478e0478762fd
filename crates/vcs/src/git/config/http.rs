//! How a web server is spoken to (git's `http.c`).

use std::{fmt, path::PathBuf};

use super::{Settings, Variables, url::Parts, value};

/// What the user's settings say of requests to one URL. `Debug` shows no header, and no proxy's password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Http {
    headers: Vec<(String, String)>,
    ca: Option<PathBuf>,
    unverified: bool,
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
        let unverified = env.get("GIT_SSL_NO_VERIFY").is_some()
            || settings.switch("http", "sslverify", url) == Some(false);
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
            unverified,
            agent: env.text("GIT_HTTP_USER_AGENT").or_else(|| text("useragent")).map(str::to_owned),
            beyond: if unverified {
                Some("http.sslVerify")
            } else {
                BEYOND.into_iter().find_map(|(variable, name, shown)| {
                    let set = settings.all("http", name, url).last();
                    let set = set.is_some() && settings.switch("http", name, url) != Some(false);
                    (set || env.get(variable).is_some()).then_some(shown)
                })
            },
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

    /// Whether the user wants no certificate checked (`http.sslVerify`, `GIT_SSL_NO_VERIFY`).
    pub fn is_unverified(&self) -> bool {
        self.unverified
    }

    /// What the client calls itself (`http.userAgent`).
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// The setting that only the `git` program can follow, and that must not be passed over, if there is one.
    pub fn beyond(&self) -> Option<&'static str> {
        self.beyond
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("headers", &self.headers.len())
            .field("ca", &self.ca)
            .field("unverified", &self.unverified)
            .field("beyond", &self.beyond)
            .finish_non_exhaustive()
    }
}

/// What makes a connection another one, or safer, or without which a server refuses: variable, setting, its name.
const BEYOND: [(&str, &str, &str); 12] = [
    ("GIT_SSL_CAPATH", "sslcapath", "http.sslCAPath"),
    ("GIT_SSL_CERT", "sslcert", "http.sslCert"),
    ("", "proxy", "http.proxy"),
    ("", "pinnedpubkey", "http.pinnedPubkey"),
    ("", "cookiefile", "http.cookieFile"),
    ("", "curloptresolve", "http.curloptResolve"),
    ("", "emptyauth", "http.emptyAuth"),
    ("GIT_SSL_CERT_PASSWORD_PROTECTED", "sslcertpasswordprotected", "http.sslCertPasswordProtected"),
    ("GIT_HTTP_PROXY_AUTHMETHOD", "proxyauthmethod", "http.proxyAuthMethod"),
    ("GIT_PROXY_SSL_CERT", "proxysslcert", "http.proxySSLCert"),
    ("GIT_PROXY_SSL_CAINFO", "proxysslcainfo", "http.proxySSLCAInfo"),
    ("GIT_SSL_VERSION", "sslversion", "http.sslVersion"),
];
