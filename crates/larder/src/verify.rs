//! `larder verify`: that what lies on this machine is what it should be.

mod program;
mod records;
mod repair;

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use workbench::{
    Environment, GoSettings, Seen,
    verify::{Records, Subject, Verified, report},
};

use self::records::Vouching;
use crate::{args::VerifyArgs, config::Printed, progress::Progress, settings::Settings};

/// Looks at everything that was named, and says what was seen: 0 nothing is wrong, 1 something is.
pub(crate) async fn verify(
    settings: &Settings,
    args: &VerifyArgs,
    env: &Environment,
) -> anyhow::Result<Printed> {
    let go = GoSettings::read(env);
    let mut seen = Seen::default();
    let (projects, programs): (Vec<_>, Vec<_>) = places(args)?.into_iter().partition(|path| path.is_dir());
    let mut subjects = Vec::new();
    for path in projects {
        subjects.push(Arc::new(Subject::project(&path, &go)?));
    }
    if args.modcache {
        subjects.push(Arc::new(Subject::modcache(&go)?));
    }
    if !subjects.is_empty() {
        let vouching = Vouching::open(settings).await?;
        for subject in subjects {
            let (verified, records) = looked(&vouching, Arc::clone(&subject)).await?;
            if args.repair && !verified.broken.is_empty() {
                seen.add(repair::repair(settings, &subject, &records, &verified.broken).await?);
                // What is found now is what is left.
                seen.add(looked(&vouching, subject).await?.0.seen);
            } else {
                seen.add(verified.seen);
            }
        }
    }
    let mut programs = program::look(settings, &args.binary, &programs).await?;
    seen.add(programs.seen());
    let report = report(seen);
    let code = u8::from(!report.findings.is_empty());
    if let Some(bill) = programs.bill() {
        return Ok(Printed { out: bill, err: report.text(), code });
    }
    Ok(Printed { out: programs.show(&report, args.json), code, ..Printed::default() })
}

/// Reads what lies there, and asks meanwhile what it should be.
async fn looked(vouching: &Vouching<'_>, subject: Arc<Subject>) -> anyhow::Result<(Verified, Records)> {
    let reading = Arc::clone(&subject);
    let reading = tokio::task::spawn_blocking(move || {
        let (progress, modules) = (Progress::new(), reading.len());
        let read = reading.read(&|done| progress.draw(|| format!("{done} of {modules} modules read")));
        progress.clear();
        read
    });
    let mut records = subject.remembered();
    vouching.records(subject.asked(), &mut records).await;
    let originals = vouching.originals(subject.vendored_elsewhere(&records)).await;
    let read = reading.await.context("the module cache was not read to its end")?;
    Ok((subject.judge(&read, &records, &originals), records))
}

/// What was named, as it is found from here: the current directory, if nothing was.
fn places(args: &VerifyArgs) -> anyhow::Result<Vec<PathBuf>> {
    let here = env::current_dir().context("there is no current directory")?;
    let one = |path: &Path| {
        here.join(path).canonicalize().with_context(|| format!("cannot look at {}", path.display()))
    };
    match args.paths.as_slice() {
        [] if args.modcache => Ok(Vec::new()),
        [] => Ok(vec![here]),
        named => named.iter().map(|path| one(path)).collect(),
    }
}
