//! The modules of a program as a bill of materials, CycloneDX 1.5 or SPDX 2.3, both as JSON.
//!
//! Nothing in it depends on when or where it is written: the same program gives the same bytes.

mod cyclonedx;
mod spdx;

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{BuildInfo, Listed, Stamp, Standing};

/// The form of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SbomFormat {
    /// CycloneDX 1.5.
    CycloneDx,
    /// SPDX 2.3.
    Spdx,
}

/// What a bill is made of: one program file, whose digest and name it carries.
#[derive(Clone, Debug)]
pub struct Sbom {
    name: String,
    sha256: String,
    info: BuildInfo,
    deps: Vec<Listed>,
    time: String,
}

impl Sbom {
    /// A bill for a program file with this name and SHA-256. The programs of a universal file share one.
    ///
    /// `None` without any build info.
    pub fn new<'a>(
        name: &str,
        sha256: &[u8; 32],
        mut infos: impl Iterator<Item = &'a BuildInfo>,
    ) -> Option<Self> {
        let info = infos.next()?;
        let others = infos.flat_map(BuildInfo::deps);
        let deps = info.deps().iter().chain(others).map(Listed::built).cloned().collect();
        let info = info.clone();
        let time = Stamp::of(&info).time.unwrap_or_else(|| EPOCH.to_owned());
        Some(Sbom { name: name.to_owned(), sha256: hex(sha256), info, deps, time })
    }

    /// The bill, with a line feed at its end.
    pub fn json(&self, format: SbomFormat) -> String {
        let value = match format {
            SbomFormat::CycloneDx => cyclonedx::bill(self),
            SbomFormat::Spdx => spdx::bill(self),
        };
        // No map in it has keys that are not text, so this cannot fail.
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Each module once, in the order of names; the standard library first.
    fn parts(&self) -> Vec<Part<'_>> {
        let go = self.info.go();
        let go = go.split(' ').next().unwrap_or(go);
        let mut parts =
            vec![Part { path: "std", version: go.strip_prefix("go").unwrap_or(go), sha256: None }];
        let deps: BTreeMap<_, _> = self.deps.iter().map(|dep| ((dep.path(), dep.version()), dep)).collect();
        parts.extend(deps.into_values().map(Part::of));
        parts
    }

    fn main(&self) -> Part<'_> {
        match self.info.main() {
            Some(main) => Part::of(main),
            None => Part { path: self.info.package(), version: "", sha256: None },
        }
    }

    /// A number that only this content has, in the form of a UUID (RFC 9562, version 8).
    fn uuid(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.name.as_bytes());
        digest.update([0]);
        digest.update(self.sha256.as_bytes());
        let digest = hex(&digest.finalize());
        let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
        format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }
}

/// A module in a bill.
struct Part<'a> {
    path: &'a str,
    version: &'a str,
    /// The digest behind `h1:`, in hex.
    sha256: Option<String>,
}

impl<'a> Part<'a> {
    fn of(listed: &'a Listed) -> Self {
        let sha256 = match listed.standing() {
            Standing::Hashed(_, h1) => Some(hex(h1.as_bytes())),
            Standing::Unhashed(_) | Standing::Local | Standing::Malformed => None,
        };
        // What was built from a directory has no version.
        let version = if listed.standing() == Standing::Local { "" } else { listed.version() };
        Part { path: listed.path(), version, sha256 }
    }

    /// The package URL: `pkg:golang/example.com/a@v1.0.0`.
    fn purl(&self) -> String {
        let path: Vec<_> = self.path.split('/').map(escaped).collect();
        let version =
            if self.version.is_empty() { String::new() } else { format!("@{}", escaped(self.version)) };
        format!("pkg:golang/{}{version}", path.join("/"))
    }
}

fn properties(info: &BuildInfo) -> impl Iterator<Item = (String, &str)> {
    info.settings().map(|(key, value)| (format!("go:build:{key}"), value))
}

/// Percent-encoded as a package URL wants it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' => out.push(char::from(byte)),
            other => {
                out.push('%');
                out.push_str(&hex(&[other]).to_uppercase());
            }
        }
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Where the program names no time: a bill that is made twice must be the same.
const EPOCH: &str = "1970-01-01T00:00:00Z";

fn listed(values: impl Iterator<Item = Value>) -> Value {
    Value::Array(values.collect())
}
