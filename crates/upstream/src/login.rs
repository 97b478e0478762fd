//! Who Larder is for a host: what is said of it, and who knows.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION};

use crate::secret::{Credentials, Secret};

/// Headers that tell a host who asks. Neither `Debug` nor anything else shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    headers: Arc<[(HeaderName, HeaderValue)]>,
    /// Texts that may appear in no message.
    secrets: Arc<[Secret]>,
}

impl Login {
    /// A user's name and password. `None`: no header can hold them.
    pub fn basic(user: &str, password: &str) -> Option<Self> {
        let credentials = Credentials::new(user, password);
        let header = credentials.basic()?;
        // A token may stand in the place of the name, but a short one is no token, and occurs in every message.
        let is_plain = user.len() < SHORTEST_TOKEN || PLAIN.contains(&user);
        let secrets = credentials.spellings().filter(|secret| !is_plain || secret != user);
        Some(Login::of([(AUTHORIZATION, header)], secrets))
    }

    /// A token that is no password. `None`: no header can hold it.
    pub fn bearer(token: &str) -> Option<Self> {
        let header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        Some(Login::of([(AUTHORIZATION, header)], [token.to_owned()]))
    }

    /// Headers by name and value. `None`: one of them is none, or there are none.
    pub fn headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut parsed = Vec::new();
        let mut secrets = Vec::new();
        for (name, value) in headers {
            parsed.push((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
            secrets.extend(value.split_whitespace().map(str::to_owned));
            if let Some(plain) = value.strip_prefix("Basic ").and_then(|token| STANDARD.decode(token).ok()) {
                secrets.extend(
                    String::from_utf8(plain).ok().and_then(|pair| Some(pair.split_once(':')?.1.to_owned())),
                );
            }
        }
        // Words of every login are no secrets.
        secrets
            .retain(|secret| !matches!(secret.as_str(), "Basic" | "Bearer" | "basic" | "bearer" | "token"));
        (!parsed.is_empty()).then(|| Login::of(parsed, secrets))
    }

    fn of(
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
        secrets: impl IntoIterator<Item = String>,
    ) -> Self {
        let hidden = |(name, mut value): (HeaderName, HeaderValue)| {
            value.set_sensitive(true);
            (name, value)
        };
        Login {
            headers: headers.into_iter().map(hidden).collect(),
            secrets: secrets
                .into_iter()
                .filter(|text| !text.is_empty())
                .map(|text| Secret::new(&text))
                .collect(),
        }
    }

    /// The headers, for the wire or a program's environment only.
    pub fn expose(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// Texts that may appear in no message.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        self.secrets.iter().map(|secret| secret.expose().to_owned())
    }

    /// Whether an `Authorization` is among them.
    pub(crate) fn authorizes(&self) -> bool {
        self.headers.iter().any(|(name, _)| *name == AUTHORIZATION)
    }

    /// The headers of both.
    pub(crate) fn and(&self, other: &Login) -> Self {
        let headers = self.headers.iter().chain(&*other.headers).cloned();
        Login::of(headers, self.secrets().chain(other.secrets()))
    }

    pub(crate) fn add(&self, headers: &mut HeaderMap) {
        for (name, value) in &*self.headers {
            headers.append(name.clone(), value.clone());
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}

/// An answer that may mean that the host wants to know who asks: its status is one of the 400s.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    headers: HeaderMap,
}

impl Refusal {
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        status.is_client_error().then(|| Refusal { status, headers: headers.clone() })
    }

    /// One with a status alone, that another program got.
    pub fn unauthorized() -> Self {
        Refusal { status: StatusCode::UNAUTHORIZED, headers: HeaderMap::new() }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The head of the answer as GOAUTH commands are told it: status line, headers, an empty line. At most 64 KiB.
    pub fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {}\n", self.status);
        for (name, value) in &self.headers {
            let line = value.to_str().map(|value| format!("{name}: {value}\n")).unwrap_or_default();
            if head.len() + line.len() > LONGEST_HEAD {
                break;
            }
            head.push_str(&line);
        }
        head.push('\n');
        head
    }
}

/// Who knows what to tell hosts. URLs are those of requests: `https`, without credentials.
pub trait Logins: fmt::Debug + Send + Sync {
    /// Whether [`known`](Logins::known) knows all that it will without being asked.
    fn is_ready(&self) -> bool;

    /// Makes it so. Blocks: it may run programs.
    fn prepare(&self);

    /// What to say in the first request. Does not block.
    fn known(&self, url: &str) -> Option<Login>;

    /// Whether an answer of this status could make [`refused`](Logins::refused) find something.
    fn asks(&self, status: u16) -> bool;

    /// What to say after a refusal; `None`: nothing else than what was said. Blocks.
    fn refused(&self, url: &str, refusal: &Refusal, said: Option<&Login>) -> Option<Login>;

    /// The host took it. Does not block.
    fn accepted(&self, url: &str, login: &Login);

    /// Texts that may appear in no message.
    fn secrets(&self) -> Vec<String>;
}

/// Bytes of a name that may be a token.
const SHORTEST_TOKEN: usize = 8;
/// Names that hosts want beside a token.
const PLAIN: [&str; 3] = ["x-access-token", "x-token-auth", "x-oauth-basic"];
const LONGEST_HEAD: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_a_login() {
        for login in [
            Login::basic("robot", "hunter2").unwrap(),
            Login::bearer("hunter2").unwrap(),
            Login::headers([("X-Token", "hunter2"), ("Authorization", "Basic cm9ib3Q6aHVudGVyMg==")])
                .unwrap(),
        ] {
            assert_eq!(format!("{login:?}"), "Login(***)");
            assert!(login.secrets().any(|secret| secret == "hunter2"));
            let mut headers = HeaderMap::new();
            login.add(&mut headers);
            assert!(!format!("{headers:?}").contains("hunter2"));
        }
        assert!(Login::bearer("a\nb").is_none());
        assert!(Login::headers([("bad name", "x")]).is_none() && Login::headers([]).is_none());
    }

    #[test]
    fn commands_are_told_the_head_of_the_answer() {
        let headers = HeaderMap::from_iter([(
            http::header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"git\""),
        )]);
        let refusal = Refusal::of(StatusCode::UNAUTHORIZED, &headers).unwrap();
        assert_eq!(refusal.head(), "HTTP/1.1 401 Unauthorized\nwww-authenticate: Basic realm=\"git\"\n\n");
        assert!(Refusal::of(StatusCode::BAD_GATEWAY, &headers).is_none());
    }
}
