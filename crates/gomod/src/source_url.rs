//! The URL of a proxy or a checksum database, which may carry a password or a token.

use std::fmt;

/// An `http`, `https` or `file` URL. `Display` and `Debug` never show its userinfo, query or fragment, where
/// secrets stand; only [`as_str`](Self::as_str) does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SourceUrl(String);

impl SourceUrl {
    /// Checks the form: `https://[user[:password]@]host[:port][/path][?query]`, the same with `http`, or
    /// `file:///path` with nothing else. The scheme is made lower-case, everything else stays as it is.
    pub fn new(url: &str) -> Result<Self, SourceUrlError> {
        let refuse = |fault| Err(SourceUrlError { url: redacted(url), fault });
        if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return refuse(SourceUrlFault::Character);
        }
        let (scheme, rest) = match url.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => return refuse(SourceUrlFault::NoScheme),
        };
        let fault = match scheme.as_str() {
            "http" | "https" => web_fault(rest),
            "file" => file_fault(rest),
            _ => Some(SourceUrlFault::Scheme),
        };
        match fault {
            Some(fault) => refuse(fault),
            None => Ok(Self(format!("{scheme}:{rest}"))),
        }
    }

    /// The whole URL, secrets included: for making requests, never for people.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names a directory instead of a server.
    pub fn is_file(&self) -> bool {
        self.0.starts_with("file:")
    }
}

impl fmt::Display for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(&self.0))
    }
}

impl fmt::Debug for SourceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceUrl({self})")
    }
}

/// A text that is no URL of a proxy or checksum database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid URL {url}: {fault}")]
pub struct SourceUrlError {
    url: String,
    fault: SourceUrlFault,
}

impl SourceUrlError {
    /// What is wrong with it.
    pub fn fault(&self) -> SourceUrlFault {
        self.fault
    }
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceUrlFault {
    /// A space or control character.
    #[error("it contains a space or a control character")]
    Character,
    /// No scheme in front.
    #[error("missing scheme: it must begin with https://, http:// or file:///")]
    NoScheme,
    /// Another scheme.
    #[error("the scheme must be https, http or file")]
    Scheme,
    /// No host, or one with characters no host has.
    #[error("there is no valid host after the scheme")]
    Host,
    /// Something other than a number after the host.
    #[error("the port is not a number up to 65535")]
    Port,
    /// A `file` URL with more than an absolute path.
    #[error("a file URL must be file:///PATH, without host, user, query or fragment")]
    File,
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn web_fault(rest: &str) -> Option<SourceUrlFault> {
    let Some(rest) = rest.strip_prefix("//") else { return Some(SourceUrlFault::Host) };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            let valid =
                address.contains(':') && address.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b));
            (if valid { address } else { "" }, port)
        }
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:".contains(&b) || !b.is_ascii();
    if host.is_empty() || !host.bytes().all(allowed) {
        return Some(SourceUrlFault::Host);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => None,
        Some("") => None,
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) && number.parse::<u16>().is_ok() => None,
        _ => Some(SourceUrlFault::Port),
    }
}

fn file_fault(rest: &str) -> Option<SourceUrlFault> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let valid = path.starts_with('/') && !path.starts_with("//") && !path.contains(['?', '#']);
    if valid { None } else { Some(SourceUrlFault::File) }
}

/// Hides whatever may be secret, also in a text that is no valid URL: all up to the last `@` before the query,
/// then the query and the fragment.
fn redacted(url: &str) -> String {
    let (shown, secret) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let known =
        |scheme: &str| ["https", "http", "file"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let (mut text, after) = match shown.split_once("://") {
        Some((scheme, after)) if known(scheme) => (format!("{scheme}://"), after),
        _ => (String::new(), shown),
    };
    match after.rsplit_once('@') {
        Some((_, place)) => {
            text.push_str("xxxxx@");
            text.push_str(place);
        }
        None => text.push_str(after),
    }
    if !secret.is_empty() {
        text.push_str("?xxxxx");
    }
    let limit = text.char_indices().nth(200).map_or(text.len(), |(at, _)| at);
    text.get(..limit).unwrap_or_default().chars().flat_map(char::escape_debug).collect()
}
