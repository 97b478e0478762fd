//! What is said to who wants to change something and may not, or cannot.

use http::header::{ALLOW, CONNECTION, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use mirror::{Denied, Unidentified, Unpublished};
use storage::StoreError;

use crate::notice::Notice;
use crate::respond::{self, Refused};

/// The client may still be sending: it is told that this connection is not used again.
pub(super) fn closing(refused: Refused) -> Refused {
    refused.with(CONNECTION, HeaderValue::from_static("close"))
}

fn new(status: StatusCode, notice: Notice) -> Box<Refused> {
    Box::new(Refused::new(status, notice))
}

fn unauthorized(notice: Notice, error: &'static str) -> Box<Refused> {
    let refused = Refused::new(StatusCode::UNAUTHORIZED, notice);
    Box::new(refused.with(WWW_AUTHENTICATE, HeaderValue::from_static(error)))
}

pub(super) fn denied(denied: &Denied) -> Box<Refused> {
    let forbidden = |advice: &str| {
        new(StatusCode::FORBIDDEN, Notice::new(&format!("forbidden: {denied}")).advise(advice))
    };
    match denied {
        Denied::NoToken => unauthorized(
            Notice::new("unauthorized: to change something here takes a token")
                .because("send it as `Authorization: Bearer larder_...`, also from this machine")
                .advise("make one where this mirror runs: larder token create NAME --modules PATTERNS --actions push"),
            "Bearer realm=\"larder\"",
        ),
        Denied::Scope { .. } => forbidden("use a token whose --actions include it"),
        Denied::Module { .. } => forbidden("use a token whose --modules match it"),
        Denied::Public(_) => new(
            StatusCode::FORBIDDEN,
            Notice::new(&format!("forbidden: {denied}"))
                .because("only modules that a route keeps private are published and withdrawn here")
                .advise(
                    "let the operator add to the configuration: [[route]] modules = [\"corp.example/*\"], \
                     sumdb = \"ledger\", chain = \"off\"",
                ),
        ),
    }
}

pub(super) fn unidentified(error: &Unidentified) -> Box<Refused> {
    match error {
        Unidentified::Unknown | Unidentified::Expired(_) => unauthorized(
            Notice::new(&format!("unauthorized: {error}"))
                .advise("make another where this mirror runs: larder token create NAME --modules PATTERNS"),
            "Bearer realm=\"larder\", error=\"invalid_token\"",
        ),
        Unidentified::Unavailable(why) => {
            tracing::error!("tokens cannot be looked up: {why}");
            let notice = Notice::new("tokens cannot be looked up at present, so nothing may be changed")
                .advise("the operator of this mirror finds the reason in its log");
            new(StatusCode::SERVICE_UNAVAILABLE, notice)
        }
    }
}

pub(super) fn nowhere() -> Box<Refused> {
    let notice = Notice::new("not found: nothing can be changed here")
        .advise("versions are published at /api/v1/modules/MODULE/@v/VERSION");
    new(StatusCode::NOT_FOUND, notice)
}

pub(super) fn method() -> Box<Refused> {
    let notice = Notice::new("only PUT and DELETE change a version");
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, notice);
    Box::new(refused.with(ALLOW, HeaderValue::from_static("PUT, DELETE")))
}

pub(super) fn bad_path(why: &str) -> Box<Refused> {
    let notice = Notice::new("bad request: the path names no version of a module").because(why);
    new(StatusCode::BAD_REQUEST, notice)
}

pub(super) fn media_type() -> Box<Refused> {
    let notice = Notice::new("the body is neither a zip nor a tar archive")
        .advise("send a module zip as application/zip, or a tree in a tar archive as application/x-tar");
    new(StatusCode::UNSUPPORTED_MEDIA_TYPE, notice)
}

pub(super) fn bad_time() -> Box<Refused> {
    let notice = Notice::new("bad request: X-Larder-Time is no time like 2026-01-02T03:04:05Z");
    new(StatusCode::BAD_REQUEST, notice)
}

pub(super) fn no_reason() -> Box<Refused> {
    let notice = Notice::new("bad request: a withdrawal has a reason")
        .advise("send it as ?reason=TEXT, as text, or as {\"reason\": \"TEXT\"}");
    new(StatusCode::BAD_REQUEST, notice)
}

pub(super) fn too_large(largest: u64) -> Box<Refused> {
    let notice = Notice::new(&format!("the body is larger than {largest} bytes"));
    new(StatusCode::PAYLOAD_TOO_LARGE, notice)
}

pub(super) fn empty() -> Box<Refused> {
    new(StatusCode::BAD_REQUEST, Notice::new("bad request: the body is empty"))
}

pub(super) fn slow() -> Box<Refused> {
    new(StatusCode::REQUEST_TIMEOUT, Notice::new("the body did not come in time"))
}

pub(super) fn cut() -> Box<Refused> {
    new(StatusCode::BAD_REQUEST, Notice::new("bad request: the body ended before its end"))
}

pub(super) fn busy() -> Box<Refused> {
    let notice = Notice::new("too many are publishing at this moment").advise("try again in a moment");
    let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, notice);
    Box::new(refused.again(std::time::Duration::from_secs(5)))
}

pub(super) fn disk(error: &StoreError) -> Box<Refused> {
    tracing::error!("what is published cannot be taken over: {error}");
    let notice = if error.is_full_or_read_only() {
        Notice::new("the disk of this mirror takes nothing at present")
            .advise("make room on it, or make it writable")
    } else {
        Notice::new("the disk of this mirror failed").advise("its operator finds the reason in its log")
    };
    let refused = Refused::new(StatusCode::SERVICE_UNAVAILABLE, notice);
    Box::new(refused.again(std::time::Duration::from_secs(10)))
}

/// Why something was not published or withdrawn.
pub(super) fn unpublished(version: &gomod::ModuleVersion, error: &Unpublished) -> Box<Refused> {
    match error {
        Unpublished::Denied(why) => denied(why),
        Unpublished::Unfit(why) => {
            new(StatusCode::UNPROCESSABLE_ENTITY, Notice::new(&format!("refused: {version}")).because(why))
        }
        Unpublished::Conflict { what, had, got } => new(
            StatusCode::CONFLICT,
            Notice::new(&format!("conflict: {what} is known with other content, which stays"))
                .because(&format!("known: {had}"))
                .because(&format!("yours: {got}"))
                .advise("a version never changes: publish this content under another one"),
        ),
        Unpublished::Withdrawn(why) => new(
            StatusCode::GONE,
            Notice::new(&format!("withdrawn: {version}"))
                .because(why)
                .advise("a withdrawn version never comes back: publish under another one"),
        ),
        Unpublished::Unknown(_) => new(StatusCode::NOT_FOUND, Notice::new(&format!("not found: {error}"))),
        Unpublished::Store(why) => disk(why),
        Unpublished::Log(why) => Box::new(respond::own_log(&version.to_string(), why)),
        Unpublished::Unreadable(_) | Unpublished::Lost => {
            tracing::error!(%version, "not published: {error}");
            let notice = Notice::new(&format!("{version}: this mirror failed"))
                .advise("its operator finds the reason in its log; to publish the same again is safe");
            new(StatusCode::INTERNAL_SERVER_ERROR, notice)
        }
    }
}
