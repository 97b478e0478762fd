//! A private certificate authority in a directory of PEM files.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientCertVerifierBuilder, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tempfile::TempDir;

/// A certificate authority, and files that were made with it.
pub(crate) struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        Authority { dir, der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The authority's own certificate.
    pub(crate) fn pem(&self) -> PathBuf {
        self.dir().join("ca.pem")
    }

    /// Signs a certificate for a name, and writes `NAME.pem` and `NAME.key`.
    pub(crate) fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (pem, pem_key) = (self.dir().join(format!("{name}.pem")), self.dir().join(format!("{name}.key")));
        fs::write(&pem, certificate.pem()).unwrap();
        fs::write(&pem_key, key.serialize_pem()).unwrap();
        (pem, pem_key)
    }

    /// A server for a name.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        Arc::new(self.build(name, WebPkiClientVerifier::no_client_auth()))
    }

    /// A server that wants a certificate of this authority from its clients.
    pub(crate) fn strict_server(&self, name: &str) -> Arc<ServerConfig> {
        Arc::new(self.build(name, self.judge().build().unwrap()))
    }

    /// A server that asks for a certificate, takes none, and refuses any that `by` has not signed.
    pub(crate) fn optional_server(&self, name: &str, by: &Authority) -> Arc<ServerConfig> {
        Arc::new(self.build(name, by.judge().allow_unauthenticated().build().unwrap()))
    }

    /// A server that prefers HTTP/2.
    pub(crate) fn h2_server(&self, name: &str) -> Arc<ServerConfig> {
        let mut config = self.build(name, WebPkiClientVerifier::no_client_auth());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }

    /// Judges the certificates of clients.
    fn judge(&self) -> ClientCertVerifierBuilder {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
    }

    fn build(&self, name: &str, clients: Arc<dyn ClientCertVerifier>) -> ServerConfig {
        let (pem, key) = self.issue(name);
        let chain = vec![CertificateDer::from_pem_file(pem).unwrap()];
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(chain, key)
            .unwrap()
    }
}
