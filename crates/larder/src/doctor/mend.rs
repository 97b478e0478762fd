//! `larder doctor --fix` and `--undo`: changes of Go's settings, and the way back.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::Context;
use workbench::{Amendment, Environment, GoSettings, Report};

use crate::config::Printed;

/// Changes what the findings of a report say can be changed. None if nothing was, and why is on standard error.
///
/// # Errors
///
/// The settings file cannot be read or written, or nobody can be asked.
pub(super) fn fix(report: &Report, env: &Environment, yes: bool) -> anyhow::Result<Option<String>> {
    let Some(amendment) = Amendment::plan(&GoSettings::read(env), report)? else {
        if !report.findings.is_empty() {
            tell(
                "nothing of this can be mended in go's own settings file; the cures above say what can be done\n",
            )?;
        }
        return Ok(None);
    };
    if !agreed(&amendment, yes)? {
        return Ok(None);
    }
    let copy = amendment.apply()?;
    Ok(Some(format!(
        "changed; what was there lies in {}, and `larder doctor --undo` brings it back\n",
        copy.display()
    )))
}

/// Brings back what was there before the last change.
///
/// # Errors
///
/// There is nothing to bring back, it cannot be, or nobody can be asked.
pub(super) fn undo(env: &Environment, yes: bool) -> anyhow::Result<Printed> {
    let amendment = Amendment::undo(&GoSettings::read(env))?;
    if !agreed(&amendment, yes)? {
        return Ok(Printed::default());
    }
    let copy = amendment.apply()?;
    let out = format!("what lay in {} counts again\n", copy.display());
    Ok(Printed { out, ..Printed::default() })
}

/// Shows the change, and asks whether to make it.
fn agreed(amendment: &Amendment, yes: bool) -> anyhow::Result<bool> {
    tell(&amendment.diff())?;
    if yes {
        return Ok(true);
    }
    if !io::stdin().is_terminal() {
        tell("nothing was changed: there is no terminal to ask at; --yes changes it without a question\n")?;
        return Ok(false);
    }
    tell("change it? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    let yes = matches!(answer.trim(), "y" | "Y" | "yes");
    if !yes {
        tell("nothing was changed\n")?;
    }
    Ok(yes)
}

fn tell(text: &str) -> anyhow::Result<()> {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes()).and_then(|()| err.flush()).context("cannot write to the terminal")
}
