//! One attempt at a source over HTTP, done right.

use std::{sync::Arc, time::Duration};

use gomod::Request;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName,
        IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE, RETRY_AFTER, VIA,
    },
};
use tokio::time::{Instant, timeout_at};

use crate::{
    Door, Fault, FaultKind, Guard, Limits, Meta, Meters, Miss, SafeUrl, SourceConfig, SourceError,
    SourceName, Validator, Want,
    attempt::{Attempt, Due},
    client::{Client, Response},
    fault::RetryAfter,
    flow::{Bounds, Feed, Flow},
    look::{self, Look},
    meters::SourceMeters,
    resume::{ContentRange, Part},
    secret::{Credentials, Redactor},
    spelling::Spelling,
    words,
};

/// A GOPROXY, or a checksum database, over HTTP: what one attempt at it needs.
#[derive(Debug)]
pub(crate) struct Endpoint {
    name: SourceName,
    instance: Arc<str>,
    base: SafeUrl,
    layout: Layout,
    client: Client,
    authorization: Option<HeaderValue>,
    redactor: Redactor,
    limits: Limits,
    meters: SourceMeters,
}

/// What lies below the base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Modules, and databases below `sumdb/NAME`.
    Goproxy,
    /// One database's own endpoints (PROTOCOL 4.5).
    Database,
}

/// What one attempt asks for, and what it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) want: &'a Want,
    /// Only this part of it.
    pub(crate) part: Option<&'a Part>,
    pub(crate) spelling: Spelling,
    /// When the work on it began, all attempts together.
    pub(crate) since: Instant,
    /// How long the head of the answer may take.
    pub(crate) first_byte: Duration,
    /// When the first bytes of the body must be here.
    pub(crate) begin_by: Option<Instant>,
}

/// What came of one attempt.
pub(crate) struct Tried {
    /// After which time the head of the answer was here, if it ever was.
    pub(crate) head: Option<Duration>,
    pub(crate) result: Result<Answer, Miss>,
}

/// A good answer.
pub(crate) enum Answer {
    Body(Meta, Box<Flow>),
    /// A part; whether it is the one that was asked for is not checked.
    Part(ContentRange, Meta, Box<Flow>),
    /// There is no such part.
    NoPart,
    NotModified,
}

impl Endpoint {
    /// Reads the files that the settings name; connects to nothing yet.
    pub(crate) fn open(door: &Door, config: &SourceConfig, layout: Layout) -> Result<Self, SourceError> {
        let url = &config.url;
        match url.scheme() {
            "http" if config.has_tls_settings() => return Err(SourceError::NoTls(Box::new(url.clone()))),
            "https" | "http" => {}
            _ => return Err(SourceError::NotHttp(Box::new(url.clone()))),
        }
        let name = url.source_name();
        Ok(Endpoint {
            instance: Arc::clone(door.instance()),
            base: url.clone(),
            layout,
            client: door.client(config)?,
            authorization: door.credentials(url).and_then(Credentials::basic),
            redactor: door.redactor(url),
            limits: *door.limits(),
            meters: door.meters().of(&name),
            name,
        })
    }

    /// A GOPROXY at a host that somebody else names.
    pub(crate) fn stranger(door: &Door, url: SafeUrl, guard: Guard) -> Result<Self, SourceError> {
        if url.scheme() == "file" {
            return Err(SourceError::NotHttp(Box::new(url)));
        }
        let name = SourceName::direct();
        Ok(Endpoint {
            instance: Arc::clone(door.instance()),
            layout: Layout::Goproxy,
            client: door.stranger(guard)?,
            authorization: door.credentials(&url).and_then(Credentials::basic),
            redactor: door.redactor(&url),
            limits: *door.limits(),
            meters: Meters::default().of(&name),
            name,
            base: url,
        })
    }

