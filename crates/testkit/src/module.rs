//! One module version as a proxy has it.

use std::{fmt::Write, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{
    archive::{Archive, Body},
    hash::{gomod_h1, summary},
};

/// One module version: its three files and both its hashes.
#[derive(Clone, Debug)]
pub struct Module {
    /// The module path, unescaped.
    pub path: String,
    /// The version, unescaped.
    pub version: String,
    /// The body of `.info`.
    pub info: Vec<u8>,
    /// The body of `.mod`.
    pub gomod: Vec<u8>,
    /// The body of `.zip`.
    pub zip: Body,
    /// The h1 of the zip.
    pub h1: String,
}

impl Module {
    /// The module of these files (names relative to the module's root). Without a go.mod among them `.mod` is made
    /// up, and the zip has none: what `go` does with old repositories.
    pub fn new(path: &str, version: &str, files: &[(String, Vec<u8>)]) -> Self {
        let mut archive = Archive::new();
        let mut digests = Vec::new();
        for (name, content) in files {
            let name = format!("{path}@{version}/{name}");
            archive = archive.file(&name, content);
            digests.push((name, Sha256::digest(content).into()));
        }
        let gomod = files.iter().find(|(name, _)| name == "go.mod").map(|(_, content)| content.clone());
        Self::assemble(path, version, gomod, archive.finish().into(), summary(digests.into_iter()))
    }

    /// A module with a go.mod and one file of `len` bytes that do not compress. They are made when they are read,
    /// and never held in memory.
    pub fn of_noise(path: &str, version: &str, len: u64) -> Self {
        let gomod = format!("module {path}\n").into_bytes();
        let prefix = format!("{path}@{version}/");
        let (gomod_name, noise_name) = (format!("{prefix}go.mod"), format!("{prefix}noise.bin"));
        let (zip, digest) =
            Archive::new().file(&gomod_name, &gomod).finish_with_noise(&noise_name, 1_000_003 + len, len);
        let digests = [(gomod_name, Sha256::digest(&gomod).into()), (noise_name, digest)];
        let h1 = summary(digests.into_iter());
        Self::assemble(path, version, Some(gomod), zip, h1)
    }

    fn assemble(path: &str, version: &str, gomod: Option<Vec<u8>>, zip: Body, h1: String) -> Self {
        let info = format!(r#"{{"Version":"{version}","Time":"{}"}}"#, time(version));
        Self {
            path: path.to_owned(),
            version: version.to_owned(),
            info: info.into_bytes(),
            gomod: gomod.unwrap_or_else(|| format!("module {path}\n").into_bytes()),
            zip,
            h1,
        }
    }

    /// The path of one of its files below a proxy: `ext` is `info`, `mod` or `zip`.
    pub fn url_path(&self, ext: &str) -> String {
        format!("{}/@v/{}.{ext}", escape(&self.path), escape(&self.version))
    }

    /// Its lines in go.sum, which are also its record in a checksum database.
    pub fn sum_lines(&self) -> String {
        let Self { path, version, .. } = self;
        format!("{path} {version} {}\n{path} {version}/go.mod {}\n", self.h1, gomod_h1(&self.gomod))
    }

    pub(crate) fn is_pseudo(&self) -> bool {
        stamp(&self.version).is_some()
    }
}

/// Upper-case letters as `!` and the lower-case letter: the form that URLs and file names have.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            write!(out, "!{}", c.to_ascii_lowercase()).unwrap();
        } else {
            out.push(c);
        }
    }
    out
}

pub(crate) type Shared = Arc<Module>;

/// The time stamp of a pseudo-version, else one fixed moment.
fn time(version: &str) -> String {
    let digits = stamp(version).unwrap_or("20240102030405");
    let at = |from: usize, to: usize| &digits[from..to];
    format!("{}-{}-{}T{}:{}:{}Z", at(0, 4), at(4, 6), at(6, 8), at(8, 10), at(10, 12), at(12, 14))
}

fn stamp(version: &str) -> Option<&str> {
    let (rest, _revision) = version.rsplit_once('-')?;
    let digits = rest.get(rest.len().checked_sub(14)?..)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)
}
