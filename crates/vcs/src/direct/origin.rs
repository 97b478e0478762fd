//! `.info` with `Origin`, as go writes it (cmd/go `modfetch/coderepo.go`, `convert`; `codehost/git.go`).

use base64::{Engine, engine::general_purpose::STANDARD};
use gomod::{Info, Origin, Semver};
use sha2::{Digest, Sha256};

use crate::{Found, Place, Refs, Repo, VcsError};

/// What is told of a version that was asked for by its name: nothing that other tags and branches can change.
pub(super) fn of_version(repo: &dyn Repo, place: &Place, found: Found) -> Info {
    info(repo, place, found).immutable()
}

/// What is told of a version that was found by another name, with what the answer depends on.
pub(super) fn of_query(repo: &dyn Repo, place: &Place, mut found: Found) -> Result<Info, VcsError> {
    let refs = repo.refs()?;
    if found.reference.is_none() {
        found.reference = tip(refs, &found);
    }
    let mut origin = origin(repo, place, &found);
    if found.version.is_pseudo() {
        origin.tag_prefix = tag_prefix(place);
        origin.tag_sum = tag_sum(refs, &origin.tag_prefix);
    }
    Ok(Info::of_commit(found.version, found.commit.time, origin))
}

fn info(repo: &dyn Repo, place: &Place, found: Found) -> Info {
    let origin = origin(repo, place, &found);
    Info::of_commit(found.version, found.commit.time, origin)
}

fn origin(repo: &dyn Repo, place: &Place, found: &Found) -> Origin {
    Origin {
        vcs: "git".to_owned(),
        url: repo.url().to_owned(),
        subdir: place.dir().to_owned(),
        hash: found.commit.id.to_string(),
        r#ref: found.reference.clone().unwrap_or_default(),
        ..Origin::default()
    }
}

/// The first reference that names the commit itself, as go finds one for a commit's hash.
fn tip(refs: &Refs, found: &Found) -> Option<String> {
    let id = found.commit.id;
    if refs.head == Some(id) {
        return Some("HEAD".to_owned());
    }
    let head = refs.heads.iter().find(|(_, head)| **head == id).map(|(name, _)| format!("refs/heads/{name}"));
    head.or_else(|| {
        let tag = refs.tags.iter().find(|(_, tag)| tag.target == id);
        tag.map(|(name, _)| format!("refs/tags/{name}"))
    })
}

/// What the tags begin with from which pseudo-versions are made.
fn tag_prefix(place: &Place) -> String {
    let major = place.path().major().strip_prefix(['/', '.']).map(|major| format!("{major}."));
    place.tag_prefix() + &major.unwrap_or_default()
}

/// Stands for these tags and what they lead to.
fn tag_sum(refs: &Refs, prefix: &str) -> String {
    let dir = prefix.rfind('/').map_or("", |slash| prefix.get(..=slash).unwrap_or_default());
    let mut hash = Sha256::new();
    for (name, tag) in refs.tags.iter().filter(|(name, _)| name.starts_with(prefix)) {
        let version = name.strip_prefix(dir).unwrap_or(name);
        let counts = Semver::parse(version)
            .is_some_and(|semver| semver.pseudo().is_none() && version.starts_with(&semver.canonical()));
        if counts {
            hash.update(format!("{name:?} {}\n", tag.target));
        }
    }
    format!("t1:{}", STANDARD.encode(hash.finalize()))
}
