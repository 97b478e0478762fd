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
    if head.len() < 4 && b"PK".starts_with(head.get(..2).unwrap_or(head)) {
        return Ok(());
    }
    signature(head)?;
    let Some((fixed, name)) =
        head.split_at_checked(LOCAL_LEN).filter(|_| !head.starts_with(&END.to_le_bytes()))
    else {
        return Ok(());
    };
    let len =
        fixed.get(26..).and_then(<[u8]>::first_chunk).map_or(0, |len| usize::from(u16::from_le_bytes(*len)));
    let name = name.get(..len).unwrap_or(name);
    if len < prefix.len() || !prefix.as_bytes().starts_with(name) {
        return Err(EntryFault::Outside(Excerpt::of(prefix)).of(name));
    }
    Ok(())
}

/// A zip begins with an entry, or with its end when it has none.
pub(super) fn signature(head: &[u8]) -> Result<(), ZipFault> {
    let begins = |signature: u32| head.starts_with(&signature.to_le_bytes());
    if begins(LOCAL) || begins(END) { Ok(()) } else { Err(ZipFault::NotZip(looks(head))) }
}

fn looks(head: &[u8]) -> Looks {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        [0x1f, 0x8b, ..] => Looks::Gzip,
        [b'<', ..] => Looks::Markup,
        [b'{' | b'[', ..] => Looks::Json,
        _ if head.len() < 4 => Looks::Short,
        _ => Looks::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_bytes_tell() {
        let prefix = "example.com/m@v1.0.0/";
        let entry = |name: &str| {
            let len = u16::try_from(name.len()).unwrap().to_le_bytes();
            [b"PK\x03\x04".as_slice(), &[0; 22], &len, &[0; 2], name.as_bytes()].concat()
        };
        for good in [entry("example.com/m@v1.0.0/a.go"), entry(prefix), b"PK\x05\x06".to_vec()] {
            for len in 0..=good.len().min(needed(prefix)) {
                assert!(check(&good[..len], prefix).is_ok(), "{len} bytes");
            }
        }
        let table: [(&[u8], &str); 9] = [
            (b"PX", "this is not a zip: it is empty or cut short"),
            (b"<", "this is not a zip: it begins like a web page"),
            (b"\xef\xbb\xbf<!doctype", "this is not a zip: it begins like a web page"),
            (b" [1]", "this is not a zip: it begins like JSON"),
            (b"\x1f\x8b\x08\x00", "this is not a zip: it begins like gzip"),
            (b"PK\x01\x02", "this is not a zip: it does not begin with a zip entry"),
            (b"not found: unknown", "this is not a zip: it does not begin with a zip entry"),
            (
                &entry("example.com/m@v1.0.1/a.go"),
                r#"entry "example.com/m@v1.0.1/" of the zip lies outside of "example.com/m@v1.0.0/""#,
            ),
            (&entry("m"), r#"entry "m" of the zip lies outside of "example.com/m@v1.0.0/""#),
        ];
        for (head, fault) in table {
            let head = &head[..head.len().min(needed(prefix))];
            assert_eq!(check(head, prefix).unwrap_err().to_string(), fault);
        }
    }
}
