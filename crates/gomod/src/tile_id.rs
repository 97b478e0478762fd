//! The names of a checksum database's tiles (x/mod `tlog/tile.go`).

use std::fmt;
use std::str::FromStr;

use crate::excerpt::Excerpt;

/// One tile of height 8, the height that the go command uses: `width` entries from index `n * 256` on, of
/// hashes at tree level `8 * level` or of the records themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: Option<u8>,
    n: u64,
    width: u16,
}

impl TileId {
    /// How many entries a full tile has.
    pub const FULL: u16 = 256;

    /// A tile of hashes (`Some(level)`) or of records (`None`). An error unless `width` is 1 to 256 and the
    /// tile lies in a tree of fewer than 2⁶³ records.
    pub fn new(level: Option<u8>, n: u64, width: u16) -> Result<Self, TileError> {
        let tile = Self { level, n, width };
        // The tile ends at entry 256 n + width of its level; each entry stands for 256^level records.
        let entries = u128::from(n) * u128::from(Self::FULL) + u128::from(width);
        let records =
            1_u128.checked_shl(8 * u32::from(level.unwrap_or(0))).and_then(|e| e.checked_mul(entries));
        let exists = records.is_some_and(|records| records < 1 << 63);
        if (1..=Self::FULL).contains(&width) && exists { Ok(tile) } else { Err(TileError::Impossible) }
    }

    /// The level in tiles: 0 holds the records' hashes. `None` for a tile of records.
    pub fn level(self) -> Option<u8> {
        self.level
    }

    /// Which tile of its level, from 0.
    pub fn n(self) -> u64 {
        self.n
    }

    /// How many entries it has, 1 to 256.
    pub fn width(self) -> u16 {
        self.width
    }

    /// Whether it has all its entries, so that no wider one will follow.
    pub fn is_full(self) -> bool {
        self.width == Self::FULL
    }

    /// The full tile in the same place.
    #[must_use]
    pub fn full(self) -> Self {
        Self { width: Self::FULL, ..self }
    }
}

/// The path below `tile/`, for example `8/0/x001/234.p/5`.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "8/{level}/")?,
            None => f.write_str("8/data/")?,
        }
        let mut unit = 1;
        while self.n / unit >= 1000 {
            unit *= 1000;
        }
        while unit > 1 {
            write!(f, "x{:03}/", self.n / unit % 1000)?;
            unit /= 1000;
        }
        write!(f, "{:03}", self.n % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Reads the path below `tile/`. Only the canonical spelling is taken.
impl FromStr for TileId {
    type Err = TileError;

    fn from_str(text: &str) -> Result<Self, TileError> {
        let spelling = || TileError::Spelling(Excerpt::of(text));
        let (height, rest) = text.split_once('/').ok_or_else(spelling)?;
        let (level, rest) = rest.split_once('/').ok_or_else(spelling)?;
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, decimal(width).filter(|w| (1..256).contains(w))),
            None => (rest, Some(256)),
        };
        let height = decimal(height).filter(|h| (1..=30).contains(h)).ok_or_else(spelling)?;
        let level = match level {
            "data" => None,
            level => Some(decimal(level).ok_or_else(spelling)?),
        };
        let width = width.and_then(|width| u16::try_from(width).ok()).ok_or_else(spelling)?;
        let n = index_of(index).ok_or_else(spelling)?;
        if height != 8 {
            return Err(TileError::Height(height));
        }
        let level = level.map(u8::try_from).transpose().map_err(|_| TileError::Impossible)?;
        Self::new(level, n, width)
    }
}

/// A number without sign or leading zeros.
fn decimal(text: &str) -> Option<u32> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}

/// Groups of three digits, all but the last with an `x` in front, the first not zero unless it is the only one.
fn index_of(text: &str) -> Option<u64> {
    let mut n = 0_u64;
    let mut groups = text.split('/').peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let last = groups.peek().is_none();
        let digits = if last { group } else { group.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if first && !last && digits == "000" {
            return None;
        }
        first = false;
        n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(n)
}

/// A path that names no tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not spelled as `8/LEVEL/INDEX` or `8/LEVEL/INDEX.p/WIDTH`.
    #[error("tile {0} is not spelled like 8/0/x001/234 or 8/0/x001/234.p/5")]
    Spelling(Excerpt),
    /// A height other than that of all Go checksum databases.
    #[error("there are no tiles of height {0}: the go command uses height 8")]
    Height(u32),
    /// A tile outside every possible tree.
    #[error("no tree of records is large enough to have this tile")]
    Impossible,
}
