//! What Larder's ledger and the checksum database say of versions.

use std::{collections::BTreeSet, fs::File, io::Write, sync::Arc};

use gomod::{ModuleVersion, Request, SumFile, SumdbPath};
use mirror::{Answer, Body, Reach, Refusal};
use storage::{Evidence, Kind};
use sumdb::Lookup;
use tokio::task::JoinSet;
use workbench::verify::{Original, Originals, Records, Voucher};

use crate::{
    engine::Engine,
    settings::{Settings, Sumdb},
};

/// What vouches for versions: Larder's ledger, and who answers for the checksum database.
pub(crate) struct Vouching<'a> {
    settings: &'a Settings,
    /// None where nobody is to be asked and nothing is stored.
    engine: Option<Engine>,
}

impl<'a> Vouching<'a> {
    /// Opens the data directory. Whoever asks nobody and has stored nothing needs none.
    pub(crate) async fn open(settings: &'a Settings) -> anyhow::Result<Self> {
        let needs_none = settings.offline.value && !settings.data.value.join("format").exists();
        let engine = if needs_none { None } else { Some(Engine::start(settings).await?) };
        Ok(Vouching { settings, engine })
    }

    /// Adds what is known of versions: looks into the ledger, and asks the checksum database about what is neither there
    /// nor in `records` already. A private name reaches nobody.
    pub(crate) async fn records(&self, modules: BTreeSet<ModuleVersion>, records: &mut Records) {
        let mut open = Vec::new();
        for module in modules {
            let known = |file| records.get(&module, file).is_some_and(|(_, by)| by.is_binding());
            if known(SumFile::Zip) && known(SumFile::GoMod) {
                continue;
            }
            let settled = match &self.engine {
                Some(engine) => ledger(engine, &module, records).await,
                None => false,
            };
            if !settled {
                open.push(module);
            }
        }
        match &self.engine {
            Some(engine) => database(engine, self.settings, open, records).await,
            None if open.is_empty() => {}
            None if matches!(self.settings.sumdb.value, Sumdb::Off) => records.note(NONE_IS_SET),
            None => records.note(format!(
                "checksum database: not asked about {} versions (offline), and nothing is stored here",
                open.len()
            )),
        }
    }

    /// The files of versions, from Larder's store or from where it fetches them. What cannot be had is left out.
    pub(crate) async fn originals(&self, modules: Vec<ModuleVersion>) -> Originals {
        let mut originals = Originals::new();
        let Some(engine) = &self.engine else { return originals };
        for module in modules {
            let ask = engine.mirror.ask(Request::Zip(module.clone()), Reach::Anywhere);
            let Ok(Answer { body, .. }) = engine.mirror.answer(&ask).await else { continue };
            let Ok(file) = copied(body).await else { continue };
            let of = module.clone();
            let read = tokio::task::spawn_blocking(move || Original::of_zip(of, file)).await;
            if let Ok(Ok(original)) = read {
                originals.insert(module, original);
            }
        }
        originals
    }
}

/// What the receipt of a version says. Whether that leaves nothing to be asked.
async fn ledger(engine: &Engine, module: &ModuleVersion, records: &mut Records) -> bool {
    let Ok(Some(receipt)) = engine.store.read_receipt(module).await else { return false };
    let mut settled = true;
    for (kind, file) in [(Kind::Zip, SumFile::Zip), (Kind::Mod, SumFile::GoMod)] {
        let fact = receipt.fact(kind).and_then(|fact| Some((fact.h1()?, fact.evidence())));
        let Some((h1, evidence)) = fact else {
            settled = false;
            continue;
        };
        let by = match evidence {
            Evidence::Log { db, .. } => Voucher::Database(db.clone()),
            Evidence::Published { .. } => Voucher::Published,
            Evidence::Imported { .. } => Voucher::Imported,
            Evidence::FirstSight | Evidence::Off => Voucher::FirstSight,
        };
        settled &= by.is_binding();
        records.add(module.clone(), file, h1, by);
    }
    settled
}

