//! Whether what a source sent is what was asked for. Nothing is stored or passed on before this.
//!
//! Small answers only; a zip is judged by [`gomod::ZipCheck`].

use std::sync::Arc;

use bytes::Bytes;
use gomod::{
    Info, ModulePath, ModuleVersion, ReadAt, Request, SumdbPath, TileId, Version, VersionList, ZipCheck,
    ZipFacts, ZipFault,
};

use sumdb::{Head, HeadError, Lookup, RecordError};

/// Why an answer with status 200 is none: a sentence for people that begins with what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lie(pub(crate) String);

impl Lie {
    fn new(text: impl Into<String>) -> Self {
        Lie(text.into())
    }
}

/// The bytes to store and to send for a small answer, in canonical form where there is one.
pub(crate) fn small(what: &Request, sent: &Bytes) -> Result<Bytes, Lie> {
    if looks_like_html(sent) {
        return Err(Lie::new("sent a web page instead of the artifact"));
    }
    match what {
        Request::List(module) => list(module, sent),
        Request::Latest(module) | Request::Query(module, _) => query(module, sent),
        Request::Info(version) => info(version, sent),
        Request::Mod(_) => go_mod(sent),
        Request::Zip(_) | Request::Sumdb(..) => Ok(sent.clone()),
    }
}

fn info(asked: &ModuleVersion, sent: &[u8]) -> Result<Bytes, Lie> {
    let info = parse_info(sent)?;
    if info.version() != asked.version() {
        return Err(Lie::new(format!("sent the .info of {} instead of {}", info.version(), asked.version())));
    }
    Ok(info.immutable().to_bytes().into())
}

fn query(module: &ModulePath, sent: &[u8]) -> Result<Bytes, Lie> {
    let info = parse_info(sent)?;
    if ModuleVersion::new(module.clone(), info.version().clone()).is_err() {
        return Err(Lie::new(format!("sent version {}, which does not fit {module}", info.version())));
    }
    Ok(info.to_bytes().into())
}

fn parse_info(sent: &[u8]) -> Result<Info, Lie> {
    Info::parse(sent).map_err(|error| Lie::new(format!("sent a bad .info: {error}")))
}

/// A go.mod is judged by its hash alone, never by a parser (PROTOCOL trap 63); it only has to be text.
fn go_mod(sent: &Bytes) -> Result<Bytes, Lie> {
    if sent.is_empty() {
        return Err(Lie::new("sent an empty go.mod"));
    }
    if sent.contains(&0) {
        return Err(Lie::new("sent a go.mod that is not text"));
    }
    Ok(sent.clone())
}

fn list(module: &ModulePath, sent: &[u8]) -> Result<Bytes, Lie> {
    let text = std::str::from_utf8(sent).map_err(|_| Lie::new("sent a list that is not text"))?;
    let mut lines = text.split_ascii_whitespace().peekable();
    if lines.peek().is_some() && !lines.any(Version::is_semver) {
        return Err(Lie::new("sent a list without a single version"));
    }
    Ok(VersionList::parse(module, text).to_bytes().into())
}

/// No artifact of a module begins like this; captive portals and error pages do.
fn looks_like_html(sent: &[u8]) -> bool {
    sent.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sent).trim_ascii_start().starts_with(b"<")
}

/// The whole check of a zip, away from the threads that serve clients: it reads, inflates and hashes everything.
pub(crate) async fn zip<R>(check: ZipCheck, zip: Arc<R>, len: u64) -> Result<ZipFacts, ZipFault>
where
    R: ReadAt + Send + Sync + 'static,
{
    let checked = tokio::task::spawn_blocking(move || check.finish(&*zip, len)).await;
    checked.unwrap_or_else(|error| Err(ZipFault::Unreadable(std::io::Error::other(error))))
}

/// Whether an answer of a checksum database has the form that was asked for, and the database's signature
/// where it carries one: `open` checks that. Whether it is true, a proof shows.
pub(crate) fn checksum(
    path: &SumdbPath,
    sent: &[u8],
    open: impl Fn(&[u8]) -> Result<Head, HeadError>,
) -> Result<(), Lie> {
    let bad = |error: &dyn std::fmt::Display| Lie::new(format!("sent a bad checksum answer: {error}"));
    match path {
        SumdbPath::Supported => Ok(()),
        SumdbPath::Latest => open(sent).map(drop).map_err(|e| bad(&e)),
        SumdbPath::Lookup(version) => {
            let lookup = Lookup::parse(sent).map_err(|e| bad(&e))?;
            let (id, size) = (lookup.id(), open(lookup.note()).map_err(|e| bad(&e))?.size);
            if size <= id {
                return Err(bad(&RecordError::Outside { id, size }));
            }
            lookup.hashes(version).map(drop).map_err(|e| bad(&e))
        }
        SumdbPath::Tile(tile) => tile_length(*tile, sent),
    }
}

fn tile_length(tile: TileId, sent: &[u8]) -> Result<(), Lie> {
    const HASH: usize = 32;
    let fits = match tile.level() {
        Some(_) => sent.len() == usize::from(tile.width()) * HASH,
        None => !sent.is_empty(),
    };
    if fits { Ok(()) } else { Err(Lie::new("sent a checksum tile of the wrong size")) }
}
