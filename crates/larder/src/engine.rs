//! From settings to a mirror: the one place that picks concrete sources and backends.

mod sources;

use std::{sync::Arc, time::Duration};

use gomod::Separator;
use mirror::{
    Freshness, Hedging, Link, Mirror, OwnLog, Policy, Private, Room, Route, Rule, Source, SumdbUse,
};
use prometheus_client::registry::Registry;
use storage::{Data, OpenOptions, Store};
use tokio::net::TcpListener;
use upstream::{Breaker, Caps, Door, DoorConfig, Env, Limits, Retry, Stubborn};

use self::sources::{Sources, allowed, proxies, well_known};
use crate::open_files;
use crate::settings::{Access, Credential, Own, Settings, Sumdb};

/// A mirror, and what shows how it fares.
pub(crate) struct Engine {
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) store: Arc<Store>,
    data: Arc<Data>,
    instance: String,
    sources: Vec<Arc<Source>>,
    pub(crate) mirrored: mirror::Meters,
    pub(crate) served: server::Meters,
    pub(crate) asked: upstream::Meters,
    pub(crate) registry: Registry,
}

impl Engine {
    /// Opens the data directory, the own checksum log and the sources; connects to nobody yet. Blocks on the disk for a
    /// moment.
    pub(crate) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let options = OpenOptions {
            min_free: settings.min_free.value.0,
            staging_memory: settings.tuning.memory_staging.value.0,
            quarantine_files: settings.tuning.quarantine_files.value,
            quarantine_bytes: settings.tuning.quarantine_size.value.0,
            ..OpenOptions::default()
        };
        let data = Data::open(&settings.data.value, options)?;
        let store = Store::open(&data);
        finish_restore(&data, &store).await;
        let own = match &settings.own {
            Some(own) => Some(own_log(own, &store).await?),
            None => None,
        };
        let mut registry = Registry::default();
        let instance = instance();
        let door = door(settings, &instance)?;
        door.meters.register(registry.sub_registry_with_prefix("larder"));
        let asked = door.meters.clone();
        let mut sources = Sources::new(Door::new(door)?, settings)?;
        let policy = Arc::new(policy(settings, &mut sources)?);
        let (mirrored, served) = (mirror::Meters::default(), server::Meters::default());
        mirrored.register(&mut registry);
        data.meters().register(&mut registry);
        served.register(&mut registry);
        let config = mirror::Config {
            patience: settings.tuning.patience.value.0,
            begin: settings.tuning.limits.begin.value.0,
            hedging: hedging(settings),
            room: Room {
                fetches: settings.tuning.fetches.total.value,
                queue: settings.tuning.fetches.queue.value,
                wait: settings.tuning.fetches.wait.value.0,
            },
            ahead: settings.tuning.fetches.ahead.value,
            reach: if settings.offline.value { mirror::Reach::Stored } else { mirror::Reach::Anywhere },
            ..mirror::Config::default()
        };
        let mirror = Mirror::with_own_log(config, policy, Arc::clone(&store), mirrored.clone(), own);
        Ok(Engine { mirror, store, data, instance, sources: sources.all, mirrored, served, asked, registry })
    }

    /// Whether anything can be stored.
    pub(crate) fn can_store(&self) -> bool {
        !self.data.is_read_only()
    }

    /// Serves until `stop`, and then until what runs is done, or its time is over.
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        settings: &Settings,
        stop: impl Future<Output = ()>,
    ) {
        let tuning = &settings.tuning;
        let config = server::Config {
            instance: self.instance,
            connections: open_files::room_for_connections(tuning.clients.connections.value),
            head: tuning.clients.head.value.0,
            idle: tuning.clients.idle.value.0,
            stall: tuning.clients.stall.value.0,
            grace: tuning.clients.grace.value.0,
            uploads: tuning.publishing.at_once.value,
            upload_time: tuning.publishing.time.value.0,
            trusted_proxies: tuning.publishing.trusted_proxies.value.proxies(),
            small_budget: tuning.memory_small.value.0,
            hot_budget: tuning.memory_zips.value.0,
            own_log: settings.own.as_ref().map(|own| own.name.value.clone()),
            log_hits: tuning.log_access.value == Access::All,
            ..server::Config::default()
        };
        let (data, sources, mirrored) = (self.data, self.sources, self.mirrored);
        let instruments = server::Instruments {
            meters: self.served,
            registry: Arc::new(self.registry),
            degraded: Arc::new(move || {
                let sources = sources.iter().flat_map(|source| source.troubles());
                data.trouble().into_iter().chain(sources).chain(unverified(&mirrored)).collect()
            }),
        };
        server::serve(listener, self.mirror, &config, instruments, stop).await;
    }
}

