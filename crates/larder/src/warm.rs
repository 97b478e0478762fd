//! `larder warm`: all that projects need is fetched before it is needed.

mod place;
mod report;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use gomod::{GoMod, H1, ModuleVersion, SumFile};
use storage::Kind;
use tokio::task::JoinSet;
use workbench::{
    Environment, GoSettings,
    gosum::SumLines,
    needs::Needs,
    project::{Project, ProjectError},
    toolchain::{self, Mode, Platform},
};

pub(crate) use self::place::{Had, Lack, Place};
use self::report::Report;
use crate::{args::WarmArgs, engine::Engine, progress::TICK, publish::eprint, settings::Settings};

/// Fetches everything: 0 it is there, 1 something is missing.
pub(crate) async fn warm(settings: &Settings, args: &WarmArgs, env: &Environment) -> anyhow::Result<u8> {
    let Recorded { needs, sums } = needed(args, env)?;
    let engine = match &args.to {
        Some(_) => None,
        None => Some(engine(settings).await?),
    };
    let place = Arc::new(match (&args.to, &engine) {
        (None, Some(engine)) => Place::store(&engine.mirror, &settings.data.value),
        (to, _) => Place::server(settings, to.as_deref().unwrap_or_default())?,
    });
    let mut report = Report::new(args.json, Arc::clone(&place));
    let needs = fetch(needs, &sums, &place, &mut report).await?;
    report.finish(&needs)
}

/// What was fetched for projects.
pub(crate) struct Warmed {
    /// The versions of which something is stored.
    pub(crate) versions: BTreeSet<ModuleVersion>,
    /// Whether nothing is missing.
    pub(crate) complete: bool,
}

/// Fetches everything that projects need into the store, and the lists of their modules as far as sources give them.
pub(crate) async fn into_store(
    settings: &Settings,
    args: &WarmArgs,
    env: &Environment,
) -> anyhow::Result<Warmed> {
    let Recorded { needs, sums } = needed(args, env)?;
    let engine = engine(settings).await?;
    let place = Arc::new(Place::store(&engine.mirror, &settings.data.value));
    let mut report = Report::new(false, Arc::clone(&place));
    let needs = fetch(needs, &sums, &place, &mut report).await?;
    let mut versions = report.versions();
    let modules = versions.iter().map(|version| version.path().clone()).collect();
    versions.extend(place.lists(modules).await);
    Ok(Warmed { versions, complete: report.finish(&needs)? == 0 })
}

/// The mirror of this machine, which has to be able to store.
async fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    let data = &settings.data.value;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let engine = Engine::start(settings).await?;
    if !engine.can_store() && !settings.offline.value {
        bail!("{} cannot be written", data.display());
    }
    Ok(engine)
}

/// Who is told what becomes of files.
pub(crate) trait Watch {
    /// A file is there, or is not.
    fn done(&mut self, module: ModuleVersion, kind: Kind, done: Result<Had, Lack>);

    /// It is time to tell a terminal; `all`: how many files are known to be needed.
    fn draw(&self, all: usize);
}

/// Every go.sum of a project, and where it lies.
pub(crate) fn sums(project: &Project) -> anyhow::Result<Vec<(PathBuf, SumLines)>> {
    let mut found = Vec::new();
    for file in project.sum_files() {
        let sums = SumLines::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        found.extend(sums.map(|sums| (file, sums)));
    }
    Ok(found)
}

/// What the projects say.
struct Recorded {
    needs: Needs,
    /// Every go.sum, and where it lies.
    sums: Vec<(PathBuf, SumLines)>,
}

