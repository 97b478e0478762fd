//! A proxy of GOPROXY, asked for modules of the project as `go` asks it.

use std::io::Read;

use flate2::read::GzDecoder;
use futures_util::future::join_all;
use gomod::{ModuleVersion, Request};
use http::header::CONTENT_ENCODING;

use super::{held::Held, part, plan::Source};
use crate::wire::{Answer, Ask, Failure, Line, Offer, Problem, Step, TlsSeen, Wire};

/// What a proxy answered.
pub(super) struct ProxySeen {
    pub(super) host: String,
    /// Its URL, for commands that ask it.
    pub(super) url: String,
    pub(super) asked: Vec<Asked>,
    /// Another entry of GOPROXY is asked after any failure of it.
    pub(super) spare: bool,
    /// Another entry is asked where it says 404.
    pub(super) more: bool,
    /// It asked for a certificate of this machine when the connection was made.
    pub(super) wants_certificate: bool,
}

/// One question and its answer.
pub(super) struct Asked {
    pub(super) what: What,
    pub(super) module: ModuleVersion,
    /// The path as `go` spells it.
    pub(super) path: String,
    pub(super) answer: Result<Answer, Failure>,
    /// The body as far as it was kept, without the compression that is said of it; none if it is not of a kind that was asked for.
    pub(super) body: Option<Vec<u8>>,
    /// The host that gave it, if redirects led to another one.
    pub(super) from: Option<String>,
    /// It failed at first, and not a second time.
    pub(super) recovered: bool,
    /// Where the first answer broke off, if the second did as well.
    pub(super) broke_at: Option<u64>,
    /// Another way of asking that worked where this one did not.
    pub(super) works: Option<Other>,
    /// Of this nothing came, and small answers of the same server did.
    pub(super) silent_alone: bool,
    /// It was held back on the way.
    pub(super) held: Option<Held>,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    List,
    Info,
    Mod,
    Zip,
}

/// Another way of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    /// `@` as `%40`, or `!` as itself.
    Spelled,
    /// HTTP/1.1.
    Http1,
}

impl ProxySeen {
    /// `tls` is what was shown when a connection to it was made.
    pub(super) async fn look(
        wire: &Wire,
        source: &Source,
        modules: &[ModuleVersion],
        tls: Option<&TlsSeen>,
    ) -> Self {
        let http2 = tls.is_some_and(|tls| tls.http2);
        let each = modules.iter().enumerate().map(|(n, module)| async move {
            let mut lines = Vec::new();
            let mut asked: Vec<Asked> = Vec::new();
            for what in [What::List, What::Info, What::Mod, What::Zip] {
                if what == What::Zip && n > 0 {
                    break;
                }
                let mut one = Asked::ask(wire, source, module, what, &mut lines).await;
                if !one.is_good() {
                    one.try_otherwise(wire, source, http2).await;
                }
                let silent = matches!(&one.answer, Err(failure) if failure.problem == Problem::TimedOut);
                if what == What::Zip {
                    let small = asked.iter().filter(|asked| asked.is_good());
                    let small = small.filter_map(|asked| Some(asked.answer.as_ref().ok()?.first_after)).max();
                    one.silent_alone = silent && small.is_some();
                    if let (Ok(answer), Some(small)) = (&one.answer, small) {
                        let ask = question(source, source.below(&one.path), what).range(0, MOST - 1);
                        one.held = Held::look(wire, &ask, answer, small).await;
                    }
                }
                asked.push(one);
                if silent {
                    break;
                }
            }
            asked
        });
        let asked = join_all(each).await.into_iter().flatten().collect();
        ProxySeen {
            host: source.host(),
            url: source.base(),
            asked,
            spare: source.spare,
            more: source.more,
            wants_certificate: tls.is_some_and(|tls| tls.wants_certificate),
        }
    }
}

impl Asked {
    /// A question without its answer.
    fn new(what: What, module: &ModuleVersion, path: String) -> Self {
        let nothing = Failure::new(Step::Head(String::new()), Problem::Other, "nothing was asked yet");
        Asked {
            what,
            module: module.clone(),
            path,
            answer: Err(nothing),
            body: None,
            from: None,
            recovered: false,
            broke_at: None,
            works: None,
            silent_alone: false,
            held: None,
        }
    }

