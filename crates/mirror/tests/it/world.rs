//! A mirror over scripted sources and a data directory of its own.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use gomod::{Patterns, ProxyList, ProxyTarget, Request, Separator};
use jiff::Timestamp;
use mirror::{
    Answer, AnswerMeta, Ask, Body, CacheStatus, Chain, ChainEnd, Config, Database, Fallback, Follow,
    Freshness, Keep, Link, Meters, Mirror, OnUnverifiable, Order, OwnLog, Policy, Private, Reach, Refusal,
    Route, Source, SumdbUse,
};
use storage::{Blobs, Data, LocalBlobs, NoCatalog, OpenOptions, Rot, Store};
use tempfile::TempDir;
use testkit::ScriptedUpstream;
use upstream::{DirProxy, Door, DoorConfig, Env, Limits, Proxy, Resolver, SafeUrl, SourceConfig};

/// Longer than any test.
pub(crate) const EVER: Duration = Duration::from_hours(1);

/// What a mirror is made of. The defaults: patience without end, so that nobody is fed before the check and nobody
/// stops waiting for a newer answer; and no failure is remembered.
pub(crate) struct Setup {
    pub(crate) chain: String,
    pub(crate) config: Config,
    pub(crate) fallback: Fallback,
    pub(crate) on_unverifiable: OnUnverifiable,
    pub(crate) sumdb: SumdbUse,
    pub(crate) order: Order,
    pub(crate) freshness: Freshness,
    pub(crate) no_proxy: &'static str,
    pub(crate) no_sumdb: &'static str,
    /// The key, and where it is asked.
    pub(crate) database: Option<(String, Vec<Link>)>,
    pub(crate) resolver: Option<Arc<dyn Resolver>>,
    pub(crate) own: Option<Arc<OwnLog>>,
    /// A place for blobs instead of the directory's own.
    pub(crate) wrap: Option<fn(LocalBlobs) -> Arc<dyn Blobs>>,
}

/// A mirror at work.
pub(crate) struct World {
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) meters: Meters,
    pub(crate) store: Arc<Store>,
    dir: Arc<TempDir>,
}

/// An answer whose body was read to its end.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) bytes: Vec<u8>,
    pub(crate) meta: AnswerMeta,
    pub(crate) keep: Keep,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    pub(crate) fn cache(&self) -> CacheStatus {
        self.meta.cache
    }
}

/// Separators stand between URLs as in GOPROXY.
pub(crate) fn setup(chain: impl Into<String>) -> Setup {
    Setup {
        chain: chain.into(),
        config: Config { patience: EVER, ..Config::default() },
        fallback: Fallback::default(),
        on_unverifiable: OnUnverifiable::default(),
        sumdb: SumdbUse::Public,
        order: Order::default(),
        freshness: Freshness { absent: EVER, wait: EVER, failed: Duration::ZERO, ..Freshness::default() },
        no_proxy: "",
        no_sumdb: "",
        database: None,
        resolver: None,
        own: None,
        wrap: None,
    }
}

