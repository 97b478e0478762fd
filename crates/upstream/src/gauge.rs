//! One source, asked to see how it answers.

mod directory;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    Door, Fault, FaultKind, SafeUrl, SourceConfig, SourceError, SourceName, Steps,
    allowance::Allowance,
    client::{Client, Response},
    gunzip::Gunzip,
    secret::{Credentials, Redactor},
    spelling::Spelling,
    watch::Watch,
};

/// One source, asked to see how it answers: every request is sent once, nothing is tried again, resumed or remembered,
/// and none is sent when as many were as are allowed. Connections are made as for any source; of a directory files are
/// read.
pub struct Gauge {
    config: SourceConfig,
    name: SourceName,
    redactor: Redactor,
    way: Way,
    allowance: Arc<Allowance>,
}

/// How it is reached.
enum Way {
    Network(Box<Network>),
    Directory(PathBuf),
}

struct Network {
    door: Door,
    headers: HeaderMap,
    kept: Client,
}

/// Which connection a request goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One that is kept, if one is free, or a shared one with HTTP/2.
    Kept,
    /// A new one that nobody else uses, with a lookup of the name and a whole TLS handshake of its own.
    Own,
}

/// What an answer may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the body.
    pub bytes: usize,
    /// From the start of the request to the last byte of the body, connecting included.
    pub time: Duration,
}

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The steps of the connection, where it was one of its own.
    pub steps: Steps,
    /// Until the head of the answer, connecting included.
    pub first_byte: Option<Duration>,
    /// Until the end, whatever it was.
    pub total: Duration,
    /// Whether HTTP/2 was spoken.
    pub http2: bool,
    /// Of the body, as far as it came.
    pub bytes: u64,
    /// 200, 404 or 410, and the whole body. Any other status is a fault.
    pub answer: Result<(u16, Vec<u8>), Fault>,
}

impl Gauge {
    /// At most `most` requests are sent, redirects included. Reads the files that the settings name; connects to nothing
    /// yet.
    pub fn open(door: &Door, config: &SourceConfig, most: u32) -> Result<Self, SourceError> {
        let url = &config.url;
        match url.scheme() {
            "http" | "file" if config.has_tls_settings() => {
                return Err(SourceError::NoTls(Box::new(url.clone())));
            }
            "https" | "http" | "file" => {}
            _ => return Err(SourceError::NotHttp(Box::new(url.clone()))),
        }
        let allowance = Arc::new(Allowance::new(most));
        let way = match url.directory() {
            Some(root) => Way::Directory(root),
            None => Way::Network(Box::new(Network::open(door, config, &allowance)?)),
        };
        Ok(Gauge {
            name: url.source_name(),
            redactor: door.redactor(url),
            way,
            allowance,
            config: config.clone(),
        })
    }

    /// The source.
    pub fn url(&self) -> &SafeUrl {
        &self.config.url
    }

    /// Whether it is a directory of this machine.
    pub fn is_directory(&self) -> bool {
        matches!(self.way, Way::Directory(_))
    }

    /// Requests that were sent.
    pub fn sent(&self) -> u32 {
        self.allowance.taken()
    }

    /// Requests that may still be sent.
    pub fn left(&self) -> u32 {
        self.allowance.left()
    }

    /// Asks for a path below the source's URL, such as `example.com/m/@v/list`. Dropping the future ends the request.
    pub async fn ask(&self, path: &str, over: Over, bounds: &Bounds) -> Reading {
        let mut clock = Clock { start: Instant::now(), first_byte: None, http2: false, bytes: 0 };
        let watch = Arc::new(Watch::default());
        let answer = match (&self.way, over) {
            (Way::Directory(root), _) => self.read(root, path, bounds, &mut clock).await,
            (Way::Network(network), Over::Kept) => {
                self.answer(network, &network.kept, path, bounds, &mut clock).await
            }
            (Way::Network(network), Over::Own) => match network.door.fresh_client(&self.config, Some(&watch))
            {
                Ok(own) => {
                    let own = own.with_allowance(Arc::clone(&self.allowance));
                    self.answer(network, &own, path, bounds, &mut clock).await
                }
                Err(error) => Err((FaultKind::Unaskable, error.to_string())),
            },
        };
        let Clock { start, first_byte, http2, bytes } = clock;
        let (total, steps) = (start.elapsed(), watch.steps());
        let unconnected = over == Over::Own && first_byte.is_none() && !self.is_directory();
        let answer = answer.map_err(|(kind, words)| {
            let (kind, words) = match kind {
                FaultKind::Timeout if unconnected && steps.connect.is_none() => {
                    (FaultKind::Connect, format!("no connection within {:?}", bounds.time))
                }
                FaultKind::Timeout
                    if unconnected && steps.tls.is_none() && self.config.url.scheme() == "https" =>
                {
                    (FaultKind::Connect, format!("no TLS handshake within {:?}", bounds.time))
                }
                _ => (kind, words),
            };
            Fault::new(self.name.clone(), kind, &self.redactor.clean(&words), total)
        });
        Reading { steps, first_byte, total, http2, bytes, answer }
    }

