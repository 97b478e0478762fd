//! `larder bench`.

use std::path::PathBuf;

use clap::Args;

use super::{ListenOption, Options};

/// `larder bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Proxies to compare, as in GOPROXY [default: those of GOPROXY and LARDER_UPSTREAM, and a Larder that runs here]
    #[arg(value_name = "PROXY")]
    pub(crate) proxies: Vec<String>,
    /// Ask for this module; can be given several times [default: those of the project's go.mod]
    ///
    /// Without a version it is the latest one. Outside a project it is a small module that everybody has.
    #[arg(long, value_name = "MODULE[@VERSION]")]
    pub(crate) module: Vec<String>,
    /// Send each proxy at most this many requests, redirects included [default: 500; 2000 with --i-own-this]
    #[arg(long, value_name = "N")]
    pub(crate) requests: Option<String>,
    /// Allow more than 500 requests: the proxies are yours
    #[arg(long)]
    pub(crate) i_own_this: bool,
    /// Wait for a small file at most this long, for a zip three times as long [default: 10s]
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    /// Write CSV, for spreadsheets
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Draw a picture into this file besides: one HTML page with everything in it
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Read settings from this file [env: LARDER_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Ask nobody; then nothing can be measured [env: LARDER_OFFLINE] [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) offline: Option<String>,
    #[command(flatten)]
    pub(crate) listen: ListenOption,
}

impl BenchArgs {
    /// As the options of the commands that need all settings. Where proxies are named, no other upstream is needed.
    pub(crate) fn options(&self) -> Options {
        Options {
            config: self.config.clone(),
            offline: self.offline.clone(),
            upstream: (!self.proxies.is_empty()).then(|| "off".to_owned()),
            ..Options::default()
        }
    }
}

pub(super) const AFTER_BENCH: &str = "\
Examples:
  larder bench
  larder bench https://proxy.example.com https://other.example.com
  larder bench --module example.com/module@v1.2.3 --json > bench.json
  larder bench --html bench.html
  larder bench --i-own-this --requests 5000 http://127.0.0.1:4873

Every proxy is asked for the same files, and every answer is compared with go.sum as far as it has a
line. First each file is asked for over a connection of its own (cold), then over one that is kept
(warm), then 50, 100 and 200 at once. The recommended GOPROXY names the proxies that work, the best
first. Nothing is stored, and nothing is changed. Modules that GOPRIVATE, GONOPROXY or a route of
the configuration keeps private are not asked for.
Exit codes: 0 all proxies work, 1 one does not, 2 wrong usage, or nothing could be measured.";
