//! The settings of one source, and what can be wrong with them.

use std::{io, path::PathBuf};

use crate::SafeUrl;

/// Where a source is, and how it is told from an impostor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceConfig {
    /// Its base URL.
    pub url: SafeUrl,
    /// A PEM file with certificate authorities that are trusted besides the system's, for this source only.
    pub ca: Option<PathBuf>,
    /// A PEM file with the certificate chain that Larder shows to this source, and to hosts that it redirects to,
    /// where they ask for one.
    pub client_cert: Option<PathBuf>,
    /// A PEM file with the private key of `client_cert`; without it, the key is looked for in `client_cert`.
    pub client_key: Option<PathBuf>,
}

impl SourceConfig {
    /// A source with nothing but a URL.
    pub fn new(url: SafeUrl) -> Self {
        SourceConfig { url, ca: None, client_cert: None, client_key: None }
    }

    /// Whether anything but the URL is set.
    pub(crate) fn has_tls_settings(&self) -> bool {
        self.ca.is_some() || self.client_cert.is_some() || self.client_key.is_some()
    }
}

/// Why a source cannot be used. Each message names the setting and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file that a setting names cannot be read.
    #[error("{setting} = {}: cannot be read: {why}; name a readable PEM file", path.display())]
    Unreadable {
        /// The setting: `ca`, `client_cert` or `client_key`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// A file holds no certificate, or one that is damaged.
    #[error("{setting} = {}: {why}; it must hold blocks that begin with -----BEGIN CERTIFICATE-----", path.display())]
    Certificate {
        /// The setting: `ca` or `client_cert`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file holds no private key, or none that can be used.
    #[error("{setting} = {}: {why}; it must hold one unencrypted private key in PEM form", path.display())]
    Key {
        /// The setting: `client_key`, or `client_cert` when the key was looked for there.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// A key without its certificate.
    #[error("client_key is set without client_cert: set both")]
    KeyAlone,
    /// The key is not the one of the certificate.
    #[error(
        "client_cert and client_key do not belong together: {0}; use the key the certificate was made for"
    )]
    Pair(String),
    /// TLS settings on a source without TLS.
    #[error("{0}: ca, client_cert and client_key need an https URL")]
    NoTls(Box<SafeUrl>),
    /// An HTTP source was wanted.
    #[error("{0}: this source is asked over HTTP; use an https or http URL")]
    NotHttp(Box<SafeUrl>),
    /// A directory was wanted.
    #[error("{0}: a directory is named by a URL like file:///srv/modules")]
    NotFile(Box<SafeUrl>),
    /// The HTTP client refuses its settings.
    #[error("the HTTP client could not be set up: {0}")]
    Client(String),
}
