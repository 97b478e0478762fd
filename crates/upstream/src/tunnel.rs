//! A tunnel through a proxy: HTTP (RFC 9110, 9.3.6) or SOCKS.

use std::{
    future::ready,
    io,
    task::{Context, Poll},
};

use http::{HeaderValue, StatusCode, Uri, uri::Scheme};
use hyper_util::client::legacy::connect::proxy::SocksV5;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_service::Service;
use url::Url;

use crate::{
    HttpProxies,
    transport::{Speaks, Stream, Transport},
};

/// Why there is no tunnel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TunnelError {
    /// The URL that it shall lead to names no host.
    #[error("the URL names no host")]
    NoHost,
    /// The proxy answered with this status.
    #[error("the HTTP proxy refuses the tunnel: {}", words(*.0))]
    Refused(StatusCode),
    /// More than 8 KiB before an empty line.
    #[error("the HTTP proxy answers with too long a head")]
    TooLong,
    /// What came is no answer.
    #[error("the HTTP proxy does not speak HTTP")]
    NotHttp,
    /// The connection ended.
    #[error("the HTTP proxy {}", lost(*.0))]
    Lost(io::ErrorKind),
    /// A SOCKS proxy did not do it.
    #[error("the SOCKS proxy: {0}")]
    Socks(String),
}

/// Asks the proxy at the other end of `stream` to lead it on to the host of `to`. Its own URL says how it is spoken to, and
/// holds the login. Sets no limit of time.
pub async fn through(proxy: &Url, stream: Box<dyn Stream>, to: &Uri) -> Result<Box<dyn Stream>, TunnelError> {
    if !matches!(proxy.scheme(), "http" | "https") {
        return socks(proxy, stream, to.clone()).await;
    }
    let mut stream = stream;
    let host = to.host().ok_or(TunnelError::NoHost)?;
    let port = to.port_u16().unwrap_or(if to.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let authorization = HttpProxies::authorization(proxy);
    tunnel(&mut *stream, &format!("{host}:{port}"), authorization.as_ref()).await?;
    Ok(stream)
}

async fn tunnel(
    stream: &mut dyn Stream,
    authority: &str,
    authorization: Option<&HeaderValue>,
) -> Result<(), TunnelError> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let lost = |e: io::Error| TunnelError::Lost(e.kind());
    stream.write_all(&request).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let mut head = Vec::with_capacity(256);
    // Byte by byte: what follows the empty line is the tunnel's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(TunnelError::TooLong);
        }
        head.push(stream.read_u8().await.map_err(lost)?);
    }
    match status(&head) {
        Some(status) if status.is_success() => Ok(()),
        Some(status) => Err(TunnelError::Refused(status)),
        None => Err(TunnelError::NotHttp),
    }
}

/// The status of a head like `HTTP/1.1 200 Connection established`.
fn status(head: &[u8]) -> Option<StatusCode> {
    let code = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    StatusCode::from_bytes(code).ok()
}

fn words(status: StatusCode) -> String {
    match status {
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => "proxy authorization required (407)".to_owned(),
        other => other.to_string(),
    }
}

fn lost(kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::UnexpectedEof => "closed the connection".to_owned(),
        kind => format!("broke off: {kind}"),
    }
}

/// Like Go, it leaves names to the proxy.
async fn socks(proxy: &Url, stream: Box<dyn Stream>, to: Uri) -> Result<Box<dyn Stream>, TunnelError> {
    let end = Uri::from_static("socks5://proxy");
    let mut socks = SocksV5::new(end, Given(Some(Transport::new(stream, Speaks::Http1))));
    if let Some((user, password)) = HttpProxies::user(proxy) {
        socks = socks.with_auth(user, password);
    }
    let asked = socks.call(to).await;
    asked.map(Transport::into_stream).map_err(|e| TunnelError::Socks(e.to_string()))
}

/// Hands out the connection that it was given.
struct Given(Option<Transport>);

impl Service<Uri> for Given {
    type Response = Transport;
    type Error = TunnelError;
    type Future = std::future::Ready<Result<Transport, TunnelError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TunnelError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| TunnelError::Socks("the connection is used already".to_owned())))
    }
}

const MAX_HEAD: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(answer: &[u8]) -> Result<String, String> {
        let (client, mut proxy) = tokio::io::duplex(64 << 10);
        proxy.write_all(answer).await.unwrap();
        let mut client: Box<dyn Stream> = Box::new(client);
        let authorization = HeaderValue::from_static("Basic eDp5");
        let end = tunnel(&mut *client, "mods.example.com:443", Some(&authorization)).await;
        let mut asked = [0; 512];
        let n = proxy.read(&mut asked).await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&asked[..n]),
            "CONNECT mods.example.com:443 HTTP/1.1\r\nHost: mods.example.com:443\r\n\
             Proxy-Authorization: Basic eDp5\r\n\r\n"
        );
        drop(proxy);
        end.map_err(|e| e.to_string())?;
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        Ok(rest)
    }

    #[tokio::test]
    async fn what_follows_the_head_is_the_tunnels() {
        assert_eq!(told(b"HTTP/1.1 200 Connection established\r\nA: b\r\n\r\nhello").await.unwrap(), "hello");
        assert_eq!(told(b"HTTP/1.0 204\r\n\r\n").await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_proxys_words() {
        for (answer, words) in [
            (&b"HTTP/1.1 407 Who are you\r\n\r\n"[..], "proxy authorization required"),
            (b"HTTP/1.1 403 No\r\n\r\n", "403 Forbidden"),
            (b"SSH-2.0-x\r\n\r\n", "does not speak HTTP"),
            (&[b'x'; MAX_HEAD + 1], "too long"),
        ] {
            let error = told(answer).await.unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
