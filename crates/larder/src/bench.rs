//! `larder bench`: proxies compared.

mod modules;
mod targets;

use std::{
    fs,
    io::{self, IsTerminal},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::time::Instant;
use upstream::Bounds;
use workbench::{
    Environment,
    bench::{Comparison, Look, Phase, Plan, Resolved, Step, Tell, compare},
};

use self::targets::Found;
use crate::{
    args::BenchArgs,
    config::Printed,
    progress::{self, Progress},
    settings::{Settings, Span},
};

/// Measures, and says what was measured.
pub(crate) async fn bench(
    settings: &Settings,
    args: &BenchArgs,
    env: &Environment,
) -> anyhow::Result<Printed> {
    if settings.offline.value {
        bail!("nobody may be asked ({}), so nothing can be measured", settings.offline.origin);
    }
    let mut plan = plan(args)?;
    plan.database = targets::database(env);
    let progress = Arc::new(Progress::new());
    progress.draw(|| "looking for proxies".to_owned());
    let Found { targets, tail, mut notes } = targets::find(settings, args, env, plan.most).await?;
    let bounds = Bounds { bytes: plan.small.bytes, time: plan.small.time };
    progress.draw(|| "looking for modules".to_owned());
    let chosen = modules::choose(settings, args, &targets, &bounds).await;
    let Resolved { subjects, notes: left_out } = chosen.inspect_err(|_| progress.clear())?;
    notes.extend(left_out);
    let tell = tell(Arc::clone(&progress), targets.iter().map(|target| target.url.clone()).collect());
    let mut comparison = compare(targets, subjects, plan, tail, tell).await;
    progress.clear();
    comparison.notes.append(&mut notes);
    if let Some(file) = &args.html {
        draw(file, &comparison)?;
    }
    let report = comparison.report();
    let (code, err) = if comparison.measured_anything() {
        (u8::from(!report.findings.is_empty()), String::new())
    } else {
        (
            NOTHING,
            "larder: nobody could be asked anything, so nothing was measured
"
            .to_owned(),
        )
    };
    let out = match args {
        BenchArgs { json: true, .. } => comparison.json(),
        BenchArgs { csv: true, .. } => comparison.csv(),
        _ => comparison.text(look(env)),
    };
    Ok(Printed { out, err, code })
}

fn plan(args: &BenchArgs) -> anyhow::Result<Plan> {
    let most = match &args.requests {
        None if args.i_own_this => Plan::OWN,
        None => Plan::POLITE,
        Some(text) => match text.parse::<u32>() {
            Ok(most) if (1..=Plan::MOST).contains(&most) => most,
            _ => bail!("--requests {text:?}: write a number from 1 to {}", Plan::MOST),
        },
    };
    if most > Plan::POLITE && !args.i_own_this {
        bail!(
            "--requests {most}: more than {} requests are sent only to proxies of your own; say --i-own-this if they are",
            Plan::POLITE
        );
    }
    let patience = match &args.timeout {
        None => PATIENCE,
        Some(text) => match Span::parse(text, &(Duration::from_millis(100)..=Duration::from_mins(5))) {
            Ok(Span(patience)) => patience,
            Err(wrong) => bail!("--timeout: {}; {}", wrong.what, wrong.help.unwrap_or_default()),
        },
    };
    Ok(Plan::new(most, patience))
}

fn draw(file: &Path, comparison: &Comparison) -> anyhow::Result<()> {
    fs::write(file, comparison.html()).with_context(|| format!("cannot write {}", file.display()))
}

fn look(env: &Environment) -> Look {
    let terminal = io::stdout().is_terminal();
    let width = if terminal { progress::columns(&io::stdout()) } else { None };
    Look { color: terminal && env.get("NO_COLOR").is_none(), width: width.unwrap_or(100) }
}

/// Shows steps on a terminal: each phase as it begins, and from time to time how far it is.
fn tell(progress: Arc<Progress>, proxies: Vec<String>) -> Tell {
    let shown: Mutex<Option<(Instant, Step)>> = Mutex::default();
    Arc::new(move |step| {
        let now = Instant::now();
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(at, last): &(Instant, Step)| {
            last.phase == step.phase && last.url == step.url && now < *at + REDRAW
        };
        if shown.as_ref().is_some_and(same) {
            return;
        }
        *shown = Some((now, step.clone()));
        let number = proxies.iter().position(|url| *url == step.url).map_or(0, |at| at + 1);
        progress.draw(|| line(step, number, proxies.len()));
    })
}

fn line(Step { url, phase, done, of }: &Step, number: usize, proxies: usize) -> String {
    let phase = match phase {
        Phase::Cold => "connections of their own".to_owned(),
        Phase::Warm => "one after another".to_owned(),
        Phase::Zips => "zips".to_owned(),
        Phase::AtOnce(at_once) => format!("{at_once} at once"),
    };
    format!("{number} of {proxies}  {phase}: {done} of {of}  {url}")
}

/// When nobody was asked.
const NOTHING: u8 = 2;
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the line changes.
const REDRAW: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn plan_of(line: &str) -> anyhow::Result<Plan> {
        let Command::Bench(args) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("{line}")
        };
        plan(&args)
    }

    #[test]
    fn more_requests_than_are_polite_need_a_word() {
        for (line, most) in [
            ("larder bench", Some(500)),
            ("larder bench --requests 7", Some(7)),
            ("larder bench --i-own-this", Some(2000)),
            ("larder bench --i-own-this --requests 5000", Some(5000)),
            ("larder bench --requests 501", None),
            ("larder bench --requests 0", None),
            ("larder bench --requests many", None),
            ("larder bench --i-own-this --requests 1000000", None),
            ("larder bench --timeout 0s", None),
            ("larder bench --timeout 5", None),
        ] {
            assert_eq!(plan_of(line).ok().map(|plan| plan.most), most, "{line}");
        }
        assert_eq!(plan_of("larder bench --timeout 2s").unwrap().zip.time, Duration::from_secs(6));
    }
}
