//! From a URL path to a [`Request`].

use std::borrow::Cow;

use super::{BadRequest, Request};
use crate::db_name::{self, DbName};
use crate::escape;
use crate::excerpt::Excerpt;
use crate::module_version::ModuleVersion;
use crate::path::ModulePath;
use crate::rev::Rev;
use crate::sumdb_path::SumdbPath;
use crate::version::Version;

pub(super) fn request(path: &str) -> Result<Request, BadRequest> {
    within(path, Request::LONGEST_PATH)?;
    let path = percent_decoded(path)?;
    if let Some(rest) = path.strip_prefix("sumdb/") {
        return sumdb(rest);
    }
    // A module path holds no `@`, so the first one divides.
    let (escaped, rest) = path.split_once('@').unwrap_or((&path, ""));
    match (escaped.strip_suffix('/'), rest, rest.strip_prefix("v/")) {
        (Some(escaped), _, Some(file)) => in_versions(module(escaped)?, file),
        (Some(escaped), "latest", _) => Ok(Request::Latest(module(escaped)?)),
        _ => Err(BadRequest::NoEndpoint(Excerpt::of(&path))),
    }
}

fn in_versions(module: ModulePath, file: &str) -> Result<Request, BadRequest> {
    if file == "list" {
        return Ok(Request::List(module));
    }
    let Some((escaped, ending)) = file.rsplit_once('.') else {
        return Err(BadRequest::NoFile(Excerpt::of(file)));
    };
    let of_version = match ending {
        "info" => Request::Info,
        "mod" => Request::Mod,
        "zip" => Request::Zip,
        _ => return Err(BadRequest::NoFile(Excerpt::of(file))),
    };
    within(escaped, Request::LONGEST_VERSION)?;
    let canonical = Version::from_escaped(escaped).and_then(|version| {
        // Cloning a path is counting a reference.
        ModuleVersion::new(module.clone(), version)
    });
    match canonical {
        Ok(version) => Ok(of_version(version)),
        Err(_) if ending == "info" => Ok(Request::Query(module, Rev::from_escaped(escaped)?)),
        Err(error) => Err(BadRequest::NotCanonical(error)),
    }
}

fn sumdb(rest: &str) -> Result<Request, BadRequest> {
    // The name may hold slashes; it ends before the first element, after its own first, that is a resource.
    let mut at = 0;
    let (name, resource) = loop {
        let Some(slash) = rest.get(at..).and_then(|tail| tail.find('/')) else {
            return Err(BadRequest::NoResource);
        };
        let (name, resource) = rest.split_at(at + slash);
        let resource = resource.strip_prefix('/').unwrap_or(resource);
        let first = resource.split_once('/').map_or(resource, |(first, _)| first);
        if db_name::is_endpoint(first) {
            break (name, resource);
        }
        at += slash + 1;
    };
    let name = DbName::new(name)?;
    let path = match resource.split_once('/') {
        None if resource == "supported" => SumdbPath::Supported,
        None if resource == "latest" => SumdbPath::Latest,
        Some(("lookup", asked)) => SumdbPath::Lookup(lookup(asked)?),
        Some(("tile", tile)) => SumdbPath::Tile(tile.parse()?),
        _ => return Err(BadRequest::NoResource),
    };
    Ok(Request::Sumdb(name, path))
}

fn lookup(asked: &str) -> Result<ModuleVersion, BadRequest> {
    let misspelled = || BadRequest::Lookup(Excerpt::of(asked));
    let (path, version) = asked.split_once('@').ok_or_else(misspelled)?;
    within(version, Request::LONGEST_VERSION)?;
    if escape::unescape(path).is_none() {
        return Err(misspelled());
    }
    let version = Version::from_escaped(version).map_err(|_| misspelled())?;
    ModuleVersion::new(module(path)?, version).map_err(BadRequest::LookupVersion)
}

fn module(escaped: &str) -> Result<ModulePath, BadRequest> {
    escaped.split('/').try_for_each(|element| within(element, Request::LONGEST_ELEMENT))?;
    Ok(ModulePath::from_escaped(escaped)?)
}

fn within(text: &str, limit: usize) -> Result<(), BadRequest> {
    if text.len() <= limit { Ok(()) } else { Err(BadRequest::TooLong { limit }) }
}

/// Undoes percent-encoding once. Any byte outside ASCII becomes U+FFFD: no name holds either, so that such a
/// path is refused later for what it is.
fn percent_decoded(path: &str) -> Result<Cow<'_, str>, BadRequest> {
    if !path.contains('%') {
        return Ok(Cow::Borrowed(path));
    }
    let mut decoded = String::with_capacity(path.len());
    let mut pieces = path.split('%');
    decoded.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(BadRequest::Percent)?;
        let hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| hexadecimal).ok_or(BadRequest::Percent)?;
        match byte {
            b'/' => return Err(BadRequest::Percent),
            0..0x80 => decoded.push(char::from(byte)),
            _ => decoded.push(char::REPLACEMENT_CHARACTER),
        }
        decoded.push_str(rest);
    }
    Ok(Cow::Owned(decoded))
}
