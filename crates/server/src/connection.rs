//! One connection, from its first byte to a close that says what happened.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use crate::peer::{Exchanges, Patience, Peer, Transport};
use crate::site::Site;
use crate::visitor::Visitor;

/// Serves requests until the client leaves, breaks a limit, or `closing` says that the current one is the last.
pub(crate) async fn serve<T: Transport>(
    transport: T,
    address: IpAddr,
    site: Arc<Site>,
    patience: Patience,
    mut closing: watch::Receiver<bool>,
) {
    let exchanges = Arc::new(Exchanges::default());
    let io = TokioIo::new(Peer::new(transport, patience, Arc::clone(&exchanges)));
    let mut connection = http1::Builder::new()
        // Deadlines are kept by `Peer`: this one would count the idle time between requests.
        .header_read_timeout(None)
        .max_header_size(MAX_HEAD)
        .max_buf_size(SEND_BUFFER)
        .serve_connection(io, Visitor::new(Arc::clone(&site), Arc::clone(&exchanges), address));

    let mut asked_to_close = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => break ended,
            _ = closing.wait_for(|&closing| closing), if !asked_to_close => {
                asked_to_close = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let peer = connection.into_parts().io.into_inner();
    let stalled = peer.has_stalled();
    let mut transport = peer.into_transport();
    match ended {
        _ if stalled => {
            site.meters.stalled();
            // The client shall not get a part of the answer later, and the kernel shall not keep it.
            transport.reset_on_close();
        }
        Ok(()) if exchanges.left_unread() => linger(transport).await,
        Ok(()) => {
            // The client may have gone before; then there is nobody to tell.
            let _ = transport.shutdown().await;
        }
        Err(error) if error.is_user() => transport.reset_on_close(),
        Err(error) if error.is_parse() => {
            tracing::debug!(%error, "bad request head");
            linger(transport).await;
        }
        Err(error) => tracing::debug!(%error, "connection closed"),
    }
}

/// Closes so that the client can still read an answer that it was given in the middle of its sending: a close with
/// unread bytes would be a reset, which throws the answer away.
async fn linger<T: Transport>(mut transport: T) {
    if transport.shutdown().await.is_err() {
        return;
    }
    let drain = async {
        let mut scrap = [0; 8 * 1024];
        let mut left = LINGER_BYTES;
        while let Ok(n) = transport.read(&mut scrap).await {
            left = left.saturating_sub(n);
            if n == 0 || left == 0 {
                break;
            }
        }
    };
    // Whoever still sends after this time loses the answer.
    let _ = tokio::time::timeout(LINGER, drain).await;
}

/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How much of a body is taken ahead for a client, beside the piece that crosses this limit: two blocks per write.
const SEND_BUFFER: usize = 128 * 1024;
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;
