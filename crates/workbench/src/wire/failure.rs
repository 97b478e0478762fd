//! Where on the way to an answer something went wrong, and what.

use std::{error::Error, fmt, io, time::Duration};

use http::StatusCode;
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use upstream::TunnelError;

/// A step on the way to an answer. Hosts are as the URL names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// From the name to addresses.
    Resolve(String),
    /// To host and port.
    Connect(String),
    /// To the HTTP or SOCKS proxy of this network.
    Proxy(String),
    /// Through it.
    Tunnel(String),
    /// The TLS handshake.
    Tls(String),
    /// From the request to the head of the answer.
    Head(String),
    /// The body of the answer.
    Body(String),
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The resolver says that there is no such name.
    NoSuchName,
    /// There is one, without addresses.
    NoAddress,
    /// The resolver could not say.
    ResolverFailed,
    /// Nothing listens.
    Refused,
    /// No way leads there.
    NoRoute,
    /// Nothing came in time.
    TimedOut,
    /// The connection was reset.
    Reset,
    /// The connection was closed before the end.
    Closed,
    /// The proxy of this network answered so to the request for a tunnel.
    ProxySays(StatusCode),
    /// The certificate is not trusted.
    Distrust(Distrust),
    /// The other side refused the handshake.
    TlsRefused,
    /// The other side speaks something else than TLS.
    NotTls,
    /// The other side speaks something else than HTTP.
    NotHttp,
    /// An HTTP/2 connection or stream broke.
    Http2,
    /// A redirect that is not followed.
    Redirect,
    /// Anything else.
    Other,
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distrust {
    /// Nobody whom this machine trusts signed it.
    Issuer,
    /// Its time is over, by this machine's clock.
    Expired,
    /// Its time has not begun, by this machine's clock.
    NotYet,
    /// It is for other names.
    Name,
    /// Anything else.
    Other,
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {words}")]
pub struct Failure {
    /// Which one.
    pub step: Step,
    /// What went wrong.
    pub problem: Problem,
    /// The same in words, without secrets.
    pub words: String,
}

impl Failure {
    pub(crate) fn new(step: Step, problem: Problem, words: impl Into<String>) -> Self {
        Failure { step, problem, words: words.into() }
    }

    pub(super) fn late(step: Step, patience: Duration) -> Self {
        Failure::new(step, Problem::TimedOut, format!("nothing came within {patience:?}"))
    }

    /// What getaddrinfo says; its codes are gone, only its words are left.
    pub(super) fn resolver(step: Step, error: &io::Error) -> Self {
        let said = error.to_string();
        let said = said.rsplit(": ").next().unwrap_or_default();
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let problem = if has(&["not known", "nodename nor servname", "does not resolve"]) {
            Problem::NoSuchName
        } else if has(&["No address associated"]) {
            Problem::NoAddress
        } else {
            Problem::ResolverFailed
        };
        Failure::new(step, problem, said)
    }

    pub(super) fn io(step: Step, error: &io::Error) -> Self {
        if let Some(tls) = cause::<rustls::Error>(error) {
            return Failure::tls(step, tls);
        }
        let (problem, words) = match error.kind() {
            io::ErrorKind::ConnectionRefused => (Problem::Refused, "connection refused"),
            io::ErrorKind::ConnectionReset => (Problem::Reset, "connection reset by the other side"),
            io::ErrorKind::ConnectionAborted => (Problem::Reset, "connection aborted"),
            io::ErrorKind::HostUnreachable => (Problem::NoRoute, "no route to the host"),
            io::ErrorKind::NetworkUnreachable => (Problem::NoRoute, "no route to the network"),
            io::ErrorKind::NetworkDown => (Problem::NoRoute, "the network is down"),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
                (Problem::Closed, "the connection was closed by the other side")
            }
            io::ErrorKind::TimedOut => (Problem::TimedOut, "nothing came"),
            io::ErrorKind::AddrNotAvailable => (Problem::NoRoute, "no address of this machine leads there"),
            _ => return Failure::new(step, Problem::Other, error.to_string()),
        };
        Failure::new(step, problem, words)
    }

    fn tls(step: Step, error: &rustls::Error) -> Self {
        let problem = match error {
            rustls::Error::InvalidCertificate(why) => Problem::Distrust(match why {
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Distrust::Issuer,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Distrust::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Distrust::NotYet
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Distrust::Name
                }
                _ => Distrust::Other,
            }),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            ) => Problem::NotTls,
            rustls::Error::AlertReceived(AlertDescription::CloseNotify) => Problem::Closed,
            rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_) => Problem::TlsRefused,
            _ => Problem::Other,
        };
        Failure::new(step, problem, error.to_string())
    }

    pub(super) fn tunnel(step: Step, error: &TunnelError) -> Self {
        let problem = match error {
            TunnelError::Refused(status) => Problem::ProxySays(*status),
            TunnelError::TooLong | TunnelError::NotHttp => Problem::NotHttp,
            TunnelError::Lost(io::ErrorKind::UnexpectedEof) => Problem::Closed,
            TunnelError::Lost(_) => Problem::Reset,
            TunnelError::NoHost | TunnelError::Socks(_) => Problem::Other,
        };
        Failure::new(step, problem, error.to_string())
    }

    pub(super) fn http(step: Step, error: &hyper::Error) -> Self {
        if let Some(h2) = cause::<h2::Error>(error)
            && !h2.is_io()
        {
            return Failure::new(step, Problem::Http2, h2.to_string());
        }
        if let Some(io) = cause::<io::Error>(error) {
            return Failure::io(step, io);
        }
        // Who waits for an answer while the connection ends is told that it was canceled, and within that, why.
        let error = cause::<hyper::Error>(error).unwrap_or(error);
        // It has no question for this kind: bytes came that nothing was asked for.
        if error.is_parse() || error.to_string().contains("unexpected message") {
            return Failure::new(step, Problem::NotHttp, error.to_string());
        }
        if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            return Failure::new(step, Problem::Closed, "the connection was closed by the other side");
        }
        Failure::new(step, Problem::Other, error.to_string())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Resolve(name) => write!(f, "the addresses of {name}"),
            Step::Connect(to) => write!(f, "a connection to {to}"),
            Step::Proxy(to) => write!(f, "a connection to the proxy {to}"),
            Step::Tunnel(to) => write!(f, "a tunnel through the proxy {to}"),
            Step::Tls(host) => write!(f, "the TLS handshake with {host}"),
            Step::Head(host) => write!(f, "the answer of {host}"),
            Step::Body(host) => write!(f, "the body of an answer of {host}"),
        }
    }
}

/// The innermost cause of a type. An `io::Error` hides the error that it was made of from `source`.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let chain = std::iter::successors(Some(error), |&error| {
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| error.source())
    });
    chain.filter_map(|error| error.downcast_ref::<E>()).last()
}
