//! Why a request gets no module: one status and one text for each reason, written for the person behind `go`.
//!
//! This is the only place that turns a refusal into a status. 404 means "confirmed absent" and lets `go` walk on to
//! its next proxy, so a failure is never a 404. What is internal goes to the log and not into a text.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::Bytes;
use gomod::{BadRequest, Request, SumdbPath};
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use mirror::{Absent, Contradiction, Known, Misbehaviour, OwnError, Refusal, Security, Unverified};
use upstream::{Fault, FaultKind};

use crate::body::Body;
use crate::notice::Notice;
use crate::pages::PLAIN;

/// An answer without a module in it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) notice: Notice,
    /// Header lines that belong to the status.
    pub(crate) headers: HeaderMap,
    /// When it is worth asking again. Everybody is told another moment within half as long again, so that they do not
    /// all come at once.
    pub(crate) again: Option<Duration>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, notice: Notice) -> Self {
        Self { status, notice, headers: HeaderMap::new(), again: None }
    }

    pub(crate) fn with(mut self, name: http::HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    pub(crate) fn again(mut self, after: impl Into<Option<Duration>>) -> Self {
        self.again = after.into();
        self
    }

    /// The response to a request with this method. Nobody may keep it: the reason may pass at any time.
    pub(crate) fn into_response(self, method: &Method) -> Response<Body> {
        let text = self.notice.text();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = self.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PLAIN));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(again) = self.again {
            headers.insert(
                RETRY_AFTER,
                HeaderValue::from(seconds(spread(again, RandomState::new().hash_one(0)))),
            );
        }
        if method != Method::HEAD {
            *response.body_mut() = Body::whole(Bytes::from(text));
        }
        response
    }
}

/// What the mirror refused.
pub(crate) fn refused(what: &Request, refusal: &Refusal) -> Refused {
    match refusal {
        Refusal::Absent(absent) => Refused::new(
            StatusCode::NOT_FOUND,
            absence(Notice::new(&format!("not found: {}", subject(what))), absent),
        ),
        Refusal::Gone(why) => Refused::new(
            StatusCode::GONE,
            Notice::new(&format!("withdrawn: {}", subject(what)))
                .because(why)
                .advise("use another version, or ask the operator of this mirror"),
        ),
        Refusal::Failed(faults) => failed(what, faults),
        Refusal::Security(Security::Content(contradiction)) => contradicted(contradiction),
        Refusal::Security(Security::Database(Misbehaviour { db, why })) => Refused::new(
            StatusCode::BAD_GATEWAY,
            Notice::new(&format!("SECURITY: checksum database {db} contradicts itself"))
                .because(why)
                .because(&format!("nothing that depends on it is answered: {}", subject(what)))
                .advise("do not work around this, tell the operator of this mirror: the evidence is stored"),
        ),
        Refusal::Unverified(unverified) => self::unverified(what, unverified),
        Refusal::Storage(error) if error.is_full_or_read_only() => Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Notice::new(&format!("{}: the disk of this mirror takes nothing", subject(what)))
                .because("it is too large for the memory that is kept for such a time, or that is in use")
                .advise("make room on the disk of the mirror, or make it writable; then this works again"),
        )
        .again(DISK_RETRY),
        Refusal::Storage(_) => Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Notice::new(&format!("{}: the disk of this mirror failed", subject(what)))
                .advise("its operator finds the reason in its log"),
        ),
        Refusal::Offline => Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Notice::new(&format!("{}: not stored, and this mirror is offline", subject(what)))
                .because("only the checksum database itself can say that it does not know a version")
                .advise("fetch it once while this mirror is online, or set GONOSUMDB for private modules"),
        ),
        Refusal::OwnLog(error) => own_log(&subject(what), error),
        Refusal::Overloaded(wait) => Refused::new(
            StatusCode::SERVICE_UNAVAILABLE,
            Notice::new(&format!("{}: this mirror has too much to do", subject(what)))
                .advise(&format!("try again in {} s", seconds(*wait))),
        )
        .with(RETRY_AFTER, seconds(*wait)),
        Refusal::Internal(_) => Refused::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Notice::new(&format!("{}: a defect in this mirror", subject(what)))
                .advise("please report it, with what its log says"),
        ),
    }
}

