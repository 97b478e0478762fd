//! Where what is fetched is kept: the data directory of this machine, or another Larder.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use gomod::{H1, ModulePath, ModuleVersion, Request, VersionList, ZipCheck};
use mirror::{Body, CacheStatus, Mirror, Reach, Refusal};
use storage::{Key, Kind};
use upstream::{
    Door, DoorConfig, Env, Fetched, Incoming, Miss, Piece, Priority, Proxy, SafeUrl, Urgency, Want,
};

use crate::settings::Settings;

/// Where it is kept.
pub(crate) enum Place {
    /// Here.
    Store { mirror: Arc<Mirror>, data: PathBuf },
    /// At another Larder, which keeps what it is asked for.
    Server(Proxy),
}

/// A file that is there now.
#[derive(Debug)]
pub(crate) struct Had {
    /// Its hash; an `.info` has none.
    pub(super) h1: Option<H1>,
    /// Its content; nothing of a zip.
    pub(super) bytes: Bytes,
    pub(super) size: u64,
    /// Whether it was there before; nobody knows of a server.
    pub(super) known: bool,
}

/// Why a file is not there.
#[derive(Clone, Debug)]
pub(crate) enum Lack {
    /// It does not exist.
    Absent(String),
    /// It may.
    Failed(String),
}

impl Lack {
    /// The reason, for people.
    pub(crate) fn why(&self) -> &str {
        match self {
            Lack::Absent(why) | Lack::Failed(why) => why,
        }
    }
}

impl Place {
    pub(crate) fn store(mirror: &Arc<Mirror>, data: &Path) -> Self {
        Place::Store { mirror: Arc::clone(mirror), data: data.to_owned() }
    }

    pub(super) fn server(settings: &Settings, url: &str) -> anyhow::Result<Self> {
        let url = SafeUrl::parse(url).context("--to")?;
        if !matches!(url.scheme(), "http" | "https") {
            bail!("--to takes the URL of a Larder, like https://larder.corp.example");
        }
        let door = Door::new(DoorConfig::new("warm", Env::new(std::env::vars_os())))?;
        Ok(Place::Server(Proxy::open(&door, &settings.sources.config(url))?))
    }

    /// What people call it.
    pub(super) fn shown(&self) -> String {
        match self {
            Place::Store { data, .. } => data.display().to_string(),
            Place::Server(server) => server.url().to_string(),
        }
    }

    /// Where a file lies: its path, or its URL.
    pub(super) fn of(&self, module: &ModuleVersion, kind: Kind) -> String {
        match self {
            Place::Store { data, .. } => {
                data.join(Key::File(module.clone(), kind).path()).display().to_string()
            }
            Place::Server(server) => {
                format!("{}/{}", server.url().to_string().trim_end_matches('/'), request(module, kind).path())
            }
        }
    }

    /// Sees to it that a file is there, whole and verified.
    pub(super) async fn fetch(&self, module: &ModuleVersion, kind: Kind) -> Result<Had, Lack> {
        match self {
            Place::Store { mirror, .. } => stored(mirror, module, kind).await,
            Place::Server(server) => served(server, module, kind).await,
        }
    }
}

impl Place {
    /// Asks for the lists of modules, so that the last ones are stored, and for the `.info` and go.mod of the newest
    /// version in each: there `go` looks whether versions were retracted. What nobody gives is no loss. Gives the
    /// versions of which something is there.
    pub(super) async fn lists(&self, modules: BTreeSet<ModulePath>) -> BTreeSet<ModuleVersion> {
        let Place::Store { mirror, .. } = self else { return BTreeSet::new() };
        let newest = futures_util::stream::iter(modules).map(async |module| {
            let ask = mirror.ask(Request::List(module.clone()), Reach::Anywhere);
            let Body::Bytes(list) = mirror.answer(&ask).await.ok()?.body else { return None };
            let list = VersionList::parse(&module, &String::from_utf8_lossy(&list));
            let releases = list.iter().rev().find(|version| !version.is_prerelease());
            let newest = ModuleVersion::new(module, releases.or_else(|| list.iter().next_back())?).ok()?;
            for kind in [Kind::Mod, Kind::Info] {
                self.fetch(&newest, kind).await.ok()?;
            }
            Some(newest)
        });
        newest.buffer_unordered(LISTS).filter_map(std::future::ready).collect().await
    }
}

