//! A connection that is kept, and requests on it.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT_ENCODING, HOST, PROXY_AUTHORIZATION, RANGE, USER_AGENT},
};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use upstream::{HttpProxies, Stream};
use url::Url;

use super::{Failure, Problem, Step};

/// A connection on which requests can be made, one after another; on HTTP/2 also beside each other, by [`Line::share`].
pub struct Line {
    sends: Sends,
    /// Scheme, host and port that it leads to.
    origin: String,
    host: String,
    authority: HeaderValue,
    /// The request line names the whole URL, for a proxy.
    absolute: bool,
    proxy_authorization: Option<HeaderValue>,
    patience: Duration,
}

enum Sends {
    /// With what becomes of the connection: a request whose connection ended without it is told no reason.
    Http1(http1::SendRequest<Empty<Bytes>>, JoinHandle<Result<(), hyper::Error>>),
    Http2(http2::SendRequest<Empty<Bytes>>),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The whole URL. Only its path and query go on the wire.
    pub url: Url,
    /// `GET` as a rule.
    pub method: Method,
    /// Further headers.
    pub headers: HeaderMap,
    /// So much of the body is kept; the rest is counted.
    pub keep: usize,
    /// So much of the body is read at most, then it is left.
    pub most: u64,
    /// So long it may take altogether. A silence is ended by the wire's patience.
    pub within: Duration,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// From the request to the head.
    pub head_after: Duration,
    /// From the request to the first byte of the body; to the head where no byte came.
    pub first_after: Duration,
    /// From the request to the end.
    pub took: Duration,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// So many bytes of the body came.
    pub len: u64,
    /// Whether the whole body came. False without an error where [`Ask::most`] was reached.
    pub whole: bool,
    /// The longest silence within the body.
    pub pause: Pause,
    /// Why the body ended too early.
    pub broken: Option<Failure>,
}

/// A silence within a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// After so many bytes.
    pub at: u64,
    /// So long.
    pub lasted: Duration,
}

impl Ask {
    /// A `GET` of which 64 KiB are kept and 1 MiB is read within 10 seconds.
    pub fn get(url: Url) -> Self {
        Ask {
            url,
            method: Method::GET,
            headers: HeaderMap::new(),
            keep: 64 << 10,
            most: 1 << 20,
            within: Duration::from_secs(10),
        }
    }

    /// A part of the body: `bytes=first-last`.
    #[must_use]
    pub fn range(mut self, first: u64, last: u64) -> Self {
        if let Ok(value) = HeaderValue::try_from(format!("bytes={first}-{last}")) {
            self.headers.insert(RANGE, value);
        }
        self
    }
}

