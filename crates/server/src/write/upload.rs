//! The body of a changing request, bounded in size and time, on its way to a staging file.

use std::time::Duration;

use gomod::MAX_ZIP;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::body::{Body as _, Incoming};
use storage::Staging;
use tokio::time::{Instant, timeout_at};

use super::notices as say;
use crate::respond::Refused;

/// What the body of a publication is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A module zip as `go` has it.
    Zip,
    /// A tar archive of the module's tree.
    Tree,
}

impl Kind {
    /// What the client says; without a word it is a zip.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let Some(value) = headers.get(CONTENT_TYPE) else { return Some(Kind::Zip) };
        let value = value.to_str().ok()?;
        let value = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match value.as_str() {
            "application/zip" | "application/octet-stream" | "application/x-zip-compressed" => {
                Some(Kind::Zip)
            }
            "application/x-tar" | "application/tar" => Some(Kind::Tree),
            _ => None,
        }
    }

    /// Bytes of a body. An archive of a tree has what is left out of the module too, and a kilobyte for each file.
    fn largest(self) -> u64 {
        match self {
            Kind::Zip => MAX_ZIP,
            Kind::Tree => 2 * MAX_ZIP,
        }
    }
}

/// How long bodies may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upload {
    /// Between two pieces.
    pub(super) stall: Duration,
    /// All together.
    pub(super) time: Duration,
}

impl Upload {
    /// Takes a body over, piece by piece.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: &mut Incoming,
        kind: Kind,
        into: &mut Staging,
    ) -> Result<(), Box<Refused>> {
        let largest = kind.largest();
        let announced = headers.get(CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|len| len > largest) {
            return Err(say::too_large(largest));
        }
        let until = Instant::now() + self.time;
        let mut left = largest;
        while let Some(piece) = self.piece(body, until).await? {
            left = left.checked_sub(piece.len() as u64).ok_or_else(|| say::too_large(largest))?;
            into.append(piece).await.map_err(|error| say::disk(&error))?;
        }
        if left == largest {
            return Err(say::empty());
        }
        Ok(())
    }

    /// A body that is a short text.
    pub(super) async fn small(&self, body: &mut Incoming) -> Result<String, Box<Refused>> {
        let until = Instant::now() + self.time;
        let mut text = Vec::new();
        while let Some(piece) = self.piece(body, until).await? {
            text.extend_from_slice(&piece);
            if text.len() > SMALL {
                return Err(say::too_large(SMALL as u64));
            }
        }
        String::from_utf8(text).map_err(|_| say::no_reason())
    }

    async fn piece(&self, body: &mut Incoming, until: Instant) -> Result<Option<bytes::Bytes>, Box<Refused>> {
        loop {
            let by = until.min(Instant::now() + self.stall);
            let frame = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx));
            match timeout_at(by, frame).await {
                Err(_) => return Err(say::slow()),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => return Err(say::cut()),
                // Trailers say nothing here.
                Ok(Some(Ok(frame))) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }
}

/// The value of `reason` in a query, decoded as a form is.
pub(super) fn reason_in_query(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("reason="))?;
    super::percent_decoded(&value.replace('+', " "))
}

/// Bytes of a body that is a reason, or an object with one.
const SMALL: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_what_its_type_says() {
        let kind = |value: &str| Kind::of(&HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]));
        assert_eq!(Kind::of(&HeaderMap::new()), Some(Kind::Zip));
        for (value, want) in [
            ("application/zip", Some(Kind::Zip)),
            ("Application/Zip; x=y", Some(Kind::Zip)),
            ("application/x-tar", Some(Kind::Tree)),
            ("application/gzip", None),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(kind(value), want, "{value}");
        }
    }

    #[test]
    fn a_reason_is_decoded() {
        assert_eq!(reason_in_query("a=b&reason=a+key%20leaked%21").as_deref(), Some("a key leaked!"));
        assert_eq!(reason_in_query("reason="), Some(String::new()));
        assert_eq!(reason_in_query("reasons=x"), None);
        assert_eq!(reason_in_query("reason=%ff"), None);
    }
}