async fn stored(mirror: &Arc<Mirror>, module: &ModuleVersion, kind: Kind) -> Result<Had, Lack> {
    let ask = mirror.ask(request(module, kind), Reach::Anywhere);
    let answer = mirror.answer(&ask).await.map_err(|refusal| lack(&refusal))?;
    let known = answer.meta.cache == CacheStatus::Hit;
    let bytes = match answer.body {
        Body::Bytes(bytes) => bytes,
        Body::Blob(_) => Bytes::new(),
        Body::Growing(follow) => {
            follow.landed().await.map_err(|refusal| lack(&refusal))?;
            Bytes::new()
        }
    };
    // What a full disk did not take was answered from memory.
    let fact = mirror.stored(module, kind).await.map_err(|error| Lack::Failed(error.to_string()))?;
    let fact = fact
        .ok_or_else(|| Lack::Failed("it was fetched, and could not be stored; is the disk full?".into()))?;
    Ok(Had { h1: fact.h1(), bytes, size: fact.size(), known })
}

fn lack(refusal: &Refusal) -> Lack {
    match refusal {
        Refusal::Absent(_) | Refusal::Gone(_) => Lack::Absent(refusal.to_string()),
        _ => Lack::Failed(refusal.to_string()),
    }
}

async fn served(server: &Proxy, module: &ModuleVersion, kind: Kind) -> Result<Had, Lack> {
    let want = Want::new(request(module, kind), Arc::new(Urgency::new(Priority::Client)));
    let incoming = match server.fetch(&want).await {
        Ok(Fetched::Body(incoming)) => incoming,
        Ok(Fetched::NotModified) => return Err(Lack::Failed("the server sent no content".into())),
        Err(Miss::Absent(absence)) => return Err(Lack::Absent(absence.to_string())),
        Err(Miss::Failed(fault)) => return Err(Lack::Failed(fault.to_string())),
    };
    match kind {
        Kind::Info | Kind::Mod => {
            let bytes = whole(incoming).await?;
            let h1 = (kind == Kind::Mod).then(|| H1::of_gomod(&bytes));
            Ok(Had { h1, size: bytes.len() as u64, bytes, known: false })
        }
        Kind::Zip => checked(module, incoming).await,
    }
}

/// A small body; how large it may be the source's limits say.
async fn whole(mut incoming: Incoming) -> Result<Bytes, Lack> {
    let mut bytes = Vec::new();
    while let Some(piece) = next(&mut incoming).await? {
        match piece {
            Piece::Bytes(more) => bytes.extend_from_slice(&more),
            Piece::Anew(_) => bytes.clear(),
        }
    }
    Ok(bytes.into())
}

/// A zip, by way of a file that has no name.
async fn checked(module: &ModuleVersion, mut incoming: Incoming) -> Result<Had, Lack> {
    let failed = |error: std::io::Error| Lack::Failed(format!("a temporary file: {error}"));
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut size = 0;
    while let Some(piece) = next(&mut incoming).await? {
        match piece {
            Piece::Bytes(more) => {
                size += more.len() as u64;
                file.write_all(&more).map_err(failed)?;
            }
            Piece::Anew(_) => {
                size = 0;
                file = tempfile::tempfile().map_err(failed)?;
            }
        }
    }
    let of = module.clone();
    let check = move |file: File| ZipCheck::new(&of).finish(file, size);
    let facts = tokio::task::spawn_blocking(move || check(file)).await;
    let facts = facts.map_err(|error| Lack::Failed(error.to_string()))?;
    let facts = facts
        .map_err(|fault| Lack::Failed(format!("the server sent something else than this zip: {fault}")))?;
    Ok(Had { h1: Some(facts.h1), bytes: Bytes::new(), size, known: false })
}

async fn next(incoming: &mut Incoming) -> Result<Option<Piece>, Lack> {
    incoming.bytes.try_next().await.map_err(|fault| Lack::Failed(fault.to_string()))
}

fn request(module: &ModuleVersion, kind: Kind) -> Request {
    match kind {
        Kind::Info => Request::Info(module.clone()),
        Kind::Mod => Request::Mod(module.clone()),
        Kind::Zip => Request::Zip(module.clone()),
    }
}

/// Lists that are asked for at once.
const LISTS: usize = 16;
