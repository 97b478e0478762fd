//! Which modules are asked for.

use std::env;

use anyhow::{Context, bail};
use gomod::Patterns;
use upstream::Bounds;
use workbench::bench::{Project, Resolved, Target, Wanted, resolve};

use crate::{args::BenchArgs, settings::Settings};

/// Those of the command line, those of the project, or what everybody has. A name that is private leaves this machine
/// only where somebody typed it beside the proxies that get it.
pub(super) async fn choose(
    settings: &Settings,
    args: &BenchArgs,
    targets: &[Target],
    bounds: &Bounds,
) -> anyhow::Result<Resolved> {
    let here = env::current_dir().context("the working directory")?;
    let root = here.ancestors().find(|dir| dir.join("go.mod").is_file());
    let project = root.map(Project::read).unwrap_or_default();
    let private = private(settings);
    if args.module.is_empty() {
        let subjects = project.subjects(&private, MODULES);
        let subjects = if subjects.is_empty() { Project::well_known() } else { subjects };
        return Ok(Resolved { subjects, notes: Vec::new() });
    }
    if args.module.len() > MOST {
        bail!("--module is given {} times; at most {MOST} modules are asked for", args.module.len());
    }
    let parse =
        |text: &String| text.parse::<Wanted>().map_err(|why| anyhow::anyhow!("--module {text}: {why}"));
    let wanted = args.module.iter().map(parse).collect::<anyhow::Result<Vec<_>>>()?;
    if args.proxies.is_empty()
        && let Some(wanted) = wanted.iter().find(|wanted| private.matches(wanted.path.as_str()))
    {
        bail!(
            "{} is private by these settings, so the proxies of GOPROXY must not hear of it; name the proxy that may: \
             larder bench --module {0} https://proxy.example.com",
            wanted.path
        );
    }
    resolve(targets, &wanted, &project, bounds).await.map_err(anyhow::Error::msg)
}

/// What no proxy is asked for, and what only the chain of a route is.
fn private(settings: &Settings) -> Patterns {
    let of_routes = settings.routes.iter().filter(|route| route.chain.is_some()).map(|route| &route.modules);
    let all = [&settings.private.no_proxy.value].into_iter().chain(of_routes);
    Patterns::new(&all.map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// How many of a project's modules are asked for.
const MODULES: usize = 4;
/// How many somebody can name, so that there are requests left for each.
const MOST: usize = 16;
