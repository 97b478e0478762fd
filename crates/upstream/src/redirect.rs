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
    #[error("a redirect to something else than https or http")]
    Scheme,
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
    if !matches!(next.scheme(), "https" | "http") {
        return Err(NotFollowed::Scheme);
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
        let judge = |previous: &str, times: usize, next: &str| {
            let previous = vec![Url::parse(previous).unwrap(); times];
            judge(&previous, &Url::parse(next).unwrap())
        };
        let (tls, plain) = ("https://a.example/x", "http://a.example/x");
        assert_eq!(judge(tls, 1, plain), Err(NotFollowed::Downgrade));
        assert_eq!(judge(plain, 1, tls), Ok(()));
        assert_eq!(judge(tls, 10, tls), Ok(()));
        assert_eq!(judge(tls, 11, tls), Err(NotFollowed::TooMany));
        assert_eq!(judge(tls, 1, "https://u:p@a.example/"), Err(NotFollowed::Credentials));
        assert_eq!(judge(tls, 1, "ftp://a.example/"), Err(NotFollowed::Scheme));
    }
}
