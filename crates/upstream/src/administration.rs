//! Requests that change something at another Larder. Nothing is tried twice and no redirect is followed: they carry a
//! token.

use std::{
    fmt,
    fs::File,
    io,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{AUTHORIZATION, CONTENT_LENGTH, PROXY_AUTHORIZATION},
};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper_util::{client::legacy, rt::TokioExecutor};
use tokio::{
    task::JoinHandle,
    time::{Instant, interval},
};
use url::Url;

use crate::{
    Door, Fault, FaultKind, SourceConfig, SourceError, SourceName,
    client::Failed,
    connector::Connector,
    diagnose::{During, diagnose},
    http_proxy::HttpProxies,
    secret::Redactor,
    spelling::Spelling,
};

/// The administration of another Larder.
pub struct Administration {
    http: legacy::Client<Connector, Sending>,
    headers: HeaderMap,
    proxies: Arc<HttpProxies>,
    base: crate::SafeUrl,
    name: SourceName,
    redactor: Redactor,
    token: HeaderValue,
    stall: Duration,
}

/// What is sent with a request.
#[derive(Debug, Default)]
pub struct Parcel {
    /// What it is, for `Content-Type`.
    pub content_type: &'static str,
    /// A file, all of it.
    pub file: Option<File>,
    /// Counts the bytes that were handed over.
    pub sent: Arc<AtomicU64>,
    /// When the code was committed, in RFC 3339.
    pub time: Option<String>,
}

/// What the other side said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The body, as text, at most 64 KiB.
    pub text: String,
}

impl Administration {
    /// Connects to nothing yet. `token` is the secret of one that the other side has made.
    pub fn open(door: &Door, config: &SourceConfig, token: &str) -> Result<Self, SourceError> {
        let url = &config.url;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(SourceError::NotHttp(Box::new(url.clone())));
        }
        // What cannot stand in a header is no token; the other side says so.
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).unwrap_or(HeaderValue::from_static("Bearer"));
        value.set_sensitive(true);
        let (connector, headers, proxies) = door.parts(config)?;
        Ok(Administration {
            http: legacy::Client::builder(TokioExecutor::new())
                .retry_canceled_requests(false)
                .build(connector),
            headers,
            proxies,
            name: url.source_name(),
            redactor: door.redactor(url).and(token),
            token: value,
            stall: door.limits().stall,
            base: url.clone(),
        })
    }

    /// Sends one request for a path below the URL and waits for what is said to it. What is sent may take as long as it
    /// goes on; then the answer may take ten minutes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        parcel: Parcel,
    ) -> Result<Said, Fault> {
        let started = Instant::now();
        let said = self.exchange(method, path, query, parcel).await;
        said.map_err(|(kind, words)| {
            Fault::new(self.name.clone(), kind, &self.redactor.clean(&words), started.elapsed())
        })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        parcel: Parcel,
    ) -> Result<Said, Failed> {
        let url = self.url(path, query);
        let uri = http::Uri::try_from(url.as_str());
        let uri = uri.map_err(|_| (FaultKind::Unaskable, "the URL cannot be sent".to_owned()))?;
        let Parcel { content_type, file, sent, time } = parcel;
        let local =
            |error: io::Error| (FaultKind::Disk, format!("what is to be sent cannot be read: {error}"));
        let len =
            file.as_ref().map(|file| file.metadata().map(|meta| meta.len())).transpose().map_err(local)?;
        let len = len.unwrap_or_default();
        let mut request = Request::new(Sending::new(file, len, Arc::clone(&sent)));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        *headers = self.headers.clone();
        headers.insert(AUTHORIZATION, self.token.clone());
        headers.insert(CONTENT_LENGTH, HeaderValue::from(len));
        if !content_type.is_empty() {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(time) = time.and_then(|time| HeaderValue::try_from(time).ok()) {
            headers.insert("x-larder-time", time);
        }
        if url.scheme() == "http"
            && let Some(authorization) = self.proxies.for_url(&url).and_then(HttpProxies::authorization)
        {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let answer = self.http.request(request);
        let answer = watched(answer, &sent, len, self.stall).await?;
        let (head, body) = answer.map_err(|error| diagnose(&error, During::Head))?.into_parts();
        let body = http_body_util::Limited::new(body, LARGEST).collect();
        let body = tokio::time::timeout(self.stall, body).await;
        // The status says enough where the text does not come whole.
        let text = match body {
            Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            Ok(Err(_)) | Err(_) => String::new(),
        };
        Ok(Said { status: head.status.as_u16(), text: self.redactor.clean(&text) })
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.below(path, Spelling::default());
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

impl fmt::Debug for Administration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Administration").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Waits for an answer for as long as something is taken, and then for a while.
async fn watched<T>(
    answer: impl Future<Output = T>,
    sent: &AtomicU64,
    len: u64,
    stall: Duration,
) -> Result<T, Failed> {
    let mut answer = std::pin::pin!(answer);
    let mut tick = interval(TICK);
    let (mut before, mut since) = (0, Instant::now());
    loop {
        tokio::select! {
            answer = &mut answer => return Ok(answer),
            _ = tick.tick() => {}
        }
        let now = sent.load(Ordering::Relaxed);
        if now != before {
            (before, since) = (now, Instant::now());
        }
        let most = if now >= len { ANSWER } else { stall };
        if since.elapsed() >= most {
            let what = if now >= len { "no answer in time" } else { "the other side takes nothing any more" };
            return Err((FaultKind::Timeout, what.to_owned()));
        }
    }
}

/// A file on its way.
struct Sending {
    file: Option<Arc<File>>,
    at: u64,
    len: u64,
    sent: Arc<AtomicU64>,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Sending {
    fn new(file: Option<File>, len: u64, sent: Arc<AtomicU64>) -> Self {
        Sending { file: file.map(Arc::new), at: 0, len, sent, reading: None }
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = &mut *self;
        let Some(file) = this.file.as_ref().filter(|_| this.at < this.len) else { return Poll::Ready(None) };
        let (left, at) = (this.len - this.at, this.at);
        let reading = this.reading.get_or_insert_with(|| {
            let file = Arc::clone(file);
            tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)];
                file.read_exact_at(&mut piece, at).map(|()| Bytes::from(piece))
            })
        });
        let read = std::task::ready!(Pin::new(reading).poll(cx));
        this.reading = None;
        let piece = read.map_err(io::Error::other).and_then(|read| read)?;
        this.at += piece.len() as u64;
        this.sent.store(this.at, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.at >= self.len
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len - self.at)
    }
}

/// Bytes that are read and sent at once.
const CHUNK: usize = 256 << 10;
/// Bytes of an answer.
const LARGEST: usize = 64 << 10;
/// How often it is looked whether something was taken.
const TICK: Duration = Duration::from_millis(200);
/// How long an answer may take when all was taken: the other side hashes it, and waits for its disk.
const ANSWER: Duration = Duration::from_mins(10);
