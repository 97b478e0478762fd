//! `larder vendor plan`: how a project builds although a module cannot be had.

mod copy;
mod journal;
mod lacking;
mod proposal;
mod trial;

use std::path::Path;

use anyhow::{Context, bail};
use gomod::ModuleVersion;
use serde_json::{Value, json};
use workbench::{
    Environment, GoSettings,
    needs::Needs,
    project::{Project, workspace_file},
};

use self::{
    journal::Journal,
    lacking::Lacking,
    proposal::{Proposal, Site},
    trial::Trials,
};
use crate::{
    args::{PlanArgs, Proposed},
    config::Printed,
    engine::Engine,
    progress::Progress,
    settings::Settings,
    warm,
};

/// Plans, and does what was asked: 0 nothing is missing, or it is done, 1 something is missing.
pub(crate) async fn plan(settings: &Settings, args: &PlanArgs, env: &Environment) -> anyhow::Result<Printed> {
    let dir = args.dir.canonicalize().with_context(|| format!("cannot find {}", args.dir.display()))?;
    let go = GoSettings::read(env);
    let project = project(&dir, &go)?;
    let root = project.mains().first().map_or(&*dir, |main| main.dir()).to_owned();
    if args.undo {
        let done = Journal::take_back(&root)?;
        return Ok(said(args, &json!({ "project": root, "undone": true }), &done, 0));
    }
    if args.apply && Journal::is_there(&root) {
        bail!("a proposal is written already; take it back first: larder vendor plan --undo");
    }
    let vendored = project.vendor();
    std::fs::create_dir_all(&settings.data.value)
        .with_context(|| format!("cannot make {}", settings.data.value.display()))?;
    let engine = Engine::start(settings).await?;
    let progress = Progress::new();
    let lacking = missing(&project, settings, &engine, &progress).await?;
    let mut text = Vec::new();
    if let Some(vendored) = &vendored {
        text.push(format!(
            "go build takes packages from {} by itself, so that it needs no modules; `go mod` commands do",
            vendored.display()
        ));
    }
    text.extend(lacking.lines());
    let mut object = json!({
        "project": root, "vendored": vendored.is_some(), "missing": lacking.objects(),
        "proposals": [], "applied": false,
    });
    // Who asks for it may have it without need.
    let asked = args.only == Some(Proposed::Vendor) && vendored.is_none();
    if lacking.is_empty() && !asked {
        text.push(
            "everything that the project needs can be had, or is stored: larder run -- go build ./..."
                .to_owned(),
        );
        return Ok(said(args, &object, &text, 0));
    }
    if vendored.is_some() {
        text.push("nothing has to be changed for builds".to_owned());
        return Ok(said(args, &object, &text, 0));
    }
    if let Some(line) = lacking.contradiction() {
        bail!("{line}; no other version is proposed before it is known who changed what");
    }
    let trials = Trials::start(engine, settings, &root).await?;
    let data = &settings.data.value;
    let site = Site { root: &root, data, lacking: &lacking, go: &go, trials: &trials, progress: &progress };
    let (tried, works) = propose(&site, args.only).await?;
    progress.clear();
    set(&mut object, "proposals", Value::Array(tried.iter().map(Proposal::object).collect()));
    text.extend(tried.iter().map(Proposal::line));
    let Some(works) = works else {
        text.push("nothing that was tried lets the project build".to_owned());
        trials.stop().await;
        return Ok(said(args, &object, &text, MISSING));
    };
    let code = if args.apply || lacking.is_empty() { 0 } else { MISSING };
    if args.apply {
        text.extend(site.write(works).await?);
        set(&mut object, "applied", Value::Bool(true));
    } else {
        text.push("larder vendor plan --apply writes it, --undo takes it back".to_owned());
    }
    trials.stop().await;
    Ok(said(args, &object, &text, code))
}

fn project(dir: &Path, go: &GoSettings) -> anyhow::Result<Project> {
    if let Some(work) = workspace_file(dir, go) {
        bail!(
            "{} makes a workspace, whose modules are built together; set GOWORK=off and name one of its modules",
            work.display()
        );
    }
    Ok(Project::read(dir, go)?)
}

/// Fetches what the project needs, and says what cannot be had.
async fn missing<'a>(
    project: &Project,
    settings: &Settings,
    engine: &Engine,
    progress: &'a Progress,
) -> anyhow::Result<Lacking<'a>> {
    let mut needs = Needs::new(false);
    needs.project(project);
    let sums = warm::sums(project)?;
    for (_, sums) in &sums {
        needs.sums(sums, false);
    }
    let place = warm::Place::store(&engine.mirror, &settings.data.value);
    let mut lacking = Lacking::new(progress);
    let needs = warm::fetch(needs, &sums, &place.into(), &mut lacking).await?;
    progress.clear();
    lacking.keep_needed(&needs);
    Ok(lacking)
}

/// Tries what there is to propose, in order, up to what works.
async fn propose(
    site: &Site<'_>,
    only: Option<Proposed>,
) -> anyhow::Result<(Vec<Proposal>, Option<proposal::Works>)> {
    let mut tried = Vec::new();
    for kind in [Proposed::Version, Proposed::Vendor, Proposed::Copy] {
        if only.is_some_and(|only| only != kind) {
            continue;
        }
        let (proposal, works) = site.tried(kind).await?;
        tried.push(proposal);
        if works.is_some() {
            return Ok((tried, works));
        }
    }
    Ok((tried, None))
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(place) = object.get_mut(name) {
        *place = value;
    }
}

fn said(args: &PlanArgs, object: &Value, lines: &[String], code: u8) -> Printed {
    let out = if args.json { format!("{object:#}\n") } else { lines.join("\n") + "\n" };
    Printed { out, code, ..Printed::default() }
}

/// `PATH VERSION`, as it stands in a go.mod.
fn spaced(module: &ModuleVersion) -> String {
    format!("{} {}", module.path(), module.version())
}

/// Something is missing.
const MISSING: u8 = 1;
