//! The HTTP client of one source: one request, its redirects, and the answer's body piece by piece. Nothing is
//! tried twice here.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, StatusCode, Uri, Version,
    header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION},
    response::Parts,
};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::{
    client::legacy::{
        self,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::Instant;
use url::Url;

use crate::{
    FaultKind, Limits, Login,
    allowance::Allowance,
    connector::Connector,
    diagnose::{During, diagnose, never_begun},
    http_proxy::HttpProxies,
    keyring::Keyring,
    login::Refusal,
    redirect,
    transport::Stream,
};

/// The HTTP client of one source, with connections of its own.
pub(crate) struct Client {
    http: legacy::Client<Connector, Full<Bytes>>,
    connector: Connector,
    headers: HeaderMap,
    proxies: Arc<HttpProxies>,
    keyring: Keyring,
    silence: Duration,
    allowance: Option<Arc<Allowance>>,
}

/// The head of an answer, and its body to come.
pub(crate) struct Response {
    head: Parts,
    body: Incoming,
    ear: Ear,
}

/// What went wrong, in a kind and a few words that name no URL.
pub(crate) type Failed = (FaultKind, String);

impl Client {
    /// `headers` go along with every request.
    pub(crate) fn new(
        connector: Connector,
        headers: HeaderMap,
        proxies: Arc<HttpProxies>,
        keyring: Keyring,
        limits: &Limits,
    ) -> Self {
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_WAIT)
            .retry_canceled_requests(false)
            .build(connector.clone());
        Client { http, connector, headers, proxies, keyring, silence: limits.first_byte / 4, allowance: None }
    }

    /// The same, as long as so many requests are left.
    pub(crate) fn with_allowance(self, allowance: Arc<Allowance>) -> Self {
        Client { allowance: Some(allowance), ..self }
    }

    /// Asks for `url` and follows redirects. Dropping the future, or the response, closes the connection unless
    /// others share it.
    pub(crate) async fn get(&self, url: Url, headers: HeaderMap) -> Result<Response, Failed> {
        Ok(self.get_from(url, headers).await?.0)
    }

    /// The same, and says who answered in the end.
    ///
    /// Without an `Authorization`, the host is told what is known of it, and where it refuses, once more what can be
    /// found out. No other host is.
    pub(crate) async fn get_from(&self, url: Url, mut headers: HeaderMap) -> Result<(Response, Url), Failed> {
        let mut at = url;
        let mut followed = 0;
        let mut may_ask = !headers.contains_key(AUTHORIZATION);
        let mut login = if may_ask { self.keyring.first(&at).await } else { None };
        loop {
            let said = with(&headers, login.as_ref());
            let response = self.ask(&at, &Said { method: Method::GET, headers: &said, body: None }).await?;
            if may_ask && let Some(refusal) = Refusal::of(response.status(), response.headers()) {
                let other = self.keyring.again(&at, refusal, login.as_ref()).await;
                if other.is_some() {
                    (login, may_ask) = (other, false);
                    continue;
                }
            }
            if let Some(login) = login.as_ref().filter(|_| response.status().is_success()) {
                self.keyring.accepted(&at, login);
            }
            let Some(to) = redirect::target(&at, response.status(), response.headers()) else {
                return Ok((response, at));
            };
            let refused = |e: redirect::NotFollowed| (FaultKind::Redirect, e.to_string());
            let to = to.map_err(refused)?;
            redirect::judge(&at, followed, &to).map_err(refused)?;
            if at.origin() != to.origin() {
                for secret in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                    headers.remove(secret);
                }
                (login, may_ask) = (None, false);
            }
            at = to;
            followed += 1;
        }
    }

    /// Sends something to `url`. Redirects are not followed: they would carry it to somebody else.
    pub(crate) async fn post(&self, url: &Url, headers: &HeaderMap, body: Bytes) -> Result<Response, Failed> {
        let login = if headers.contains_key(AUTHORIZATION) { None } else { self.keyring.first(url).await };
        let headers = &with(headers, login.as_ref());
        self.ask(url, &Said { method: Method::POST, headers, body: Some(body) }).await
    }

    /// A connection without HTTP.
    pub(crate) async fn dial(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, Failed> {
        self.connector.plain(host, port).await.map_err(|e| (e.kind(), e.to_string()))
    }

    /// One request, one answer. A request that nobody touched is sent again: a busy HTTP/2 server says goodbye to its
    /// connections from time to time, and that is no fault.
    async fn ask(&self, url: &Url, said: &Said<'_>) -> Result<Response, Failed> {
        for _ in 1..SENT {
            match self.send(url, said).await? {
                Sent::Answered(response) => return Ok(*response),
                Sent::Untouched(_) => {}
            }
        }
        match self.send(url, said).await? {
            Sent::Answered(response) => Ok(*response),
            Sent::Untouched(failed) => Err(failed),
        }
    }

    async fn send(&self, url: &Url, said: &Said<'_>) -> Result<Sent, Failed> {
        let uri = Uri::try_from(url.as_str())
            .map_err(|_| (FaultKind::Unaskable, "the URL cannot be sent".to_owned()))?;
        if self.allowance.as_ref().is_some_and(|allowance| !allowance.take()) {
            return Err((FaultKind::Unaskable, "no request is left".to_owned()));
        }
        let mut request = Request::new(Full::new(said.body.clone().unwrap_or_default()));
        *request.method_mut() = said.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().extend(said.headers.clone());
        if url.scheme() == "http"
            && let Some(authorization) = self.proxies.for_url(url).and_then(HttpProxies::authorization)
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let mut ear = Ear {
            connection: capture_connection(&mut request),
            heard: Instant::now(),
            silence: self.silence,
            done: false,
        };
        let answer = self.http.request(request).await;
        ear.hears(answer.is_err());
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok(Sent::Answered(Box::new(Response { head, body, ear })))
            }
            Err(e) if never_begun(&e) => Ok(Sent::Untouched(diagnose(&e, During::Head))),
            Err(e) => Err(diagnose(&e, During::Head)),
        }
    }
}

