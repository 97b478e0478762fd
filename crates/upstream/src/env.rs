//! The environment variables that decide how Larder reaches the network.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
};

/// A copy of the variables that the door reads: certificates, HTTP proxies, netrc.
///
/// The program reads its environment once and hands it in, so nothing below looks at the process.
#[derive(Clone, Default)]
pub struct Env(BTreeMap<String, OsString>);

impl Env {
    /// Keeps what the door reads; give it `std::env::vars_os()`.
    pub fn new<N: AsRef<OsStr>, V: Into<OsString>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        let kept = vars.into_iter().filter_map(|(name, value)| {
            let name = name.as_ref().to_str().filter(|name| READ.contains(name))?;
            Some((name.to_owned(), value.into()))
        });
        Env(kept.collect())
    }

    /// A variable that is set to something; like the go command, an empty one counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The same as text, for values that are not paths.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(OsStr::to_str)
    }
}

/// Shows names only: a proxy's URL may hold a password.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

const READ: [&str; 12] = [
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NETRC",
    "NO_PROXY",
    "REQUEST_METHOD",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "USERPROFILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_kept_and_values_are_not_shown() {
        let env = Env::new([("HTTPS_PROXY", "http://u:hunter2@p.example"), ("PATH", "/bin"), ("NETRC", "")]);
        assert_eq!(env.text("HTTPS_PROXY"), Some("http://u:hunter2@p.example"));
        assert_eq!(env.get("PATH"), None);
        assert_eq!(env.get("NETRC"), None);
        assert_eq!(format!("{env:?}"), r#"["HTTPS_PROXY", "NETRC"]"#);
    }
}
