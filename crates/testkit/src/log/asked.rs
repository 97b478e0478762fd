//! What is asked of a log.

use super::records::FULL;

pub(super) enum Asked<'a> {
    Latest,
    /// `escaped-path@escaped-version`.
    Lookup(&'a str),
    Tile(Tile),
}

/// A tile of height 8.
pub(super) struct Tile {
    /// None: data.
    pub(super) level: Option<u32>,
    pub(super) number: u64,
    pub(super) width: u64,
}

impl<'a> Asked<'a> {
    /// A path below the log's own. Nothing if it is no question to a log.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        if path == "latest" {
            return Some(Self::Latest);
        }
        if let Some(version) = path.strip_prefix("lookup/") {
            return Some(Self::Lookup(version));
        }
        Tile::parse(path.strip_prefix("tile/8/")?).map(Self::Tile)
    }
}

impl Tile {
    fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..FULL).contains(w))?),
            None => (rest, FULL),
        };
        let level = match level {
            "data" => None,
            level => Some(level.parse().ok().filter(|level| *level < 4)?),
        };
        Some(Self { level, number: number.replace(['x', '/'], "").parse().ok()?, width })
    }
}
