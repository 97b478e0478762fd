//! What the first bytes of a zip already show.

use super::fault::{EntryFault, Looks, ZipFault};
use super::fields::{END, LOCAL, LOCAL_LEN};
use crate::excerpt::Excerpt;

/// How many bytes [`check`] can make use of.
pub(super) fn needed(prefix: &str) -> usize {
    LOCAL_LEN + prefix.len()
}

/// Looks at the beginning of a zip, of which perhaps only a part is there yet.
pub(super) fn check(head: &[u8], prefix: &str) -> Result<(), ZipFault> {
    let signature = match head.first_chunk() {
        Some(signature) => u32::from_le_bytes(*signature),
        None if b"PK".starts_with(head.get(..2).unwrap_or(head)) => return Ok(()),
        None => return Err(ZipFault::NotZip(looks(head))),
    };
    match signature {
        END => return Ok(()),
        LOCAL => {}
        _ => return Err(ZipFault::NotZip(looks(head))),
    }
    let Some((fixed, name)) = head.split_at_checked(LOCAL_LEN) else { return Ok(()) };
    let len =
        fixed.get(26..).and_then(<[u8]>::first_chunk).map_or(0, |len| usize::from(u16::from_le_bytes(*len)));
    let name = name.get(..len).unwrap_or(name);
    let common = name.len().min(prefix.len());
    if name.get(..common) != prefix.as_bytes().get(..common) || len < prefix.len() {
        return Err(EntryFault::Outside(Excerpt::of(prefix)).of(name));
    }
    Ok(())
}

fn looks(head: &[u8]) -> Looks {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        [0x1f, 0x8b, ..] => Looks::Gzip,
        [b'<', ..] => Looks::Markup,
        [b'{' | b'[', ..] => Looks::Json,
        _ => Looks::Other,
    }
}