    async fn answer(
        &self,
        network: &Network,
        client: &Client,
        path: &str,
        bounds: &Bounds,
        clock: &mut Clock,
    ) -> Result<(u16, Vec<u8>), (FaultKind, String)> {
        let due = clock.start + bounds.time;
        let url = self.config.url.below(path, Spelling::Usual);
        let Ok(answer) = timeout_at(due, client.get(url, network.headers.clone())).await else {
            return Err((FaultKind::Timeout, format!("no answer within {:?}", bounds.time)));
        };
        let response = answer?;
        clock.first_byte = Some(clock.start.elapsed());
        clock.http2 = response.version() == Version::HTTP_2;
        let status = response.status();
        match status {
            StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::GONE => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err((FaultKind::Denied(status.as_u16()), status.to_string()));
            }
            _ => return Err((FaultKind::Status(status.as_u16()), status.to_string())),
        }
        let gzip = match response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
            None | Some(b"identity") => false,
            Some(b"gzip") => true,
            Some(_) => return Err((FaultKind::Encoding, "compressed in an unknown way".to_owned())),
        };
        let Ok(body) = timeout_at(due, body(response, bounds.bytes, &mut clock.bytes)).await else {
            return Err((FaultKind::Timeout, format!("{} bytes came within {:?}", clock.bytes, bounds.time)));
        };
        let body = if gzip { unpacked(&body?, bounds.bytes)? } else { body? };
        Ok((status.as_u16(), body))
    }
}

impl Network {
    fn open(door: &Door, config: &SourceConfig, allowance: &Arc<Allowance>) -> Result<Self, SourceError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(authorization) = door.credentials(&config.url).and_then(Credentials::basic) {
            headers.insert(AUTHORIZATION, authorization);
        }
        let kept = door.fresh_client(config, None)?.with_allowance(Arc::clone(allowance));
        Ok(Network { door: door.clone(), headers, kept })
    }
}

struct Clock {
    start: Instant,
    first_byte: Option<Duration>,
    http2: bool,
    bytes: u64,
}

/// A body that somebody on the way has compressed, which the go command takes too.
fn unpacked(body: &[u8], most: usize) -> Result<Vec<u8>, (FaultKind, String)> {
    let (mut gunzip, mut out) = (Gunzip::new(), Vec::new());
    let damaged = |error: std::io::Error| (FaultKind::Encoding, error.to_string());
    gunzip.feed(Bytes::copy_from_slice(body));
    while let Some(piece) = gunzip.step().map_err(damaged)? {
        out.extend_from_slice(&piece);
        within(out.len(), most)?;
    }
    out.extend(gunzip.finish().map_err(damaged)?.unwrap_or_default());
    within(out.len(), most)?;
    Ok(out)
}

fn within(length: usize, most: usize) -> Result<(), (FaultKind, String)> {
    if length <= most { Ok(()) } else { Err((FaultKind::TooLarge, format!("more than {most} bytes"))) }
}

async fn body(mut from: Response, most: usize, came: &mut u64) -> Result<Vec<u8>, (FaultKind, String)> {
    let mut body = Vec::new();
    while let Some(piece) = from.chunk().await? {
        *came += piece.len() as u64;
        within(body.len() + piece.len(), most)?;
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

impl fmt::Debug for Gauge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gauge")
            .field("config", &self.config)
            .field("sent", &self.sent())
            .finish_non_exhaustive()
    }
}