impl Line {
    /// HTTP on a connection. `proxy` is the one that has to be told the whole URL.
    pub(super) async fn new(
        stream: Box<dyn Stream>,
        http2: bool,
        url: &Url,
        proxy: Option<&Url>,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let step = || Step::Head(host.clone());
        let io = TokioIo::new(stream);
        let made = timeout(patience, async {
            Ok(if http2 {
                let (sends, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                // It ends with the last handle; what went wrong is told to who waits for an answer.
                tokio::spawn(connection);
                Sends::Http2(sends)
            } else {
                let (sends, connection) = http1::handshake(io).await?;
                Sends::Http1(sends, tokio::spawn(connection))
            })
        });
        let sends = match made.await {
            Ok(made) => made.map_err(|error| Failure::http(step(), &error))?,
            Err(_) => return Err(Failure::late(step(), patience)),
        };
        let at = &url[url::Position::BeforeHost..url::Position::BeforePath];
        let authority = HeaderValue::try_from(at)
            .map_err(|_| Failure::new(step(), Problem::Other, "the host cannot stand in a header"))?;
        Ok(Line {
            sends,
            origin: origin(url),
            host,
            authority,
            absolute: proxy.is_some(),
            proxy_authorization: proxy.and_then(HttpProxies::authorization),
            patience,
        })
    }

    /// Whether it speaks HTTP/2.
    pub fn is_http2(&self) -> bool {
        matches!(self.sends, Sends::Http2(_))
    }

    /// Another handle on the same HTTP/2 connection; none where only one request at a time is possible.
    pub fn share(&self) -> Option<Self> {
        let Sends::Http2(sends) = &self.sends else { return None };
        Some(Line {
            sends: Sends::Http2(sends.clone()),
            origin: self.origin.clone(),
            host: self.host.clone(),
            authority: self.authority.clone(),
            absolute: self.absolute,
            proxy_authorization: self.proxy_authorization.clone(),
            patience: self.patience,
        })
    }

    /// Whether a further request can be made, as far as is known.
    pub fn is_open(&self) -> bool {
        match &self.sends {
            Sends::Http1(sends, _) => !sends.is_closed(),
            Sends::Http2(sends) => !sends.is_closed(),
        }
    }

    /// Whether it leads to the server of a URL.
    pub fn leads_to(&self, url: &Url) -> bool {
        self.origin == origin(url)
    }

    /// Makes a request and reads its answer. After one whose body was left, the line is closed unless it speaks HTTP/2.
    pub async fn ask(&mut self, ask: &Ask) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let deadline = begun + ask.within;
        let step = Step::Head(self.host.clone());
        let request = self.request(ask)?;
        let wait = deadline.min(begun + self.patience);
        let patience = self.patience;
        let head = async {
            match &mut self.sends {
                Sends::Http1(sends, ended) => {
                    let sent = async {
                        sends.ready().await?;
                        sends.send_request(request).await
                    };
                    match sent.await {
                        Err(error) if error.is_canceled() || error.is_closed() => {
                            Err(ended.await.ok().and_then(Result::err).unwrap_or(error))
                        }
                        sent => sent,
                    }
                }
                Sends::Http2(sends) => {
                    sends.ready().await?;
                    sends.send_request(request).await
                }
            }
        };
        let response = match timeout_at(wait, head).await {
            Ok(response) => response.map_err(|error| Failure::http(step, &error))?,
            Err(_) => return Err(Failure::late(step, patience)),
        };
        let head_after = begun.elapsed();
        let (head, body) = response.into_parts();
        let mut answer = Answer {
            status: head.status,
            headers: head.headers,
            head_after,
            first_after: head_after,
            took: head_after,
            body: Vec::new(),
            len: 0,
            whole: false,
            pause: Pause::default(),
            broken: None,
        };
        self.read(body, ask, begun, &mut answer).await;
        answer.took = begun.elapsed();
        Ok(answer)
    }

    async fn read(&self, mut body: Incoming, ask: &Ask, asked: Instant, answer: &mut Answer) {
        let step = || Step::Body(self.host.clone());
        let deadline = asked + ask.within;
        while answer.len < ask.most {
            let begun = Instant::now();
            let frame = match timeout_at(deadline.min(begun + self.patience), body.frame()).await {
                Ok(None) => {
                    answer.whole = true;
                    return;
                }
                Ok(Some(Ok(frame))) => frame,
                Ok(Some(Err(error))) => {
                    answer.broken = Some(Failure::http(step(), &error));
                    return;
                }
                Err(_) => {
                    answer.pause = Pause { at: answer.len, lasted: begun.elapsed() };
                    answer.broken = Some(Failure::late(step(), begun.elapsed()));
                    return;
                }
            };
            if begun.elapsed() > answer.pause.lasted {
                answer.pause = Pause { at: answer.len, lasted: begun.elapsed() };
            }
            if let Some(data) = frame.data_ref() {
                if answer.len == 0 {
                    answer.first_after = asked.elapsed();
                }
                let room = ask.keep.saturating_sub(answer.body.len());
                answer.body.extend_from_slice(data.get(..room.min(data.len())).unwrap_or_default());
                answer.len += data.len() as u64;
            }
        }
    }

    fn request(&self, ask: &Ask) -> Result<Request<Empty<Bytes>>, Failure> {
        let target = if self.absolute || self.is_http2() {
            &ask.url[..url::Position::AfterQuery]
        } else {
            &ask.url[url::Position::BeforePath..url::Position::AfterQuery]
        };
        let mut request = Request::builder().method(ask.method.clone()).uri(target);
        if let Some(headers) = request.headers_mut() {
            headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            if !self.is_http2() {
                headers.insert(HOST, self.authority.clone());
            }
            if let Some(value) = &self.proxy_authorization {
                headers.insert(PROXY_AUTHORIZATION, value.clone());
            }
            for (name, value) in &ask.headers {
                headers.insert(name, value.clone());
            }
        }
        let step = || Step::Head(self.host.clone());
        request
            .body(Empty::new())
            .map_err(|_| Failure::new(step(), Problem::Other, "the URL cannot stand in a request"))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("origin", &self.origin)
            .field("http2", &self.is_http2())
            .finish_non_exhaustive()
    }
}

/// Scheme, host and port.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

const AGENT: &str = concat!("larder/", env!("CARGO_PKG_VERSION"));
