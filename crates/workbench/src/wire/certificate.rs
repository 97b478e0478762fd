//! A certificate as people look at one.

use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, UnixTime};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate, X509Name},
};

/// What is said of a server, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for: organization and common name.
    pub subject: String,
    /// Who signed it, in the same form.
    pub issuer: String,
    /// From when on it counts.
    pub not_before: SystemTime,
    /// Until when it counts.
    pub not_after: SystemTime,
    /// The hosts that it is for, at most 32.
    pub names: Vec<String>,
}

impl Certificate {
    /// Reads one; `None`: it is none.
    pub(super) fn parse(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, found) = X509Certificate::from_der(der).ok()?;
        let names = found.subject_alternative_name().ok().flatten();
        let names = names.into_iter().flat_map(|extension| &extension.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(plain(name)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        });
        Some(Certificate {
            subject: named(found.subject()),
            issuer: named(found.issuer()),
            not_before: moment(found.validity().not_before.timestamp()),
            not_after: moment(found.validity().not_after.timestamp()),
            names: names.take(MOST_NAMES).collect(),
        })
    }

    /// A moment at which it counts.
    pub(super) fn middle(&self) -> UnixTime {
        let since = |moment: SystemTime| moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (from, to) = (since(self.not_before), since(self.not_after));
        UnixTime::since_unix_epoch(from + to.saturating_sub(from) / 2)
    }

    /// Whether it counts at a moment.
    pub fn covers(&self, moment: SystemTime) -> bool {
        (self.not_before..=self.not_after).contains(&moment)
    }
}

fn named(name: &X509Name<'_>) -> String {
    let organization = name.iter_organization().chain(name.iter_common_name());
    let mut words: Vec<String> = organization.filter_map(|word| word.as_str().ok()).map(plain).collect();
    words.dedup();
    if words.is_empty() { plain(&name.to_string()) } else { words.join(", ") }
}

/// What somebody else wrote, fit for one line.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(|four| std::net::IpAddr::from(four).to_string());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|all| std::net::IpAddr::from(all).to_string())).ok()
}

fn moment(seconds: i64) -> SystemTime {
    let since = Duration::from_secs(seconds.unsigned_abs());
    let moment = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(since)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(since)
    };
    moment.unwrap_or(SystemTime::UNIX_EPOCH)
}

const MOST_NAMES: usize = 32;
const LONGEST_NAME: usize = 200;