fn contradicted(contradiction: &Contradiction) -> Refused {
    let Contradiction { what, source_name, pinned, got, known } = contradiction;
    let (title, believed) = match &**known {
        Known::FirstSight { source, at } => (
            format!("SECURITY: {what} is not what it was"),
            format!("seen first: {pinned}, from {source} at {at:.0}"),
        ),
        Known::Vouched { db, id } => {
            (format!("SECURITY: {what} is not what {db} says"), format!("{db} says {pinned}, in record {id}"))
        }
    };
    Refused::new(
        StatusCode::BAD_GATEWAY,
        Notice::new(&title)
            .because(&format!("{source_name} sent {got}"))
            .because(&believed)
            .advise("nothing was served; do not work around this, tell the operator of this mirror"),
    )
}

/// A request that this mirror has made itself, or that has gone through too many.
pub(crate) fn looped(what: &Request) -> Refused {
    Refused::new(
        StatusCode::LOOP_DETECTED,
        Notice::new(&format!("{}: a loop of proxies: this mirror asks itself", subject(what)))
            .because("the `Via` header says that the request came through here before")
            .advise(
                "take this mirror's own address out of its upstream, and out of its upstreams' upstreams",
            ),
    )
}

/// A path that cannot name anything: 404 where a well-behaved client might ask it, 400 where it is broken.
pub(crate) fn malformed(bad: &BadRequest) -> Refused {
    if bad.status_is_malformed() {
        Refused::new(StatusCode::BAD_REQUEST, Notice::new("bad request").because(&bad.to_string()))
    } else {
        Refused::new(StatusCode::NOT_FOUND, Notice::new(&bad.to_string()))
    }
}

/// A method that a mirror of files does not know.
pub(crate) fn method_not_allowed() -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Notice::new("only GET and HEAD are served here")
            .advise("this is a Go module mirror: set GOPROXY to its address and run go"),
    )
    .with(ALLOW, HeaderValue::from_static("GET, HEAD"))
    .with(CONNECTION, HeaderValue::from_static("close"))
}

/// A request that brings a body, which could hide a second request from a server in front of this one.
pub(crate) fn body_refused() -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        Notice::new("bad request")
            .because("a GET or HEAD with a body is not accepted")
            .advise("send it without one"),
    )
    .with(CONNECTION, HeaderValue::from_static("close"))
}

/// A range outside of what there is.
pub(crate) fn outside(len: u64) -> Refused {
    Refused::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        Notice::new("the range lies outside").because(&format!("there are {len} bytes")),
    )
    .with(
        http::header::CONTENT_RANGE,
        HeaderValue::try_from(format!("bytes */{len}")).unwrap_or(HeaderValue::from_static("bytes */*")),
    )
}

fn absence(notice: Notice, absent: &Absent) -> Notice {
    match absent {
        Absent::Everywhere { said } => {
            let mut notice = notice;
            for one in said {
                let words = one.text.as_deref().unwrap_or("it does not have it");
                notice = notice.because(&format!("{} ({}): {words}", one.source, one.status));
            }
            notice
        }
        Absent::NotStored => notice
            .because("it is not stored here, and nothing else may be asked (offline, or /cached-only/)")
            .advise("fetch it once while this mirror is online"),
        Absent::Off => notice.because("the chain of sources for it is `off`"),
        Absent::Beyond => notice.because("the checksum database is not so large yet"),
        Absent::UnknownDatabase => notice.because("this mirror is not configured for that checksum database"),
        Absent::NoDatabase => notice
            .because("no checksum database may be asked about it: it is private, or its route says so")
            .advise("set GONOSUMDB or GOPRIVATE for it"),
    }
}

