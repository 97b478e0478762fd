//! `h1:` hashes, written from PROTOCOL 2.1.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The h1 of a set of files: `names` are those of the zip's entries, in any order.
pub fn h1<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    summary(files.into_iter().map(|(name, content)| (name.to_owned(), Sha256::digest(content).into())))
}

/// The h1 of a go.mod file, as the `/go.mod` lines of go.sum have it.
pub fn gomod_h1(content: &[u8]) -> String {
    h1([("go.mod", content)])
}

pub(crate) fn summary(files: impl Iterator<Item = (String, [u8; 32])>) -> String {
    let mut files: Vec<_> = files.collect();
    files.sort();
    let mut lines = String::new();
    for (name, digest) in files {
        for byte in digest {
            write!(lines, "{byte:02x}").unwrap();
        }
        writeln!(lines, "  {name}").unwrap();
    }
    format!("h1:{}", STANDARD.encode(Sha256::digest(lines)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_constants_come_out() {
        assert_eq!(h1([]), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(
            gomod_h1(b"module example.com/hello\n"),
            "h1:fpu2YBs8Cn+uPELS7pdczZmF9hlK1PibTkwahffYMfo="
        );
        let zip = [
            ("example.com/hello@v1.0.0/hello.go", b"package hello\n".as_slice()),
            ("example.com/hello@v1.0.0/go.mod", b"module example.com/hello\n".as_slice()),
        ];
        assert_eq!(h1(zip), "h1:v/u/g2S1hZaWZImyAVXAGG42N1pWX/UTgAYidytBT84=");
    }
}
