//! The TLS handshake, which tells what it was shown also where it fails.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme,
    client::{
        ResolvesClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use upstream::Stream;

use super::{Certificate, Failure, Problem, Step, Wire};

/// Which versions of HTTP are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// HTTP/2 and HTTP/1.1, as `go` does.
    Both,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2 alone.
    Http2,
}

/// What was shown in a TLS handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSeen {
    /// The server's certificate, then those of who signed it; at most 8. Empty: none was shown.
    pub chain: Vec<Certificate>,
    /// `TLSv1.3`, where the handshake came so far.
    pub version: Option<String>,
    /// Whether HTTP/2 was agreed upon.
    pub http2: bool,
    /// Whether the server asked for a certificate of the client. None is shown; with TLS 1.3 it is only after the handshake
    /// that a server ends the connection for it.
    pub wants_certificate: bool,
}

impl Wire {
    /// A handshake: what was seen, and the connection with whether it speaks HTTP/2.
    pub(super) async fn handshake(
        &self,
        host: &str,
        offer: Offer,
        stream: Box<dyn Stream>,
    ) -> (TlsSeen, Result<(Box<dyn Stream>, bool), Failure>) {
        let step = || Step::Tls(host.to_owned());
        let shown = Arc::<Shown>::default();
        let wanted = Arc::<Wanted>::default();
        let mut seen = TlsSeen::default();
        let (name, config) =
            match (ServerName::try_from(host.to_owned()), self.config(offer, &shown, &wanted)) {
                (Ok(name), Ok(config)) => (name, config),
                (_, Err(error)) => {
                    return (seen, Err(Failure::new(step(), Problem::Other, error.to_string())));
                }
                (Err(_), _) => {
                    let words = "the host's name cannot stand in a certificate";
                    return (seen, Err(Failure::new(step(), Problem::Other, words)));
                }
            };
        let connector = TlsConnector::from(Arc::new(config));
        let end = timeout(self.patience(), connector.connect(name, stream)).await;
        seen.chain = shown.take();
        seen.wants_certificate = wanted.0.load(Ordering::Relaxed);
        let end = match end {
            Ok(Ok(stream)) => {
                let connection = stream.get_ref().1;
                seen.http2 = connection.alpn_protocol() == Some(b"h2");
                seen.version = connection.protocol_version().map(said);
                Ok((Box::new(stream) as Box<dyn Stream>, seen.http2))
            }
            Ok(Err(error)) => Err(Failure::io(step(), &error)),
            Err(_) => Err(Failure::late(step(), self.patience())),
        };
        (seen, end)
    }

    fn config(
        &self,
        offer: Offer,
        shown: &Arc<Shown>,
        wanted: &Arc<Wanted>,
    ) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Noted::new(&self.roots, Arc::clone(&provider), Arc::clone(shown), self.any_time);
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::clone(wanted) as Arc<dyn ResolvesClientCert>);
        config.alpn_protocols = match offer {
            Offer::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Offer::Http1 => vec![b"http/1.1".to_vec()],
            Offer::Http2 => vec![b"h2".to_vec()],
        };
        Ok(config)
    }
}

fn said(version: ProtocolVersion) -> String {
    version.as_str().map_or_else(|| format!("{version:?}"), |name| name.replace('_', "."))
}

/// The chain that came.
#[derive(Debug, Default)]
struct Shown(Mutex<Vec<Certificate>>);

impl Shown {
    fn take(&self) -> Vec<Certificate> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a certificate of the client was asked for.
#[derive(Debug, Default)]
struct Wanted(AtomicBool);

impl ResolvesClientCert for Wanted {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Verifies as usual, and notes what was to be verified. It accepts nothing that the usual check refuses, unless it is told that
/// the time does not count.
#[derive(Debug)]
struct Noted {
    /// None where no authority is known: then nothing is trusted.
    usual: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    any_time: bool,
}

impl Noted {
    fn new(
        roots: &Arc<RootCertStore>,
        provider: Arc<CryptoProvider>,
        shown: Arc<Shown>,
        any_time: bool,
    ) -> Self {
        let usual = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
        Noted { usual: usual.build().ok(), provider, shown, any_time }
    }
}

impl ServerCertVerifier for Noted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).take(LONGEST_CHAIN);
        let chain: Vec<_> = chain.filter_map(Certificate::parse).collect();
        let within = chain.first().map(Certificate::middle).filter(|_| self.any_time);
        *self.shown.0.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        let Some(usual) = &self.usual else { return Err(CertificateError::UnknownIssuer.into()) };
        let verify = |at| usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at);
        match (verify(now), within) {
            (Err(rustls::Error::InvalidCertificate(why)), Some(within)) if is_of_time(&why) => verify(within),
            (verified, _) => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_of_time(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

const LONGEST_CHAIN: usize = 8;
