//! The body of an answer on its way to a connection.
//!
//! A body that cannot be finished ends in an error, never in silence: the connection is then reset, so a client
//! cannot take what it has for the whole.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::stream::BoxStream;
use http_body::{Frame, SizeHint};

use crate::observe::{LogLine, Meters};
use crate::peer::Exchange;

/// A body, and what has to happen when it has left: the connection's turn ends, and a line is logged.
pub(crate) struct Body {
    content: Content,
    meters: Option<Meters>,
    line: Option<Box<LogLine>>,
    exchange: Option<Exchange>,
}

enum Content {
    /// Nothing is left.
    Done,
    /// All of it, at once.
    Whole(Bytes),
    /// Piece by piece, and how much is still to come where that is known.
    Pieces(BoxStream<'static, Result<Bytes, Cut>>, Option<u64>),
    /// A page of the server itself.
    Page(axum::body::Body),
}

/// Why a body ends before its end. For the log only: the client sees a reset.
#[derive(Debug)]
pub(crate) struct Cut(pub(crate) String);

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cut {}

impl Body {
    pub(crate) fn empty() -> Self {
        Self::new(Content::Done)
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::new(if bytes.is_empty() { Content::Done } else { Content::Whole(bytes) })
    }

    /// A body of `len` bytes, or of a length that is not known before its end.
    pub(crate) fn pieces(pieces: BoxStream<'static, Result<Bytes, Cut>>, len: Option<u64>) -> Self {
        Self::new(Content::Pieces(pieces, len))
    }

    pub(crate) fn page(page: axum::body::Body) -> Self {
        Self::new(Content::Page(page))
    }

    fn new(content: Content) -> Self {
        Self { content, meters: None, line: None, exchange: None }
    }

    /// Ties the body to its connection and to what is counted and logged.
    pub(crate) fn accompany(&mut self, exchange: Exchange, meters: Meters, line: Option<LogLine>) {
        self.exchange = Some(exchange);
        self.meters = Some(meters);
        self.line = line.map(Box::new);
        let nothing = http_body::Body::is_end_stream(self);
        if let Some(line) = &mut self.line {
            line.complete = nothing;
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Cut>>> {
        match &mut self.content {
            Content::Done => Poll::Ready(None),
            Content::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.content = Content::Done;
                Poll::Ready(Some(Ok(bytes)))
            }
            Content::Pieces(pieces, left) => pieces.as_mut().poll_next(cx).map_ok(|piece| {
                if let Some(left) = left {
                    *left = left.saturating_sub(piece.len() as u64);
                }
                piece
            }),
            Content::Page(page) => match http_body::Body::poll_frame(Pin::new(page), cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(Ok(frame.into_data().unwrap_or_default()))),
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(Cut(error.to_string())))),
            },
        }
    }

    fn note(&mut self, piece: Option<&Result<Bytes, Cut>>) {
        let at_end = http_body::Body::is_end_stream(self);
        let complete = match (piece, &self.content) {
            (Some(Err(_)), _) => false,
            // What ends before its announced length does not end well.
            (None, Content::Pieces(_, Some(left))) => *left == 0,
            (None, _) => true,
            (Some(Ok(_)), _) => at_end,
        };
        if let Some(line) = &mut self.line {
            line.complete = complete;
            match piece {
                Some(Ok(piece)) => line.bytes += piece.len() as u64,
                Some(Err(cut)) => line.error = Some(cut.to_string()),
                None => {}
            }
        }
        match (&self.meters, piece) {
            (Some(meters), Some(Ok(piece))) => meters.sent(piece.len() as u64),
            (Some(meters), Some(Err(_))) => meters.cut(),
            _ => {}
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let polled = self.poll_piece(cx);
        if let Poll::Ready(piece) = &polled {
            self.note(piece.as_ref());
        }
        polled.map_ok(Frame::data)
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Done | Content::Pieces(_, Some(0)) => true,
            Content::Whole(_) | Content::Pieces(..) => false,
            Content::Page(page) => page.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Done => SizeHint::with_exact(0),
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Pieces(_, Some(left)) => SizeHint::with_exact(*left),
            Content::Pieces(_, None) => SizeHint::new(),
            Content::Page(page) => page.size_hint(),
        }
    }
}
