//! The manifest's form as JSON. Field names are for ever.

use std::{collections::BTreeMap, path::Path};

use gomod::{ModulePath, ModuleVersion, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use storage::Key;
use sumdb::Verifier;

use super::{Database, Entry, Given, Manifest, ManifestError, Module};
use crate::Digest;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    databases: Vec<WireDatabase>,
    modules: Vec<WireModule>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<WireModule>,
    files: Vec<WireFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDatabase {
    key: String,
    size: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireModule {
    path: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h1: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gomod_h1: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile {
    name: String,
    size: u64,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

/// Only the number: what a newer format has beside it is not known.
#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

pub(super) fn write(manifest: &Manifest) -> Vec<u8> {
    let database = |database: &Database| WireDatabase { key: database.key.to_string(), size: database.size };
    let wire = Wire {
        format: FORMAT,
        since: manifest.since.map(|digest| digest.to_string()),
        databases: manifest.databases.iter().map(database).collect(),
        modules: manifest.modules.iter().map(module).collect(),
        earlier: manifest.earlier.iter().map(module).collect(),
        files: manifest.files.iter().map(file).collect(),
    };
    // Texts and numbers: nothing of it can fail to be written.
    let mut json = serde_json::to_vec_pretty(&wire).unwrap_or_default();
    json.push(b'\n');
    json
}

fn module((version, module): (&ModuleVersion, &Module)) -> WireModule {
    WireModule {
        path: version.path().to_string(),
        version: version.version().to_string(),
        h1: module.zip.map(|h1| h1.to_string()),
        gomod_h1: module.gomod.map(|h1| h1.to_string()),
        size: module.size,
        database: module.database.as_ref().map(ToString::to_string),
    }
}

fn file(entry: &Entry) -> WireFile {
    WireFile {
        name: entry.key.to_string(),
        size: entry.size,
        sha256: entry.sha256.to_string(),
        at: entry.given.as_ref().map(|given| given.at),
        source: entry.given.as_ref().map(|given| given.source.clone()),
    }
}

pub(super) fn read(json: &[u8]) -> Result<Manifest, ManifestError> {
    let malformed = |error: serde_json::Error| ManifestError::Json(error.to_string());
    let FormatOnly { format } = serde_json::from_slice(json).map_err(malformed)?;
    if format > FORMAT {
        return Err(ManifestError::Newer(format));
    }
    let wire: Wire = serde_json::from_slice(json).map_err(malformed)?;
    let since = match &wire.since {
        Some(text) => Some(Digest::parse(text).ok_or_else(|| part(text, "it is no SHA-256"))?),
        None => None,
    };
    let databases = wire.databases.iter().map(read_database).collect::<Result<_, _>>()?;
    Ok(Manifest {
        since,
        databases,
        modules: read_modules(&wire.modules)?,
        earlier: read_modules(&wire.earlier)?,
        files: wire.files.iter().map(read_file).collect::<Result<_, _>>()?,
    })
}

fn read_database(wire: &WireDatabase) -> Result<Database, ManifestError> {
    let key = Verifier::parse(&wire.key).map_err(|_| part(&wire.key, "it is no key of a database"))?;
    Ok(Database { key, size: wire.size })
}

fn read_modules(wire: &[WireModule]) -> Result<BTreeMap<ModuleVersion, Module>, ManifestError> {
    let mut modules = BTreeMap::new();
    for module in wire {
        let named = format!("{}@{}", module.path, module.version);
        let bad = |why| part(&named, why);
        let version = module_version(module).ok_or_else(|| bad("it is no module version"))?;
        let hash = |text: &Option<String>| {
            text.as_ref().map(|text| text.parse().map_err(|_| bad("its hash is no h1"))).transpose()
        };
        let database = module.database.as_ref().map(|name| name.parse());
        let read = Module {
            zip: hash(&module.h1)?,
            gomod: hash(&module.gomod_h1)?,
            size: module.size,
            database: database.transpose().map_err(|_| bad("its database has no name"))?,
        };
        if modules.last_key_value().is_some_and(|(last, _)| *last >= version) {
            return Err(bad("it is there twice, or not in its place"));
        }
        modules.insert(version, read);
    }
    Ok(modules)
}

fn module_version(wire: &WireModule) -> Option<ModuleVersion> {
    let (path, version) = (ModulePath::new(&wire.path).ok()?, Version::new(&wire.version).ok()?);
    ModuleVersion::new(path, version).ok()
}

fn read_file(wire: &WireFile) -> Result<Entry, ManifestError> {
    let bad = |why| part(&wire.name, why);
    let key = Key::at(Path::new(&wire.name)).ok_or_else(|| bad("no file in a snapshot has such a name"))?;
    let sha256 = Digest::parse(&wire.sha256).ok_or_else(|| bad("its digest is no SHA-256"))?;
    let given = match (wire.at, &wire.source) {
        (Some(at), Some(source)) => Some(Given { at, source: source.clone() }),
        (None, None) => None,
        _ => return Err(bad("a time and a source belong together")),
    };
    Ok(Entry { key, size: wire.size, sha256, given })
}

fn part(what: &str, why: &'static str) -> ManifestError {
    // It may be anything: one line, and not too long.
    let what = what.chars().take(200).flat_map(char::escape_debug).collect();
    ManifestError::Part { what, why }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(size: &u64) -> bool {
    *size == 0
}

const FORMAT: u32 = 1;
