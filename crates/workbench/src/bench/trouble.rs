//! How a request can fail.

use upstream::FaultKind;

use crate::{
    Diagnosis,
    diagnoses::{network, proxy, state},
};

/// A kind of failure, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// The name has no address.
    Resolve,
    /// There was no connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The answer was not whole in time.
    Timeout,
    /// The connection broke.
    Reset,
    /// The body ended before its announced end.
    Cut,
    /// What came is no HTTP, or compressed in a way that nobody asked for.
    Protocol,
    /// A redirect that is not followed.
    Redirect,
    /// A status that is no answer, 5xx as a rule.
    Status(u16),
    /// 401 or 403.
    Denied(u16),
    /// 404 or 410 for what the same proxy gave before.
    Vanished,
    /// More bytes than such an answer has.
    TooLarge,
    /// A directory or a file that cannot be read.
    Disk,
    /// 200 with something else than what was asked for.
    Wrong,
}

impl Trouble {
    /// The kind of a fault; nothing where no request was sent.
    pub(super) fn of(kind: FaultKind) -> Option<Self> {
        Some(match kind {
            FaultKind::Dns => Trouble::Resolve,
            FaultKind::Connect => Trouble::Connect,
            FaultKind::Tls => Trouble::Tls,
            FaultKind::Timeout | FaultKind::Stall => Trouble::Timeout,
            FaultKind::Reset => Trouble::Reset,
            FaultKind::Truncated => Trouble::Cut,
            FaultKind::Status(status) => Trouble::Status(status),
            FaultKind::Denied(status) => Trouble::Denied(status),
            FaultKind::TooLarge => Trouble::TooLarge,
            FaultKind::Redirect => Trouble::Redirect,
            FaultKind::Lie => Trouble::Wrong,
            FaultKind::Disk => Trouble::Disk,
            FaultKind::Protocol | FaultKind::Encoding | FaultKind::Repository | FaultKind::Lacking => {
                Trouble::Protocol
            }
            FaultKind::Unaskable | FaultKind::Guarded | FaultKind::Tripped | FaultKind::Busy => return None,
        })
    }

    /// Its name in tables and JSON: `timeout`, `status-503`.
    pub fn name(self) -> String {
        match self {
            Trouble::Resolve => "dns".to_owned(),
            Trouble::Connect => "connect".to_owned(),
            Trouble::Tls => "tls".to_owned(),
            Trouble::Timeout => "timeout".to_owned(),
            Trouble::Reset => "reset".to_owned(),
            Trouble::Cut => "cut".to_owned(),
            Trouble::Protocol => "protocol".to_owned(),
            Trouble::Redirect => "redirect".to_owned(),
            Trouble::Status(status) => format!("status-{status}"),
            Trouble::Denied(status) => format!("denied-{status}"),
            Trouble::Vanished => "vanished".to_owned(),
            Trouble::TooLarge => "too-large".to_owned(),
            Trouble::Disk => "disk".to_owned(),
            Trouble::Wrong => "wrong".to_owned(),
        }
    }

    /// Whether nobody was reached, so that the next request ends alike.
    pub(super) fn is_of_the_way(self) -> bool {
        matches!(self, Trouble::Resolve | Trouble::Connect | Trouble::Tls | Trouble::Timeout | Trouble::Disk)
    }

    /// What it most likely means, where it was put in these words.
    pub(super) fn diagnosis(self, words: &str) -> &'static Diagnosis {
        match self {
            Trouble::Resolve if words.contains("no answer from the resolver") => &network::DNS_DEAD,
            Trouble::Resolve => &network::DNS_NO_NAME,
            Trouble::Connect if words.contains("refused") => &network::REFUSED,
            Trouble::Connect if words.contains("no route") => &network::NO_ROUTE,
            Trouble::Connect if words.contains("TLS handshake within") => &network::TLS_TIMEOUT,
            Trouble::Connect if words.contains("HTTP proxy") => &network::HTTP_PROXY,
            Trouble::Connect if words.contains("within") => &network::CONNECT_TIMEOUT,
            Trouble::Connect | Trouble::Reset => &network::RESET,
            Trouble::Tls if words.contains("signed by nobody") => &network::TLS_INTERCEPTED,
            Trouble::Tls if words.contains("expired") => &network::TLS_EXPIRED,
            Trouble::Tls if words.contains("another host") => &network::TLS_NAME,
            Trouble::Tls => &network::TLS_REFUSED,
            Trouble::Timeout => &network::NO_ANSWER,
            Trouble::Cut => &network::CUT,
            Trouble::Protocol => &network::NOT_HTTP,
            Trouble::Redirect => &network::REDIRECTS,
            Trouble::Status(429) => &proxy::PROXY_BUSY,
            Trouble::Status(451) => &proxy::PROXY_BLOCKED,
            Trouble::Status(_) => &proxy::PROXY_FAILS,
            Trouble::Denied(_) => &proxy::PROXY_DENIES,
            Trouble::Vanished => &proxy::NOT_FOUND,
            Trouble::TooLarge => &proxy::TOO_LARGE,
            Trouble::Disk if words.contains("is not there") => &proxy::NO_DIRECTORY,
            Trouble::Disk => &state::IO,
            Trouble::Wrong => &proxy::PROXY_LIES,
        }
    }
}
