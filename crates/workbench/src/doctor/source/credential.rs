//! Programs that git asks for passwords.

use std::{path::Path, time::Duration};

use crate::{
    Environment,
    doctor::program::{self, Program},
};

/// The first of these helpers that is not there, as the configuration writes it. What a shell makes of one is its own.
pub(super) fn missing<'h>(helpers: &'h [String], env: &Environment) -> Option<&'h str> {
    let git_dir = Program::new("git", env).ok().and_then(|git| {
        let said = git.args(["--exec-path"]).run(QUICK).ok()?;
        Some(said.stdout.trim().to_owned())
    });
    let is_there = |helper: &str| {
        let name = helper.split_whitespace().next().unwrap_or_default();
        if name.starts_with('!') {
            return true;
        }
        if name.starts_with('/') {
            return Path::new(name).is_file();
        }
        let name = format!("git-credential-{name}");
        program::find(&name, env).is_some()
            || git_dir.as_deref().is_some_and(|dir| Path::new(dir).join(&name).is_file())
    };
    helpers.iter().map(String::as_str).find(|helper| !is_there(helper))
}

/// The name of a helper, without what stands behind it: that may be secret.
pub(super) fn shown(helper: &str) -> &str {
    helper.split_whitespace().next().unwrap_or_default()
}

const QUICK: Duration = Duration::from_secs(3);
