//! Which redirects are followed (PROTOCOL 1.4, trap 12).

use http::{HeaderMap, StatusCode, header::LOCATION};
use url::Url;

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// More than ten.
    #[error("more than {MAX} redirects")]
    TooMany,
    /// What was asked for under TLS would come without.
    #[error("a redirect from https to http")]
    Downgrade,
    /// It would have to be told to somebody what another one says.
    #[error("a redirect to a URL with credentials")]
    Credentials,
    /// Another scheme.
    #[error("a redirect to something else than https or http")]
    Scheme,
    /// The `Location` is no URL.
    #[error("a redirect to nowhere")]
    Nowhere,
}

/// Where an answer leads, if it is a redirect with a `Location`.
pub fn target(from: &Url, status: StatusCode, headers: &HeaderMap) -> Option<Result<Url, NotFollowed>> {
    // The others of the 300s ask for a choice or a proxy.
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    let to = location.to_str().ok().and_then(|location| from.join(location).ok());
    Some(to.ok_or(NotFollowed::Nowhere).map(|mut url| {
        url.set_fragment(None);
        url
    }))
}

/// Whether a redirect is followed after `followed` others: at most ten, never from https to http.
pub fn judge(from: &Url, followed: usize, next: &Url) -> Result<(), NotFollowed> {
    if followed >= MAX {
        return Err(NotFollowed::TooMany);
    }
    if !matches!(next.scheme(), "https" | "http") {
        return Err(NotFollowed::Scheme);
    }
    if next.scheme() == "http" && from.scheme() == "https" {
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
        let judge = |from: &str, followed: usize, next: &str| {
            judge(&Url::parse(from).unwrap(), followed, &Url::parse(next).unwrap())
        };
        let (tls, plain) = ("https://a.example/x", "http://a.example/x");
        assert_eq!(judge(tls, 0, plain), Err(NotFollowed::Downgrade));
        assert_eq!(judge(plain, 0, tls), Ok(()));
        assert_eq!(judge(tls, 9, tls), Ok(()));
        assert_eq!(judge(tls, 10, tls), Err(NotFollowed::TooMany));
        assert_eq!(judge(tls, 0, "https://u:p@a.example/"), Err(NotFollowed::Credentials));
        assert_eq!(judge(tls, 0, "ftp://a.example/"), Err(NotFollowed::Scheme));
    }

    #[test]
    fn a_location_is_read_from_where_it_stands() {
        let from = Url::parse("https://a.example/p/x?q=1").unwrap();
        let target = |status: u16, location: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, http::HeaderValue::from_static(location))]);
            target(&from, StatusCode::from_u16(status).unwrap(), &headers)
        };
        assert_eq!(target(302, "../y#there").unwrap().unwrap().as_str(), "https://a.example/y");
        assert_eq!(target(308, "//b.example/").unwrap().unwrap().as_str(), "https://b.example/");
        assert_eq!(target(301, "http://"), Some(Err(NotFollowed::Nowhere)));
        assert_eq!(target(304, "/y"), None);
        assert_eq!(super::target(&from, StatusCode::FOUND, &HeaderMap::new()), None);
    }
}
