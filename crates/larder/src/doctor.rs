//! `larder doctor`: why modules do not come.

mod mend;

use std::{
    env,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use workbench::{Check, Environment, Patient, Report, checks, examine};

use crate::{args::DoctorArgs, config::Printed, progress::Progress};

/// Looks, and says what was seen.
pub(crate) fn run(args: &DoctorArgs, env: &Environment) -> Printed {
    if args.check.iter().any(|name| name == "help") {
        return Printed { out: listed(), ..Printed::default() };
    }
    let done = if args.change.undo { mend::undo(env, args.change.yes) } else { look(args, env) };
    done.unwrap_or_else(|error| Printed {
        err: format!("larder: {error:#}\n"),
        code: FAILED,
        ..Printed::default()
    })
}

fn look(args: &DoctorArgs, env: &Environment) -> anyhow::Result<Printed> {
    let chosen = chosen(&args.check)?;
    let given = args.dir.as_deref().unwrap_or(Path::new("."));
    let dir = env::current_dir()
        .map(|here| here.join(given))
        .and_then(|dir| dir.canonicalize())
        .with_context(|| format!("cannot look at {}", given.display()))?;
    if !dir.is_dir() {
        bail!("{} is no directory; give the one of the project", given.display());
    }
    let offline = offline(args, env)?;
    let report = examined(&dir, env, offline, &chosen)?;
    if !args.change.fix {
        return Ok(shown(args, &report));
    }
    if !args.json {
        let text = report.text();
        io::stdout().write_all(text.as_bytes()).context("cannot write the report")?;
    }
    let Some(changed) = mend::fix(&report, env, args.change.yes)? else {
        let Printed { out, code, .. } = shown(args, &report);
        return Ok(Printed { out: if args.json { out } else { String::new() }, code, ..Printed::default() });
    };
    // Whatever followed from it is seen once more, or no longer.
    let Printed { out, code, .. } = shown(args, &examined(&dir, env, offline, &chosen)?);
    let out = if args.json { out } else { format!("\n{changed}\n{out}") };
    Ok(Printed { out, code, ..Printed::default() })
}

/// The report as it was asked for.
fn shown(args: &DoctorArgs, report: &Report) -> Printed {
    let code = u8::from(!report.findings.is_empty());
    Printed { out: if args.json { report.json() } else { report.text() }, code, ..Printed::default() }
}

fn examined(
    dir: &Path,
    env: &Environment,
    offline: bool,
    chosen: &[&'static Check],
) -> anyhow::Result<Report> {
    let patient = Arc::new(Patient::read(dir.to_owned(), env.clone(), offline));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start worker threads")?;
    let progress = Progress::new();
    let (mut ended, all) = (0_usize, chosen.len());
    let report = runtime.block_on(examine(patient, chosen.iter().copied(), |check| {
        ended += 1;
        progress.draw(|| format!("{ended} of {all} checks done, the last: {}", check.about));
    }));
    progress.clear();
    // A check that was given up may still wait for the system.
    runtime.shutdown_background();
    Ok(report)
}

/// As the setting `offline` of every other command.
fn offline(args: &DoctorArgs, env: &Environment) -> anyhow::Result<bool> {
    let said = match (&args.offline, env.get("LARDER_OFFLINE")) {
        (Some(said), _) => ("--offline", said.clone()),
        (None, Some(said)) => ("LARDER_OFFLINE", said.to_string_lossy().into_owned()),
        (None, None) => return Ok(false),
    };
    match said.1.as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => bail!("{} is true or false", said.0),
    }
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Check>> {
    if names.is_empty() {
        return Ok(checks().collect());
    }
    names
        .iter()
        .map(|name| {
            checks()
                .find(|check| check.name == name)
                .with_context(|| format!("there is no check {name}; `larder doctor --check help` lists them"))
        })
        .collect()
}

fn listed() -> String {
    checks().fold(String::new(), |all, check| all + &format!("{:16} {}\n", check.name, check.about))
}

/// When it could not look.
const FAILED: u8 = 2;
