//! Signatures of others on the current head: kept with it, passed on with it, gone with it.
//!
//! Who the others are is not known here, so their signatures are not checked: a client that knows a witness does that.
//! What is checked is that a note is of the very head that is signed here, and that its form is right.

use bytes::{Bytes, BytesMut};
use sumdb::Head;

use super::{OwnError, log::Log, note};

impl Log {
    /// Adds the other signatures on a note of the current head to it. One under a name that is there takes its place.
    pub(super) async fn cosigned(&self, cosigned: &[u8]) -> Result<(), OwnError> {
        let refused = |why: &str| OwnError::Cosignature(why.to_owned());
        let key = self.signer.verifier();
        let head = Head::open(cosigned, key).map_err(|error| refused(&error.to_string()))?;
        let stored = self.begun().await?;
        if head != stored.head {
            return Err(refused("the note is not of the current head; sign what `latest` gives now"));
        }
        let own = self.sign(&head)?;
        let all = [stored.signed.note.as_ref(), cosigned].map(note::signatures);
        let mut lines: Vec<&str> = Vec::new();
        for line in all.into_iter().flatten().flatten() {
            let Some(name) = signer(line).filter(|name| *name != key.name()) else { continue };
            if line.len() > LONGEST {
                return Err(refused("a signature line is too long"));
            }
            lines.retain(|other| signer(other) != Some(name));
            lines.push(line);
        }
        if lines.len() > MOST {
            return Err(refused("there are too many signatures"));
        }
        let mut note = BytesMut::from(own.as_bytes());
        for line in lines {
            note.extend_from_slice(line.as_bytes());
        }
        if note == stored.signed.note {
            return Ok(());
        }
        let moved = self.store.move_head(&self.name, stored.signed.tag, Bytes::from(note)).await?;
        moved.map(drop).ok_or_else(|| OwnError::Overtaken(self.name.clone()))
    }
}

/// The name in a signature line.
fn signer(line: &str) -> Option<&str> {
    line.strip_prefix("\u{2014} ")?.split_once(' ').map(|(name, _)| name)
}

/// How many others may sign a head. A note has at most 100 signatures.
const MOST: usize = 16;
/// In bytes; one of Ed25519 with a long name has far less.
const LONGEST: usize = 1024;
