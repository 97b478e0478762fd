//! Pages of hosts that somebody else names: those that say where a module's code is.

use std::{fmt, path::Path, time::Duration};

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    Door, Fault, FaultKind, Guard, Login, SafeUrl, SourceError, SourceName,
    client::{Client, Response},
    gunzip::Gunzip,
    keyring::Keyring,
    names::Proof,
    secret::{Credentials, Redactor},
    words,
};

/// A client for pages of hosts that somebody else names. Nothing of them is counted by name: there may be any number
/// of them, and some are private.
pub struct Web {
    door: Door,
    guard: Guard,
    client: Client,
    keyring: Keyring,
}

/// A page, whatever its status.
#[derive(Debug)]
pub struct WebPage {
    /// The status.
    pub status: u16,
    /// The words of the status.
    pub reason: &'static str,
    /// The beginning of the body, at most [`Web::MAX`] bytes, decompressed.
    pub body: Vec<u8>,
    /// The server's own words, as far as the go command would show them with an error.
    pub words: Option<String>,
    /// Why the body is not whole, if it is not.
    pub cut: Option<Fault>,
}

impl Web {
    /// The largest body, in bytes.
    pub const MAX: usize = 1 << 20;

    /// Connects to nothing yet.
    pub fn open(door: &Door, guard: Guard) -> Result<Self, SourceError> {
        Ok(Web {
            door: door.clone(),
            client: door.stranger(guard.clone())?,
            guard,
            keyring: door.keyring().clone(),
        })
    }

    /// The same for requests to one server: it may be signed by the authorities of this file alone, and is told these
    /// headers in every request (no other host is, where it redirects to one). Reads the file; connects to nothing yet.
    pub fn at_server(
        &self,
        url: &str,
        ca: Option<&Path>,
        headers: Option<Login>,
    ) -> Result<Web, SourceError> {
        let server = Url::parse(url).map_err(|error| SourceError::Client(error.to_string()))?;
        let guard = self.guard.clone();
        let (client, keyring) = self.door.stranger_at(&server, guard.clone(), ca, headers)?;
        Ok(Web { door: self.door.clone(), guard, client, keyring })
    }

    /// Asks once for a page, redirects included, with the credentials that netrc has for its host. Whatever has not
    /// come `within` that time is missing.
    pub async fn page(&self, url: &str, within: Duration) -> Result<WebPage, Fault> {
        let ask = self.question(url, within)?;
        let mut headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        if let Some(authorization) = self.door.credentials(&ask.url).and_then(Credentials::basic) {
            headers.insert(AUTHORIZATION, authorization);
        }
        let head_by = ask.until.min(ask.started + self.door.limits().first_byte);
        let response = match timeout_at(head_by, self.client.get(ask.url.as_url().clone(), headers)).await {
            Ok(answer) => answer.map_err(|(kind, words)| ask.fault(kind, &words))?,
            Err(_) => return Err(ask.fault(FaultKind::Timeout, "no answer in time")),
        };
        let status = response.status();
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        let (body, cut) = self.body(&ask, response).await;
        Ok(WebPage {
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            words: words::words(content_type.as_ref(), body.get(..words::READ).unwrap_or(&body)),
            body,
            cut,
        })
    }

    /// Whether a repository may be asked that another program connects to: its host is judged by the same guard, and
    /// so is every address that it has now.
    pub async fn admit(&self, url: &str) -> Result<(), Fault> {
        let started = Instant::now();
        let parsed = Url::parse(url).ok();
        let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let fault = |kind, why: &str| Fault::new(SourceName::of_host(host), kind, why, started.elapsed());
        if host.is_empty() {
            return Err(fault(FaultKind::Unaskable, "the URL names no host"));
        }
        self.guard.admits_host(host).map_err(|e| fault(FaultKind::Guarded, &e.to_string()))?;
        let behind_proxy = parsed.as_ref().is_some_and(|url| self.door.is_behind_proxy(url));
        if behind_proxy || host.parse::<std::net::IpAddr>().is_ok() {
            return Ok(());
        }
        let found = self.door.strangers().find(host, Proof::Given).await;
        let found = found.map_err(|e| fault(FaultKind::Dns, &e.to_string()))?;
        found.first.iter().try_for_each(|address| {
            self.guard.admits(host, address.ip()).map_err(|e| fault(FaultKind::Guarded, &e.to_string()))
        })
    }

    pub(crate) fn question(&self, url: &str, within: Duration) -> Result<Ask, Fault> {
        let ask = Ask::new(&self.door, url, within)?;
        Ok(Ask { redactor: ask.redactor.with_logins(self.keyring.clone()), ..ask })
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The body as far as it comes.
    async fn body(&self, ask: &Ask, mut response: Response) -> (Vec<u8>, Option<Fault>) {
        let encoding =
            response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or_default();
        let mut gunzip = match encoding.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => None,
            b"gzip" | b"x-gzip" => Some(Gunzip::new()),
            _ => {
                return (
                    Vec::new(),
                    Some(ask.fault(FaultKind::Encoding, "the page is compressed in an unknown way")),
                );
            }
        };
        let mut body = Vec::new();
        let damaged = |_| ask.fault(FaultKind::Encoding, "the compressed page is damaged");
        loop {
            let until = ask.until.min(Instant::now() + self.door.limits().stall);
            let piece = match timeout_at(until, response.chunk()).await {
                Ok(Ok(piece)) => piece,
                Ok(Err((kind, words))) => return (body, Some(ask.fault(kind, &words))),
                Err(_) => return (body, Some(ask.fault(FaultKind::Stall, "the page stopped coming"))),
            };
            let last = piece.is_none();
            match (&mut gunzip, piece) {
                (None, piece) => body.extend_from_slice(&piece.unwrap_or_default()),
                (Some(gunzip), Some(piece)) => {
                    gunzip.feed(piece);
                    while body.len() <= Web::MAX {
                        match gunzip.step() {
                            Ok(Some(bytes)) => body.extend_from_slice(&bytes),
                            Ok(None) => break,
                            Err(e) => return (body, Some(damaged(e))),
                        }
                    }
                }
                (Some(gunzip), None) => match gunzip.finish() {
                    Ok(bytes) => body.extend_from_slice(&bytes.unwrap_or_default()),
                    Err(e) => return (body, Some(damaged(e))),
                },
            }
            if body.len() > Web::MAX {
                body.truncate(Web::MAX);
                return (body, Some(ask.fault(FaultKind::TooLarge, "the page is larger than 1 MiB")));
            }
            if last {
                return (body, None);
            }
        }
    }
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// One question.
pub(crate) struct Ask {
    url: SafeUrl,
    name: SourceName,
    redactor: Redactor,
    started: Instant,
    until: Instant,
}

impl Ask {
    fn new(door: &Door, url: &str, within: Duration) -> Result<Self, Fault> {
        let started = Instant::now();
        let unaskable =
            |why: &str| Fault::new(SourceName::of_host(""), FaultKind::Unaskable, why, Duration::ZERO);
        let url = SafeUrl::parse(url).map_err(|e| unaskable(&e.to_string()))?;
        if url.scheme() == "file" {
            return Err(unaskable("this is asked of https and http URLs only"));
        }
        let (name, redactor) = (url.source_name(), door.redactor(&url));
        Ok(Ask { url, name, redactor, started, until: started + within })
    }

    pub(crate) fn url(&self) -> &SafeUrl {
        &self.url
    }

    pub(crate) fn fault(&self, kind: FaultKind, detail: &str) -> Fault {
        Fault::new(self.name.clone(), kind, &self.redactor.clean(detail), self.started.elapsed())
    }
}