impl Setup {
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.config.patience = patience;
        self
    }

    pub(crate) fn offline(mut self) -> Self {
        self.config.reach = Reach::Stored;
        self
    }

    pub(crate) fn door(&self) -> Door {
        let mut config = DoorConfig::new("test", Env::default());
        config.limits = Limits::default();
        if let Some(resolver) = &self.resolver {
            config.resolver = Arc::clone(resolver);
        }
        Door::new(config).unwrap()
    }

    fn chain(&self) -> Chain {
        let door = self.door();
        let mut chain = Chain { order: self.order, ..Chain::default() };
        if self.chain.is_empty() {
            return chain;
        }
        for entry in self.chain.parse::<ProxyList>().unwrap().entries() {
            match &entry.target {
                ProxyTarget::Url(url) => {
                    chain.links.push(Link { source: source(&door, url.as_str()), after: entry.after });
                }
                ProxyTarget::Direct => panic!("what repositories give is tested with the binary"),
                ProxyTarget::Off => chain.end = ChainEnd::Off,
            }
        }
        chain
    }

    /// The database of a log, asked through the chain and then at its own address, as `larder` does it.
    pub(crate) fn database(mut self, vkey: &str, through: &[&ScriptedUpstream], own: &str) -> Self {
        let door = self.door();
        let mut links: Vec<_> = through.iter().map(|up| source(&door, &up.url())).collect();
        let own = Proxy::database(&door, &SourceConfig::new(SafeUrl::parse(own).unwrap())).unwrap();
        links.push(Arc::new(Source::Proxy(own)));
        let links = links.into_iter().map(|source| Link { source, after: Separator::Pipe }).collect();
        self.database = Some((vkey.to_owned(), links));
        self
    }

    /// A mirror in a new data directory.
    pub(crate) fn start(self) -> World {
        self.start_in(Arc::new(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn start_in(self, dir: Arc<TempDir>) -> World {
        let options = OpenOptions { min_free: storage::MinFree::Percent(0), ..OpenOptions::default() };
        let data = Data::open(dir.path(), options).unwrap();
        let store = match self.wrap {
            Some(wrap) => {
                let blobs = wrap(LocalBlobs::new(Arc::clone(&data)));
                Arc::new(Store::new(blobs, Arc::clone(data.staging()), Arc::new(NoCatalog)))
            }
            None => Store::open(&data),
        };
        self.start_with(store, dir)
    }

    /// A mirror over a store of the caller's; its directory stays empty.
    pub(crate) fn start_over(self, store: Arc<Store>) -> World {
        self.start_with(store, Arc::new(tempfile::tempdir().unwrap()))
    }

    fn start_with(self, store: Arc<Store>, dir: Arc<TempDir>) -> World {
        let rest = Arc::new(Route {
            name: "rest".into(),
            chain: self.chain(),
            sumdb: self.sumdb,
            fallback: self.fallback,
            on_unverifiable: self.on_unverifiable,
        });
        let private = Private {
            no_proxy: Patterns::new(self.no_proxy),
            no_sumdb: Patterns::new(self.no_sumdb),
            ..Private::default()
        };
        let databases = self.database.map(|(vkey, links)| {
            let name = vkey.split('+').next().unwrap();
            Database { name: name.parse().unwrap(), key: sumdb::Verifier::parse(&vkey).unwrap(), links }
        });
        let databases = databases.into_iter().collect();
        let policy = Arc::new(Policy::new(Vec::new(), rest, private, databases, self.freshness));
        let meters = Meters::default();
        let mirror = Mirror::with_own_log(self.config, policy, Arc::clone(&store), meters.clone(), self.own);
        World { mirror, meters, store, dir }
    }
}

fn source(door: &Door, url: &str) -> Arc<Source> {
    let config = SourceConfig::new(SafeUrl::parse(url).unwrap());
    Arc::new(match config.url.scheme() {
        "file" => Source::Dir(DirProxy::open(door, &config).unwrap()),
        _ => Source::Proxy(Proxy::open(door, &config).unwrap()),
    })
}

impl World {
    pub(crate) fn ask(&self, path: &str) -> Ask {
        let what = Request::parse(path).unwrap_or_else(|e| panic!("{path}: {e}"));
        self.mirror.ask(what, Reach::Anywhere)
    }

    /// The answer to a request, read to its end.
    pub(crate) async fn get(&self, path: &str) -> Result<Got, Refusal> {
        read(self.mirror.answer(&self.ask(path)).await?).await
    }

    /// The same from what is stored.
    pub(crate) async fn stored(&self, path: &str) -> Result<Got, Refusal> {
        let ask = Ask { reach: Reach::Stored, ..self.ask(path) };
        read(self.mirror.answer(&ask).await?).await
    }

    /// The same, asked when no mutable answer is fresh, but none so old that anybody waits for a newer one.
    pub(crate) async fn soon(&self, path: &str) -> Result<Got, Refusal> {
        self.after(Duration::from_mins(2), path).await
    }

    /// The same, asked when every mutable answer is so old that a newer one is waited for.
    pub(crate) async fn later(&self, path: &str) -> Result<Got, Refusal> {
        self.after(Duration::from_mins(20), path).await
    }

    async fn after(&self, time: Duration, path: &str) -> Result<Got, Refusal> {
        let ask = Ask { now: Timestamp::now() + time, ..self.ask(path) };
        read(self.mirror.answer(&ask).await?).await
    }

    /// The same for a client who takes nothing that a source did not confirm just now.
    pub(crate) async fn confirmed(&self, path: &str) -> Result<Got, Refusal> {
        let ask = Ask { max_age: Some(Duration::ZERO), ..self.ask(path) };
        read(self.mirror.answer(&ask).await?).await
    }

    /// The answer before it is read, which must be a file that still arrives.
    #[track_caller]
    pub(crate) fn growing(&self, path: &str) -> impl Future<Output = Follow> {
        let (mirror, ask) = (Arc::clone(&self.mirror), self.ask(path));
        async move {
            match mirror.answer(&ask).await.unwrap().body {
                Body::Growing(follow) => follow,
                other => panic!("{other:?}"),
            }
        }
    }

    /// A file in the data directory.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join("modules").join(path)
    }

    pub(crate) fn dir(&self) -> &Arc<TempDir> {
        &self.dir
    }

    /// Why files were set aside.
    pub(crate) fn reasons(&self) -> String {
        let all =
            fs::read_dir(self.dir.path().join("quarantine")).unwrap().map(|entry| entry.unwrap().path());
        let reasons = all.filter(|path| path.extension().is_some_and(|end| end == "reason"));
        reasons.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// How many files were set aside.
    pub(crate) fn quarantined(&self) -> usize {
        fs::read_dir(self.dir.path().join("quarantine")).unwrap().count()
    }

    /// Whether no fetch is under way: each holds a lease.
    pub(crate) fn is_idle(&self) -> bool {
        fs::read_dir(self.dir.path().join("leases")).unwrap().count() == 0
    }
}

/// The whole body; a damaged file is told by its [`Rot`].
pub(crate) async fn read(answer: Answer) -> Result<Got, Refusal> {
    let Answer { body, meta, keep } = answer;
    let mut bytes = Vec::new();
    match body {
        Body::Bytes(all) => bytes.extend(all),
        Body::Blob(blob) => {
            for index in 0..blob.blocks() {
                bytes.extend(blob.block(index).await?);
            }
        }
        Body::Growing(follow) => return rest(follow).await.map(|bytes| Got { bytes, meta, keep }),
    }
    Ok(Got { bytes, meta, keep })
}

/// What a client still gets.
pub(crate) async fn rest(mut follow: Follow) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = follow.next().await? {
        bytes.extend(piece);
    }
    Ok(bytes)
}

/// The damage that reading a stored zip finds.
pub(crate) async fn damage(answer: Answer) -> Rot {
    let Body::Blob(blob) = answer.body else { panic!("{answer:?}") };
    blob.check_all().await.unwrap_err()
}

/// Waits until something is so that happens behind.
pub(crate) async fn until(mut so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(testkit::LIMIT, waiting).await.expect("it never became so");
}