/// What the log of this mirror's own could not do. Which file or key it is about, only its operator is told.
pub(crate) fn own_log(what: &str, error: &OwnError) -> Refused {
    let refused = |status, why: &str, advice| {
        let title = format!("{what}: not recorded in this mirror's checksum database");
        Refused::new(status, Notice::new(&title).because(why).advise(advice))
    };
    match error {
        OwnError::Recorded { .. } => refused(
            StatusCode::BAD_GATEWAY,
            &error.to_string(),
            "a record never changes; do not work around this, tell the operator of this mirror",
        ),
        OwnError::Long(_) => refused(
            StatusCode::BAD_GATEWAY,
            "its path and version are too long",
            "give it a shorter path or version",
        ),
        OwnError::NoLease { .. } | OwnError::Busy(_) | OwnError::Overtaken(_) => {
            refused(StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), "try again in a moment")
                .again(UNVERIFIED_RETRY)
        }
        _ => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "the database cannot be read or written",
            "the operator of this mirror finds the reason in its log",
        )
        .again(UNVERIFIED_RETRY),
    }
}

fn unverified(what: &Request, unverified: &Unverified) -> Refused {
    let (notice, again) = match unverified {
        Unverified::Unreachable { db, faults } => {
            let title = format!("{}: not verified: checksum database {db} cannot be reached", subject(what));
            let notice =
                faults.iter().fold(Notice::new(&title), |notice, fault| notice.because(&fault.to_string()));
            (notice, come_back(faults))
        }
        Unverified::Unknown { db, absence } => {
            let title = format!("{}: not verified: checksum database {db} does not know it", subject(what));
            (self::absence(Notice::new(&title), absence), None)
        }
        Unverified::Record { db, why } => {
            let title =
                format!("{}: not verified: the record of checksum database {db} is of no use", subject(what));
            (Notice::new(&title).because(why), None)
        }
        Unverified::NotStored { db } => {
            let title =
                format!("{}: not verified: offline, and its record of {db} is not stored", subject(what));
            (Notice::new(&title), None)
        }
    };
    let cure = match unverified {
        Unverified::Unreachable { .. } => {
            "it is fetched and checked by itself when the database answers; if it is private, name it in GOPRIVATE or in \
             a route of this mirror"
        }
        Unverified::NotStored { .. } => "fetch it once while this mirror is online",
        Unverified::Unknown { .. } | Unverified::Record { .. } => {
            "a private module? name it in GOPRIVATE or in a route of this mirror; else try again later"
        }
    };
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, notice.advise(cure))
        .again(again.unwrap_or(UNVERIFIED_RETRY))
}

fn failed(what: &Request, faults: &[Fault]) -> Refused {
    let all =
        |kinds: fn(FaultKind) -> bool| !faults.is_empty() && faults.iter().all(|fault| kinds(fault.kind()));
    let status = if matches!(what, Request::Sumdb(..)) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if all(|kind| kind == FaultKind::Status(LOOP)) {
        StatusCode::LOOP_DETECTED
    } else if all(is_away) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if all(|kind| is_unasked(kind) || matches!(kind, FaultKind::Timeout | FaultKind::Stall)) {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    let mut notice = Notice::new(&format!("{}: no source could answer", subject(what)));
    for fault in faults {
        notice = notice.because(&fault.to_string());
    }
    let refused = Refused::new(
        status,
        notice.advise("nothing of this is remembered for longer than a second: try again"),
    );
    refused.again(if status == StatusCode::SERVICE_UNAVAILABLE { come_back(faults) } else { None })
}

/// Not reachable, or said that it has too much to do.
fn is_away(kind: FaultKind) -> bool {
    is_unasked(kind) || matches!(kind, FaultKind::Dns | FaultKind::Connect | FaultKind::Status(429 | 503))
}

/// Not asked, because of what happened before.
fn is_unasked(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Tripped | FaultKind::Busy)
}

