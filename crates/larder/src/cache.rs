//! `larder cache`: the module cache of the go command, looked through and kept in order.

mod clean;
mod status;

use std::{env, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use workbench::{Environment, GoSettings, modcache::ModCache};

use crate::{
    args::{CacheCommand, CacheOption},
    config::Printed,
};

/// Does one of the commands.
pub(crate) fn run(command: &CacheCommand, env: &Environment) -> Printed {
    let done = match command {
        CacheCommand::Status(args) => cache(&args.place, env).and_then(|cache| status::status(&cache, args)),
        CacheCommand::Clean(args) => cache(&args.place, env).and_then(|cache| clean::clean(&cache, args)),
    };
    done.unwrap_or_else(|error| Printed {
        err: format!("larder: {error:#}\n"),
        code: FAILED,
        ..Printed::default()
    })
}

/// The cache that was named, or the one that `go` uses.
fn cache(place: &CacheOption, env: &Environment) -> anyhow::Result<ModCache> {
    let found = match &place.modcache {
        Some(dir) => env::current_dir().context("cannot tell where this is")?.join(dir),
        None => go_cache(env)?,
    };
    let dir =
        found.canonicalize().with_context(|| format!("there is no module cache at {}", found.display()))?;
    if !dir.is_dir() {
        bail!("{} is no directory; name what `go env GOMODCACHE` prints", dir.display());
    }
    Ok(ModCache::new(dir))
}

fn go_cache(env: &Environment) -> anyhow::Result<PathBuf> {
    GoSettings::read(env)
        .mod_cache()
        .filter(|dir| dir.is_absolute())
        .context("no module cache is known here; name its directory with --modcache")
}

/// A length of time in the largest unit of which there are some: `12 days`, `3 hours`.
fn ago(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (number, unit) = match minutes {
        0 => return "less than a minute".to_owned(),
        1..60 => (minutes, "minute"),
        60..1440 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Wrong usage, or it could not be done.
const FAILED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_for_people() {
        for (seconds, text) in [
            (59, "less than a minute"),
            (60, "1 minute"),
            (7199, "1 hour"),
            (7200, "2 hours"),
            (86_400, "1 day"),
            (40 * 86_400, "40 days"),
        ] {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }
}
