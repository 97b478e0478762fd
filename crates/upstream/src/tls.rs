//! Whom the door trusts, and how it shows who it is.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
};

use crate::{Env, SourceConfig, SourceError};

/// The certificate authorities that every source may be signed by: the system's, `SSL_CERT_FILE` in place of the
/// system's bundle, `SSL_CERT_DIR` in place of its directories, as in Go programs.
///
/// What cannot be read is warned about and left out: a damaged bundle must not stop a mirror that has what it needs.
pub fn roots(env: &Env) -> RootCertStore {
    let file = env.get("SSL_CERT_FILE").map(PathBuf::from);
    let dirs: Vec<PathBuf> =
        env.get("SSL_CERT_DIR").map(|dirs| std::env::split_paths(dirs).collect()).unwrap_or_default();
    let found = if file.is_none() && dirs.is_empty() {
        vec![rustls_native_certs::load_native_certs()]
    } else {
        let file = file.or_else(|| first_existing(BUNDLES));
        let dirs = if dirs.is_empty() {
            SYSTEM_DIRS.iter().map(PathBuf::from).filter(|d| d.is_dir()).collect()
        } else {
            dirs
        };
        let of_dirs = dirs.iter().map(|dir| rustls_native_certs::load_certs_from_paths(None, Some(dir)));
        of_dirs.chain([rustls_native_certs::load_certs_from_paths(file.as_deref(), None)]).collect()
    };
    let mut roots = RootCertStore::empty();
    for result in found {
        for error in result.errors {
            tracing::warn!(%error, "a certificate authority is left out");
        }
        roots.add_parsable_certificates(result.certs);
    }
    if roots.is_empty() {
        tracing::warn!("no certificate authority is known: set SSL_CERT_FILE, or ca for each source");
    }
    roots
}

/// These authorities and no others.
pub(crate) fn roots_of(path: &Path) -> Result<RootCertStore, SourceError> {
    let mut roots = RootCertStore::empty();
    let found = certificates("http.sslCAInfo", path)?;
    let (added, _) = roots.add_parsable_certificates(found);
    if added == 0 {
        return Err(certificate_error("http.sslCAInfo", path, &"none of its certificates can be used"));
    }
    Ok(roots)
}

/// The TLS settings of one source: HTTP/2 where the server can, its own authorities besides the common ones, its
/// own certificate.
pub(crate) fn client_config(
    roots: &Arc<RootCertStore>,
    config: &SourceConfig,
) -> Result<ClientConfig, SourceError> {
    let mut roots = Arc::clone(roots);
    if let Some(path) = &config.ca {
        let roots = Arc::make_mut(&mut roots);
        for certificate in certificates("ca", path)? {
            roots.add(certificate).map_err(|e| certificate_error("ca", path, &e))?;
        }
    }
    let builder = builder(roots)?;
    let mut tls = match (&config.client_cert, &config.client_key) {
        (None, None) => builder.with_no_client_auth(),
        (None, Some(_)) => return Err(SourceError::KeyAlone),
        (Some(cert), key) => {
            let chain = certificates("client_cert", cert)?;
            let key = match key {
                Some(key) => private_key("client_key", key)?,
                None => private_key("client_cert", cert)?,
            };
            builder.with_client_auth_cert(chain, key).map_err(|e| SourceError::Pair(e.to_string()))?
        }
    };
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

/// The TLS settings for hosts without settings of their own.
pub(crate) fn common_config(roots: &Arc<RootCertStore>) -> Result<ClientConfig, SourceError> {
    let mut tls = builder(Arc::clone(roots))?.with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tls)
}

fn builder(roots: Arc<RootCertStore>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, SourceError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| SourceError::Client(e.to_string()))?
        .with_root_certificates(roots))
}

/// The TLS settings for HTTP proxies: the same trust, but a proxy is shown no certificate and offered no HTTP/2.
pub(crate) fn proxy_config(
    roots: &Arc<RootCertStore>,
    config: &SourceConfig,
) -> Result<ClientConfig, SourceError> {
    let bare = SourceConfig { client_cert: None, client_key: None, ..config.clone() };
    let mut tls = client_config(roots, &bare)?;
    tls.alpn_protocols.clear();
    Ok(tls)
}

fn certificates(setting: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, SourceError> {
    let pem = read(setting, path)?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, pem::Error>>()
        .map_err(|_| certificate_error(setting, path, &DAMAGED))?;
    if certificates.is_empty() {
        return Err(certificate_error(setting, path, &"it holds no certificate"));
    }
    Ok(certificates)
}

fn private_key(setting: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, SourceError> {
    let pem = read(setting, path)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|e| {
        let why = match e {
            pem::Error::NoItemsFound => "it holds no private key",
            _ => DAMAGED,
        };
        SourceError::Key { setting, path: path.to_owned(), why }
    })
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, SourceError> {
    fs::read(path).map_err(|why| SourceError::Unreadable { setting, path: path.to_owned(), why })
}

fn certificate_error(setting: &'static str, path: &Path, why: &dyn std::fmt::Display) -> SourceError {
    SourceError::Certificate { setting, path: path.to_owned(), why: why.to_string() }
}

fn first_existing(paths: &[&str]) -> Option<PathBuf> {
    paths.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// The parser's own message is not used: it repeats lines, and those may be a key's.
const DAMAGED: &str = "its PEM is damaged";

/// Where the systems that Go knows keep their bundle, in Go's order.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where they keep single certificates.
const SYSTEM_DIRS: &[&str] = &["/etc/ssl/certs", "/etc/pki/tls/certs"];