/// A snapshot whose restore was cut short becomes visible as a whole before anything is answered. If that cannot be done,
/// what is there is answered all the same, and the next start tries again.
async fn finish_restore(data: &Arc<Data>, store: &Arc<Store>) {
    match snapshot::finish(data, store).await {
        Ok(None) => {}
        Ok(Some(restored)) => tracing::info!(
            new = restored.new,
            known = restored.known,
            "a restore of a snapshot was finished that had been cut short"
        ),
        Err(error) => tracing::error!("a restore of a snapshot cannot be finished: {error}"),
    }
}

/// Opens the own checksum log, and begins it if there is none.
pub(crate) async fn own_log(own: &Own, store: &Arc<Store>) -> anyhow::Result<Arc<OwnLog>> {
    let signer = own.signer().map_err(|wrong| {
        let help = wrong.help.map(|help| format!("; {help}")).unwrap_or_default();
        anyhow::anyhow!("{}{help}", wrong.what)
    })?;
    Ok(OwnLog::open(Arc::clone(store), signer, own.head.value.clone()).await?)
}

/// How sources are reached.
pub(crate) fn door(settings: &Settings, instance: &str) -> anyhow::Result<DoorConfig> {
    let mut door = DoorConfig::new(instance, Env::new(std::env::vars_os()));
    door.limits = limits(settings);
    door.logins = Some(Arc::new(credentials(settings)?));
    door.stubborn = stubborn(settings);
    Ok(door)
}

fn policy(settings: &Settings, sources: &mut Sources) -> anyhow::Result<Policy> {
    let (fallback, order) = (settings.fallback.value, settings.order.value);
    let on_unverifiable = settings.on_unverifiable.value;
    let chain = sources.chain(&settings.upstream.value, order, || allowed(settings, None))?;
    let mut rules = Vec::new();
    for (number, route) in settings.routes.iter().enumerate() {
        let own = route.chain.as_ref().unwrap_or(&settings.upstream.value);
        let own = sources.chain(own, route.order.unwrap_or(order), || allowed(settings, Some(route)))?;
        rules.push(Rule {
            modules: route.modules.clone(),
            route: Arc::new(Route {
                name: format!("route {}", number + 1).into(),
                chain: own,
                sumdb: route.sumdb,
                fallback: route.fallback(fallback),
                on_unverifiable: route.on_unverifiable.as_ref().map_or(on_unverifiable, |own| own.value),
            }),
        });
    }
    let (database, of_toolchains) = match &settings.sumdb.value {
        Sumdb::On(database) => (Some(sources.database(database, &settings.sources, &chain)?), None),
        // Whoever switched the database off wants none asked but the upstreams.
        Sumdb::Off => (None, well_known(proxies(&chain))?),
    };
    let direct = Link { source: sources.direct(allowed(settings, None))?, after: Separator::Comma };
    let private = Private {
        no_proxy: settings.private.no_proxy.value.clone(),
        chain: mirror::Chain { links: vec![direct], ..mirror::Chain::default() },
        no_sumdb: settings.private.no_sumdb.value.clone(),
    };
    let fresh = &settings.tuning.freshness;
    let freshness = Freshness {
        present: fresh.present.value.0,
        behind: fresh.behind.value.0,
        wait: fresh.wait.value.0,
        absent: fresh.absent.value.0,
        failed: fresh.failed.value.0,
    };
    let sumdb = SumdbUse::Public;
    let rest = Arc::new(Route { name: "upstream".into(), chain, sumdb, fallback, on_unverifiable });
    let policy = Policy::new(rules, rest, private, database.into_iter().collect(), freshness);
    Ok(match of_toolchains {
        Some(database) => policy.with_toolchains_of(database),
        None => policy,
    })
}

