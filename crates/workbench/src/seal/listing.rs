//! The signature of a ledger: a note about all that is in it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};
use storage::{SealError, SealFile};
use sumdb::{Note, NoteError, Signer, Verifier};

/// What becomes of the signature of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// There is none.
    No,
    /// The key has signed exactly what is in the ledger.
    By(String),
    /// The key has signed something else, or not at all; why.
    Wrong(String),
}

/// Signs all that is in the ledger.
///
/// # Errors
/// Those of the ledger.
pub fn sign(ledger: &SealFile, signer: &Signer) -> Result<(), SealError> {
    let note = signer
        .sign(&text(ledger)?)
        .map_err(|error| SealError::Damaged { path: ledger.path().to_owned(), what: error.to_string() })?;
    ledger.sign(&note)
}

/// Whether this key has signed what is in the ledger.
///
/// # Errors
/// Those of the ledger.
pub fn signature(ledger: &SealFile, key: &Verifier) -> Result<Signed, SealError> {
    let Some(note) = ledger.signature()? else { return Ok(Signed::No) };
    let text = text(ledger)?;
    let opened: Result<_, NoteError> = Note::open(note.as_bytes(), key);
    Ok(match opened {
        Err(error) => Signed::Wrong(error.to_string()),
        Ok(opened) if opened.text() == text => Signed::By(key.to_string()),
        Ok(_) => Signed::Wrong("the ledger was altered after it was signed".to_owned()),
    })
}

/// The text that is signed: the form, how many files there are, and a hash over every directory and file with all that
/// is said of it.
fn text(ledger: &SealFile) -> Result<String, SealError> {
    let mut all = Sha256::new();
    let mut files = 0_u64;
    for root in ledger.roots()? {
        // No path holds a NUL either, so nothing can be read in two ways.
        if root.name.contains('\0') {
            let what = format!("{:?} is no name of a directory", root.name);
            return Err(SealError::Damaged { path: ledger.path().to_owned(), what });
        }
        all.update(format!("{}\0{}\0\n", root.name, u8::from(root.complete)));
        ledger.files::<SealError>(&root, |row| {
            let file = row.file;
            all.update(format!("{}\0{} {} {:o} {}\n", row.path, file.hex(), file.size, file.mode, file.time));
            files += 1;
            Ok(())
        })?;
    }
    let hash = BASE64.encode(all.finalize());
    Ok(format!("larder seal 1\n{files} files\n{hash}\n"))
}
