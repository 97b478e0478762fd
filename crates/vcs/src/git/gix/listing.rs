//! What a server lists, read into [`Refs`].

use gix_hash::ObjectId;
use gix_protocol::handshake::Ref;

use crate::{Oid, Refs, Tag, git::binary::is_name};

/// Asked for; what a server lists besides does not count.
pub(super) const BELOW: [&str; 3] = ["HEAD", "refs/heads/", "refs/tags/"];

/// Reads a listing. A name that is not UTF-8, or none that git allows, is no version's and cannot be asked for.
pub(super) fn read(listing: &[Ref]) -> Refs {
    let mut refs = Refs::default();
    for reference in listing {
        let (name, direct, target, leads_to) = match reference {
            Ref::Direct { full_ref_name, object } => (full_ref_name, object, object, None),
            Ref::Peeled { full_ref_name, tag, object } => (full_ref_name, tag, object, None),
            Ref::Symbolic { full_ref_name, target, tag, object } => {
                (full_ref_name, tag.as_ref().unwrap_or(object), object, Some(target))
            }
            Ref::Unborn { .. } => continue,
        };
        let (Ok(name), Some(direct), Some(target)) = (std::str::from_utf8(name), oid(*direct), oid(*target))
        else {
            continue;
        };
        if name == "HEAD" {
            refs.head = Some(direct);
            refs.default_branch = leads_to.and_then(|to| branch(to));
        } else if let Some(name) = name.strip_prefix("refs/heads/").filter(|name| is_name(name)) {
            refs.heads.insert(name.to_owned(), direct);
        } else if let Some(name) = name.strip_prefix("refs/tags/").filter(|name| is_name(name)) {
            refs.tags.insert(name.to_owned(), Tag { direct, target });
        }
    }
    refs
}

fn branch(target: &[u8]) -> Option<String> {
    std::str::from_utf8(target.strip_prefix(b"refs/heads/")?).ok().map(str::to_owned)
}

/// As the rules have it.
pub(super) fn oid(id: ObjectId) -> Option<Oid> {
    Oid::new(id.as_bytes()).ok()
}
