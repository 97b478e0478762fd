//! `larder verify`: that what lies on this machine is what it should be.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use workbench::{
    Environment, GoSettings, Seen,
    verify::{Subject, report},
};

use crate::{args::VerifyArgs, config::Printed, settings::Settings};

/// Looks at everything that was named, and says what was seen: 0 nothing is wrong, 1 something is.
pub(crate) async fn verify(
    _settings: &Settings,
    args: &VerifyArgs,
    env: &Environment,
) -> anyhow::Result<Printed> {
    let go = GoSettings::read(env);
    let mut seen = Seen::default();
    for path in places(&args.paths)? {
        if !path.is_dir() {
            bail!("{} is no directory; give the one of a project", path.display());
        }
        seen.add(Subject::project(&path, &go)?.verify());
    }
    let report = report(seen);
    let code = u8::from(!report.findings.is_empty());
    Ok(Printed { out: if args.json { report.json() } else { report.text() }, code, ..Printed::default() })
}

/// What was named, as it is found from here: the current directory, if nothing was.
fn places(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let here = env::current_dir().context("there is no current directory")?;
    let one = |path: &Path| {
        here.join(path).canonicalize().with_context(|| format!("cannot look at {}", path.display()))
    };
    if named.is_empty() { Ok(vec![here]) } else { named.iter().map(|path| one(path)).collect() }
}