/// When the first of these may be of use again. One that is left alone is asked again by whoever has no other choice,
/// so nobody waits long for it.
fn come_back(faults: &[Fault]) -> Option<Duration> {
    let after = |fault: &Fault| match fault.retry_after() {
        Some(after) if !is_unasked(fault.kind()) => after.left(),
        _ => SOON,
    };
    faults.iter().map(after).min().map(|after| after.min(LATEST))
}

/// Something between this and half as long again.
fn spread(after: Duration, random: u64) -> Duration {
    after + Duration::from_millis(random % (1 + u64::try_from(after.as_millis()).unwrap_or(u64::MAX / 4) / 2))
}

/// What a request is about, as `go` writes it.
fn subject(what: &Request) -> String {
    match what {
        Request::List(module) => module.to_string(),
        Request::Latest(module) => format!("{module}@latest"),
        Request::Query(module, rev) => format!("{module}@{rev}"),
        Request::Info(version) | Request::Mod(version) | Request::Zip(version) => version.to_string(),
        Request::Sumdb(name, SumdbPath::Lookup(version)) => format!("{version} in {name}"),
        Request::Sumdb(name, SumdbPath::Tile(tile)) => format!("tile {tile} of {name}"),
        Request::Sumdb(name, SumdbPath::Latest | SumdbPath::Supported) => name.to_string(),
    }
}

