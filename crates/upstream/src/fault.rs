//! How a source failed.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{SourceName, retry::Again};

/// One failure of one source. `Display` is one line without secrets:
/// `proxy.example.com: connect: connection refused (12 ms)`.
#[derive(Clone, Debug)]
pub struct Fault {
    source: SourceName,
    kind: FaultKind,
    detail: Arc<str>,
    elapsed: Duration,
    retry_after: Option<RetryAfter>,
    tries: u32,
    discovery: bool,
}

/// What fails later than that made somebody wait.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The ways in which a source can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Its name has no address, or the resolver failed.
    Dns,
    /// It could not be reached, or not within the limit.
    Connect,
    /// It was reached, but TLS failed: most often a certificate that nobody here trusts.
    Tls,
    /// The answer did not begin, or not end, in time.
    Timeout,
    /// The body stopped flowing.
    Stall,
    /// The connection broke.
    Reset,
    /// The body ended before its announced end.
    Truncated,
    /// It does not speak HTTP.
    Protocol,
    /// It answered with a status that is neither success, absence nor denial.
    Status(u16),
    /// It answered 401 or 403, or the file may not be read.
    Denied(u16),
    /// The body is larger than its kind may be.
    TooLarge,
    /// A redirect that is not followed: too many, from https to http, or with credentials.
    Redirect,
    /// The body is compressed where it must not be, in an unknown way, or damaged.
    Encoding,
    /// It answered 200 with something that cannot be what was asked: a login page, a zip that is none.
    Lie,
    /// The local disk failed (`file://` sources).
    Disk,
    /// A repository's server answered, but not as it should.
    Repository,
    /// This machine lacks something that the source needs: a program, room, an undamaged cache.
    Lacking,
    /// The thing is of a sort that this source never has. A mistake in the wiring, not in the source.
    Unaskable,
    /// It was not asked, or not followed: it lies where [`Guard`](crate::Guard) lets nobody go.
    Guarded,
    /// It was not asked: its breaker is open because of earlier failures.
    Tripped,
    /// It was not asked: too many requests to it are under way, and none ended in time.
    Busy,
}

/// When a source wants to be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this long.
    In(Duration),
    /// At this time, by the source's clock.
    At(Timestamp),
}

impl Fault {
    /// A failure of `source` after `elapsed`. The detail is cut to one line of at most 300 bytes; it must hold no secret.
    pub fn new(source: SourceName, kind: FaultKind, detail: &str, elapsed: Duration) -> Self {
        Fault {
            source,
            kind,
            detail: one_line(detail).into(),
            elapsed,
            retry_after: None,
            tries: 1,
            discovery: false,
        }
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<RetryAfter>) -> Self {
        self.retry_after = retry_after;
        self
    }

    /// The last failure of so many tries, which began so long ago.
    pub(crate) fn after(mut self, tries: u32, elapsed: Duration) -> Self {
        self.tries = tries;
        self.elapsed = elapsed;
        self
    }

    /// The same, as a failure to find out where the code of a module is: no repository was asked yet.
    #[must_use]
    pub fn in_discovery(self) -> Self {
        Fault { discovery: true, ..self }
    }

    /// Whether nothing failed but to find out where the code of a module is: the page of its path could not be had.
    /// Nothing is known of any repository then.
    pub fn is_discovery(&self) -> bool {
        self.discovery
    }

    /// The source that failed.
    pub fn source_name(&self) -> &SourceName {
        &self.source
    }

    /// How it failed.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// What exactly went wrong, in a few words.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// How often the source was tried.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// How long after the start of the first try.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Whether the same question may get an answer a moment later: the source failed at once, not on purpose, and did
    /// not ask for a pause. One that let somebody wait has had its time, and a broken connection its second try.
    pub fn may_pass(&self) -> bool {
        self.elapsed < AT_ONCE && self.retry_after.is_none() && Again::of(self.kind) == Again::Passing
    }

    /// When the source wants to be asked again, if it said so.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { source, kind, detail, elapsed, tries, .. } = self;
        write!(f, "{source}: {}: {detail} ({} ms", kind.as_str(), elapsed.as_millis())?;
        if *tries > 1 {
            write!(f, ", {tries} tries")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Fault {}

impl FaultKind {
    /// A word for metrics and messages; it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultKind::Dns => "dns",
            FaultKind::Connect => "connect",
            FaultKind::Tls => "tls",
            FaultKind::Timeout => "timeout",
            FaultKind::Stall => "stall",
            FaultKind::Reset => "reset",
            FaultKind::Truncated => "truncated",
            FaultKind::Protocol => "protocol",
            FaultKind::Status(_) => "status",
            FaultKind::Denied(_) => "denied",
            FaultKind::TooLarge => "too-large",
            FaultKind::Redirect => "redirect",
            FaultKind::Encoding => "encoding",
            FaultKind::Lie => "lie",
            FaultKind::Disk => "disk",
            FaultKind::Repository => "repository",
            FaultKind::Lacking => "lacking",
            FaultKind::Unaskable => "unaskable",
            FaultKind::Guarded => "guarded",
            FaultKind::Tripped => "tripped",
            FaultKind::Busy => "busy",
        }
    }
}

impl RetryAfter {
    /// How long that is from now, by this machine's clock.
    pub fn left(self) -> Duration {
        match self {
            RetryAfter::In(after) => after,
            RetryAfter::At(time) => {
                Duration::try_from(time.duration_since(Timestamp::now())).unwrap_or_default()
            }
        }
    }

    /// Reads a `Retry-After` header: seconds, or an HTTP date. Anything else is as if it were not there.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return text
                .parse::<u32>()
                .ok()
                .map(|seconds| RetryAfter::In(Duration::from_secs(seconds.into())));
        }
        jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok().map(RetryAfter::At)
    }
}

fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_DETAIL));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let space = usize::from(!line.is_empty());
        if line.len() + space + word.len() > MAX_DETAIL {
            line.push('…');
            break;
        }
        if space == 1 {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

const MAX_DETAIL: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SafeUrl;

    #[test]
    fn a_fault_is_one_line() {
        let source = SafeUrl::parse("https://proxy.example.com").unwrap().source_name();
        let fault = Fault::new(
            source,
            FaultKind::Connect,
            " connection\r\n\u{1b}[31m refused\n",
            Duration::from_millis(12),
        );
        assert_eq!(fault.to_string(), "proxy.example.com: connect: connection [31m refused (12 ms)");
        let tried = fault.clone().after(3, Duration::from_millis(90));
        assert!(tried.to_string().ends_with(" refused (90 ms, 3 tries)"), "{tried}");
        let long = Fault::new(fault.source.clone(), FaultKind::Reset, &"ab ".repeat(1000), Duration::ZERO);
        assert!(long.detail().len() < 310 && long.detail().ends_with('…'));
    }

    #[test]
    fn retry_after_has_two_forms() {
        assert_eq!(RetryAfter::parse("120"), Some(RetryAfter::In(Duration::from_mins(2))));
        assert_eq!(
            RetryAfter::parse("Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(RetryAfter::At("2015-10-21T07:28:00Z".parse().unwrap()))
        );
        for bad in ["", "soon", "-1", "99999999999999999999", "1.5"] {
            assert_eq!(RetryAfter::parse(bad), None, "{bad}");
        }
    }
}
