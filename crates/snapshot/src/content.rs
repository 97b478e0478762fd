//! Whether a file in a snapshot is what its name says.

use gomod::{H1, Info, ModuleVersion, VersionList, ZipCheck};
use storage::{Key, Kind, Question};

use crate::{Manifest, refused::EntryFault};

/// Checks a file that is in memory. Objects of databases are checked by their proofs.
pub(crate) fn small(manifest: &Manifest, key: &Key, bytes: &[u8]) -> Result<(), EntryFault> {
    match key {
        Key::File(version, Kind::Mod) => {
            if bytes.is_empty() || bytes.contains(&0) {
                return Err(EntryFault::Content("it is no go.mod".to_owned()));
            }
            let said = manifest.modules().get(version).and_then(|module| module.gomod);
            same(H1::of_gomod(bytes), said)
        }
        Key::File(version, Kind::Info) => {
            let info = info(bytes)?;
            if info.version() != version.version() {
                return Err(EntryFault::Content(format!("it is the .info of {}", info.version())));
            }
            Ok(())
        }
        Key::Answer(Question::List(_)) => match std::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(_) => Err(EntryFault::Content("it is no list of versions".to_owned())),
        },
        Key::Answer(question) => {
            let version = info(bytes)?.version().clone();
            let fits = ModuleVersion::new(question.module().clone(), version);
            fits.map(drop).map_err(|error| EntryFault::Content(error.to_string()))
        }
        Key::Tile(_, id) if bytes.len() != usize::from(id.width()) * 32 => {
            Err(EntryFault::Content("it has not as many hashes as its name says".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Checks a zip as one that arrives.
pub(crate) fn zip(
    manifest: &Manifest,
    version: &ModuleVersion,
    file: &std::fs::File,
    len: u64,
) -> Result<(), EntryFault> {
    let facts = ZipCheck::new(version).finish(file, len).map_err(EntryFault::Zip)?;
    same(facts.h1, manifest.modules().get(version).and_then(|module| module.zip))
}

/// An answer in the form in which it is stored.
pub(crate) fn canonical(question: &Question, bytes: &[u8]) -> Vec<u8> {
    match question {
        Question::List(module) => VersionList::parse(module, &String::from_utf8_lossy(bytes)).to_bytes(),
        Question::Latest(_) | Question::Query(..) => bytes.to_vec(),
    }
}

fn info(bytes: &[u8]) -> Result<Info, EntryFault> {
    Info::parse(bytes).map_err(|error| EntryFault::Content(format!("it is no .info: {error}")))
}

fn same(got: H1, said: Option<H1>) -> Result<(), EntryFault> {
    match said {
        Some(said) if said != got => Err(EntryFault::Hash { got, said }),
        _ => Ok(()),
    }
}