fn needed(args: &WarmArgs, env: &Environment) -> anyhow::Result<Recorded> {
    let go = GoSettings::read(env);
    let platforms = args.platform.iter().map(|text| text.parse()).collect::<Result<Vec<Platform>, _>>();
    let platforms = platforms.context("--platform")?;
    let mut recorded = Recorded { needs: Needs::new(args.all), sums: Vec::new() };
    for dir in &args.dirs {
        let dir = dir.canonicalize().with_context(|| format!("cannot find {}", dir.display()))?;
        match Project::read(&dir, &go) {
            Ok(project) => {
                recorded.needs.project(&project);
                for module in toolchains(&project, &platforms, &go, env) {
                    recorded.needs.toolchain(&module);
                }
                for (file, sums) in sums(&project)? {
                    recorded.sums(file, sums, false);
                }
            }
            Err(ProjectError::None(_)) if dir.join("go.sum").is_file() => {
                let file = dir.join("go.sum");
                let sums =
                    SumLines::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                recorded.sums(file, sums.unwrap_or_default(), true);
            }
            Err(ProjectError::None(_)) => bail!(
                "there is no go.mod, go.work or go.sum in {} or above; name the directory of a project",
                dir.display()
            ),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(recorded)
}

/// The Go that a project asks for, on the platforms that are named, or on this machine if its `go` would download it.
fn toolchains(
    project: &Project,
    platforms: &[Platform],
    go: &GoSettings,
    env: &Environment,
) -> Vec<ModuleVersion> {
    if platforms.is_empty() {
        let name = toolchain::downloaded(project, go, env);
        return name.and_then(|name| toolchain::module(&name, &Platform::here())).into_iter().collect();
    }
    let wanted =
        toolchain::wanted(project, &Mode::Auto(None)).into_iter().map(|wanted| wanted.version).next();
    // What is older cannot be downloaded, and every Go since takes it for fulfilled.
    let Some(version) = wanted.filter(|version| version.is_at_least(1, 21)) else { return Vec::new() };
    let name = toolchain::name(&version);
    platforms.iter().filter_map(|platform| toolchain::module(&name, platform)).collect()
}

impl Recorded {
    fn sums(&mut self, file: PathBuf, sums: SumLines, alone: bool) {
        for fault in sums.faults().iter().filter(|fault| fault.kind.is_fatal()) {
            eprint(&format!(
                "warning: {}:{}: {}; `go` refuses the file, `larder verify` says more",
                file.display(),
                fault.line,
                fault.kind
            ));
        }
        self.needs.sums(&sums, alone);
        self.sums.push((file, sums));
    }
}

/// Fetches what is needed, and what turns out to be needed on the way, much of it at once.
pub(crate) async fn fetch(
    mut needs: Needs,
    sums: &[(PathBuf, SumLines)],
    place: &Arc<Place>,
    report: &mut impl Watch,
) -> anyhow::Result<Needs> {
    let mut under_way = JoinSet::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        while under_way.len() < AT_ONCE {
            let Some((module, kind)) = needs.next_file() else { break };
            let place = Arc::clone(place);
            under_way.spawn(async move {
                let done = place.fetch(&module, kind).await;
                (module, kind, done)
            });
        }
        if under_way.is_empty() {
            return Ok(needs);
        }
        tokio::select! {
            Some(done) = under_way.join_next() => {
                let (module, kind, done) = done.context("a fetch ended early")?;
                if kind == Kind::Mod {
                    let mods = done.as_ref().ok().and_then(|had| GoMod::parse(&had.bytes).ok());
                    needs.read(&module, mods);
                }
                let done = done.and_then(|had| match differs(sums, &module, kind, &had) {
                    Some(why) => Err(Lack::Failed(why)),
                    None => Ok(had),
                });
                report.done(module, kind, done);
            }
            _ = tick.tick() => report.draw(needs.count()),
        }
    }
}

/// Why `go` would refuse a file, if a go.sum records another hash.
fn differs(sums: &[(PathBuf, SumLines)], module: &ModuleVersion, kind: Kind, had: &Had) -> Option<String> {
    let file = match kind {
        Kind::Info => return None,
        Kind::Mod => SumFile::GoMod,
        Kind::Zip => SumFile::Zip,
    };
    let h1 = had.h1?;
    sums.iter().find_map(|(path, sums)| {
        let line = sums.deciding(module, file)?;
        let recorded: H1 = line.h1()?;
        (recorded != h1).then(|| contradiction(path, line.number(), recorded, h1))
    })
}

fn contradiction(path: &Path, line: usize, recorded: H1, h1: H1) -> String {
    format!(
        "SECURITY: {}:{line} records {recorded}, and what was fetched is {h1}; `go` will refuse it: look who changed which \
         of both before you go on",
        path.display()
    )
}

/// How many files are asked for at once: as many as one source is asked by default.
const AT_ONCE: usize = 64;
