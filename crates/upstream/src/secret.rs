//! Values that are never printed.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Login, keyring::Keyring};

/// What stands where a secret was.
pub(crate) const STARS: &str = "***";

/// The shortest text that is searched for in messages. Shorter ones occur in them by chance.
const SHORTEST: usize = 3;

/// A text that neither `Debug` nor anything else prints.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Arc<str>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Secret(text.into())
    }

    /// The text itself, for the wire only.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// A user's name and password. The name is as secret as the password: a token often stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    user: Secret,
    password: Secret,
}

impl Credentials {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        Credentials { user: Secret::new(user), password: Secret::new(password) }
    }

    /// The value of `Authorization`; `HeaderValue`'s own `Debug` hides it.
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("Basic {}", self.token())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The same, for hosts that are told nothing else.
    pub(crate) fn login(&self) -> Option<Login> {
        Login::basic(self.user.expose(), self.password.expose())
    }

    /// Every spelling in which they might come back in a message.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = String> + '_ {
        [&self.user, &self.password]
            .into_iter()
            .flat_map(|secret| {
                let plain = secret.expose();
                [plain.to_owned(), utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string()]
            })
            .chain([self.token()])
    }

    fn token(&self) -> String {
        STANDARD.encode(format!("{}:{}", self.user.expose(), self.password.expose()))
    }
}

/// Takes the secrets of one source out of texts that others wrote: error chains, a server's own words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor {
    secrets: Arc<[Secret]>,
    keyring: Keyring,
}

impl Redactor {
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets = longest_first(secrets);
        Redactor { secrets: secrets.iter().map(|s| Secret::new(s)).collect(), keyring: Keyring::default() }
    }

    /// The secrets of these logins go, too.
    pub(crate) fn with_logins(self, keyring: Keyring) -> Self {
        Redactor { keyring, ..self }
    }

    /// The same for one more secret.
    pub(crate) fn and(&self, secret: &str) -> Self {
        let secrets = self.secrets.iter().map(|one| one.expose().to_owned()).chain([secret.to_owned()]);
        Redactor::new(secrets).with_logins(self.keyring.clone())
    }

    pub(crate) fn clean(&self, text: &str) -> String {
        let more = longest_first(self.keyring.secrets());
        let secrets = more.iter().map(String::as_str).chain(self.secrets.iter().map(Secret::expose));
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, STARS))
    }
}

/// A secret that contains another one goes first, or its rest would stay.
fn longest_first(secrets: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut secrets: Vec<String> = secrets.into_iter().filter(|s| s.len() >= SHORTEST).collect();
    secrets.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    secrets.dedup();
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_stars() {
        assert_eq!(
            format!("{:?}", Credentials::new("robot", "hunter2")),
            "Credentials { user: ***, password: *** }"
        );
        assert!(!format!("{:?}", Redactor::new(["hunter2".to_owned()])).contains("hunter2"));
        let header = Credentials::new("robot", "hunter2").basic().unwrap();
        assert_eq!(format!("{header:?}"), "Sensitive");
    }

    #[test]
    fn every_spelling_is_taken_out() {
        let redactor = Redactor::new(Credentials::new("robot", "p/w rd").spellings());
        let text = "robot p/w rd p%2Fw%20rd Basic cm9ib3Q6cC93IHJk end";
        assert_eq!(redactor.clean(text), "*** *** *** Basic *** end");
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        let redactor = Redactor::new(["abc".to_owned(), "abcdef".to_owned(), "no".to_owned()]);
        assert_eq!(redactor.clean("abcdef abc no"), "*** *** no");
    }
}
