//! `.info` with `Origin`, as go writes it (cmd/go `modfetch/coderepo.go`, `convert`; `codehost/git.go`).

use base64::{Engine, engine::general_purpose::STANDARD};
use gomod::{Info, Origin, Semver, Version};
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
        found.reference = tag_of(refs, place, &found.version);
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

/// The tag of a version that was found by its commit's hash.
fn tag_of(refs: &Refs, place: &Place, version: &Version) -> Option<String> {
    let version = version.as_str();
    let name = place.tag_prefix() + version.strip_suffix("+incompatible").unwrap_or(version);
    refs.tags.contains_key(&name).then(|| format!("refs/tags/{name}"))
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
