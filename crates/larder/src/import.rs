//! `larder import`: modules that lie on a disk, taken in.

mod name;
mod read;
mod report;
mod walk;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use anyhow::{Context, bail};
use gomod::{H1, ModuleVersion};
use mirror::{Brought, Declined, Imported, Mirror, Refusal, Security, Unverified};
use storage::{Kind, StoreError};
use tokio::{sync::mpsc, task::JoinSet};

use self::{
    read::{Caps, Opened, Unread},
    report::{Reason, Refused, Report},
    walk::{Files, Found, Walk, Walked},
};
use crate::{args::ImportModulesArgs, engine::Engine, progress::TICK, settings::Settings};

/// Takes everything in that can be: 0 all of it, 1 something was refused.
pub(crate) async fn import(settings: &Settings, args: &ImportModulesArgs) -> anyhow::Result<u8> {
    let root = walk::root(args.modcache.as_deref(), args.dir.as_deref())?;
    std::fs::create_dir_all(&settings.data.value)
        .with_context(|| format!("cannot make {}", settings.data.value.display()))?;
    let engine = Engine::start(settings).await?;
    if !engine.can_store() {
        bail!("{} cannot be written", settings.data.value.display());
    }
    let source: Arc<str> = if args.modcache.is_some() { "import of a module cache" } else { "import" }.into();
    let intake = Intake {
        mirror: Arc::clone(&engine.mirror),
        caps: Caps::of(settings),
        source,
        root: root.clone().into(),
    };
    let mut report = Report::new(args.json);
    let walked = Arc::new(Walked::default());
    let done = take_in(&intake, &walked, &mut report).await;
    report.counts.passed = walked.passed.load(Ordering::Relaxed);
    report.summary(&root, done.is_ok())?;
    done?;
    let counts = report.counts;
    if counts.versions == 0 && counts.refused == 0 && walked.entries.load(Ordering::Relaxed) > 0 {
        bail!(
            "{} holds no modules; a GOPROXY has MODULE/@v/VERSION.zip, Athens MODULE/VERSION/source.zip",
            name::shown(&root)
        );
    }
    Ok(if counts.refused > 0 { REFUSED } else { 0 })
}

/// Walks the tree, with several versions under way at once. An error: no more can be taken in.
async fn take_in(intake: &Intake, walked: &Arc<Walked>, report: &mut Report) -> anyhow::Result<()> {
    let (tell, mut told) = mpsc::channel(AHEAD);
    let walk = {
        let (root, walked) = (Arc::clone(&intake.root), Arc::clone(walked));
        tokio::task::spawn_blocking(move || Walk::new(&root, &walked, tell).run())
    };
    let mut under_way = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    let mut more = true;
    while more || !under_way.is_empty() {
        tokio::select! {
            found = told.recv(), if more && under_way.len() < AT_ONCE => match found {
                Some(Found::Version(files)) => {
                    report.counts.versions += 1;
                    let intake = intake.clone();
                    under_way.spawn(async move { intake.version(files).await });
                }
                Some(Found::Odd(refused)) => report.refused(&refused)?,
                None => more = false,
            },
            Some(done) = under_way.join_next(), if !under_way.is_empty() => {
                let Taken { outcomes, ended } = done.context("the import ended early")?;
                for outcome in outcomes {
                    count(outcome, report)?;
                }
                if let Some(error) = ended {
                    // What is under way comes to its end; nothing is torn if it does not.
                    return Err(error.context("no more can be stored"));
                }
            }
            _ = tick.tick() => report.progress.draw(|| report.line()),
        }
    }
    walk.await.context("the walk ended early")?
}

fn count(outcome: Outcome, report: &mut Report) -> std::io::Result<()> {
    match outcome {
        Outcome::Stored { bytes, pending } => {
            report.counts.new += 1;
            report.counts.bytes += bytes;
            report.counts.pending += u64::from(pending);
        }
        Outcome::Known => report.counts.known += 1,
        Outcome::Refused(refused) => report.refused(&refused)?,
    }
    Ok(())
}

/// Who takes versions in.
#[derive(Clone)]
struct Intake {
    mirror: Arc<Mirror>,
    caps: Caps,
    source: Arc<str>,
    root: Arc<Path>,
}

/// What became of the files of a version.
#[derive(Default)]
struct Taken {
    outcomes: Vec<Outcome>,
    /// Why nothing else can be taken in either.
    ended: Option<anyhow::Error>,
}

/// What became of a file.
enum Outcome {
    Stored { bytes: u64, pending: bool },
    Known,
    Refused(Refused),
}

