//! The checksum database as this machine remembers it and as it answers.

use std::time::Duration;

use gomod::{
    DbName, ModuleVersion, Patterns, ProxyEntry, ProxyList, ProxyTarget, SumdbPath, SumdbSpec, TileId,
};
use sumdb::{Hashes, Head, Lookup, Tiles, Unproved, Verifier};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout_at},
};
use url::Url;

use super::case::cache;
use crate::{
    GoVariable, Patient,
    kept_log::{KeptHead, KeptLog, KeptLookup},
    wire::{Ask, Line, Offer, Wire},
};

/// The database of GOSUMDB.
pub(super) struct Database {
    name: DbName,
    url: Option<Url>,
    pub(super) kept: KeptLog,
    /// What it is not asked about.
    exempt: Patterns,
    /// What is fetched without proxies, so that its name reaches none.
    unproxied: Patterns,
    proxies: Vec<ProxyEntry>,
    wire: Option<Wire>,
}

/// What came of a question.
pub(super) enum Told {
    /// The database has this, and it is proven.
    Proven(Hashes),
    /// The database has this, as it says; nobody needed the proof.
    Says(Hashes),
    /// Nothing that helps; why.
    Nothing(String),
    /// Its log and the head that is kept here are not one history, while it is whole by itself.
    Forked(Head),
}

impl Database {
    /// The database that settings name. `None` where they name none, or none that can be.
    pub(super) fn of(patient: &Patient) -> Option<Self> {
        let go = patient.go();
        let Ok(SumdbSpec::On { name, key, url }) = go.value(GoVariable::Sumdb).parse() else { return None };
        let kept = KeptLog::new(&name, Verifier::parse(&key).ok()?, go.gopath().first()?, &cache(patient)?);
        let proxies = go.value(GoVariable::Proxy).parse::<ProxyList>();
        let variables = upstream::Env::new(patient.env.iter());
        let wire = (!patient.offline).then(|| Wire::new(&variables, patient.patience).ok()).flatten();
        Some(Database {
            name,
            url: url.and_then(|url| Url::parse(url.as_str()).ok()),
            kept,
            exempt: Patterns::new(&go.value(GoVariable::NoSumdb)),
            unproxied: Patterns::new(&go.value(GoVariable::NoProxy)),
            proxies: proxies.map(|list| list.entries().to_vec()).unwrap_or_default(),
            wire,
        })
    }

    /// Whether a version may be asked for: its name is not private.
    pub(super) fn may_ask(&self, module: &ModuleVersion) -> bool {
        let path = module.path().as_str();
        !self.exempt.matches(path) && !self.unproxied.matches(path)
    }

    /// What is kept here of a version.
    pub(super) fn remembers(&self, module: &ModuleVersion) -> Option<Hashes> {
        match self.kept.lookup(module) {
            Ok(KeptLookup::Says(hashes)) if self.may_ask(module) => Some(hashes),
            _ => None,
        }
    }

    /// What the database says of a version, proven, for one who waits on a thread of its own.
    pub(super) fn ask_now(&self, runtime: &Handle, module: &ModuleVersion) -> Option<Hashes> {
        if !self.may_ask(module) {
            return None;
        }
        runtime.block_on(async {
            let mut session = self.dial(Instant::now() + STEP).await.ok()?;
            match session.ask(module, true).await {
                Told::Proven(hashes) => Some(hashes),
                Told::Says(_) | Told::Nothing(_) | Told::Forked(_) => None,
            }
        })
    }

    /// A connection to whoever answers for the database: the first proxy that relays it, or itself (modfetch,
    /// `initBase`).
    pub(super) async fn dial(&self, until: Instant) -> Result<Session<'_>, String> {
        let Some(wire) = &self.wire else { return Err("--offline".to_owned()) };
        let mut session = Session { database: self, wire, base: None, lines: Vec::new(), until };
        if let Some(url) = &self.url {
            session.base = Some(url.clone());
            return Ok(session);
        }
        for entry in &self.proxies {
            let ProxyTarget::Url(url) = &entry.target else { break };
            let relay = Url::parse(url.as_str()).ok().filter(|url| url.scheme() != "file");
            let Some(relay) = relay.and_then(|url| below(&url, &format!("sumdb/{}", self.name.as_str())))
            else {
                continue;
            };
            session.base = Some(relay);
            if session.get("supported").await.is_ok() {
                return Ok(session);
            }
        }
        let itself = Url::parse(&format!("https://{}", self.name.as_str()));
        session.base = Some(itself.map_err(|error| error.to_string())?);
        Ok(session)
    }
}

