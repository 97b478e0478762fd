//! Requests to hosts that somebody else names whose answers may be of any length: git's protocol.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, header::AUTHORIZATION};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};
use url::Url;

use crate::{
    Fault, FaultKind, SourceName, Web,
    client::{Failed, Response},
    secret::Credentials,
    transport::Stream,
    web::Ask,
};

/// One request. `Debug` shows no header, for one may be a secret.
pub struct Exchange {
    /// Where to: an `https` or `http` URL.
    pub url: String,
    /// What goes along. Without an `Authorization`, the URL's own credentials or those of netrc do.
    pub headers: HeaderMap,
    /// What is sent; `None` only asks (GET). Only then redirects are followed.
    pub body: Option<Bytes>,
    /// How long the other side may say nothing: before the head of its answer, and between two pieces of it. Connecting
    /// has the door's own limits besides.
    pub patience: Duration,
}

/// The head of an answer, and its body as it comes. Dropping it ends the exchange.
pub struct Answer {
    ask: Ask,
    response: Response,
    from: Url,
    patience: Duration,
}

/// A connection without HTTP. Dropping it closes it.
pub struct Wire {
    name: SourceName,
    stream: Box<dyn Stream>,
    started: Instant,
    patience: Duration,
}

impl Web {
    /// Sends one request. The guard judges the host, each of its addresses when a connection is made, and so those of
    /// redirects. Any status is an answer.
    pub async fn exchange(&self, exchange: Exchange) -> Result<Answer, Fault> {
        let Exchange { url, mut headers, body, patience } = exchange;
        let ask = self.question(&url, patience)?;
        if !headers.contains_key(AUTHORIZATION)
            && let Some(authorization) = self.door().credentials(ask.url()).and_then(Credentials::basic)
        {
            headers.insert(AUTHORIZATION, authorization);
        }
        let to = ask.url().as_url().clone();
        let answer = async {
            match body {
                None => self.client().get_from(to, headers).await,
                Some(body) => Ok((self.client().post(&to, &headers, body).await?, to)),
            }
        };
        match timeout(patience, answer).await {
            Ok(Ok((response, from))) => Ok(Answer { ask, response, from, patience }),
            Ok(Err((kind, words))) => Err(ask.fault(kind, &words)),
            Err(_) => Err(ask.fault(FaultKind::Timeout, &format!("no answer within {patience:?}"))),
        }
    }

    /// Connects to a host without HTTP. The guard judges it as it does any other.
    pub async fn wire(&self, host: &str, port: u16, patience: Duration) -> Result<Wire, Fault> {
        let (name, started) = (SourceName::of_host(host), Instant::now());
        match self.client().dial(host, port).await {
            Ok(stream) => Ok(Wire { name, stream, started, patience }),
            Err((kind, words)) => Err(Fault::new(name, kind, &words, started.elapsed())),
        }
    }
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Who answered after all redirects; without credentials.
    pub fn url(&self) -> &str {
        self.from.as_str()
    }

    /// The next piece of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        match timeout(self.patience, self.response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err((kind, words))) => Err(self.ask.fault(kind, &words)),
            Err(_) => Err(self.fault(FaultKind::Stall, &silent(self.patience))),
        }
    }

    /// A failure of this exchange; the detail may hold what the other side says.
    pub fn fault(&self, kind: FaultKind, detail: &str) -> Fault {
        self.ask.fault(kind, detail)
    }
}

impl Wire {
    /// Reads up to so many bytes; nothing is left at the end.
    pub async fn read(&mut self, most: usize) -> Result<Bytes, Fault> {
        let mut bytes = Vec::with_capacity(most);
        let read = timeout(self.patience, self.stream.read_buf(&mut bytes)).await;
        self.judge(read)?;
        Ok(bytes.into())
    }

    /// Writes all of it.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        let written = timeout(self.patience, written).await;
        self.judge(written)
    }

    fn judge<T>(&self, done: Result<std::io::Result<T>, tokio::time::error::Elapsed>) -> Result<T, Fault> {
        let (kind, words): Failed = match done {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => (FaultKind::Reset, error.kind().to_string()),
            Err(_) => (FaultKind::Stall, silent(self.patience)),
        };
        Err(Fault::new(self.name.clone(), kind, &words, self.started.elapsed()))
    }
}

fn silent(patience: Duration) -> String {
    format!("nothing came for {patience:?}")
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("name", &self.name).finish_non_exhaustive()
    }
}
