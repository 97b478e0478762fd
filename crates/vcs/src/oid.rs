//! Names of git objects.

use std::fmt;
use std::str::FromStr;

/// The name of a git object: 20 bytes in a SHA-1 repository, 32 in a SHA-256 one. `Display` is lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid {
    bytes: [u8; LONGEST],
    len: u8,
}

impl Oid {
    /// Takes 20 or 32 bytes.
    pub fn new(name: &[u8]) -> Result<Self, BadOid> {
        let mut bytes = [0; LONGEST];
        match name.len() {
            len @ (SHA1 | LONGEST) => {
                bytes.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
                Ok(Self { bytes, len: u8::try_from(len).map_err(|_| BadOid)? })
            }
            _ => Err(BadOid),
        }
    }

    /// The bytes, 20 or 32.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&self.bytes)
    }

    /// The first twelve hex digits: how pseudo-versions name a commit.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(SHORT);
        hex
    }
}

/// Reads 40 or 64 lower-case hex digits.
impl FromStr for Oid {
    type Err = BadOid;

    fn from_str(hex: &str) -> Result<Self, BadOid> {
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(BadOid),
        };
        let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(BadOid);
        }
        let bytes = pairs.iter().map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?));
        Self::new(&bytes.collect::<Result<Vec<_>, _>>()?)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

/// A text or a length that names no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an object's name has 40 or 64 lower-case hexadecimal digits")]
pub struct BadOid;

const SHA1: usize = 20;
const LONGEST: usize = 32;
/// Go's `codehost.ShortenSHA1`.
const SHORT: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_their_one_spelling() {
        let sha1 = "ddee2166b377b4e7f0ffbb44907e6106ebb48788";
        let sha256 = sha1.repeat(2)[..64].to_owned();
        for hex in [sha1, &sha256] {
            let oid: Oid = hex.parse().unwrap();
            assert_eq!(oid.to_string(), hex);
            assert_eq!(oid.as_bytes().len() * 2, hex.len());
            assert_eq!(oid.short(), "ddee2166b377");
        }
        for bad in ["", "ddee", &sha1.to_uppercase(), &sha1[1..], &format!("{sha1}0"), &"g".repeat(40)] {
            assert_eq!(bad.parse::<Oid>(), Err(BadOid), "{bad}");
        }
    }
}