fn with(headers: &HeaderMap, login: Option<&Login>) -> HeaderMap {
    let mut headers = headers.clone();
    if let Some(login) = login {
        login.add(&mut headers);
    }
    headers
}

/// What is asked.
struct Said<'a> {
    method: Method,
    headers: &'a HeaderMap,
    body: Option<Bytes>,
}

/// What became of a request that was sent.
enum Sent {
    Answered(Box<Response>),
    /// The other side has not touched it.
    Untouched(Failed),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Response {
    pub(crate) fn version(&self) -> Version {
        self.head.version
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.head.status
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The length of the body on the wire, where it is announced.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// The next piece of the body. After a future that was dropped nothing is lost.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Failed> {
        while let Some(frame) = self.body.frame().await {
            self.ear.hears(frame.is_err());
            let frame = frame.map_err(|e| diagnose(&e, During::Body))?;
            if let Ok(piece) = frame.into_data() {
                return Ok(Some(piece));
            }
        }
        self.ear.hears(true);
        Ok(None)
    }
}

/// Listens whether a connection still says something. One that was left in silence serves no further request: a
/// shared HTTP/2 connection whose path is dead would swallow one after the other.
struct Ear {
    connection: CaptureConnection,
    heard: Instant,
    silence: Duration,
    done: bool,
}

impl Ear {
    fn hears(&mut self, done: bool) {
        self.heard = Instant::now();
        self.done |= done;
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if !self.done
            && self.heard.elapsed() >= self.silence
            && let Some(connection) = self.connection.connection_metadata().as_ref()
        {
            connection.poison();
        }
    }
}

/// How often a request is sent that nobody touches.
const SENT: u32 = 10;

/// As long as Go's own client keeps an unused connection.
const POOL_IDLE: Duration = Duration::from_secs(90);

/// A dead HTTP/2 connection is noticed while requests wait on it.
const PING_EVERY: Duration = Duration::from_secs(5);
const PING_WAIT: Duration = Duration::from_secs(5);
