//! What may be typed after `larder warm`.

use std::path::PathBuf;

use clap::Args;

use super::Options;

/// `larder warm`.
#[derive(Args)]
pub(crate) struct WarmArgs {
    /// The projects: directories with a go.mod, a go.work or a go.sum
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dirs: Vec<PathBuf>,
    /// Fetch also what tests of dependencies need, and let every line of a go.sum count
    #[arg(long)]
    pub(crate) all: bool,
    /// Fetch the Go that the projects ask for, too, for this system and processor, like linux/amd64; may be given several
    /// times [default: only where this machine's `go` would download one]
    #[arg(long, value_name = "OS/ARCH", value_delimiter = ',')]
    pub(crate) platform: Vec<String>,
    /// Let the Larder at this URL fetch it all, instead of this machine
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "upstream", "sumdb", "offline"])]
    pub(crate) to: Option<String>,
    /// Write JSON, for programs: the objects of `go mod download -json`
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

impl WarmArgs {
    /// The options that count: whoever lets another Larder fetch needs no sources.
    pub(crate) fn options(&self) -> Options {
        let mut options = self.options.clone();
        if self.to.is_some() {
            options.offline = Some("true".to_owned());
        }
        options
    }
}

pub(super) const AFTER_WARM: &str = "\
Examples:
  larder warm
  larder warm services/* tools
  larder warm --all --platform linux/amd64,darwin/arm64 --data /media/disk/larder
  larder warm --to https://larder.corp.example
  larder warm --json | jq -r 'select(.Error) | .Path + \"@\" + .Version'
  larder warm --offline

What go.mod, go.work and go.sum need is fetched, verified and kept: afterwards `go mod download`,
`go build`, `go test` and `go vet` work through `larder run --offline` or `larder serve --offline`
with the network cut, also on a machine without Go. It can be stopped at any time; the next one
fetches only what is missing. With --offline nothing is fetched, and what is missing is named.
Exit codes: 0 everything is there, 1 something is missing, 2 wrong usage, or it could not be done.";
