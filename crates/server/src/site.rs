//! One request for a module, from its complete head to the head of its answer.

use std::sync::Arc;

use gomod::{DbName, Request};
use http::header::VIA;
use http::request::Parts;
use http::{StatusCode, Version};
use mirror::{Answer, Ask, CacheStatus, Change, Mirror, Reach, Refusal};
use tokio::sync::broadcast::error::RecvError;
use tower::Service;
use upstream::Via;

use crate::body::Body;
use crate::cache::{Content, Kept, Memory, Place};
use crate::config::Config;
use crate::max_age::max_age;
use crate::observe::{Ids, Meters};
use crate::pieces::StoredFile;
use crate::reply::{self, Reply};
use crate::respond;
use crate::write::Desk;

/// Everything that answers requests; shared by all connections.
pub(crate) struct Site {
    mirror: Arc<Mirror>,
    memory: Memory,
    pages: axum::Router,
    pub(crate) meters: Meters,
    pub(crate) ids: Ids,
    pub(crate) log_hits: bool,
    instance: String,
    pub(crate) own_log: Option<DbName>,
    /// Answers those who want to change something.
    pub(crate) desk: Desk,
}

/// What the mirror gave.
enum Fresh {
    /// Something that can be given again; this time it counts as what the status says.
    Kept(Arc<Kept>, CacheStatus),
    /// Something for this request alone.
    Reply(Box<Reply>),
    /// Nothing yet; asking again finds it stored.
    AskAgain,
}

impl Site {
    pub(crate) fn new(mirror: Arc<Mirror>, pages: axum::Router, meters: Meters, config: &Config) -> Self {
        let memory = Memory::new(config);
        let instance = config.instance.clone();
        let own_log = config.own_log.clone();
        let desk = Desk::new(Arc::clone(&mirror), config);
        Self {
            mirror,
            memory,
            pages,
            meters,
            ids: Ids::new(),
            log_hits: config.log_hits,
            instance,
            own_log,
            desk,
        }
    }

    /// Whether a request has been here before.
    pub(crate) fn is_loop(&self, head: &Parts) -> bool {
        head.headers.contains_key(VIA) && via(head).is_loop(&self.instance)
    }

    /// Answers from memory, if nothing has to be waited for.
    pub(crate) fn at_once(&self, head: &Parts, place: &Place) -> Option<Reply> {
        let kept = self.kept(head, place)?;
        match &kept.content {
            Content::Bytes(bytes) => Some(reply::from_memory(head, &kept, bytes, kept.cache)),
            Content::File(_) => None,
        }
    }

    /// What is kept at a place, if it is not too old for the client.
    fn kept(&self, head: &Parts, place: &Place) -> Option<Arc<Kept>> {
        self.memory.get(place).filter(|kept| {
            kept.age().is_none_or(|age| max_age(&head.headers).is_none_or(|max_age| age <= max_age))
        })
    }

    /// Answers a request for a module or a checksum database.
    pub(crate) async fn module(&self, head: &Parts, what: &Request, reach: Reach, place: &Place) -> Reply {
        // A file that turns out to be rotten is set aside, and the next attempt is answered from elsewhere.
        for _ in 0..ATTEMPTS {
            let (kept, cache) = match self.kept(head, place) {
                Some(kept) => {
                    let cache = kept.cache;
                    (kept, cache)
                }
                None => match self.ask(head, what, reach, place).await {
                    Fresh::Kept(kept, cache) => (kept, cache),
                    Fresh::Reply(reply) => return *reply,
                    Fresh::AskAgain => continue,
                },
            };
            match &kept.content {
                Content::Bytes(bytes) => return reply::from_memory(head, &kept, bytes, cache),
                Content::File(blob) => {
                    let stored = StoredFile {
                        blob: Arc::clone(blob),
                        what: what.clone(),
                        mirror: Arc::clone(&self.mirror),
                        memory: self.memory.clone(),
                    };
                    match reply::from_file(head, &kept, stored, cache).await {
                        Ok(reply) => return reply,
                        Err(rot) => {
                            self.memory.forget(what);
                            self.mirror.rotten(what, &rot).await;
                        }
                    }
                }
            }
        }
        let refusal = Refusal::Internal("what was stored could not be read again");
        Reply::refused(head, respond::refused(what, &refusal), Some(refusal.to_string()))
    }

    async fn ask(&self, head: &Parts, what: &Request, reach: Reach, place: &Place) -> Fresh {
        let refused = |refusal: &Refusal| {
            let reply = Reply::refused(head, respond::refused(what, refusal), Some(refusal.to_string()));
            Fresh::Reply(Box::new(reply))
        };
        let ask =
            Ask { via: via(head), max_age: max_age(&head.headers), ..self.mirror.ask(what.clone(), reach) };
        let Answer { body, meta, keep } = match self.mirror.answer(&ask).await {
            Ok(answer) => answer,
            Err(refusal) => return refused(&refusal),
        };
        let content = match body {
            mirror::Body::Bytes(bytes) => Content::Bytes(bytes),
            mirror::Body::Blob(blob) => Content::File(blob),
            mirror::Body::Growing(follow)
                if head.version == Version::HTTP_10 && follow.len_hint().is_none() =>
            {
                // Without a length and without chunks, the end of the connection would be the end of the body.
                return match follow.landed().await {
                    Ok(()) => Fresh::AskAgain,
                    Err(refusal) => refused(&refusal),
                };
            }
            mirror::Body::Growing(follow) => {
                return Fresh::Reply(Box::new(reply::growing(head, what, &meta, follow)));
            }
        };
        let cache = meta.cache;
        let kept = self.memory.keep(place, Kept::new(what, meta, content, keep), keep);
        Fresh::Kept(kept, cache)
    }

    /// Answers with a page of the server itself.
    pub(crate) async fn page(&self, head: &Parts) -> Reply {
        let mut request = http::Request::new(axum::body::Body::empty());
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = head.uri.clone();
        let Ok(response) = self.pages.clone().call(request).await;
        let path = head.uri.path();
        match Request::parse(path.strip_prefix('/').unwrap_or(path)) {
            Err(bad) if response.status() == StatusCode::NOT_FOUND => {
                Reply::refused(head, respond::malformed(&bad), None)
            }
            _ => Reply::plain(response.map(Body::page)),
        }
    }

    /// Forgets what changes in the store, for as long as the mirror lives.
    pub(crate) async fn forget_changes(&self) {
        let mut changes = self.mirror.changes();
        loop {
            match changes.recv().await {
                Ok(Change::Answer(request)) => self.memory.forget(&request),
                Ok(Change::Everything) | Err(RecvError::Lagged(_)) => self.memory.forget_all(),
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// The Larders that a request came through.
fn via(head: &Parts) -> Via {
    Via::read(head.headers.get_all(VIA))
}

/// From memory, from the store, and anew.
const ATTEMPTS: usize = 3;