/// Whole seconds, at least one.
fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// What another Larder answers to a request that it has made itself.
const LOOP: u16 = 508;
/// After which the disk may take something again.
const DISK_RETRY: Duration = Duration::from_secs(10);
/// When a checksum database may know more.
const UNVERIFIED_RETRY: Duration = Duration::from_secs(10);
/// When a source that did not say when may be of use again.
const SOON: Duration = Duration::from_secs(2);
/// The longest time that is passed on.
const LATEST: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gomod::H1;
    use storage::StoreError;
    use upstream::{Absence, SafeUrl, SourceName};

    use super::*;
    use crate::notice::{MAX_BYTES, MAX_LINES};

    fn source(name: &str) -> SourceName {
        SafeUrl::parse(&format!("https://{name}.example.com")).unwrap().source_name()
    }

    fn fault(name: &str, kind: FaultKind, detail: &str) -> Fault {
        Fault::new(source(name), kind, detail, Duration::from_millis(1200))
    }

    fn said(name: &str, text: Option<&str>) -> Absence {
        Absence { source: source(name), status: 404, text: text.map(str::to_owned) }
    }

    fn ask(path: &str) -> Request {
        Request::parse(path).unwrap()
    }

    fn zip() -> Request {
        ask("example.com/!m/@v/v1.2.3.zip")
    }

    fn lookup() -> Request {
        ask("sumdb/sum.golang.org/lookup/example.com/!m@v1.2.3")
    }

    fn absent(absent: Absent) -> Refused {
        refused(&zip(), &Refusal::Absent(absent))
    }

    fn failed(faults: &[(&str, FaultKind, &str)]) -> Refused {
        let faults = faults.iter().map(|(name, kind, detail)| fault(name, *kind, detail)).collect();
        refused(&zip(), &Refusal::Failed(faults))
    }

    /// One of each kind of text that this server sends instead of a module.
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn all() -> Vec<(&'static str, Refused)> {
        let everywhere = |said| Absent::Everywhere { said };
        let unverified = |why| refused(&zip(), &Refusal::Unverified(why));
        let words = "not found: example.com/M@v1.2.3: invalid version: unknown revision v1.2.3\nsee the tags";
        vec![
            ("absent_at_one", absent(everywhere(vec![said("a", Some(words))]))),
            ("absent_at_two", absent(everywhere(vec![said("a", None), said("b", Some("no"))]))),
            ("absent_not_stored", absent(Absent::NotStored)),
            ("absent_off", absent(Absent::Off)),
            ("absent_unknown_database", refused(&lookup(), &Refusal::Absent(Absent::UnknownDatabase))),
            ("absent_no_database", refused(&lookup(), &Refusal::Absent(Absent::NoDatabase))),
            ("gone", refused(&zip(), &Refusal::Gone("it holds a stolen key".to_owned()))),
            ("failed_one", failed(&[("a", FaultKind::Status(500), "500 Internal Server Error")])),
            ("failed_loop", failed(&[("a", FaultKind::Status(508), "508 Loop Detected")])),
            (
                "failed_all_slow",
                failed(&[
                    ("a", FaultKind::Timeout, "no answer in 30 s"),
                    ("b", FaultKind::Stall, "no byte in 20 s"),
                ]),
            ),
            (
                "failed_all_away",
                failed(&[
                    ("a", FaultKind::Connect, "connection refused"),
                    ("b", FaultKind::Dns, "no such host"),
                ]),
            ),
            (
                "failed_unasked",
                failed(&[
                    ("a", FaultKind::Tripped, "left alone for a while"),
                    ("b", FaultKind::Connect, "connection refused"),
                ]),
            ),
            (
                "failed_many",
                failed(
                    &[("a-source-with-a-long-name", FaultKind::Lie, "a long story ".repeat(30).as_str()); 12],
                ),
            ),
            (
                "failed_lookup",
                refused(
                    &lookup(),
                    &Refusal::Failed(vec![fault("a", FaultKind::Status(502), "502 Bad Gateway")]),
                ),
            ),
            (
                "security",
                refused(
                    &zip(),
                    &Refusal::Security(Security::Content(Contradiction {
                        what: "example.com/M@v1.2.3".to_owned(),
                        source_name: "a.example.com".to_owned(),
                        pinned: H1::of_gomod(b"right"),
                        got: H1::of_gomod(b"wrong"),
                        known: Box::new(Known::FirstSight {
                            source: "b.example.com".into(),
                            at: "2026-01-02T03:04:05Z".parse().unwrap(),
                        }),
                    })),
                ),
            ),
            (
                "security_vouched",
                refused(
                    &zip(),
                    &Refusal::Security(Security::Content(Contradiction {
                        what: "example.com/M@v1.2.3/go.mod".to_owned(),
                        source_name: "a.example.com".to_owned(),
                        pinned: H1::of_gomod(b"right"),
                        got: H1::of_gomod(b"wrong"),
                        known: Box::new(Known::Vouched { db: "sum.golang.org".parse().unwrap(), id: 17 }),
                    })),
                ),
            ),
            (
                "security_database",
                refused(
                    &zip(),
                    &Refusal::Security(Security::Database(Misbehaviour {
                        db: "sum.golang.org".parse().unwrap(),
                        why: "two trees of 7 records".into(),
                    })),
                ),
            ),
            (
                "unverified_unreachable",
                unverified(Unverified::Unreachable {
                    db: "sum.golang.org".parse().unwrap(),
                    faults: vec![fault("a", FaultKind::Connect, "connection refused")],
                }),
            ),
            (
                "unverified_unknown",
                unverified(Unverified::Unknown {
                    db: "sum.golang.org".parse().unwrap(),
                    absence: everywhere(vec![said("a", Some("unknown revision v1.2.3"))]),
                }),
            ),
            (
                "unverified_record",
                unverified(Unverified::Record {
                    db: "sum.golang.org".parse().unwrap(),
                    why: "the record has no line for it".into(),
                }),
            ),
            (
                "unverified_offline",
                unverified(Unverified::NotStored { db: "sum.golang.org".parse().unwrap() }),
            ),
            (
                "storage",
                refused(
                    &zip(),
                    &Refusal::Storage(Arc::new(StoreError::ReadOnly("secret of the house".into()))),
                ),
            ),
            (
                "storage_unreadable",
                refused(
                    &zip(),
                    &Refusal::Storage(Arc::new(StoreError::Contended("secret of the house".into()))),
                ),
            ),
            ("offline_lookup", refused(&lookup(), &Refusal::Offline)),
            ("overloaded", refused(&zip(), &Refusal::Overloaded(Duration::from_millis(2500)))),
            ("internal", refused(&zip(), &Refusal::Internal("a secret of the house"))),
            ("malformed_escape", malformed(&Request::parse("example.com/a/@v/v1.0.0%zz.info").unwrap_err())),
            (
                "malformed_tile",
                malformed(&Request::parse("sumdb/sum.golang.org/tile/8/0/x000/001").unwrap_err()),
            ),
            ("impossible_module", malformed(&Request::parse("example.com/Azure/@v/list").unwrap_err())),
            ("impossible_file", malformed(&Request::parse("example.com/a/@v/v1.0.0.ziphash").unwrap_err())),
            ("loop", looped(&zip())),
            ("method", method_not_allowed()),
            ("body", body_refused()),
            ("range", outside(1234)),
        ]
    }

    #[test]
    fn each_reason_has_its_status_and_text() {
        for (name, refused) in all() {
            let lines =
                refused.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
            let again = refused.again.map(|after| {
                let most = spread(after, (after.as_millis() / 2).try_into().unwrap());
                format!("retry-after: {} to {}\n", seconds(after), seconds(most))
            });
            let headers = lines.chain(again).collect::<Vec<_>>().concat();
            insta::assert_snapshot!(
                name,
                format!("{}\n{headers}\n{}", refused.status, refused.notice.text())
            );
        }
    }

    #[test]
    fn go_shows_every_one_of_them() {
        for (name, refused) in all() {
            let text = refused.notice.text();
            assert!(text.len() <= MAX_BYTES && text.lines().count() <= MAX_LINES, "{name}: {text}");
            assert!(text.lines().all(|line| !line.trim().is_empty()), "{name}: {text}");
            assert!(
                text.chars().all(|c| c == '\n' || c.escape_debug().eq([c]) || c.is_ascii_graphic()),
                "{name}"
            );
            let response = refused.into_response(&Method::GET);
            assert_eq!(response.headers()[CONTENT_TYPE], "text/plain; charset=utf-8", "{name}");
        }
    }

    #[test]
    fn only_absence_lets_go_walk_on() {
        for (name, refused) in all() {
            let absent = name.starts_with("absent") || name.starts_with("impossible");
            assert_eq!(refused.status == StatusCode::NOT_FOUND, absent, "{name}");
        }
    }

    #[test]
    fn who_is_told_to_come_back_is_told_a_moment_of_its_own() {
        let again = |faults: &[Fault]| refused(&zip(), &Refusal::Failed(faults.to_vec())).again;
        let tripped = fault("a", FaultKind::Tripped, "");
        assert_eq!(again(&[tripped.clone(), fault("b", FaultKind::Status(503), "")]), Some(SOON));
        assert_eq!(again(&[tripped, fault("b", FaultKind::Reset, "")]), None, "that is no 503");
        let told = |_| {
            let response = absent(Absent::Off).again(Duration::from_mins(1)).into_response(&Method::GET);
            response.headers()[RETRY_AFTER].to_str().unwrap().parse::<u64>().unwrap()
        };
        let told: std::collections::BTreeSet<u64> = (0..100).map(told).collect();
        assert!(told.len() > 10 && told.iter().all(|seconds| (60..=90).contains(seconds)), "{told:?}");
    }

    #[test]
    fn what_is_internal_stays_inside() {
        for (name, refused) in all() {
            assert!(!refused.notice.text().contains("secret of the house"), "{name}");
        }
    }

    #[test]
    fn a_head_has_the_length_of_the_text_and_no_text() {
        let response = method_not_allowed().into_response(&Method::HEAD);
        assert_ne!(response.headers()[CONTENT_LENGTH], "0");
        assert!(http_body::Body::is_end_stream(response.body()));
    }
}
