//! Directories that are sealed, and where they lie now.

use std::path::{Path, PathBuf};

use storage::SealRoot;

/// A directory: its name in the ledger, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As it was written when it was sealed.
    pub name: String,
    /// Where it is found from here.
    pub dir: PathBuf,
}

/// Why a directory cannot be sealed or checked.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Its name is no text.
    #[error("the name of {} is no text, so it cannot be written down", .0.display())]
    NotText(PathBuf),
    /// It was named twice.
    #[error("{0} is named twice")]
    Twice(String),
    /// Nothing is sealed.
    #[error("nothing is sealed in it")]
    Empty,
    /// None of the directories in the ledger.
    #[error("{given} is not sealed; sealed are: {}; write NAME=DIR where a directory lies elsewhere now", known.join(", "))]
    Unknown {
        /// What was named.
        given: String,
        /// What is sealed.
        known: Vec<String>,
    },
    /// It was broken off.
    #[error("the sealing of {0} was broken off; run `larder seal create` again, which goes on where it was")]
    Incomplete(String),
}

/// The directories to seal, under the names that they were given.
pub fn to_create(given: &[PathBuf]) -> Result<Vec<Place>, PlaceError> {
    let mut places: Vec<Place> = Vec::new();
    for dir in given {
        let name = dir.to_str().ok_or_else(|| PlaceError::NotText(dir.clone()))?;
        let name = plain(name).to_owned();
        if places.iter().any(|place| place.name == name) {
            return Err(PlaceError::Twice(name));
        }
        places.push(Place { dir: dir.clone(), name });
    }
    Ok(places)
}

/// The directories to check: all that are sealed, or those that were given. A given one is known by its name, by
/// `NAME=DIR`, by being the same directory, or because only one is sealed.
pub fn to_check(given: &[PathBuf], sealed: &[SealRoot]) -> Result<Vec<(Place, SealRoot)>, PlaceError> {
    if sealed.is_empty() {
        return Err(PlaceError::Empty);
    }
    let mut places: Vec<(Place, SealRoot)> = Vec::new();
    if given.is_empty() {
        places.extend(
            sealed.iter().map(|root| {
                (Place { name: root.name.clone(), dir: PathBuf::from(&root.name) }, root.clone())
            }),
        );
    }
    for dir in given {
        let found = find(dir, sealed, given.len() == 1)?;
        if places.iter().any(|(place, _)| place.name == found.0.name) {
            return Err(PlaceError::Twice(found.0.name));
        }
        places.push(found);
    }
    match places.iter().find(|(_, root)| !root.complete) {
        Some((place, _)) => Err(PlaceError::Incomplete(place.name.clone())),
        None => Ok(places),
    }
}

fn find(dir: &Path, sealed: &[SealRoot], alone: bool) -> Result<(Place, SealRoot), PlaceError> {
    let at = |root: &SealRoot, dir: PathBuf| (Place { name: root.name.clone(), dir }, root.clone());
    let text = dir.to_string_lossy();
    if let Some(root) = sealed.iter().find(|root| root.name == plain(&text)) {
        return Ok(at(root, dir.to_owned()));
    }
    if let Some((name, elsewhere)) = text.split_once('=')
        && let Some(root) = sealed.iter().find(|root| root.name == plain(name))
    {
        return Ok(at(root, PathBuf::from(elsewhere)));
    }
    let same = |root: &&SealRoot| matches!((Path::new(&root.name).canonicalize(), dir.canonicalize()), (Ok(one), Ok(other)) if one == other);
    match (sealed.iter().find(same), sealed) {
        (Some(root), _) => Ok(at(root, dir.to_owned())),
        (None, [only]) if alone => Ok(at(only, dir.to_owned())),
        _ => Err(PlaceError::Unknown {
            given: text.into_owned(),
            known: sealed.iter().map(|root| root.name.clone()).collect(),
        }),
    }
}

/// A name without slashes at its end.
fn plain(name: &str) -> &str {
    match name.trim_end_matches('/') {
        "" => name,
        plain => plain,
    }
}
