//! A tunnel through an HTTP proxy (RFC 9110, 9.3.6).

use std::io;

use http::{HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{connector::NotReached, transport::Stream};

/// Asks the proxy at the other end of `stream` to lead it on to `authority`, a host with its port.
pub(crate) async fn tunnel(
    stream: &mut dyn Stream,
    authority: &str,
    authorization: Option<&HeaderValue>,
) -> Result<(), NotReached> {
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(|e| lost(&e))?;
    stream.flush().await.map_err(|e| lost(&e))?;
    let mut head = Vec::with_capacity(256);
    // Byte by byte: what follows the empty line is the tunnel's.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(NotReached::connect("the HTTP proxy answers with too long a head"));
        }
        head.push(stream.read_u8().await.map_err(|e| lost(&e))?);
    }
    match status(&head) {
        Some(status) if status.is_success() => Ok(()),
        Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
            Err(NotReached::connect("the HTTP proxy refuses the tunnel: proxy authorization required (407)"))
        }
        Some(status) => Err(NotReached::connect(format!("the HTTP proxy refuses the tunnel: {status}"))),
        None => Err(NotReached::connect("the HTTP proxy does not speak HTTP")),
    }
}

/// The status of a head like `HTTP/1.1 200 Connection established`.
fn status(head: &[u8]) -> Option<StatusCode> {
    let code = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    StatusCode::from_bytes(code).ok()
}

fn lost(e: &io::Error) -> NotReached {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => NotReached::connect("the HTTP proxy closed the connection"),
        kind => NotReached::connect(format!("the HTTP proxy broke off: {kind}")),
    }
}

const MAX_HEAD: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaultKind;

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
        end.map_err(|e| {
            assert_eq!(e.kind(), FaultKind::Connect);
            e.to_string()
        })?;
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
