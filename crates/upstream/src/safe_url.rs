//! URLs of sources, which often carry secrets.

use std::{fmt, path::PathBuf, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::{
    Login,
    secret::{Credentials, STARS},
    spelling::Spelling,
};

/// A URL that may be printed: neither `Display` nor `Debug` shows user, password or the values of the query.
///
/// The credentials are taken out when it is parsed. `https`, `http` and `file` are allowed; `http` never with
/// credentials, as in the go command (PROTOCOL trap 107).
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl {
    /// Without userinfo and fragment.
    url: Url,
    /// Host and port exactly as written, which is what a netrc entry must equal.
    authority: Arc<str>,
    credentials: Option<Credentials>,
}

/// The name of a source: `host[:port][/path]`, or `file:///path`. Safe to print, to send in a header and to use
/// as a label: one line of visible ASCII without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceName(Arc<str>);

/// Why a text is not the URL of a source. The messages repeat nothing of it that could be secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than any real one.
    #[error("the URL is longer than {MAX_LEN} bytes")]
    TooLong,
    /// White space, a control character or a backslash.
    #[error("the URL contains white space, a control character or a backslash; percent-encode it")]
    Character,
    /// It cannot be parsed.
    #[error("not a URL: {0}; write it like https://proxy.example.com")]
    Syntax(#[from] url::ParseError),
    /// Another scheme than those three.
    #[error("the scheme {0} is not supported; use https, http or file")]
    Scheme(String),
    /// Credentials that anybody on the way could read.
    #[error(
        "refusing to pass credentials over http to {0}; use https, or take user and password out of the URL"
    )]
    CredentialsOverHttp(String),
    /// User or password are not UTF-8 after percent-decoding.
    #[error("user or password in the URL are not UTF-8 after percent-decoding")]
    CredentialsEncoding,
    /// A `file` URL with more than a path.
    #[error("a file URL holds an absolute path and nothing else, like file:///srv/modules")]
    File,
}

