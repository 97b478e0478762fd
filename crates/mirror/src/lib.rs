//! The decision: given a request, what is the answer?
//!
//! [`Mirror::answer`] looks into the store, else joins the flight for what is asked; the flight walks the
//! chain of the module's route, judges what a source sends, and stores it. This crate knows no HTTP server
//! and no command line.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod access;
mod admission;
mod ahead;
mod answer;
mod artifact;
mod ask;
mod audit;
mod carry;
mod collect;
mod database_state;
mod demand;
mod derived;
mod fetch;
mod flight;
mod follow;
mod foreign;
mod heads;
mod hedge;
mod held;
mod import;
mod judge;
mod lease;
mod log;
mod meters;
mod moved;
mod order;
mod own;
mod policy;
mod publish;
mod published;
mod question;
mod race;
mod refusal;
mod relay;
mod remembered;
mod renew;
mod shorter;
mod source;
mod uphold;
mod vouch;
mod vouching;
mod walk;
mod withdrawn;
mod zip;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use gomod::{ModuleVersion, Request};
use jiff::Timestamp;
use storage::{Key, Kind, Question, Store, StoredAnswer};
use tokio::sync::broadcast;
use upstream::{Priority, Via};

pub use crate::{
    access::{Action, Denied, Unidentified, Who},
    admission::Room,
    answer::{Answer, AnswerMeta, Body, CacheStatus, Keep, Verified},
    ask::{Ask, Reach},
    audit::{Audit, Audited, Finding, Tally},
    database_state::{DatabaseState, HeadState},
    follow::Follow,
    hedge::Hedging,
    import::{Brought, Declined, Imported},
    meters::Meters,
    own::{Appended, OwnError, OwnLog},
    policy::{
        Chain, ChainEnd, Database, Fallback, Freshness, OnUnverifiable, Order, Policy, Private, Route, Rule,
        SumdbUse,
    },
    publish::{Offer, Published, Unpublished},
    refusal::{Absent, Contradiction, Known, Misbehaviour, Refusal, Security, Unverified},
    source::{Link, Source},
    vouch::Vouched,
};
use crate::{
    admission::Admission,
    ahead::Ahead,
    artifact::{ArtifactKey, Landed},
    flight::Flights,
    heads::Heads,
    hedge::HedgeBudget,
    held::Held,
    log::Logs,
    moved::Moved,
    remembered::Remembered,
    vouch::Vouches,
    vouching::Vouching,
    walk::Walk,
    withdrawn::Withdrawals,
};

/// How the mirror behaves whatever the module.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// How long a zip may take to arrive before clients are fed from it while it still arrives.
    pub patience: Duration,
    /// How long a fetch goes on after its last client has left.
    pub linger: Duration,
    /// By when the first bytes of an answer must be here, over all sources and tries. Default 14 s.
    pub begin: Duration,
    /// How many requests may be sent to a second source while the first is silent.
    pub hedging: Hedging,
    /// How far any request may go: [`Reach::Stored`] for `--offline`.
    pub reach: Reach,
    /// How many fetches may be under way, and wait.
    pub room: Room,
    /// Records of checksum databases that are looked up at once before anybody needs them; 0: none are. Default 16.
    pub ahead: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            patience: Duration::from_secs(1),
            linger: Duration::from_mins(10),
            begin: Duration::from_secs(14),
            hedging: Hedging::default(),
            reach: Reach::Anywhere,
            room: Room::default(),
            ahead: 16,
        }
    }
}

