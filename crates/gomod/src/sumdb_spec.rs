//! The GOSUMDB grammar (`cmd/go` `modfetch/sumdb.go`, x/mod `sumdb/note`).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::db_name::{DbName, DbNameError};
use crate::excerpt::Excerpt;
use crate::source_url::{SourceUrl, SourceUrlError};

/// Which checksum database is asked, and how its answers are known to be its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SumdbSpec {
    /// None (`off`).
    Off,
    /// This one.
    On {
        /// Its name, as in its key.
        name: DbName,
        /// Its verifier key, `NAME+HASH+KEY`; the hash is checked.
        key: String,
        /// Where it is asked instead of through proxies and at `https://NAME`.
        url: Option<SourceUrl>,
    },
}

/// The key of the database that Go uses by default; every Go distribution carries it.
const SUM_GOLANG_ORG: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

/// Reads a value of GOSUMDB: `off`, or a known name or a key, perhaps followed by white space and a URL.
impl FromStr for SumdbSpec {
    type Err = SumdbSpecError;

    fn from_str(text: &str) -> Result<Self, SumdbSpecError> {
        let mut words = text.split_whitespace();
        let (Some(first), url, None) = (words.next(), words.next(), words.next()) else {
            return Err(SumdbSpecError::Words);
        };
        if first == "off" && url.is_none() {
            return Ok(Self::Off);
        }
        // The name under which the database is reachable in mainland China.
        let (first, url) = match (first, url) {
            ("sum.golang.google.cn", None) => ("sum.golang.org", Some("https://sum.golang.google.cn")),
            other => other,
        };
        let key = if first == "sum.golang.org" { SUM_GOLANG_ORG } else { first };
        Ok(Self::On {
            name: name_of_key(key)?,
            key: key.to_owned(),
            url: url.map(SourceUrl::new).transpose()?,
        })
    }
}

/// The value again; a key that Go knows is shown as its name, secrets in the URL are replaced.
impl fmt::Display for SumdbSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On { name, key, url } => {
                if key == SUM_GOLANG_ORG {
                    write!(f, "{name}")?;
                } else {
                    f.write_str(key)?;
                }
                url.as_ref().map_or(Ok(()), |url| write!(f, " {url}"))
            }
        }
    }
}

/// Checks `NAME+HASH+KEY`: KEY is base64 of the algorithm (1, Ed25519) and 32 bytes, HASH begins the SHA-256
/// of name, line feed and that.
fn name_of_key(key: &str) -> Result<DbName, SumdbSpecError> {
    let malformed = || SumdbSpecError::Key(Excerpt::of(key));
    let (name, rest) = key.split_once('+').ok_or_else(malformed)?;
    let (hash, encoded) = rest.split_once('+').ok_or_else(malformed)?;
    let public = STANDARD.decode(encoded).map_err(|_| malformed())?;
    if hash.len() != 8 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) || public.len() != 33 {
        return Err(malformed());
    }
    if public.first() != Some(&1) {
        return Err(SumdbSpecError::Algorithm);
    }
    let digest = Sha256::new().chain_update(name).chain_update("\n").chain_update(&public).finalize();
    let first = digest.first_chunk::<4>().copied().map_or(0, u32::from_be_bytes);
    let expected = format!("{first:08x}");
    if !hash.eq_ignore_ascii_case(&expected) {
        return Err(SumdbSpecError::Hash { stated: hash.to_owned(), expected });
    }
    Ok(DbName::new(name)?)
}

/// A text that is no specification of a checksum database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SumdbSpecError {
    /// No word or more than two.
    #[error("a checksum database is given as off, NAME, KEY, NAME URL or KEY URL")]
    Words,
    /// Neither a name whose key is known nor a key.
    #[error("{0} is neither a known checksum database nor a key of the form NAME+HASH+KEY")]
    Key(Excerpt),
    /// A key of another kind than Ed25519.
    #[error("the key of the checksum database has an unknown algorithm; only Ed25519 is known")]
    Algorithm,
    /// A key that was copied wrongly.
    #[error(
        "the key of the checksum database is damaged: its hash is {expected}, not {stated}; copy it again"
    )]
    Hash {
        /// What the text says.
        stated: String,
        /// What name and key give.
        expected: String,
    },
    /// A key whose name no client takes.
    #[error(transparent)]
    Name(#[from] DbNameError),
    /// The second word is no URL.
    #[error(transparent)]
    Url(#[from] SourceUrlError),
}
