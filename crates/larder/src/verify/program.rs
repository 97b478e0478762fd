//! `larder verify PROGRAM`: the modules that programs were built from.

mod witnesses;

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use aws_lc_rs::digest::{self, SHA256};
use gomod::ModuleVersion;
use serde_json::Value;
use workbench::{
    Report, Seen,
    binary::{
        Against, AuditedBinary, Binary, BinaryError, Demands, Sbom, SbomFormat, StampDemand, Standing, audit,
        damaged,
    },
    gosum::SumLines,
};

use crate::{
    args::{self, BinaryOptions},
    settings::Settings,
};

/// What was seen of programs.
#[derive(Default)]
pub(super) struct Programs {
    seen: Seen,
    audited: Vec<AuditedBinary>,
    bill: Option<String>,
}

/// Looks at programs, and at nothing where there are none.
pub(super) async fn look(
    settings: &Settings,
    options: &BinaryOptions,
    files: &[PathBuf],
) -> anyhow::Result<Programs> {
    let demands = demands(&options.require)?;
    if files.is_empty() {
        if !options.require.is_empty() || options.gosum.is_some() || options.sbom.is_some() {
            bail!("--require, --gosum and --sbom are about programs; name one");
        }
        return Ok(Programs::default());
    }
    if options.sbom.is_some() && files.len() > 1 {
        bail!("--sbom takes one program; a bill of materials is about one");
    }
    let sums = sums(options, demands.gosum)?;
    let mut programs = Programs::default();
    let mut binaries = Vec::new();
    for file in files {
        match Binary::open(file) {
            Ok(binary) => binaries.push(binary),
            Err(BinaryError::Damaged(why)) => programs.seen.found(damaged(file, why)),
            Err(error @ (BinaryError::Io(_) | BinaryError::Format)) => {
                return Err(error).with_context(|| format!("cannot look at {}", file.display()));
            }
        }
    }
    let heard = witnesses::ask(settings, versions(&binaries)).await;
    heard.unasked.into_iter().for_each(|line| programs.seen.unchecked(line));
    let sums = sums.as_ref().map(|(path, sums)| (path.as_path(), sums));
    let against = Against { sums, others: &heard.testimonies, demands: &demands };
    for binary in &binaries {
        programs.add(binary, against)?;
    }
    if let (Some(form), [binary]) = (options.sbom, binaries.as_slice()) {
        programs.bill = Some(bill(binary, form)?);
    }
    Ok(programs)
}

impl Programs {
    fn add(&mut self, binary: &Binary, against: Against<'_>) -> anyhow::Result<()> {
        for program in binary.programs() {
            let audited = match audit(binary, program, against) {
                Ok(audited) => audited,
                Err(BinaryError::Io(error)) => {
                    return Err(error).with_context(|| format!("cannot read {}", binary.path().display()));
                }
                Err(error) => {
                    self.seen.found(damaged(binary.path(), &error.to_string()));
                    continue;
                }
            };
            self.audited.push(AuditedBinary::new(binary, program, &audited));
            audited.findings.into_iter().for_each(|finding| self.seen.found(finding));
            audited.passed.into_iter().for_each(|line| self.seen.passed(line));
            audited.unchecked.into_iter().for_each(|line| self.seen.unchecked(line));
        }
        Ok(())
    }

    /// What goes into the report.
    pub(super) fn seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// The bill of materials, if one was asked for.
    pub(super) fn bill(&mut self) -> Option<String> {
        self.bill.take()
    }

    /// The report with what each program is.
    pub(super) fn show(&self, report: &Report, json: bool) -> String {
        if self.audited.is_empty() {
            return if json { report.json() } else { report.text() };
        }
        if !json {
            let programs: String = self.audited.iter().map(AuditedBinary::text).collect();
            return format!("{}\n{programs}", report.text());
        }
        let mut whole = serde_json::to_value(report).unwrap_or_default();
        whole["binaries"] = self.audited.iter().map(|one| one.json().clone()).collect::<Value>();
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn demands(required: &[String]) -> anyhow::Result<Demands> {
    let mut demands = Demands::default();
    for word in required {
        match word.as_str() {
            "go.sum" => demands.gosum = true,
            "stamp" => demands.stamps.push(StampDemand::Repository),
            other => match other.strip_prefix("stamp=") {
                Some(stamp) => demands.stamps.push(stamp.parse()?),
                None => bail!("--require takes go.sum, stamp, or stamp=NAME[=VALUE], not {other:?}"),
            },
        }
    }
    Ok(demands)
}

/// The go.sum to compare with: the one that was named, or the one that lies here. Only where it is required it has to
/// be there.
fn sums(options: &BinaryOptions, required: bool) -> anyhow::Result<Option<(PathBuf, SumLines)>> {
    let path = options.gosum.clone().unwrap_or_else(|| PathBuf::from("go.sum"));
    let sums = SumLines::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    match sums {
        Some(sums) => {
            if let Some(fault) = sums.faults().iter().find(|fault| required && fault.kind.is_fatal()) {
                bail!("{}:{}: {}; `go` refuses the file", path.display(), fault.line, fault.kind);
            }
            Ok(Some((path, sums)))
        }
        None if options.gosum.is_some() => bail!("there is no {}", path.display()),
        None if required => bail!("there is no go.sum here; name it with --gosum"),
        None => Ok(None),
    }
}

/// Every version of which somebody may know something.
fn versions(binaries: &[Binary]) -> BTreeSet<ModuleVersion> {
    let infos = binaries.iter().flat_map(Binary::programs).filter_map(|program| program.info().ok());
    let listed = infos.flat_map(|info| info.deps().iter().chain(info.main()));
    listed
        .filter_map(|listed| match listed.standing() {
            Standing::Hashed(module, _) | Standing::Unhashed(module) => Some(module),
            Standing::Local | Standing::Malformed => None,
        })
        .collect()
}

fn bill(binary: &Binary, form: args::Sbom) -> anyhow::Result<String> {
    let infos = binary.programs().iter().filter_map(|program| program.info().ok());
    let digest = sha256(binary.path()).with_context(|| format!("cannot read {}", binary.path().display()))?;
    let name = binary.path().file_name().unwrap_or_default().to_string_lossy();
    let bill = Sbom::new(&name, &digest, infos)
        .with_context(|| format!("{} lists no modules", binary.path().display()))?;
    Ok(bill.json(match form {
        args::Sbom::Cyclonedx => SbomFormat::CycloneDx,
        args::Sbom::Spdx => SbomFormat::Spdx,
    }))
}

fn sha256(path: &Path) -> anyhow::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut digest = digest::Context::new(&SHA256);
    let mut piece = vec![0; 1 << 20];
    loop {
        let len = file.read(&mut piece)?;
        let Some(read) = piece.get(..len).filter(|read| !read.is_empty()) else { break };
        digest.update(read);
    }
    digest.finish().as_ref().try_into().context("a digest of another length")
}