/// Why a file is not taken in.
enum Not {
    This(Reason, String),
    Store(StoreError),
}

impl Intake {
    /// The zip first: what is refused there keeps the version out of lists.
    async fn version(&self, files: Files) -> Taken {
        let Files { version, mut files } = files;
        files.sort_by_key(|(kind, _)| match kind {
            Kind::Zip => 0,
            Kind::Mod => 1,
            Kind::Info => 2,
        });
        let mut taken = Taken::default();
        let mut wrong = false;
        for (kind, path) in files {
            let done = if wrong && kind == Kind::Info {
                let why = "another file of this version was refused".to_owned();
                Err(Not::This(Reason::Companion, why))
            } else {
                self.file(&version, kind, &path).await
            };
            let outcome = match done {
                Ok(outcome) => outcome,
                Err(Not::This(reason, why)) => {
                    wrong = true;
                    Outcome::Refused(self.refused(&version, kind, &path, reason, why))
                }
                Err(Not::Store(error)) => {
                    taken.ended = Some(error.into());
                    return taken;
                }
            };
            taken.outcomes.push(outcome);
        }
        taken
    }

    fn refused(&self, of: &ModuleVersion, kind: Kind, path: &Path, reason: Reason, why: String) -> Refused {
        let path = path.strip_prefix(&self.root).unwrap_or(path).to_owned();
        Refused { path, file: Some((of.clone(), kind)), reason, why }
    }

    async fn file(&self, version: &ModuleVersion, kind: Kind, path: &Path) -> Result<Outcome, Not> {
        let opened = Opened::open(path, kind, self.caps).await?;
        let known = self.mirror.stored(version, kind).await.map_err(Not::Store)?;
        let brought = match kind {
            Kind::Info if known.is_some() => return Ok(Outcome::Known),
            Kind::Info => Brought::Small(opened.bytes().await?),
            Kind::Mod => {
                let bytes = opened.bytes().await?;
                if known.is_some_and(|known| known.h1() == Some(H1::of_gomod(&bytes))) {
                    return Ok(Outcome::Known);
                }
                Brought::Small(bytes)
            }
            // Another length may be another way to compress the same, or something else.
            Kind::Zip if known.is_some_and(|known| known.size() == opened.len()) => {
                return Ok(Outcome::Known);
            }
            Kind::Zip => Brought::Zip(opened.copy(self.mirror.stage()).await?),
        };
        let bytes = match &brought {
            Brought::Small(bytes) => bytes.len() as u64,
            Brought::Zip(staged) => staged.written(),
        };
        match self.mirror.import(version, kind, brought, &self.source).await {
            Ok(Imported::New(_)) => Ok(Outcome::Stored { bytes, pending: false }),
            Ok(Imported::Pending) => Ok(Outcome::Stored { bytes, pending: true }),
            Ok(Imported::Known) => Ok(Outcome::Known),
            Err(declined) => Err(declined.into()),
        }
    }
}

impl From<Unread> for Not {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::This(reason, why) => Not::This(reason, why),
            Unread::Store(error) => error.into(),
        }
    }
}

/// Some errors of the store are about one file.
impl From<StoreError> for Not {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NameTooLong(_) => Not::This(Reason::Name, error.to_string()),
            StoreError::Contended(_) => Not::This(Reason::Busy, error.to_string()),
            error => Not::Store(error),
        }
    }
}

impl From<Declined> for Not {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Unfit(why) => Not::This(Reason::Content, why),
            Declined::Refused(refusal) => Not::This(reason(&refusal), refusal.to_string()),
            Declined::Store(error) => error.into(),
        }
    }
}

fn reason(refusal: &Refusal) -> Reason {
    match refusal {
        Refusal::Security(Security::Content(_) | Security::Database(_)) => Reason::Contradiction,
        Refusal::Gone(_) => Reason::Withdrawn,
        Refusal::Unverified(Unverified::Unknown { .. } | Unverified::Record { .. }) | Refusal::Absent(_) => {
            Reason::Unknown
        }
        Refusal::Unverified(Unverified::Unreachable { .. } | Unverified::NotStored { .. })
        | Refusal::Failed(_)
        | Refusal::Offline
        | Refusal::OwnLog(_) => Reason::Unverified,
        Refusal::Overloaded(_) | Refusal::Internal(_) | Refusal::Storage(_) => Reason::Busy,
    }
}

/// Versions that are under way at once.
const AT_ONCE: usize = 8;
/// What the walk may be ahead.
const AHEAD: usize = 64;
/// Something was refused.
const REFUSED: u8 = 1;
