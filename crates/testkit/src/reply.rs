//! What an upstream says when it is asked, faults included.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use crate::{archive::Body, gate::Gate, upstream::ranges::Ranges};

/// One answer of a [`ScriptedUpstream`](crate::ScriptedUpstream): what is said, how it is framed, and what goes
/// wrong on the way.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) said: Said,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) edit: Option<Edit>,
    pub(crate) framing: Framing,
    /// Whether it has an `ETag`.
    pub(crate) validated: bool,
    /// Whether requests of other methods than HEAD get what is natural.
    pub(crate) for_head_alone: bool,
    pub(crate) ranges: Ranges,
    pub(crate) before: Option<Gate>,
    pub(crate) drip: Option<(usize, Duration)>,
    pub(crate) stops: Vec<(u64, Stop)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// What the tree and the log say.
    Natural,
    Fixed {
        status: u16,
        body: Body,
    },
    /// The connection is reset before a byte of the answer.
    Nothing,
}

/// What the tree or the log says to a path.
#[derive(Clone, Debug)]
pub(crate) struct Natural {
    pub(crate) status: u16,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) body: Body,
    pub(crate) framing: Framing,
}

#[derive(Clone, Debug)]
pub(crate) enum Framing {
    /// Content-Length with the body's length.
    Length,
    /// Content-Length with this, whatever is sent.
    Claim(u64),
    Chunked,
    /// Neither: the end of the connection is the end of the body.
    UntilClose,
}

#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// RST.
    Reset,
    /// A clean end of the connection.
    Close,
    /// Nothing more until the gate is open.
    Wait(Gate),
}

#[derive(Clone)]
pub(crate) struct Edit(pub(crate) Arc<Change>);

type Change = dyn Fn(&mut Vec<u8>) + Send + Sync;

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit")
    }
}

impl Reply {
    /// What the modules and the log say. The base for faults on the way: `Reply::natural().reset_after(1000)`.
    pub fn natural() -> Self {
        Self::of(Said::Natural)
    }

    /// A status with a line of text that says so.
    pub fn status(status: u16) -> Self {
        let body = format!("scripted: {status}\n").into();
        Self::of(Said::Fixed { status, body }).content_type("text/plain; charset=utf-8")
    }

    /// 200 with this body and no content type.
    pub fn ok(body: impl Into<Body>) -> Self {
        Self::of(Said::Fixed { status: 200, body: body.into() })
    }

    /// A page of a captive portal: HTML with status 200.
    pub fn html() -> Self {
        Self::ok("<!DOCTYPE html><html><body>Please log in.</body></html>").content_type("text/html")
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("Location", to)
    }

    /// RST before a byte of the answer.
    pub fn reset() -> Self {
        Self::of(Said::Nothing)
    }

    fn of(said: Said) -> Self {
        Self {
            said,
            headers: Vec::new(),
            edit: None,
            framing: Framing::Length,
            validated: true,
            for_head_alone: false,
            ranges: Ranges::Honest,
            before: None,
            drip: None,
            stops: Vec::new(),
        }
    }

    /// For HEAD alone: requests of other methods get what the modules and the log say.
    #[must_use]
    pub fn for_head_alone(mut self) -> Self {
        self.for_head_alone = true;
        self
    }

    /// Another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        let status = if let Said::Fixed { status, .. } = self.said { status } else { 200 };
        self.said = Said::Fixed { status, body: body.into() };
        self
    }

    /// One more header; an equal name replaces the natural one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another content type.
    #[must_use]
    pub fn content_type(mut self, value: &str) -> Self {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        self.header("Content-Type", value)
    }

    /// Another `ETag`, word for word: `"abc"`, or weak, `W/"abc"`.
    #[must_use]
    pub fn etag(self, value: &str) -> Self {
        self.header("ETag", value)
    }

    /// No `ETag`.
    #[must_use]
    pub fn without_etag(mut self) -> Self {
        self.validated = false;
        self
    }

    /// The whole body, whatever part of it is asked.
    #[must_use]
    pub fn without_ranges(mut self) -> Self {
        self.ranges = Ranges::Ignored;
        self
    }

    /// The part that is asked, even where `If-Range` names another body.
    #[must_use]
    pub fn whatever_if_range(mut self) -> Self {
        self.ranges = Ranges::Regardless;
        self
    }

    /// The part that is asked, with this `Content-Range`: `bytes 5-9/10`.
    #[must_use]
    pub fn content_range(mut self, told: &str) -> Self {
        self.ranges = Ranges::Mislabelled(told.to_owned());
        self
    }

    /// Changes the body's bytes before they are sent.
    #[must_use]
    pub fn edit(mut self, edit: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Self {
        self.edit = Some(Edit(Arc::new(edit)));
        self
    }

    /// No Content-Length but chunks.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Neither Content-Length nor chunks.
    #[must_use]
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// A Content-Length of `len`, whatever is sent. A body that is shorter ends with the connection.
    #[must_use]
    pub fn claim_length(mut self, len: u64) -> Self {
        self.framing = Framing::Claim(len);
        self
    }

    /// Nothing at all is said until the gate is open.
    #[must_use]
    pub fn hold(mut self, gate: &Gate) -> Self {
        self.before = Some(gate.clone());
        self
    }

    /// After `n` bytes of the body nothing comes until the gate is open; then the rest.
    #[must_use]
    pub fn stall_after(mut self, n: u64, gate: &Gate) -> Self {
        self.stops.push((n, Stop::Wait(gate.clone())));
        self
    }

    /// RST after exactly `n` bytes of the body, counted from the first that is sent, if the client reads them. A body that
    /// is shorter comes whole.
    #[must_use]
    pub fn reset_after(mut self, n: u64) -> Self {
        self.stops.push((n, Stop::Reset));
        self
    }

    /// A clean end of the connection after `n` bytes of the body.
    #[must_use]
    pub fn cut_after(mut self, n: u64) -> Self {
        self.stops.push((n, Stop::Close));
        self
    }

    /// The body comes `n` bytes at a time, with this pause between two pieces.
    #[must_use]
    pub fn drip(mut self, n: usize, every: Duration) -> Self {
        self.drip = Some((n, every));
        self
    }
}
