//! The other end of a connection, and how long it may keep us waiting.
//!
//! Three waits are bounded: for the rest of a request's head, for the next request, and for a client to take bytes.
//! Time that the mirror itself needs for an answer is not the client's and is not counted.
//!
//! One timer per connection serves all three. It is set again only when a deadline comes nearer or has passed, so a
//! busy connection touches it about once per idle limit and not once per request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// A byte stream to a client.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Makes the coming close a reset, so that the client cannot take it for the end of a body.
    fn reset_on_close(&self);
}

impl Transport for TcpStream {
    fn reset_on_close(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::debug!(%error, "a broken response ends without a reset");
        }
    }
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request's head to its last.
    pub(crate) head: Duration,
    /// From one request's end to the first byte of the next.
    pub(crate) idle: Duration,
    /// Between two bytes that the client takes.
    pub(crate) stall: Duration,
}

/// Counts the requests of one connection, so that its reader knows whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    begun: AtomicU64,
    ended: AtomicU64,
    unread: AtomicBool,
}

impl Exchanges {
    /// A head is complete: it is our turn until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Exchange {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Exchange(Arc::clone(self))
    }

    /// A request came with a body that nobody reads.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// Whether the client may still be sending what nobody reads.
    pub(crate) fn left_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}

/// One request, from its complete head to the last byte of its answer.
#[derive(Debug)]
pub(crate) struct Exchange(Arc<Exchanges>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A transport that fails with `TimedOut` when its client takes too long.
pub(crate) struct Peer<T> {
    transport: T,
    patience: Patience,
    exchanges: Arc<Exchanges>,
    /// The number of requests begun when this side last waited for bytes.
    seen: u64,
    /// Bytes of a head arrived since then.
    arrived: bool,
    /// A head is incomplete; `read_by` is its limit.
    in_head: bool,
    read_by: Option<Instant>,
    write_by: Option<Instant>,
    stalled: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<T: Transport> Peer<T> {
    pub(crate) fn new(transport: T, patience: Patience, exchanges: Arc<Exchanges>) -> Self {
        Self {
            transport,
            patience,
            exchanges,
            seen: 0,
            arrived: false,
            in_head: false,
            read_by: None,
            write_by: None,
            stalled: false,
            timer: None,
        }
    }

    /// Whether the client took nothing for too long.
    pub(crate) fn has_stalled(&self) -> bool {
        self.stalled
    }

    pub(crate) fn into_transport(self) -> T {
        self.transport
    }

    /// Says by when a byte must come.
    fn wait_for_bytes(&mut self, now: Instant) {
        let begun = self.exchanges.begun.load(Ordering::Relaxed);
        if self.seen != begun {
            self.seen = begun;
            (self.arrived, self.in_head, self.read_by) = (false, false, None);
        }
        if self.exchanges.ended.load(Ordering::Relaxed) != begun {
            self.read_by = None;
        } else if self.arrived && !self.in_head {
            self.in_head = true;
            self.read_by = Some(now + self.patience.head);
        } else if self.read_by.is_none() {
            self.read_by = Some(now + self.patience.idle);
        }
    }

    /// Fails once the nearest deadline has passed; else the task is woken at it at the latest.
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let nearest = [self.read_by, self.write_by].into_iter().flatten().min();
        let Some(deadline) = nearest else { return Ok(()) };
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if deadline <= timer.deadline() {
                self.stalled = self.write_by == Some(deadline);
                return Err(io::ErrorKind::TimedOut.into());
            }
            timer.as_mut().reset(deadline);
        }
        Ok(())
    }

    fn written(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.write_by = None;
            if !self.in_head {
                // The next request is not due before the client has the last answer.
                self.read_by = None;
            }
            return result;
        }
        let now = Instant::now();
        self.write_by.get_or_insert(now + self.patience.stall);
        match self.check(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: Transport> AsyncRead for Peer<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let result = Pin::new(&mut this.transport).poll_read(cx, buf);
        if result.is_ready() {
            this.arrived |= buf.filled().len() > before;
            return result;
        }
        let now = Instant::now();
        this.wait_for_bytes(now);
        match this.check(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T: Transport> AsyncWrite for Peer<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.transport).poll_write(cx, buf);
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.transport).poll_write_vectored(cx, bufs);
        self.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    /// Everything is with the kernel. hyper does not look for bytes again until it is woken, so this is where the wait
    /// for the next request begins.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.transport).poll_flush(cx);
        if !matches!(result, Poll::Ready(Ok(()))) {
            return result;
        }
        self.wait_for_bytes(Instant::now());
        Poll::Ready(self.check(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    impl Transport for DuplexStream {
        fn reset_on_close(&self) {}
    }

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(90),
        stall: Duration::from_mins(1),
    };

    fn pair() -> (Peer<DuplexStream>, DuplexStream, Arc<Exchanges>) {
        let (ours, theirs) = tokio::io::duplex(64);
        let exchanges = Arc::new(Exchanges::default());
        (Peer::new(ours, PATIENCE, Arc::clone(&exchanges)), theirs, exchanges)
    }

    /// Reads until something is there or the time is over, and says how long that took.
    async fn read(peer: &mut Peer<DuplexStream>) -> (io::Result<usize>, u64) {
        let began = Instant::now();
        let result = peer.read(&mut [0; 64]).await;
        (result, began.elapsed().as_secs())
    }

    async fn times_out_after(peer: &mut Peer<DuplexStream>, seconds: u64) {
        let (result, took) = read(peer).await;
        assert_eq!((result.unwrap_err().kind(), took), (io::ErrorKind::TimedOut, seconds));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_dropped_after_the_idle_limit() {
        let (mut peer, _theirs, _) = pair();
        times_out_after(&mut peer, 90).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_is_dropped_after_its_own_limit() {
        let (mut peer, mut theirs, _) = pair();
        tokio::spawn(async move {
            loop {
                theirs.write_all(b"x").await.unwrap();
                tokio::time::sleep(Duration::from_secs(3)).await;
            }
        });
        let began = Instant::now();
        let error = loop {
            if let Err(error) = peer.read(&mut [0; 64]).await {
                break error;
            }
        };
        assert_eq!((error.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn our_own_time_is_not_counted() {
        let (mut peer, mut theirs, exchanges) = pair();
        theirs.write_all(b"head").await.unwrap();
        assert_eq!(read(&mut peer).await.0.unwrap(), 4);
        let exchange = exchanges.begin();
        let waiting = tokio::time::timeout(Duration::from_hours(1), peer.read(&mut [0; 64])).await;
        assert!(waiting.is_err(), "the connection was dropped while the answer was being fetched");
        drop(exchange);
        times_out_after(&mut peer, 90).await;
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_has_its_own_limits() {
        let (mut peer, mut theirs, exchanges) = pair();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(80)).await;
            theirs.write_all(b"he").await.unwrap();
            assert_eq!(read(&mut peer).await.0.unwrap(), 2);
            let late = tokio::time::timeout(Duration::from_secs(9), peer.read(&mut [0; 64])).await;
            assert!(late.is_err(), "the rest of the head was not waited for");
            theirs.write_all(b"ad").await.unwrap();
            assert_eq!(read(&mut peer).await.0.unwrap(), 2);
            drop(exchanges.begin());
            let idle = tokio::time::timeout(Duration::from_secs(1), peer.read(&mut [0; 64])).await;
            assert!(idle.is_err(), "the next request was not waited for");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_dropped_and_a_slow_one_is_not() {
        let (mut peer, mut theirs, exchanges) = pair();
        let _exchange = exchanges.begin();
        let slow = tokio::spawn(async move {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(59)).await;
                theirs.read_exact(&mut [0; 64]).await.unwrap();
            }
            theirs
        });
        peer.write_all(&[0; 6 * 64]).await.unwrap();
        let _theirs = slow.await.unwrap();
        let began = Instant::now();
        let error = peer.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!((error.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_request_is_not_due_before_the_last_answer_was_taken() {
        let (mut peer, mut theirs, exchanges) = pair();
        drop(exchanges.begin());
        let waiting = tokio::time::timeout(Duration::from_secs(80), peer.read(&mut [0; 64])).await;
        assert!(waiting.is_err());
        peer.write_all(&[0; 64]).await.unwrap();
        theirs.read_exact(&mut [0; 64]).await.unwrap();
        times_out_after(&mut peer, 90).await;
    }
}
