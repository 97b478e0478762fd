//! The shape of the configuration file, before anything in it is judged.
//!
//! Values stay texts with their place, so that all that is wrong with them can be said at once; only wrong keys and
//! wrong types end the reading early.

mod databases;
mod direct;

use std::{fs, io::Read, path::Path};

use serde::Deserialize;
use toml::Spanned;

pub(super) use self::{
    databases::{Own, Sumdb},
    direct::{Direct, PrivateHosts},
};
use super::{
    problem::{Invalid, Problem, SourceFile},
    wrong::Wrong,
};

/// A text and its place.
pub(super) type Text = Spanned<String>;

/// A whole number and its place.
pub(super) type Number = Spanned<i64>;

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) listen: Option<Text>,
    pub(super) data: Option<Text>,
    pub(super) upstream: Option<Text>,
    pub(super) sumdb: Option<Spanned<Sumdb>>,
    pub(super) offline: Option<Spanned<bool>>,
    pub(super) min_free: Option<Text>,
    pub(super) fallback: Option<Text>,
    pub(super) order: Option<Text>,
    pub(super) on_unverifiable: Option<Text>,
    pub(super) patience: Option<Text>,
    pub(super) freshness: Option<Text>,
    pub(super) freshness_behind: Option<Text>,
    pub(super) freshness_wait: Option<Text>,
    pub(super) absence: Option<Text>,
    pub(super) failure: Option<Text>,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) bodies: Bodies,
    #[serde(default)]
    pub(super) retry: Retry,
    #[serde(default)]
    pub(super) breaker: Breaker,
    #[serde(default)]
    pub(super) hedge: Hedge,
    #[serde(default)]
    pub(super) fetches: Fetches,
    #[serde(default)]
    pub(super) clients: Clients,
    #[serde(default)]
    pub(super) publish: Publish,
    #[serde(default)]
    pub(super) memory: Memory,
    #[serde(default)]
    pub(super) quarantine: Quarantine,
    #[serde(default)]
    pub(super) log: Log,
    #[serde(default)]
    pub(super) direct: Direct,
    #[serde(default)]
    pub(super) source: Vec<Spanned<Source>>,
    #[serde(default)]
    pub(super) credential: Vec<Spanned<Credential>>,
    #[serde(default)]
    pub(super) route: Vec<Spanned<Route>>,
}

/// `[limits]`: towards sources.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) resolve: Option<Text>,
    pub(super) resolve_patience: Option<Text>,
    pub(super) resolve_memory: Option<Text>,
    pub(super) connect: Option<Text>,
    pub(super) tls: Option<Text>,
    pub(super) first_byte: Option<Text>,
    pub(super) stall: Option<Text>,
    pub(super) trickle: Option<Text>,
    pub(super) trickle_over: Option<Text>,
    pub(super) small: Option<Text>,
    pub(super) begin: Option<Text>,
}

/// `[bodies]`: what sources may send.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bodies {
    pub(super) info: Option<Text>,
    #[serde(rename = "mod")]
    pub(super) gomod: Option<Text>,
    pub(super) list: Option<Text>,
    pub(super) zip: Option<Text>,
    pub(super) sumdb: Option<Text>,
}

/// `[retry]`: how often one source is tried.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    pub(super) tries: Option<Number>,
    pub(super) pause: Option<Text>,
    pub(super) resume_pause: Option<Text>,
    pub(super) resumes: Option<Number>,
    pub(super) server_pause: Option<Text>,
    pub(super) share: Option<Text>,
    pub(super) reserve: Option<Number>,
    pub(super) refill: Option<Text>,
}

/// `[breaker]`: when a source is left alone.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Breaker {
    pub(super) failures: Option<Number>,
    pub(super) rate: Option<Text>,
    pub(super) least: Option<Number>,
    pub(super) window: Option<Text>,
    pub(super) open: Option<Text>,
    pub(super) longest: Option<Text>,
    pub(super) probe_wait: Option<Text>,
}

/// `[hedge]`: when a second source is asked while the first is silent.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hedge {
    pub(super) after: Option<Text>,
    pub(super) share: Option<Text>,
    pub(super) burst: Option<Number>,
}

/// `[fetches]`: how much is asked of sources at once.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fetches {
    pub(super) total: Option<Number>,
    pub(super) queue: Option<Number>,
    pub(super) wait: Option<Text>,
    pub(super) per_source: Option<Number>,
    pub(super) queue_per_source: Option<Number>,
    pub(super) wait_per_source: Option<Text>,
    pub(super) ahead: Option<Number>,
}

/// `[clients]`: towards clients.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clients {
    pub(super) connections: Option<Number>,
    pub(super) head: Option<Text>,
    pub(super) idle: Option<Text>,
    pub(super) stall: Option<Text>,
    pub(super) grace: Option<Text>,
    pub(super) trusted_proxies: Option<Spanned<Vec<Text>>>,
}

/// `[publish]`: what is sent to be published here.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) at_once: Option<Number>,
    pub(super) time: Option<Text>,
}

/// `[memory]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    pub(super) small: Option<Text>,
    pub(super) staging: Option<Text>,
    pub(super) zips: Option<Text>,
}

/// `[quarantine]`: stored files that turned out to be damaged.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quarantine {
    pub(super) files: Option<Number>,
    pub(super) size: Option<Text>,
}

/// `[log]`
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: Option<Text>,
    pub(super) access: Option<Text>,
}

/// `[[source]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) url: Option<Text>,
    pub(super) host: Option<Text>,
    pub(super) ca: Option<Text>,
    pub(super) client_cert: Option<Text>,
    pub(super) client_key: Option<Text>,
}

/// `[[credential]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    pub(super) host: Option<Text>,
    pub(super) user: Option<Text>,
    pub(super) bearer: Option<Spanned<bool>>,
    pub(super) token: Option<Text>,
    pub(super) token_file: Option<Text>,
    pub(super) token_env: Option<Text>,
}

/// `[[route]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) modules: Option<Spanned<Vec<Text>>>,
    pub(super) chain: Option<Text>,
    pub(super) sumdb: Option<Text>,
    pub(super) fallback: Option<Text>,
    pub(super) order: Option<Text>,
    pub(super) on_unverifiable: Option<Text>,
    pub(super) allow_private_hosts: Option<Spanned<PrivateHosts>>,
    pub(super) insecure: Option<Spanned<Vec<Text>>>,
}

/// Reads and parses a file.
pub(super) fn read(path: &Path) -> Result<(SourceFile, File), Invalid> {
    let text = text(path).map_err(|why| {
        let wrong = Wrong::new(format!("cannot read the configuration file {}: {why}", path.display()));
        let wrong = wrong.help("`larder config example` prints one with every setting");
        Invalid::new(vec![Problem::general(wrong)], None)
    })?;
    let source = SourceFile { path: path.into(), text };
    match toml::from_str(&source.text) {
        Ok(file) => Ok((source, file)),
        Err(error) => {
            let span = error.span().unwrap_or_default();
            let problem = Problem::in_file(&source, "", span, parser_wrong(error.message()));
            Err(Invalid::new(vec![problem], Some(&source)))
        }
    }
}

/// What the parser says, and what to do where that is not plain.
fn parser_wrong(message: &str) -> Wrong {
    let wrong = Wrong::new(message);
    if message.starts_with("unknown field") {
        wrong.help("`larder config example` prints every setting")
    } else if message == "invalid type: map, expected a sequence" {
        wrong.help("there may be several: write its name in two brackets, like [[route]]")
    } else {
        wrong
    }
}

fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
}

/// Thousands of routes fit.
const LARGEST: u64 = 1 << 20;