/// What checksum databases keep from being served, one sentence each.
fn unverified(meters: &mirror::Meters) -> Vec<String> {
    let misbehaving = match meters.misbehaving.get() {
        ..=0 => None,
        number => Some(format!(
            "SECURITY: {number} checksum databases contradict themselves and are not used; `larder sumdb show` names them"
        )),
    };
    let held = match meters.held.get() {
        ..=0 => None,
        number => Some(format!("{number} files wait until their checksum database answers")),
    };
    misbehaving.into_iter().chain(held).collect()
}

/// What servers are told of who asks.
fn credentials(settings: &Settings) -> anyhow::Result<vcs::Credentials> {
    let tokens = settings.credentials.iter().map(Credential::token).collect::<Result<Vec<_>, _>>()?;
    let goauth = settings.goauth.value.clone();
    let config = vcs::CredentialsConfig::new(std::env::vars_os());
    Ok(vcs::Credentials::new(vcs::CredentialsConfig { tokens, goauth, ..config }))
}

fn limits(settings: &Settings) -> Limits {
    let (limits, bodies) = (&settings.tuning.limits, &settings.tuning.bodies);
    Limits {
        resolve: limits.resolve.value.0,
        resolve_patience: limits.resolve_patience.value.0,
        resolve_memory: limits.resolve_memory.value.0,
        connect: limits.connect.value.0,
        tls: limits.tls.value.0,
        first_byte: limits.first_byte.value.0,
        stall: limits.stall.value.0,
        trickle: limits.trickle.value.0,
        trickle_over: limits.trickle_over.value.0,
        small: limits.small.value.0,
        caps: Caps {
            info: bodies.info.value.0,
            gomod: bodies.gomod.value.0,
            list: bodies.list.value.0,
            zip: bodies.zip.value.0,
            sumdb: bodies.sumdb.value.0,
        },
    }
}

fn hedging(settings: &Settings) -> Hedging {
    let hedge = &settings.tuning.hedge;
    let percent = hedge.share.value.0;
    // Without a share there are none, not even at first.
    Hedging { percent, burst: if percent == 0 { 0 } else { hedge.burst.value } }
}

fn stubborn(settings: &Settings) -> Stubborn {
    let (retry, breaker, fetches) =
        (&settings.tuning.retry, &settings.tuning.breaker, &settings.tuning.fetches);
    Stubborn {
        retry: Retry {
            tries: retry.tries.value,
            base: retry.pause.value.0,
            resume_base: retry.resume_pause.value.0,
            retry_after: retry.server_pause.value.0,
            resumes: retry.resumes.value,
            share: retry.share.value.0,
            reserve: retry.reserve.value,
            refill: retry.refill.value.0,
        },
        breaker: Breaker {
            failures: breaker.failures.value,
            percent: breaker.rate.value.0,
            least: breaker.least.value,
            window: breaker.window.value.0,
            open: breaker.open.value.0,
            longest: breaker.longest.value.0,
            probe_wait: breaker.probe_wait.value.0,
        },
        concurrent: fetches.per_source.value,
        waiting: fetches.queue_per_source.value,
        wait: fetches.wait_per_source.value.0,
        hedge_after: settings.tuning.hedge.after.value.0,
        ..Stubborn::default()
    }
}

/// Tells this process from every other one in `Via` headers.
pub(crate) fn instance() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    format!("{:x}-{:x}", std::process::id(), now.as_nanos())
}
