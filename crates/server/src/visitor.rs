//! A connection's requests, as hyper hands them over.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::request::Parts;
use http::{Method, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::service::Service;
use mirror::CacheStatus;

use crate::body::Body;
use crate::cache::Place;
use crate::headers::X_REQUEST_ID;
use crate::observe::{Kind, LogLine};
use crate::peer::{Exchange, Exchanges};
use crate::reply::Reply;
use crate::respond;
use crate::routes::{Route, route};
use crate::site::Site;
use crate::write;

/// Answers the requests of one connection.
pub(crate) struct Visitor {
    site: Arc<Site>,
    exchanges: Arc<Exchanges>,
    peer: IpAddr,
}

/// An answer: at once from memory, which costs no allocation, or later.
pub(crate) enum Serving {
    Now(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

/// One request.
struct Visit {
    site: Arc<Site>,
    head: Parts,
    began: Instant,
    exchange: Exchange,
}

impl Visitor {
    /// `peer` is the address at the other end of the connection.
    pub(crate) fn new(site: Arc<Site>, exchanges: Arc<Exchanges>, peer: IpAddr) -> Self {
        Self { site, exchanges, peer }
    }
}

impl Service<http::Request<Incoming>> for Visitor {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Serving;

    fn call(&self, request: http::Request<Incoming>) -> Serving {
        let (head, body) = request.into_parts();
        let visit = Visit {
            site: Arc::clone(&self.site),
            head,
            began: Instant::now(),
            exchange: self.exchanges.begin(),
        };
        if write::changes(&visit.head) {
            let (exchanges, peer) = (Arc::clone(&self.exchanges), self.peer);
            return Serving::Later(Box::pin(async move {
                let (reply, whole) = visit.site.desk.answer(&visit.head, body, peer).await;
                if !whole {
                    exchanges.leave_unread();
                }
                visit.finish(Kind::Write, reply)
            }));
        }
        let silent = body.is_end_stream();
        if !silent {
            self.exchanges.leave_unread();
        }
        let head = &visit.head;
        if head.method != Method::GET && head.method != Method::HEAD {
            let reply = Reply::refused(head, respond::method_not_allowed(), None);
            return visit.now(Kind::Bad, reply);
        }
        if !silent {
            let reply = Reply::refused(head, respond::body_refused(), None);
            return visit.now(Kind::Bad, reply);
        }
        match route(head.uri.path(), &head.headers, visit.site.own_log.as_ref()) {
            Route::Nowhere(bad) => {
                let reply = Reply::refused(head, respond::malformed(&bad), None);
                visit.now(Kind::Bad, reply)
            }
            Route::Page => Serving::Later(Box::pin(async move {
                let reply = visit.site.page(&visit.head).await;
                visit.finish(Kind::Page, reply)
            })),
            Route::Module(what, reach) => {
                let (kind, place) = (Kind::from(&what), Place::of(&what, reach));
                if visit.site.is_loop(head) {
                    let reply = Reply::refused(head, respond::looped(&what), None);
                    return visit.now(kind, reply);
                }
                if let Some(reply) = visit.site.at_once(head, &place) {
                    return visit.now(kind, reply);
                }
                Serving::Later(Box::pin(async move {
                    let reply = visit.site.module(&visit.head, &what, reach, &place).await;
                    visit.finish(kind, reply)
                }))
            }
        }
    }
}

impl Visit {
    fn now(self, kind: Kind, reply: Reply) -> Serving {
        Serving::Now(Some(self.finish(kind, reply)))
    }

    /// Counts the request, and gives its body all that has to happen when it has left.
    fn finish(self, kind: Kind, reply: Reply) -> Response<Body> {
        let Reply { mut response, cache, source, error } = reply;
        let Self { site, head, began, exchange } = self;
        let (id, status) = (site.ids.next(), response.status());
        site.meters.head(kind, cache, status, began.elapsed());
        response.headers_mut().insert(X_REQUEST_ID, id.header());
        let usual = matches!(cache, Some(CacheStatus::Hit)) || matches!(kind, Kind::Page);
        let line =
            (site.log_hits || !usual || status.is_client_error() || status.is_server_error()).then(|| {
                LogLine {
                    id,
                    path: shortened(head.uri.path()),
                    status,
                    cache: cache.map(CacheStatus::as_str),
                    source,
                    began,
                    bytes: 0,
                    error,
                    complete: false,
                }
            });
        response.body_mut().accompany(exchange, site.meters.clone(), line);
        response
    }
}

/// No path that means anything is longer.
fn shortened(path: &str) -> String {
    path[..path.floor_char_boundary(MAX_LOGGED)].to_owned()
}

const MAX_LOGGED: usize = 600;

impl Future for Serving {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // hyper polls an answer once it is there no more.
            Serving::Now(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Serving::Later(work) => work.as_mut().poll(cx).map(Ok),
        }
    }
}
