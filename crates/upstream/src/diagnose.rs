//! From the HTTP client's error chains to one kind and a few words. The chains' own texts hold URLs, so only the
//! innermost cause is ever repeated.

use std::{error::Error, io};

use h2::Reason;
use rustls::CertificateError;

use crate::{FaultKind, connector::NotReached};

/// Where in an attempt an error happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum During {
    /// Before the head of the answer.
    Head,
    /// In the body.
    Body,
}

/// The kind of an error of the HTTP client, and what to say about it.
pub(crate) fn diagnose(error: &(dyn Error + 'static), during: During) -> (FaultKind, String) {
    let chain: Vec<&(dyn Error + 'static)> = causes(error).collect();
    if let Some(not_reached) = find::<NotReached>(&chain) {
        return (not_reached.kind(), not_reached.to_string());
    }
    if let Some(tls) = find::<rustls::Error>(&chain) {
        return (FaultKind::Tls, tls_words(tls));
    }
    if let Some(hyper) = find::<hyper::Error>(&chain) {
        if hyper.is_incomplete_message() || hyper.is_canceled() || hyper.is_closed() {
            return closed(during);
        }
        if hyper.is_parse() {
            return (FaultKind::Protocol, root_words(&chain));
        }
    }
    let io = find::<io::Error>(&chain);
    if io.is_some_and(|e| e.kind() == io::ErrorKind::UnexpectedEof) {
        return closed(during);
    }
    (FaultKind::Reset, io.and_then(plain_words).map_or_else(|| root_words(&chain), str::to_owned))
}

/// Whether the other side has not touched the request, so that sending it again is no further try: it never left, or
/// HTTP/2 says so (RFC 9113, 6.8 and 8.7).
pub(crate) fn never_begun(error: &(dyn Error + 'static)) -> bool {
    let chain: Vec<&(dyn Error + 'static)> = causes(error).collect();
    let unsent = find::<hyper::Error>(&chain).is_some_and(|e| e.is_canceled() || e.is_closed());
    let untouched = find::<h2::Error>(&chain).is_some_and(|e| {
        e.is_remote()
            && match e.reason() {
                Some(Reason::NO_ERROR) => e.is_go_away(),
                Some(Reason::REFUSED_STREAM) => e.is_reset(),
                _ => false,
            }
    });
    unsent || untouched
}

/// What went wrong with a TLS handshake. That the other side's certificate or protocol is not accepted is a matter of
/// TLS; that the connection broke meanwhile is not.
pub(crate) fn tls_fault(error: &io::Error) -> (FaultKind, String) {
    let chain: Vec<&(dyn Error + 'static)> = causes(error).collect();
    match find::<rustls::Error>(&chain) {
        Some(tls) => (FaultKind::Tls, tls_words(tls)),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            (FaultKind::Connect, "the connection was closed during the TLS handshake".to_owned())
        }
        None => (FaultKind::Connect, format!("{} during the TLS handshake", io_words(error))),
    }
}

fn closed(during: During) -> (FaultKind, String) {
    match during {
        During::Head => (FaultKind::Reset, "the connection was closed before an answer".to_owned()),
        During::Body => {
            (FaultKind::Truncated, "the connection was closed in the middle of the body".to_owned())
        }
    }
}

/// An I/O error in plain words where its kind has them, else in those of its innermost cause.
pub(crate) fn io_words(error: &io::Error) -> String {
    plain_words(error).map_or_else(|| root_words(&causes(error).collect::<Vec<_>>()), str::to_owned)
}

fn plain_words(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::ConnectionReset => Some("connection reset by the other side"),
        io::ErrorKind::ConnectionAborted => Some("connection aborted"),
        io::ErrorKind::BrokenPipe => Some("connection closed by the other side"),
        io::ErrorKind::HostUnreachable => Some("no route to the host"),
        io::ErrorKind::NetworkUnreachable => Some("no route to the network"),
        _ => None,
    }
}

/// The innermost cause.
fn root_words(chain: &[&(dyn Error + 'static)]) -> String {
    chain.last().map(ToString::to_string).unwrap_or_default()
}

fn tls_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the certificate is signed by nobody trusted here; set ca for this source, or SSL_CERT_FILE"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the certificate is for another host".to_owned(),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "the certificate has expired".to_owned(),
        other => other.to_string(),
    }
}

/// An error and what lies behind it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| cause(error))
}

/// An `io::Error` hides the error it was made of from `source`.
fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}

/// The innermost cause of a type.
fn find<'a, E: Error + 'static>(chain: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    chain.iter().rev().find_map(|error| error.downcast_ref::<E>())
}
