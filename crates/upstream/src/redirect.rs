//! Which redirects are followed (PROTOCOL 1.4, trap 12).

use reqwest::redirect::Policy;
use url::Url;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotFollowed {
    #[error("more than {MAX} redirects")]
    TooMany,
    #[error("a redirect from https to http")]
    Downgrade,
    #[error("a redirect to a URL with credentials")]
    Credentials,
}

/// At most ten, never from https to http. The HTTP client itself drops `Authorization` on the way to another
/// host, port or scheme.
pub(crate) fn policy() -> Policy {
    Policy::custom(|attempt| match judge(attempt.previous(), attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(refused) => attempt.error(refused),
    })
}

fn judge(previous: &[Url], next: &Url) -> Result<(), NotFollowed> {
    // The first of them is no redirect.
    if previous.len() > MAX {
        return Err(NotFollowed::TooMany);
    }
    if next.scheme() == "http" && previous.last().is_some_and(|url| url.scheme() == "https") {
        return Err(NotFollowed::Downgrade);
    }
    if !next.username().is_empty() || next.password().is_some() {
        return Err(NotFollowed::Credentials);
    }
    Ok(())
}

const MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_12_https_never_becomes_http_and_ten_are_enough() {
        let url = |text: &str| Url::parse(text).unwrap();
        let (tls, plain) = (url("https://a.example/x"), url("http://a.example/x"));
        assert_eq!(judge(std::slice::from_ref(&tls), &plain), Err(NotFollowed::Downgrade));
        assert_eq!(judge(std::slice::from_ref(&plain), &tls), Ok(()));
        assert_eq!(judge(&[plain.clone(), tls.clone()], &plain), Err(NotFollowed::Downgrade));
        assert_eq!(judge(&vec![tls.clone(); 10], &tls), Ok(()));
        assert_eq!(judge(&vec![tls.clone(); 11], &tls), Err(NotFollowed::TooMany));
        assert_eq!(judge(&[tls], &url("https://u:p@a.example/")), Err(NotFollowed::Credentials));
    }
}