    pub(crate) fn name(&self) -> &SourceName {
        &self.name
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn url(&self) -> &SafeUrl {
        &self.base
    }

    /// One attempt. It ends when the first bytes of the body are here and can be what was asked.
    pub(crate) async fn attempt(&self, ask: &Ask<'_>) -> Tried {
        let mut attempt = Attempt::start(&self.name, &self.redactor, &self.meters);
        match self.ask(ask, &mut attempt).await {
            Ok(response) => {
                let head = attempt.first_byte();
                Tried { head: Some(head), result: self.answer(ask, response, attempt).await }
            }
            Err(fault) => Tried { head: None, result: Err(fault.into()) },
        }
    }

    async fn answer(&self, ask: &Ask<'_>, response: Response, mut attempt: Attempt) -> Result<Answer, Miss> {
        match response.status() {
            StatusCode::OK => self.receive(ask, None, response, attempt).await.map_err(Miss::Failed),
            StatusCode::PARTIAL_CONTENT if ask.part.is_some() => {
                let told = text(response.headers(), CONTENT_RANGE);
                match told.as_deref().and_then(ContentRange::parse) {
                    Some(range) => {
                        self.receive(ask, Some(range), response, attempt).await.map_err(Miss::Failed)
                    }
                    None => Ok(Answer::NoPart),
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE if ask.part.is_some() => {
                attempt.complete();
                Ok(Answer::NoPart)
            }
            StatusCode::NOT_MODIFIED if ask.want.validator.is_some() => {
                attempt.not_modified();
                Ok(Answer::NotModified)
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                let status = response.status().as_u16();
                let text = self.words(response).await;
                Err(Miss::Absent(attempt.absent(status, text)))
            }
            _ => Err(self.refusal(response, &mut attempt).await.into()),
        }
    }

    /// Sends the request and waits for the head of the answer.
    async fn ask(&self, ask: &Ask<'_>, attempt: &mut Attempt) -> Result<Response, Fault> {
        let path = ask.want.what.path();
        let path = match (self.layout, &ask.want.what) {
            (Layout::Goproxy, _) => path.as_str(),
            (Layout::Database, Request::Sumdb(name, _)) => {
                path.strip_prefix("sumdb/").and_then(|rest| rest.strip_prefix(name.as_str())).unwrap_or(&path)
            }
            (Layout::Database, _) => {
                return Err(attempt.fault(FaultKind::Unaskable, "a checksum database has no modules"));
            }
        };
        let url = self.base.below(path.trim_start_matches('/'), ask.spelling);
        let due = ask.begin_due(attempt.started(), Some(ask.first_byte));
        let answer = self.client.get(url, self.headers(ask));
        let answer = match due {
            Some(due) => match timeout_at(due.at, answer).await {
                Ok(answer) => answer,
                Err(_) => return Err(attempt.fault(FaultKind::Timeout, &format!("no answer {due}"))),
            },
            None => answer.await,
        };
        answer.map_err(|(kind, words)| attempt.fault(kind, &words))
    }

    fn headers(&self, ask: &Ask<'_>) -> HeaderMap {
        let want = ask.want;
        let mut headers = HeaderMap::new();
        let encoding = if matches!(want.what, Request::Zip(_)) { "identity" } else { "gzip" };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        if let Some(via) = want.via.and(&self.instance) {
            headers.insert(VIA, via);
        }
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(Validator { etag, last_modified }) = &want.validator {
            for (name, value) in [(IF_NONE_MATCH, etag), (IF_MODIFIED_SINCE, last_modified)] {
                if let Some(value) = value.as_ref().and_then(|value| HeaderValue::try_from(value).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        if let Some(Part { from, if_range }) = ask.part {
            let values = [(RANGE, Some(format!("bytes={from}-"))), (IF_RANGE, if_range.clone())];
            for (name, value) in values {
                if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                    headers.insert(name, value);
                }
            }
        }
        headers
    }

    /// A body behind a status of 200, or a part of one.
    async fn receive(
        &self,
        ask: &Ask<'_>,
        range: Option<ContentRange>,
        response: Response,
        mut attempt: Attempt,
    ) -> Result<Answer, Fault> {
        let want = ask.want;
        let headers = response.headers();
        if look::is_html(headers.get(CONTENT_TYPE)) {
            return Err(attempt.fault(FaultKind::Lie, look::HTML));
        }
        let zip = matches!(want.what, Request::Zip(_));
        let gzip = match encoding(headers) {
            Ok(Encoding::Identity) => false,
            Ok(Encoding::Gzip) => true,
            Err(other) => return Err(attempt.fault(FaultKind::Encoding, &format!("compressed as {other}"))),
        };
        let len = response.content_length().or_else(|| range.map(|range| range.len()));
        let whole = match range {
            Some(range) if gzip || len != Some(range.len()) => return Ok(Answer::NoPart),
            Some(range) => range.total,
            None => len.filter(|_| !gzip),
        };
        // A zip is asked for as it is. What is compressed all the same is taken, but its validators stand for other
        // bytes than those that are given: nothing continues it.
        let validator = |name| text(headers, name).filter(|_| !(zip && gzip));
        let meta = Meta {
            start: 0,
            len: whole,
            etag: validator(ETAG),
            last_modified: validator(LAST_MODIFIED),
            content_type: text(headers, CONTENT_TYPE),
            source: attempt.source().clone(),
        };
        let small = (!zip).then_some(self.limits.small);
        let bounds = Bounds {
            cap: self.limits.caps.of(&want.what).saturating_sub(range.map_or(0, |range| range.first)),
            len,
            gzip,
            due: Due::earliest(ask.since, small, want.deadline),
            begin: ask.begin_due(attempt.started(), None),
            may_trickle: want.alone,
        };
        let mut flow = Flow::new(attempt, self.limits, Feed::Http(response), bounds)?;
        if let Some(range) = range {
            return Ok(Answer::Part(range, meta, Box::new(flow)));
        }
        flow.look(Look::at(&want.what)).await?;
        Ok(Answer::Body(meta, Box::new(flow)))
    }

    /// A status that is neither success nor absence.
    async fn refusal(&self, response: Response, attempt: &mut Attempt) -> Fault {
        let status = response.status();
        let kind = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => FaultKind::Denied(status.as_u16()),
            // It has no `Location`, or it would have been followed.
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => FaultKind::Redirect,
            _ => FaultKind::Status(status.as_u16()),
        };
        let retry_after = text(response.headers(), RETRY_AFTER).and_then(|value| RetryAfter::parse(&value));
        let words = self.words(response).await;
        let detail = match words.as_deref().and_then(|words| words.lines().next()) {
            Some(line) => format!("{status}: {line}"),
            None => status.to_string(),
        };
        attempt.fault(kind, &detail).with_retry_after(retry_after)
    }

    /// The source's own words. The status is known already, so they are not waited for long.
    async fn words(&self, mut response: Response) -> Option<String> {
        let content_type = response.headers().get(CONTENT_TYPE).cloned();
        encoding(response.headers()).ok().filter(|encoding| *encoding == Encoding::Identity)?;
        let until = Instant::now() + WORDS_WITHIN.min(self.limits.stall);
        let mut body = Vec::new();
        while body.len() < words::READ
            && let Ok(Ok(Some(piece))) = timeout_at(until, response.chunk()).await
        {
            body.extend(piece.iter().take(words::READ));
        }
        words::words(content_type.as_ref(), &body)
    }
}

impl Ask<'_> {
    /// When what begins a body must be here, for an attempt that started then.
    fn begin_due(&self, started: Instant, limit: Option<Duration>) -> Option<Due> {
        let deadlines = self.want.deadline.into_iter().chain(self.begin_by);
        Due::earliest(started, limit, deadlines.min())
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, String> {
    let mut encoding = Encoding::Identity;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = value.to_str().unwrap_or("bytes").trim();
        encoding = match value.to_ascii_lowercase().as_str() {
            "" | "identity" => encoding,
            "gzip" | "x-gzip" if encoding == Encoding::Identity => Encoding::Gzip,
            _ => return Err(value.to_owned()),
        };
    }
    Ok(encoding)
}

/// A header's value, if it is text of sensible length.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= MAX_HEADER).then(|| value.to_owned())
}

const MAX_HEADER: usize = 1024;
const WORDS_WITHIN: Duration = Duration::from_secs(2);
