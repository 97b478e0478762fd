//! What Larder's own store, the checksum database and authors say of the modules in programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use gomod::{GoMod, Info, ModulePath, ModuleVersion, Request, Version, VersionList};
use mirror::{Absent, Body, Mirror, Reach, Refusal, Unverified};
use storage::Kind;
use tokio::{task::JoinSet, time::timeout};
use workbench::binary::{Said, Testimony};

use crate::{engine::Engine, settings::Settings};

/// What was heard.
pub(super) struct Heard {
    pub(super) testimonies: BTreeMap<ModuleVersion, Testimony>,
    /// What could not be asked, a line each.
    pub(super) unasked: Vec<String>,
}

/// Asks about these versions, many at once.
pub(super) async fn ask(settings: &Settings, versions: BTreeSet<ModuleVersion>) -> Heard {
    if versions.is_empty() {
        return Heard { testimonies: BTreeMap::new(), unasked: Vec::new() };
    }
    // Whoever asks nobody and has stored nothing needs no data directory either.
    if settings.offline.value && !settings.data.value.join("format").exists() {
        return silent(settings, versions, "nobody was asked (offline), and nothing is stored here");
    }
    let engine = match Engine::start(settings).await {
        Ok(engine) => engine,
        Err(error) => return silent(settings, versions, &format!("compared with go.sum alone: {error:#}")),
    };
    let mirror = engine.mirror;
    let paths: BTreeSet<_> = versions.iter().map(|version| version.path().clone()).collect();
    let newest = all(&mirror, paths, |mirror, path| async move {
        let newest = timeout(PATIENCE, newest(&mirror, &path)).await.unwrap_or_default();
        (path, newest)
    });
    let told = all(&mirror, versions, |mirror, version| async move {
        let told = testimony(&mirror, &version).await;
        (version, told)
    });
    let (newest, mut testimonies) = tokio::join!(newest, told);
    let silent = newest.values().filter(|gomod| gomod.is_none()).count();
    for (version, told) in &mut testimonies {
        let retracted = newest.get(version.path()).and_then(Option::as_ref).map(GoMod::retract);
        let covers = retracted.unwrap_or_default().iter().find(|retract| retract.covers(version.version()));
        told.retracted = covers.map(|retract| retract.rationale().to_owned());
    }
    let unasked = match silent {
        0 => Vec::new(),
        1 => vec!["of one module it is not known whether its authors took versions back".to_owned()],
        more => vec![format!("of {more} modules it is not known whether their authors took versions back")],
    };
    Heard { testimonies, unasked }
}

/// Of nothing anything is known, but which names this machine keeps private.
fn silent(settings: &Settings, versions: BTreeSet<ModuleVersion>, why: &str) -> Heard {
    let (no_proxy, no_sumdb) = (&settings.private.no_proxy.value, &settings.private.no_sumdb.value);
    let said = |version: &ModuleVersion| {
        let path = version.path().as_str();
        let private = no_proxy.matches(path) || no_sumdb.matches(path);
        let database = if private { Said::Private } else { Said::Nothing(why.to_owned()) };
        Testimony { ledger: None, database, retracted: None }
    };
    let testimonies = versions.into_iter().map(|version| (version.clone(), said(&version))).collect();
    Heard { testimonies, unasked: Vec::new() }
}

/// Does the same for all, so many at a time.
async fn all<K: Ord + Send + 'static, V: Send + 'static, F>(
    mirror: &Arc<Mirror>,
    keys: BTreeSet<K>,
    work: impl Fn(Arc<Mirror>, K) -> F,
) -> BTreeMap<K, V>
where
    F: Future<Output = (K, V)> + Send + 'static,
{
    let (mut done, mut running) = (BTreeMap::new(), JoinSet::new());
    let mut keys = keys.into_iter();
    loop {
        while running.len() < AT_ONCE {
            let Some(key) = keys.next() else { break };
            running.spawn(work(Arc::clone(mirror), key));
        }
        match running.join_next().await {
            Some(Ok((key, value))) => drop(done.insert(key, value)),
            // A task that broke leaves its version without testimony, which the audit shows.
            Some(Err(_)) => {}
            None => return done,
        }
    }
}

async fn testimony(mirror: &Arc<Mirror>, version: &ModuleVersion) -> Testimony {
    let receipt = mirror.receipt(version).await;
    let ledger = receipt.ok().flatten().and_then(|receipt| receipt.fact(Kind::Zip)?.h1());
    let database = match mirror.vouched(version).await {
        Ok(vouched) => match vouched.zip {
            Some(h1) => Said::Hash(h1),
            None => Said::Nothing("the checksum database knows its go.mod alone".to_owned()),
        },
        Err(Refusal::Absent(Absent::NoDatabase)) => {
            let ask = mirror.ask(Request::Zip(version.clone()), Reach::Stored);
            if ask.policy.route(version.path()).is_private() {
                Said::Private
            } else {
                Said::Nothing("no checksum database is used".to_owned())
            }
        }
        Err(Refusal::Unverified(Unverified::Unknown { .. })) => Said::Absent,
        Err(refusal) => Said::Nothing(format!("not compared with the checksum database: {refusal}")),
    };
    Testimony { ledger, database, retracted: None }
}

/// The go.mod of the newest version, in which authors say what they took back (go.dev/ref/mod#go-mod-file-retract).
async fn newest(mirror: &Arc<Mirror>, path: &ModulePath) -> Option<GoMod> {
    let version = match text(mirror, Request::List(path.clone())).await {
        Some(list) => {
            let list = VersionList::parse(path, &String::from_utf8_lossy(&list));
            let mut versions: Vec<_> = list.iter().collect();
            versions.sort_by(|a, b| {
                a.is_prerelease().cmp(&b.is_prerelease()).reverse().then_with(|| a.precedence(b))
            });
            versions.pop()
        }
        None => None,
    };
    let version = match version {
        Some(version) => version,
        None => latest(mirror, path).await?,
    };
    let module = ModuleVersion::new(path.clone(), version).ok()?;
    GoMod::parse(&text(mirror, Request::Mod(module)).await?).ok()
}

async fn latest(mirror: &Arc<Mirror>, path: &ModulePath) -> Option<Version> {
    let info = text(mirror, Request::Latest(path.clone())).await?;
    Info::parse(&info).ok().map(|info| info.version().clone())
}

async fn text(mirror: &Arc<Mirror>, what: Request) -> Option<Vec<u8>> {
    let ask = mirror.ask(what, Reach::Anywhere);
    match mirror.answer(&ask).await.ok()?.body {
        Body::Bytes(bytes) => Some(bytes.to_vec()),
        Body::Blob(blob) => Some(blob.bytes().await.ok()?.to_vec()),
        Body::Growing(_) => None,
    }
}

/// As many as a busy build has under way.
const AT_ONCE: usize = 16;
/// What was taken back is worth this much waiting.
const PATIENCE: Duration = Duration::from_secs(15);
