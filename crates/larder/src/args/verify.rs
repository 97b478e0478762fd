//! `larder verify`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Options;

/// `larder verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Directories of projects, and programs built by Go [default: the current directory, unless --modcache]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Look at the whole module cache, whatever project needs it
    #[arg(long)]
    pub(crate) modcache: bool,
    #[command(flatten)]
    pub(crate) binary: BinaryOptions,
    /// Fetch what is broken in the module cache anew, and put it right where it lies
    ///
    /// What is good is not touched. go commands may be working meanwhile.
    #[arg(long)]
    pub(crate) repair: bool,
    /// Write JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What is asked of programs.
#[derive(Args, Default)]
#[command(next_help_heading = "Options for programs")]
pub(crate) struct BinaryOptions {
    /// Fail unless a program has it: `go.sum`, `stamp`, or `stamp=NAME[=VALUE]`
    ///
    /// `go.sum`: each module in it but the main one has its line in go.sum, and none was replaced. `stamp`: it names the
    /// commit it was built from, and nothing was changed since. `stamp=main.CommitHash`: the linker set this variable,
    /// with `=VALUE` to this value.
    #[arg(long, value_name = "WHAT")]
    pub(crate) require: Vec<String>,
    /// Compare with this go.sum [default: the one in the current directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) gosum: Option<PathBuf>,
    /// Print the modules of one program as a bill of materials; the report goes to standard error
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "json")]
    pub(crate) sbom: Option<Sbom>,
}

/// The form of a bill of materials.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Sbom {
    /// CycloneDX 1.5, JSON
    Cyclonedx,
    /// SPDX 2.3, JSON
    Spdx,
}

pub(super) const AFTER_VERIFY: &str = "\
Examples:
  larder verify
  larder verify ~/src/project
  larder verify --offline --json
  larder verify --modcache
  larder verify --modcache --repair
  larder verify ./app
  larder verify --require go.sum --require stamp dist/*
  larder verify --sbom cyclonedx ./app > app.cdx.json

It looks at the lines of go.sum, one by one, at what lies in the module cache of each module that
the project is built from (the zip, the unpacked files, the .mod and the .info), and at vendor, file
by file. All of it is hashed and compared with go.sum, and go.sum with the checksum database, or
with what is known of it here where nobody is to be asked (--offline). The hashes that go keeps
beside the zips are never believed. A module that is not downloaded is no finding. Nothing is
written into the cache or the project without --repair. docs/VERIFY.md says more, docs/doctor has a
page for every code. Of a program it reads which modules it was built from, and compares their
hashes with the same three; docs/BINARIES.md.
Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage, or it could not look.";
