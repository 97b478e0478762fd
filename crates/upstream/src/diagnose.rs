//! From the HTTP client's error chains to one kind and a few words. The chains' own texts hold URLs, so only the
//! innermost cause is ever repeated.

use std::{error::Error, io, time::Duration};

use rustls::CertificateError;

use crate::{FaultKind, redirect::NotFollowed};

/// Where in an attempt an error happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum During {
    /// Before the head of the answer. Connecting had this limit.
    Head { connect: Duration },
    /// In the body.
    Body,
}

/// The kind of an error of the HTTP client, and what to say about it.
pub(crate) fn diagnose(error: &reqwest::Error, during: During) -> (FaultKind, String) {
    let chain: Vec<&(dyn Error + 'static)> = causes(error).collect();
    let root = chain.last().map(ToString::to_string).unwrap_or_default();
    if let Some(tls) = find::<rustls::Error>(&chain) {
        return (FaultKind::Tls, tls_words(tls));
    }
    if let Some(refused) = find::<NotFollowed>(&chain) {
        return (FaultKind::Redirect, refused.to_string());
    }
    if error.is_redirect() {
        return (FaultKind::Redirect, root);
    }
    if error.is_dns() {
        return (FaultKind::Dns, root);
    }
    if let During::Head { connect } = during
        && error.is_connect()
    {
        let words = if error.is_timeout() {
            format!("no connection within {connect:?}")
        } else {
            io_words(&chain, root)
        };
        return (FaultKind::Connect, words);
    }
    if let Some(hyper) = find::<hyper::Error>(&chain) {
        if hyper.is_incomplete_message() {
            return closed(during);
        }
        if hyper.is_parse() {
            return (FaultKind::Protocol, root);
        }
    }
    if find::<io::Error>(&chain).is_some_and(|e| e.kind() == io::ErrorKind::UnexpectedEof) {
        return closed(during);
    }
    (FaultKind::Reset, io_words(&chain, root))
}

fn closed(during: During) -> (FaultKind, String) {
    match during {
        During::Head { .. } => (FaultKind::Reset, "the connection was closed before an answer".to_owned()),
        During::Body => {
            (FaultKind::Truncated, "the connection was closed in the middle of the body".to_owned())
        }
    }
}

/// The innermost I/O error's kind where it has plain words, else the innermost cause.
fn io_words(chain: &[&(dyn Error + 'static)], root: String) -> String {
    match find::<io::Error>(chain).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::ConnectionReset) => "connection reset by the other side".to_owned(),
        Some(io::ErrorKind::ConnectionAborted) => "connection aborted".to_owned(),
        Some(io::ErrorKind::BrokenPipe) => "connection closed by the other side".to_owned(),
        Some(io::ErrorKind::HostUnreachable) => "no route to the host".to_owned(),
        Some(io::ErrorKind::NetworkUnreachable) => "no route to the network".to_owned(),
        _ => root,
    }
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