impl SafeUrl {
    /// Parses an absolute URL. A fragment is dropped.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > MAX_LEN {
            return Err(UrlError::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(UrlError::Character);
        }
        let mut url = Url::parse(text)?;
        let has_userinfo = !url.username().is_empty() || url.password().is_some();
        match url.scheme() {
            "http" if has_userinfo => {
                return Err(UrlError::CredentialsOverHttp(url.host_str().unwrap_or_default().to_owned()));
            }
            "https" | "http" => {}
            "file" if is_plain_file(&url) => {}
            "file" => return Err(UrlError::File),
            other => return Err(UrlError::Scheme(other.to_owned())),
        }
        let credentials = if has_userinfo {
            let user = decode(url.username())?;
            let password = decode(url.password().unwrap_or_default())?;
            Some(Credentials::new(&user, &password))
        } else {
            None
        };
        // These fail only for URLs that cannot have userinfo, and then there is nothing to take out.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        Ok(SafeUrl { authority: authority(text).into(), url, credentials })
    }

    /// `https`, `http` or `file`.
    pub fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// The source's name: this URL without scheme, credentials and query.
    pub fn source_name(&self) -> SourceName {
        let path = self.url.path().trim_end_matches('/');
        SourceName(match self.url.scheme() {
            "file" => format!("file://{path}").into(),
            _ => format!("{}{path}", self.host_port()).into(),
        })
    }

    /// The URL without credentials.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// The directory of a `file` URL.
    pub(crate) fn directory(&self) -> Option<PathBuf> {
        (self.scheme() == "file").then(|| self.url.to_file_path().ok()).flatten()
    }

    /// What its own user and password say to its host. `None`: it has none, or no header can hold them.
    pub fn login(&self) -> Option<Login> {
        self.credentials.as_ref().and_then(Credentials::login)
    }

    /// Host and port as written.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The URL of a path below this one; as the go command spells it on the wire, `!` is `%21`, `+` and `@` are
    /// raw. The base's own path stays, and its query goes along on every request (trap 11).
    pub(crate) fn below(&self, path: &str, spelling: Spelling) -> Url {
        let escaped = match spelling {
            Spelling::Usual => ESCAPED,
            Spelling::Encoded => ENCODED,
        };
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{}", utf8_percent_encode(path, escaped)));
        url
    }

    /// Texts of this URL that may appear in no message.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        let query = self.url.query().unwrap_or_default();
        let spelled =
            query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
        let decoded = self.url.query_pairs().map(|(_, value)| value.into_owned());
        self.credentials.iter().flat_map(Credentials::spellings).chain(spelled).chain(decoded)
    }

    fn host_port(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.url.scheme())?;
        if self.credentials.is_some() {
            write!(f, "{STARS}@")?;
        }
        write!(f, "{}{}", self.host_port(), self.url.path())?;
        for (i, pair) in self.url.query().into_iter().flat_map(|query| query.split('&')).enumerate() {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            match pair.split_once('=') {
                Some((name, _)) => write!(f, "{name}={STARS}")?,
                // A lone word may be the token itself.
                None => f.write_str(STARS)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

impl SourceName {
    /// The repositories themselves, all of them: one name, for theirs may be private.
    pub fn direct() -> Self {
        SourceName("direct".into())
    }

    /// A host that is asked for no GOPROXY.
    pub(crate) fn of_host(host: &str) -> Self {
        let shown = host.bytes().all(|b| b.is_ascii_graphic());
        SourceName(if shown { host } else { "" }.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<SourceName> for Arc<str> {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

/// No host but `localhost`, no port, no credentials, no query (PROTOCOL 1.3).
fn is_plain_file(url: &Url) -> bool {
    matches!(url.host_str(), None | Some("localhost"))
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.to_file_path().is_ok()
}

fn decode(text: &str) -> Result<String, UrlError> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| UrlError::CredentialsEncoding)
}

fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

const MAX_LEN: usize = 4096;

/// What Go's `url.PathEscape` escapes, slashes left alone.
/// The same, and `@`.
const ENCODED: &AsciiSet = &ESCAPED.add(b'@');

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> SafeUrl {
        SafeUrl::parse(text).unwrap()
    }

    #[test]
    fn neither_display_nor_debug_shows_a_secret() {
        let url = url("https://robot:hunter2@proxy.example.com:8443/go?token=s3cret&s3cret");
        assert_eq!(url.to_string(), "https://***@proxy.example.com:8443/go?token=***&***");
        assert_eq!(format!("{url:?}"), "SafeUrl(https://***@proxy.example.com:8443/go?token=***&***)");
        assert_eq!(url.source_name().as_str(), "proxy.example.com:8443/go");
    }

    proptest! {
        #[test]
        fn whatever_the_secrets_are_they_are_not_shown(
            user in "[a-z0-9%.~!$&'()*+,;=-]{4,20}",
            password in "[a-zA-Z0-9%.~!$&'()*+,;=:-]{4,20}",
            token in "[a-zA-Z0-9%.~!/?:@-]{4,20}",
        ) {
            // The rest of the URL is no secret.
            let rest = "SafeUrl(https://***@h.invalid/p?t=***&***)";
            prop_assume!([&user, &password, &token].iter().all(|secret| !rest.contains(secret.as_str())));
            let text = format!("https://{user}:{password}@h.invalid/p?t={token}&{token}");
            if let Ok(url) = SafeUrl::parse(&text) {
                for shown in [url.to_string(), format!("{url:?}"), url.source_name().to_string()] {
                    prop_assert!(!shown.contains(&user) && !shown.contains(&password) && !shown.contains(&token));
                }
            }
        }

        #[test]
        fn no_text_is_too_odd_to_be_looked_at(text in "\\PC{0,60}") {
            let _ = SafeUrl::parse(&text);
            let _ = SafeUrl::parse(&format!("https://{text}"));
        }
    }

    #[test]
    fn names_are_hosts_with_port_and_path() {
        for (text, name) in [
            ("https://proxy.example.com", "proxy.example.com"),
            ("https://proxy.example.com/", "proxy.example.com"),
            ("http://[::1]:8080/a/b/", "[::1]:8080/a/b"),
            ("file:///srv/modules/", "file:///srv/modules"),
            ("file://localhost/srv/modules", "file:///srv/modules"),
        ] {
            assert_eq!(url(text).source_name().as_str(), name, "{text}");
        }
    }

    #[test]
    fn paths_are_spelled_as_the_go_command_spells_them() {
        for (base, path, want) in [
            (
                "https://h.example",
                "github.com/!burnt!sushi/toml/@v/v1.0.0.zip",
                "https://h.example/github.com/%21burnt%21sushi/toml/@v/v1.0.0.zip",
            ),
            (
                "https://h.example/p/?token=x",
                "e.example/m/@v/v2.0.0+incompatible.info",
                "https://h.example/p/e.example/m/@v/v2.0.0+incompatible.info?token=x",
            ),
            (
                "https://h.example/a%2Fb",
                "sumdb/e.example/db/lookup/e.example/~x@v1.0.0",
                "https://h.example/a%2Fb/sumdb/e.example/db/lookup/e.example/~x@v1.0.0",
            ),
        ] {
            assert_eq!(url(base).below(path, Spelling::Usual).as_str(), want);
        }
    }

    #[test]
    fn trap_106_the_authority_is_kept_as_written() {
        assert_eq!(url("https://a:b@Proxy.Example.com:443/p").authority(), "Proxy.Example.com:443");
        assert_eq!(url("https://proxy.example.com?x=1").authority(), "proxy.example.com");
    }

    #[test]
    fn trap_107_http_with_credentials_is_refused_and_the_text_is_silent() {
        let error = SafeUrl::parse("http://robot:hunter2@proxy.example.com").unwrap_err();
        assert_eq!(error, UrlError::CredentialsOverHttp("proxy.example.com".to_owned()));
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn what_is_no_url_of_a_source_is_refused() {
        for text in [
            "",
            "proxy.example.com",
            "ftp://proxy.example.com",
            "https://",
            "https://a b.example",
            "https://a\\b",
            "file://host.example/srv",
            "file:///srv?x=1",
            "https://u%FF@proxy.example.com",
            "https:///\u{7f}",
        ] {
            assert!(SafeUrl::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(
            SafeUrl::parse(&format!("https://e.example/{}", "a".repeat(5000))),
            Err(UrlError::TooLong)
        );
    }
}
