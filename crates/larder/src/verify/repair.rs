//! `larder verify --repair`: what is broken in the module cache is fetched anew, and put right where it lies.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use gomod::{ModuleVersion, Request};
use mirror::{Body, Mirror, Reach};
use storage::Blob;
use tokio::{task::JoinSet, time::Instant};
use workbench::{
    Seen,
    modcache::ModCache,
    repair::{Needs, Repair, Right, Supplies, Temporary},
    verify::{Broken, Piece, Records, Subject},
};

use crate::{engine::Engine, settings::Settings};

/// Mends what can be mended, and says of each version what was done or why not.
pub(super) async fn repair(
    settings: &Settings,
    subject: &Subject,
    records: &Records,
    broken: &[Broken],
) -> anyhow::Result<Seen> {
    let data = &settings.data.value;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let engine = Engine::start(settings).await?;
    let mut pieces: BTreeMap<ModuleVersion, BTreeSet<Piece>> = BTreeMap::new();
    for Broken { module, piece } in broken {
        pieces.entry(module.clone()).or_default().insert(*piece);
    }
    let mut seen = Seen::default();
    let mut under_way = JoinSet::new();
    let mut waiting = pieces.into_iter();
    loop {
        while under_way.len() < AT_ONCE {
            let Some((module, pieces)) = waiting.next() else { break };
            let right = subject.should_be(&module, records);
            let one =
                One { mirror: Arc::clone(&engine.mirror), cache: subject.cache().clone(), module, pieces };
            under_way.spawn(async move { (one.module.clone(), one.mend(right).await) });
        }
        let Some(done) = under_way.join_next().await else { break };
        let (module, done) = done.context("a repair ended early")?;
        match done {
            Ok(done) => seen.passed(format!("repaired: {module}: {}", done.join(", "))),
            Err(why) => seen.unchecked(format!("not repaired: {module}: {why:#}")),
        }
    }
    Ok(seen)
}

/// One version that is mended.
struct One {
    mirror: Arc<Mirror>,
    cache: ModCache,
    module: ModuleVersion,
    pieces: BTreeSet<Piece>,
}

impl One {
    async fn mend(self, right: Right) -> anyhow::Result<Vec<String>> {
        let right = right.or_what_is_good(&self.cache, &self.module, &self.pieces);
        let repair = self.lock().await?;
        let Needs { zip, gomod, info } = repair.needs(&self.pieces);
        let mut supplies = Supplies::default();
        if zip {
            supplies.zip = Some(self.zip(repair.temporary()?).await.context("the zip")?);
        }
        if gomod {
            supplies.gomod = Some(self.small(Request::Mod(self.module.clone())).await.context("the go.mod")?);
        }
        if info {
            supplies.info = Some(self.small(Request::Info(self.module.clone())).await.context("the .info")?);
        }
        let pieces = self.pieces;
        let mended = tokio::task::spawn_blocking(move || repair.mend(&pieces, &right, supplies));
        Ok(mended.await.context("the repair ended early")??)
    }

    /// Waits for whoever downloads or unpacks the version at this moment.
    async fn lock(&self) -> anyhow::Result<Repair> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(repair) = Repair::begin(&self.cache, &self.module)? {
                return Ok(repair);
            }
            if Instant::now() >= until {
                anyhow::bail!("another process keeps it locked; is a go command still running?");
            }
            tokio::time::sleep(TURN).await;
        }
    }

    async fn zip(&self, mut into: Temporary) -> anyhow::Result<Temporary> {
        match self.body(Request::Zip(self.module.clone())).await? {
            Whole::Bytes(bytes) => into.file().write_all(&bytes)?,
            Whole::Blob(blob) => {
                for index in 0..blob.blocks() {
                    let block = blob.block(index).await.map_err(|rot| anyhow::anyhow!("{rot}"))?;
                    into.file().write_all(&block)?;
                }
            }
        }
        Ok(into)
    }

    async fn small(&self, what: Request) -> anyhow::Result<Vec<u8>> {
        Ok(match self.body(what).await? {
            Whole::Bytes(bytes) => bytes.into(),
            Whole::Blob(blob) => blob.bytes().await.map_err(|rot| anyhow::anyhow!("{rot}"))?.into(),
        })
    }

    /// All of an answer, verified.
    async fn body(&self, what: Request) -> anyhow::Result<Whole> {
        loop {
            let ask = self.mirror.ask(what.clone(), Reach::Anywhere);
            match self.mirror.answer(&ask).await?.body {
                Body::Bytes(bytes) => return Ok(Whole::Bytes(bytes)),
                Body::Blob(blob) => return Ok(Whole::Blob(blob)),
                // Then it is there, or the next answer says why not.
                Body::Growing(follow) => follow.landed().await?,
            }
        }
    }
}

/// A whole body.
enum Whole {
    Bytes(Bytes),
    Blob(Arc<Blob>),
}

/// Versions that are mended at once.
const AT_ONCE: usize = 4;
/// How long somebody else may keep a version locked: longer than a download usually takes.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often the lock is tried.
const TURN: Duration = Duration::from_millis(50);