/// The mirror: everything that is decided about a request.
#[derive(Debug)]
pub struct Mirror {
    config: Config,
    policy: Arc<Policy>,
    store: Arc<Store>,
    meters: Meters,
    hedges: HedgeBudget,
    admission: Arc<Admission>,
    /// Requests for which sources were asked.
    rounds: AtomicU64,
    remembered: Remembered,
    heads: Heads,
    withdrawals: Withdrawals,
    moved: Moved,
    artifacts: Flights<ArtifactKey, Arc<Landed>>,
    questions: Flights<(Question, Arc<str>), Arc<StoredAnswer>>,
    logs: Logs,
    checksums: Flights<(Key, Reach), (Bytes, bool)>,
    vouches: Vouches,
    held: Held,
    ahead: Ahead,
    changes: broadcast::Sender<Change>,
    own: Option<Arc<OwnLog>>,
    recording: Flights<ModuleVersion, Bytes>,
}

/// What the mirror answers differently from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// This request.
    Answer(Request),
    /// Any request.
    Everything,
}

impl Mirror {
    /// A mirror over a store.
    pub fn new(config: Config, policy: Arc<Policy>, store: Arc<Store>, meters: Meters) -> Arc<Self> {
        Mirror::with_own_log(config, policy, store, meters, None)
    }

    /// The same beside a log of one's own, which is served under its name.
    pub fn with_own_log(
        config: Config,
        policy: Arc<Policy>,
        store: Arc<Store>,
        meters: Meters,
        own: Option<Arc<OwnLog>>,
    ) -> Arc<Self> {
        let remembered = Remembered::new(policy.freshness());
        Arc::new(Mirror {
            config,
            policy,
            store,
            admission: Admission::new(config.room, meters.clone()),
            hedges: HedgeBudget::new(config.hedging),
            rounds: AtomicU64::new(0),
            remembered,
            heads: Heads::default(),
            withdrawals: Withdrawals::default(),
            moved: Moved::default(),
            artifacts: Flights::default(),
            questions: Flights::default(),
            logs: Logs::new(&config, &meters),
            checksums: Flights::default(),
            vouches: Vouches::new(),
            held: Held::default(),
            ahead: Ahead::new(config.ahead),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            meters,
            own,
            recording: Flights::default(),
        })
    }

    /// The question of a client who waits, under the rules of this moment.
    pub fn ask(&self, what: Request, reach: Reach) -> Ask {
        Ask {
            what,
            reach: if self.config.reach == Reach::Stored { Reach::Stored } else { reach },
            via: Via::default(),
            priority: Priority::Client,
            max_age: None,
            policy: Arc::clone(&self.policy),
            now: Timestamp::now(),
        }
    }

    /// Answers a question from the store, else from the sources of the module's route.
    pub async fn answer(self: &Arc<Self>, ask: &Ask) -> Result<Answer, Refusal> {
        match &ask.what {
            Request::Info(version) => self.file(ask, version, Kind::Info).await,
            Request::Mod(version) => self.file(ask, version, Kind::Mod).await,
            Request::Zip(version) => self.file(ask, version, Kind::Zip).await,
            Request::List(module) => self.list(ask, module).await,
            Request::Latest(module) => self.latest(ask, module).await,
            Request::Query(module, rev) => {
                self.question(ask, &Question::Query(module.clone(), rev.clone())).await
            }
            Request::Sumdb(name, path) => match &self.own {
                Some(own) if own.name() == name => self.answer_own(ask, own, path).await,
                _ => self.relay(ask, name, path).await,
            },
        }
    }

    /// What this mirror answers differently from now on: whoever keeps its answers drops those.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// A walk along the chain of a route.
    fn walk(&self, route: &Route, ask: &Ask, vouching: Option<&Vouching>) -> Walk {
        let walk = Walk::along(route, &ask.what, vouching, self.rounds.fetch_add(1, Ordering::Relaxed));
        walk.under(&ask.policy, route)
    }

    fn changed(&self, what: &Request) {
        self.tell(Change::Answer(what.clone()));
    }

    /// Nobody may listen; then nobody keeps answers.
    fn tell(&self, change: Change) {
        drop(self.changes.send(change));
    }
}

/// How many changes a slow listener may be behind before it has to drop everything.
const CHANGES_KEPT: usize = 1024;