    async fn ask(
        wire: &Wire,
        source: &Source,
        module: &ModuleVersion,
        what: What,
        lines: &mut Vec<Line>,
    ) -> Self {
        let request = match what {
            What::List => Request::List(module.path().clone()),
            What::Info => Request::Info(module.clone()),
            What::Mod => Request::Mod(module.clone()),
            What::Zip => Request::Zip(module.clone()),
        };
        let path = request.path().trim_start_matches('/').to_owned();
        let ask = question(source, source.below(&path), what);
        let mut asked = Asked::new(what, module, path);
        if what == What::Zip {
            asked.once(wire, &ask.clone().range(0, MOST - 1), Offer::Both, lines).await;
            if asked.answer.as_mut().is_ok_and(part::as_whole) && asked.is_good() {
                return asked;
            }
            // Parts are no duty of a server. What counts is what it answers go, which asks for the whole.
        }
        asked.once(wire, &ask, Offer::Both, lines).await;
        if asked.may_be_chance() {
            let broke_at = asked.answer.as_ref().ok().filter(|answer| answer.broken.is_some()).map(|a| a.len);
            asked.once(wire, &ask, Offer::Both, &mut Vec::new()).await;
            asked.recovered = asked.is_good();
            asked.broke_at = broke_at;
        }
        asked
    }

    async fn once(&mut self, wire: &Wire, ask: &Ask, offer: Offer, lines: &mut Vec<Line>) {
        let fetched = wire.fetch(ask, offer, lines).await;
        let last = fetched.urls.last().map(super::plan::label);
        self.from = last.filter(|host| *host != super::plan::label(&ask.url));
        self.answer = fetched.end;
        self.body = self.answer.as_ref().ok().and_then(decoded);
    }

    /// Whether it may be another time what it was not now: everything but an answer, or a silence that took long enough.
    fn may_be_chance(&self) -> bool {
        match &self.answer {
            Err(failure) => failure.problem != Problem::TimedOut,
            Ok(answer) => match &answer.broken {
                Some(failure) => failure.problem != Problem::TimedOut,
                None => answer.status.is_server_error(),
            },
        }
    }

    /// Whether it is an answer to the question: 200 and a body, or an absence.
    fn is_good(&self) -> bool {
        self.body.is_some()
            && self.answer.as_ref().is_ok_and(|answer| {
                answer.broken.is_none() && matches!(answer.status.as_u16(), 200 | 404 | 410)
            })
    }

    /// Asks in ways in which `go` does not ask, to see what it is that somebody on the way does not bear.
    async fn try_otherwise(&mut self, wire: &Wire, source: &Source, http2: bool) {
        let came = |asked: &Asked| {
            asked.answer.as_ref().is_ok_and(|answer| answer.status.as_u16() == 200 && answer.broken.is_none())
        };
        let mut other = Asked::new(self.what, &self.module, self.path.clone());
        if http2 {
            let ask = question(source, source.below(&self.path), self.what);
            other.once(wire, &ask, Offer::Http1, &mut Vec::new()).await;
            if came(&other) {
                self.works = Some(Other::Http1);
                return;
            }
        }
        // Who filters paths answers, or breaks off; who is silent is silent to all.
        let suspect = match &self.answer {
            Ok(answer) => matches!(answer.status.as_u16(), 400 | 403 | 405 | 406 | 500 | 501),
            Err(failure) => matches!(failure.problem, Problem::Reset | Problem::Closed),
        };
        if !suspect {
            return;
        }
        for spelled in [self.path.replace('!', "%21").replace('@', "%40"), self.path.clone()] {
            if spelled == self.path.replace('!', "%21") {
                continue;
            }
            other
                .once(
                    wire,
                    &question(source, source.spelled(&spelled), self.what),
                    Offer::Both,
                    &mut Vec::new(),
                )
                .await;
            if came(&other) {
                self.works = Some(Other::Spelled);
                return;
            }
        }
    }
}

fn question(source: &Source, url: url::Url, what: What) -> Ask {
    let mut ask = Ask::get(url);
    ask.headers = source.headers();
    if what == What::Zip {
        (ask.keep, ask.most) = (MOST_OF_ZIP, MOST);
    }
    ask
}

/// The body as go has it: without the compression that it asks for, and with any other one, which it does not look at. None
/// where the compression is not what it is called.
fn decoded(answer: &Answer) -> Option<Vec<u8>> {
    match answer.headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        Some(b"gzip" | b"x-gzip") => {
            let mut plain = Vec::new();
            let mut reader = GzDecoder::new(&*answer.body).take(MOST_OF_ZIP as u64);
            let read = reader.read_to_end(&mut plain);
            // Of a long body only the beginning was kept.
            (read.is_ok() || !plain.is_empty()).then_some(plain)
        }
        _ => Some(answer.body.clone()),
    }
}

/// So much of a zip shows how fast it comes, and whether it is cut.
const MOST_OF_ZIP: usize = 4 << 20;
const MOST: u64 = MOST_OF_ZIP as u64;