/// A conversation with the database.
pub(super) struct Session<'a> {
    database: &'a Database,
    wire: &'a Wire,
    base: Option<Url>,
    lines: Vec<Line>,
    until: Instant,
}

impl Session<'_> {
    /// Asks about a version. `prove` asks for the proof that the record lies in the log that this machine knows.
    pub(super) async fn ask(&mut self, module: &ModuleVersion, prove: bool) -> Told {
        match self.record(module, prove).await {
            Ok(told) => told,
            Err(why) => Told::Nothing(why),
        }
    }

    async fn record(&mut self, module: &ModuleVersion, prove: bool) -> Result<Told, String> {
        let body = self.get(&SumdbPath::Lookup(module.clone()).to_string()).await?;
        let lookup = Lookup::parse(&body).map_err(|error| error.to_string())?;
        lookup.check(module, self.database.kept.key()).map_err(|error| error.to_string())?;
        let hashes = lookup.hashes(module).map_err(|error| error.to_string())?;
        if !prove {
            return Ok(Told::Says(hashes));
        }
        let signed =
            Head::open(lookup.note(), self.database.kept.key()).map_err(|error| error.to_string())?;
        let known = match self.database.kept.head() {
            Ok(KeptHead::Signed(head)) => Some(head),
            _ => None,
        };
        match self.proof(known.as_ref(), &signed, &lookup).await {
            Ok(()) => Ok(Told::Proven(hashes)),
            Err(Some(first)) => match (known, self.proof(None, &signed, &lookup).await) {
                (Some(known), Ok(())) => Ok(Told::Forked(known)),
                _ => Err(first),
            },
            Err(None) => Err("tiles for the proof did not come".to_owned()),
        }
    }

    /// `Some` says why the proof fails, `None` that it cannot be made.
    async fn proof(
        &mut self,
        known: Option<&Head>,
        signed: &Head,
        lookup: &Lookup<'_>,
    ) -> Result<(), Option<String>> {
        let mut tiles = Tiles::new();
        for _ in 0..ROUNDS {
            let needed = match sumdb::prove(known, signed, lookup, &tiles) {
                Ok(_) => return Ok(()),
                Err(Unproved::Need(needed)) => needed,
                Err(error) => return Err(Some(error.to_string())),
            };
            for id in needed {
                let (id, body) = self.tile(id).await.ok_or(None)?;
                tiles.insert(id, body);
            }
        }
        Err(None)
    }

    /// A tile, or the full one where that has grown since.
    async fn tile(&mut self, id: TileId) -> Option<(TileId, Vec<u8>)> {
        if let Ok(body) = self.get(&SumdbPath::Tile(id).to_string()).await {
            return Some((id, body));
        }
        let full = id.full();
        self.get(&SumdbPath::Tile(full).to_string()).await.ok().map(|body| (full, body))
    }

    async fn get(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let url = self.base.as_ref().and_then(|base| below(base, path)).ok_or("no URL")?;
        let mut ask = Ask::get(url);
        ask.within = STEP;
        let fetched = timeout_at(self.until, self.wire.fetch(&ask, Offer::Both, &mut self.lines)).await;
        let answer = match fetched {
            Ok(fetched) => fetched.end.map_err(|failure| failure.words.clone())?,
            Err(_) => return Err("there was no time left".to_owned()),
        };
        if !answer.status.is_success() {
            return Err(format!("{path}: {}", answer.status));
        }
        if !answer.whole || answer.body.len() as u64 != answer.len {
            return Err(format!("{path}: the answer broke off"));
        }
        Ok(answer.body)
    }
}

/// A URL below another one, without its query.
fn below(base: &Url, path: &str) -> Option<Url> {
    let mut url = base.clone();
    url.set_query(None);
    let start = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{start}/{}", path.replace('!', "%21")));
    url.host().is_some().then_some(url)
}

/// A proof takes two or three.
const ROUNDS: usize = 5;
/// For one request.
const STEP: Duration = Duration::from_secs(4);
