//! The `h1:` hash that go.sum and checksum databases record.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

const SCHEME: &str = "h1:";

/// A hash over a set of names and their contents, written `h1:` and 44 characters of base64.
///
/// Equal hashes mean equal names and bytes; compression, order, times and modes play no part.
///
/// Rule: dirhash Hash1 of golang.org/x/mod.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct H1([u8; 32]);

/// Why a text or a set of files has no [`H1`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum H1Error {
    /// The text does not begin with `h1:`.
    #[error("a hash begins with `h1:`")]
    Scheme,
    /// What follows `h1:` is not the padded base64 of 32 bytes.
    #[error("after `h1:` come 44 characters of padded base64")]
    Encoding,
    /// A name holds a line feed, which would let two sets of files have one summary.
    #[error("a file name with a line feed cannot be hashed")]
    LineFeed,
}

impl H1 {
    /// The hash of a go.mod as it is recorded in the `/go.mod` lines of go.sum.
    ///
    /// The name inside the hash is `go.mod` alone, and the bytes are those served at `.mod`.
    pub fn of_gomod(bytes: &[u8]) -> Self {
        sum(&mut [("go.mod", Sha256::digest(bytes).into())])
    }

    /// The hash over `(name, SHA-256 of the content)` pairs, given in any order.
    ///
    /// In a module zip a name is `path@version/file`, unescaped, with `/` between elements.
    ///
    /// # Errors
    /// [`H1Error::LineFeed`] when a name holds one.
    pub fn of_digests<'a>(files: impl IntoIterator<Item = (&'a str, [u8; 32])>) -> Result<Self, H1Error> {
        let mut files: Vec<_> = files.into_iter().collect();
        if files.iter().any(|(name, _)| name.contains('\n')) {
            return Err(H1Error::LineFeed);
        }
        Ok(sum(&mut files))
    }

    /// The 32 bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// One line per file in the order of the names' bytes: hex, two spaces, name. The hash is over those lines.
fn sum(files: &mut [(&str, [u8; 32])]) -> H1 {
    files.sort_unstable();
    let mut lines = Sha256::new();
    for (name, digest) in files {
        lines.update(hex(digest));
        lines.update(b"  ");
        lines.update(name.as_bytes());
        lines.update(b"\n");
    }
    H1(lines.finalize().into())
}

fn hex(digest: &[u8; 32]) -> [u8; 64] {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
    text
}

impl fmt::Display for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for H1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for H1 {
    type Err = H1Error;

    fn from_str(text: &str) -> Result<Self, H1Error> {
        let encoded = text.strip_prefix(SCHEME).ok_or(H1Error::Scheme)?;
        if encoded.len() != 44 {
            return Err(H1Error::Encoding);
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| H1Error::Encoding)?;
        bytes.try_into().map(Self).map_err(|_| H1Error::Encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &[u8])]) -> String {
        let digests = files.iter().map(|(name, bytes)| (*name, Sha256::digest(bytes).into()));
        H1::of_digests(digests).unwrap().to_string()
    }

    #[test]
    fn constants_of_the_protocol() {
        assert_eq!(of(&[]), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(H1::of_gomod(b"").to_string(), "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=");
        let gomod = b"module example.com/hello\n";
        assert_eq!(H1::of_gomod(gomod).to_string(), "h1:fpu2YBs8Cn+uPELS7pdczZmF9hlK1PibTkwahffYMfo=");
        let zip: [(&str, &[u8]); 2] = [
            ("example.com/hello@v1.0.0/hello.go", b"package hello\n"),
            ("example.com/hello@v1.0.0/go.mod", gomod),
        ];
        assert_eq!(of(&zip), "h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84=");
    }

    #[test]
    fn trap_43_a_gomod_is_hashed_under_its_bare_name() {
        assert_eq!(H1::of_gomod(b"x").to_string(), of(&[("go.mod", b"x")]));
        assert_ne!(H1::of_gomod(b"x").to_string(), of(&[("m@v1.0.0/go.mod", b"x")]));
    }

    #[test]
    fn text_and_back() {
        let text = "h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84=";
        assert_eq!(text.parse::<H1>().unwrap().to_string(), text);
    }

    #[test]
    fn other_spellings_are_refused() {
        let table = [
            ("", H1Error::Scheme),
            ("h2:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84=", H1Error::Scheme),
            ("H1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84=", H1Error::Scheme),
            ("h1:", H1Error::Encoding),
            ("h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84", H1Error::Encoding),
            ("h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT85=", H1Error::Encoding),
            ("h1:v_u_g2S1hZaWZImyAVXAGG42N1pWX_UTgAYidytBT84=", H1Error::Encoding),
            ("h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84= ", H1Error::Encoding),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<H1>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_line_feed_in_a_name_is_refused() {
        assert_eq!(H1::of_digests([("a\nb", [0; 32])]), Err(H1Error::LineFeed));
    }
}
