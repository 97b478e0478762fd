//! Git over HTTP: what [`Transport`](gix_transport::client::blocking_io::http::Transport) needs, through the one door
//! out. It blocks; the requests run on the runtime.

use std::{
    io::{self, BufReader, Cursor, Read, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use gix_error::{ErrorExt, ResultExt};
use gix_transport::client::blocking_io::http::{self as seam, GetResponse, PostBodyDataKind, PostResponse};
use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use tokio::runtime::Handle;
use upstream::{Answer, Exchange, Fault, Web};

use super::meter::Meter;
use crate::{Cause, git::remote::Remote};

/// Requests to one repository.
pub(super) struct Http {
    line: Line,
    /// The repository's URL without `/` at its end: as it was given, or where a redirect led.
    base: String,
}

/// What all requests need.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) web: Arc<Web>,
    pub(super) runtime: Handle,
    pub(super) meter: Meter,
    pub(super) patience: Duration,
}

impl Http {
    pub(super) fn new(line: Line, remote: &Remote) -> Self {
        Self { line, base: remote.secret().trim_end_matches('/').to_owned() }
    }

    fn exchange(
        &self,
        tail: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        body: Option<Bytes>,
    ) -> Exchange {
        let headers = headers.into_iter().filter_map(|header| {
            let (name, value) = header.as_ref().split_once(':')?;
            let name = name.parse::<HeaderName>().ok().filter(|name| *name != AUTHORIZATION)?;
            Some((name, HeaderValue::try_from(value.trim()).ok()?))
        });
        Exchange {
            url: format!("{}{tail}", self.base),
            headers: headers.collect::<HeaderMap>(),
            body,
            patience: self.line.patience,
        }
    }
}

impl Line {
    /// Sends a request and waits for the head of an answer that is a success.
    fn send(&self, exchange: Exchange) -> io::Result<Answer> {
        self.meter.may_wait()?;
        let answer = self.runtime.block_on(self.web.exchange(exchange));
        let answer = answer.map_err(|fault| self.meter.fault(&fault))?;
        match answer.status() {
            200 => Ok(answer),
            401 | 403 | 407 => Err(self.meter.refused(Cause::Auth, status(&answer))),
            _ => Err(self.meter.refused(Cause::Server, status(&answer))),
        }
    }
}

fn status(answer: &Answer) -> String {
    format!("the server answers {}", answer.status())
}

/// What a repository's URL is followed by.
const REFS: &str = "/info/refs?service=git-upload-pack";

impl seam::Http for Http {
    type Headers = Headers;
    type ResponseBody = BufReader<Body>;
    type PostBody = Said;

    fn get(
        &mut self,
        _: &str,
        _: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> gix_error::Result<GetResponse<Headers, Self::ResponseBody>> {
        let asked = self.exchange(REFS, headers, None);
        let answer = self.line.send(asked).or_error()?;
        if answer.headers().get(http::header::CONTENT_TYPE).is_none_or(|kind| kind != ADVERTISEMENT) {
            return Err(self.line.meter.unspoken("it does not answer in git's smart protocol").raise());
        }
        // As git has it: later requests go to where the first one was led.
        let base = answer.url().strip_suffix(REFS).map(str::to_owned);
        match base {
            Some(base) if without_user(&self.base) != base => self.base = base,
            Some(_) => {}
            None => {
                let why = "it redirects to something that is no repository";
                return Err(self.line.meter.refused(Cause::Server, why).raise());
            }
        }
        let exchange = Arc::new(Mutex::new(Progress::Open(Box::new(answer))));
        Ok(GetResponse {
            headers: Headers::of(&self.line, &exchange),
            body: BufReader::new(Body::of(&self.line, &exchange)),
        })
    }

    fn post(
        &mut self,
        _: &str,
        _: &str,
        headers: impl IntoIterator<Item = impl AsRef<str>>,
        _: PostBodyDataKind,
    ) -> gix_error::Result<PostResponse<Headers, Self::ResponseBody, Said>> {
        let exchange = self.exchange("/git-upload-pack", headers, Some(Bytes::new()));
        let exchange = Arc::new(Mutex::new(Progress::Saying(exchange, Vec::new())));
        Ok(PostResponse {
            post_body: Said(Arc::clone(&exchange)),
            headers: Headers::of(&self.line, &exchange),
            body: BufReader::new(Body::of(&self.line, &exchange)),
        })
    }

    fn configure(&mut self, _: &dyn std::any::Any) -> gix_error::Result {
        Ok(())
    }
}

/// The URL without what stands before an `@` in its authority.
fn without_user(url: &str) -> String {
    crate::git::remote::without_credentials(url)
}

/// How far a request has come. It is sent when somebody reads.
enum Progress {
    Saying(Exchange, Vec<u8>),
    Open(Box<Answer>),
    /// It broke off behind what looked like its end.
    Broken(Fault),
    Over,
}

type Shared = Arc<Mutex<Progress>>;

/// The body of a request.
pub(super) struct Said(Shared);

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Progress::Saying(_, body) => {
                body.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            _ => Err(io::Error::other("the request has been sent")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends the request, if that has not been done.
fn open(line: &Line, shared: &Shared) -> io::Result<()> {
    let mut progress = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if let Progress::Saying(exchange, body) = &mut *progress {
        let exchange = Exchange {
            url: std::mem::take(&mut exchange.url),
            headers: std::mem::take(&mut exchange.headers),
            body: Some(std::mem::take(body).into()),
            patience: exchange.patience,
        };
        *progress = Progress::Over;
        *progress = Progress::Open(Box::new(line.send(exchange)?));
    }
    Ok(())
}

/// The one header that somebody asks for.
pub(super) struct Headers {
    line: Line,
    shared: Shared,
    text: Option<Cursor<Vec<u8>>>,
}

impl Headers {
    fn of(line: &Line, shared: &Shared) -> Self {
        Self { line: line.clone(), shared: Arc::clone(shared), text: None }
    }

    fn text(&mut self) -> io::Result<&mut Cursor<Vec<u8>>> {
        if self.text.is_none() {
            open(&self.line, &self.shared)?;
        }
        let shared = &self.shared;
        Ok(self.text.get_or_insert_with(|| {
            let mut text = b"content-type: ".to_vec();
            if let Progress::Open(answer) = &*shared.lock().unwrap_or_else(PoisonError::into_inner) {
                let kind = answer.headers().get(http::header::CONTENT_TYPE);
                text.extend_from_slice(kind.map(HeaderValue::as_bytes).unwrap_or_default());
            }
            Cursor::new(text)
        }))
    }
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text()?.read(buffer)
    }
}

impl io::BufRead for Headers {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text()?.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(text) = &mut self.text {
            text.consume(amount);
        }
    }
}

/// The body of an answer.
pub(super) struct Body {
    line: Line,
    shared: Shared,
    piece: Bytes,
}

impl Body {
    fn of(line: &Line, shared: &Shared) -> Self {
        Self { line: line.clone(), shared: Arc::clone(shared), piece: Bytes::new() }
    }

    fn next(&mut self) -> io::Result<()> {
        open(&self.line, &self.shared)?;
        let meter = &self.line.meter;
        let mut progress = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        while self.piece.is_empty() {
            let answer = match &mut *progress {
                Progress::Open(answer) => answer,
                Progress::Broken(fault) => return Err(meter.fault(fault)),
                Progress::Saying(..) | Progress::Over => return Ok(()),
            };
            meter.may_wait()?;
            match self.line.runtime.block_on(answer.chunk()) {
                Ok(Some(piece)) => {
                    meter.received(piece.len())?;
                    self.piece = piece;
                    if self.piece.ends_with(FLUSH) {
                        look_for_the_end(&self.line, &mut progress, &mut self.piece)?;
                    }
                }
                Ok(None) => *progress = Progress::Over,
                Err(fault) => return Err(meter.fault(&fault)),
            }
        }
        Ok(())
    }
}

/// Who reads git's protocol stops where the message ends. A connection can be used again only when the end of the body was
/// read too, and that is a moment away.
fn look_for_the_end(line: &Line, progress: &mut Progress, piece: &mut Bytes) -> io::Result<()> {
    let Progress::Open(answer) = progress else { return Ok(()) };
    let next = async { tokio::time::timeout(MOMENT, answer.chunk()).await };
    match line.runtime.block_on(next) {
        Ok(Ok(Some(more))) => {
            line.meter.received(more.len())?;
            *piece = [&**piece, &more].concat().into();
        }
        Ok(Ok(None)) => *progress = Progress::Over,
        Ok(Err(fault)) => *progress = Progress::Broken(fault),
        Err(_) => {}
    }
    Ok(())
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.next()?;
        }
        let taken = self.piece.split_to(self.piece.len().min(buffer.len()));
        if let Some(room) = buffer.get_mut(..taken.len()) {
            room.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}

/// What a message of git's protocol ends with.
const FLUSH: &[u8] = b"0000";
/// How long the end of a body is waited for where its message has ended.
const MOMENT: Duration = Duration::from_millis(50);
const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
