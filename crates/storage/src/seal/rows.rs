//! What a row of the ledger says.

use rusqlite::Row;

/// What a file was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedFile {
    /// The SHA-256 of its bytes; of a symbolic link, of the path that it names.
    pub sha256: [u8; 32],
    /// Bytes.
    pub size: u64,
    /// Its kind and its permissions, as `st_mode`.
    pub mode: u32,
    /// When it was written last, in nanoseconds since 1970.
    pub time: i64,
}

/// A file below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRow {
    /// Its path below the directory, with `/` between elements.
    pub path: String,
    /// What it was.
    pub file: SealedFile,
}

impl SealedFile {
    /// The hash in lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        self.sha256.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
    }
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or('0')
}

pub(super) fn row(row: &Row<'_>) -> Result<SealRow, String> {
    let path: String = row.get(0).map_err(|error| error.to_string())?;
    // What joins it to a directory must stay below that.
    let plain = |element: &str| !matches!(element, "" | "." | "..") && !element.contains('\0');
    if !path.split('/').all(plain) {
        return Err(format!("{path:?} is no path of a file below a directory"));
    }
    Ok(SealRow { file: facts(row, 1)?, path })
}

/// The facts in four columns from this one on.
pub(super) fn facts(row: &Row<'_>, from: usize) -> Result<SealedFile, String> {
    let text = |error: rusqlite::Error| error.to_string();
    let hash: String = row.get(from).map_err(text)?;
    let size: i64 = row.get(from + 1).map_err(text)?;
    Ok(SealedFile {
        sha256: from_hex(&hash).ok_or_else(|| format!("{hash:?} is no SHA-256"))?,
        size: u64::try_from(size).map_err(|_| format!("{size} is no size"))?,
        mode: row.get(from + 2).map_err(text)?,
        time: row.get(from + 3).map_err(text)?,
    })
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |all, d| all << 4 | d)).collect();
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}