/// Asks about each, a few at once. Those of which no database may hear are left out.
async fn database(engine: &Engine, settings: &Settings, modules: Vec<ModuleVersion>, records: &mut Records) {
    let mut asked = Tally::default();
    let mut waiting = modules.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < AT_ONCE && asked.failed < GIVEN_UP {
            let Some(module) = waiting.next() else { break };
            let mirror = Arc::clone(&engine.mirror);
            let mut ask = mirror.ask(Request::List(module.path().clone()), Reach::Anywhere);
            let Some(database) = ask.policy.voucher(module.path()) else { continue };
            let name = database.name.clone();
            ask.what = Request::Sumdb(name.clone(), SumdbPath::Lookup(module.clone()));
            running.spawn(async move { (mirror.answer(&ask).await, module, name) });
        }
        let Some(Ok((answer, module, name))) = running.join_next().await else { break };
        let hashes = match answer {
            Ok(Answer { body: Body::Bytes(bytes), .. }) => Lookup::parse(&bytes)
                .and_then(|lookup| lookup.hashes(&module))
                .map_err(|error| error.to_string()),
            Ok(_) => Err("the answer is no record".to_owned()),
            Err(Refusal::Absent(_)) => {
                asked.unknown.push(module.to_string());
                continue;
            }
            Err(Refusal::Offline) => {
                asked.offline += 1;
                continue;
            }
            Err(Refusal::Security(evil)) => {
                records.lie(evil.to_string());
                continue;
            }
            Err(refusal) => Err(refusal.to_string()),
        };
        match hashes {
            Ok(hashes) => {
                asked.failed = 0;
                for (file, h1) in [(SumFile::Zip, hashes.zip), (SumFile::GoMod, hashes.gomod)] {
                    if let Some(h1) = h1 {
                        records.add(module.clone(), file, h1, Voucher::Database(name.clone()));
                    }
                }
            }
            Err(why) => {
                asked.failed += 1;
                asked.silent += 1;
                asked.why.get_or_insert(why);
            }
        }
    }
    asked.silent += waiting.filter(|module| may_be_asked(engine, module)).count();
    asked.tell(settings, records);
}

fn may_be_asked(engine: &Engine, module: &ModuleVersion) -> bool {
    let ask = engine.mirror.ask(Request::List(module.path().clone()), Reach::Stored);
    ask.policy.voucher(module.path()).is_some()
}

/// How the questions went.
#[derive(Default)]
struct Tally {
    /// Failures one after the other.
    failed: usize,
    silent: usize,
    why: Option<String>,
    offline: usize,
    unknown: Vec<String>,
}

impl Tally {
    fn tell(self, settings: &Settings, records: &mut Records) {
        if matches!(settings.sumdb.value, Sumdb::Off) {
            records.note(NONE_IS_SET);
        }
        if self.offline > 0 {
            records.note(format!(
                "checksum database: not asked about {} versions (offline), of which nothing is stored here",
                self.offline
            ));
        }
        if let Some(why) = self.why {
            records.note(format!(
                "checksum database: {} versions were not compared, because it did not answer: {why}",
                self.silent
            ));
        }
        let more = self.unknown.len().saturating_sub(NAMED);
        for module in self.unknown.iter().take(NAMED) {
            records.note(format!("checksum database: it does not know {module}"));
        }
        if more > 0 {
            records.note(format!("checksum database: it does not know {more} more versions"));
        }
    }
}

/// What an answer carries, in a file that has no name.
async fn copied(body: Body) -> anyhow::Result<File> {
    let mut file = tempfile::tempfile()?;
    match body {
        Body::Bytes(bytes) => file.write_all(&bytes)?,
        Body::Blob(blob) => {
            for block in 0..blob.blocks() {
                file.write_all(&blob.block(block).await?)?;
            }
        }
        Body::Growing(mut follow) => {
            while let Some(bytes) = follow.next().await? {
                file.write_all(&bytes)?;
            }
        }
    }
    Ok(file)
}

const NONE_IS_SET: &str =
    "checksum database: none is set (GOSUMDB=off), so that go.sum was compared with none";
/// Questions under way.
const AT_ONCE: usize = 16;
/// After so many failures in a row nobody is asked any more.
const GIVEN_UP: usize = 8;
/// Versions that are named, each in a line.
const NAMED: usize = 5;
