//! `larder env`: the environment for a situation.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use upstream::SafeUrl;

use super::{Profile, stamp};
use crate::{args::EnvArgs, config::Printed, settings::Settings};

/// Prints the variables, or the flags that stamp a program.
pub(crate) fn print(settings: &Settings, args: &EnvArgs) -> anyhow::Result<Printed> {
    if let Some(variable) = &args.ldflags {
        return Ok(Printed { out: format!("{}\n", stamp::flags(variable)?), ..Printed::default() });
    }
    let larder = match &args.to {
        Some(url) => {
            let url = SafeUrl::parse(url).context("--to")?;
            if !matches!(url.scheme(), "http" | "https" | "file") {
                bail!("--to takes the URL of a Larder, like https://larder.corp.example");
            }
            let shown = url.to_string();
            if shown.contains("***") {
                bail!(
                    "--to holds a password, which is not printed; keep it in the .netrc of those who build"
                );
            }
            shown.trim_end_matches('/').to_owned()
        }
        None => format!("http://{}", settings.listen.value),
    };
    let lines = args.profile.lines(&larder, settings);
    if args.json {
        return Ok(Printed { out: object(args.profile, &lines), ..Printed::default() });
    }
    let (out, err) = args.shell.write(&lines)?;
    Ok(Printed { out, err, code: 0 })
}

fn object(profile: Profile, lines: &[super::Line]) -> String {
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| json!({"variable": line.variable, "value": line.value, "why": line.why}))
        .collect();
    let whole = json!({"profile": profile.name(), "environment": lines});
    // No map in it has keys that are not text, so this cannot fail.
    let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    text.push('\n');
    text
}
