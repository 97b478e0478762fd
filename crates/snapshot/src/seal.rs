//! What is signed: a few lines that name the manifest.

use sumdb::{Note, NoteError, Signer, Verifier};
use thiserror::Error;

use crate::Digest;

/// The first file of a snapshot: it names the manifest by its digest, and may be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The whole file.
    note: String,
    manifest: Digest,
}

/// Why something is no seal, or none that counts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// It does not have the form.
    #[error("the first file is not the seal of a snapshot")]
    Malformed,
    /// A newer Larder wrote it.
    #[error("the snapshot has format {0}, which is newer than this Larder knows; use the newer Larder")]
    Newer(u32),
    /// Nobody has signed it.
    #[error("nobody has signed the snapshot, and the key {0} was to have")]
    Unsigned(String),
    /// The key has not signed it.
    #[error("the signature is not that of the key {key}: {error}")]
    Signature {
        /// The key that was to have signed.
        key: String,
        /// What is wrong.
        error: NoteError,
    },
}

impl Seal {
    /// The seal of a manifest.
    pub(crate) fn new(manifest: Digest, signer: Option<&Signer>) -> Result<Self, NoteError> {
        let text = format!("{TITLE}{FORMAT}\n{manifest}\n");
        let note = match signer {
            Some(signer) => signer.sign(&text)?,
            None => text,
        };
        Ok(Seal { note, manifest })
    }

    /// Reads a seal; whoever signed it.
    pub fn parse(file: &[u8]) -> Result<Self, SealError> {
        let note = std::str::from_utf8(file).map_err(|_| SealError::Malformed)?;
        let rest = note.strip_prefix(TITLE).ok_or(SealError::Malformed)?;
        let (format, rest) = rest.split_once('\n').ok_or(SealError::Malformed)?;
        let format: u32 = format.parse().map_err(|_| SealError::Malformed)?;
        if format != FORMAT {
            return Err(SealError::Newer(format));
        }
        let (digest, rest) = rest.split_once('\n').ok_or(SealError::Malformed)?;
        if !rest.is_empty() && !rest.starts_with('\n') {
            return Err(SealError::Malformed);
        }
        let manifest = Digest::parse(digest).ok_or(SealError::Malformed)?;
        Ok(Seal { note: note.to_owned(), manifest })
    }

    /// The whole file.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.note.as_bytes()
    }

    /// The digest of the manifest.
    pub fn manifest(&self) -> Digest {
        self.manifest
    }

    /// Who says that they have signed it, `NAME` of each signature line. Nothing is checked.
    pub fn signers(&self) -> Vec<&str> {
        let Some((_, signatures)) = self.note.split_once("\n\n") else { return Vec::new() };
        signatures.lines().filter_map(|line| line.strip_prefix("\u{2014} ")?.split(' ').next()).collect()
    }

    /// Whether this key has signed it.
    pub fn verify(&self, key: &Verifier) -> Result<(), SealError> {
        if !self.note.contains("\n\n") {
            return Err(SealError::Unsigned(key.to_string()));
        }
        let opened = Note::open(self.note.as_bytes(), key);
        opened.map(drop).map_err(|error| SealError::Signature { key: key.to_string(), error })
    }
}

const TITLE: &str = "larder snapshot\n";
const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_what_is_read() {
        let signer = Signer::from_seed("ops.example.com", &[7; 32]).unwrap();
        let other = Signer::from_seed("ops.example.com", &[8; 32]).unwrap();
        let digest = Digest::of(b"manifest");
        let seal = Seal::new(digest, Some(&signer)).unwrap();
        let read = Seal::parse(seal.as_bytes()).unwrap();
        assert_eq!((read.manifest(), read.signers()), (digest, vec!["ops.example.com"]));
        read.verify(signer.verifier()).unwrap();
        assert!(matches!(read.verify(other.verifier()), Err(SealError::Signature { .. })));

        let unsigned = Seal::new(digest, None).unwrap();
        let read = Seal::parse(unsigned.as_bytes()).unwrap();
        assert_eq!((read.manifest(), read.signers().len()), (digest, 0));
        assert!(matches!(read.verify(signer.verifier()), Err(SealError::Unsigned(_))));
    }

    #[test]
    fn another_form_is_none() {
        let digest = Digest::of(b"manifest");
        for (text, newer) in [
            (String::new(), false),
            ("larder snapshot\n".into(), false),
            (format!("larder snapshot\n1\n{digest}"), false),
            (format!("larder snapshot\n1\n{digest}\nmore\n"), false),
            (format!("larder snapshot\n01x\n{digest}\n"), false),
            (format!("larder snapshot\n2\n{digest}\n"), true),
        ] {
            let error = Seal::parse(text.as_bytes()).unwrap_err();
            assert_eq!(matches!(error, SealError::Newer(_)), newer, "{text:?}");
        }
    }
}
