//! Tokens that say themselves until when they count.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use upstream::{Env, Netrc};

use crate::Environment;

/// Whether the password that `~/.netrc` has for a host is a JSON web token (RFC 7519) whose time is over.
pub(super) fn has_expired(env: &Environment, host: &str) -> bool {
    let home = env.home().map(|home| home.join(".netrc"));
    let Some(file) = home else { return false };
    let login = Netrc::load(&Env::new([("NETRC", file)])).login(host);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    login.is_some_and(|login| login.secrets().any(|secret| end_of(&secret).is_some_and(|end| end < now)))
}

/// When a token ends, in seconds since 1970. `None`: it is no such token, or does not say.
fn end_of(secret: &str) -> Option<u64> {
    let mut parts = secret.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<serde_json::Value>(&claims).ok()?.get("exp")?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_when_it_ends() {
        let token = |claims: &str| format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(end_of(&token(r#"{"exp":1700000000}"#)), Some(1_700_000_000));
        for other in [&*token("{}"), "hunter2", "a.b.c", "a.b.c.d", ""] {
            assert_eq!(end_of(other), None, "{other}");
        }
    }
}
