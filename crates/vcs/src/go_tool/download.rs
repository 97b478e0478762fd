//! The files of versions that go has made, kept for a moment: who asks for one of the three asks for the others too.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use gomod::{Info, ModuleVersion, Request, read_gomod};
use serde_json::Value;

use super::{Given, odd, scratch::Scratch, small};
use crate::{Cause, Vcs, VcsError};

/// What go has made of a version.
#[derive(Debug)]
pub(super) struct Made {
    info: Option<Vec<u8>>,
    gomod: Option<Vec<u8>>,
    zip: Option<PathBuf>,
    /// Why one is not there.
    missing: Option<VcsError>,
    _scratch: Scratch,
}

impl Made {
    /// What go says that it has made, read and compared.
    pub(super) fn new(
        version: &ModuleVersion,
        said: &Value,
        scratch: Scratch,
        missing: Option<VcsError>,
        vcs: Vcs,
    ) -> Result<Self, VcsError> {
        let path = version.path();
        let file = |name: &str| said[name].as_str().and_then(|file| scratch.own(file));
        let info = match file("Info") {
            Some(file) => {
                let bytes = small(&file)?;
                let info = Info::parse(&bytes).map_err(|error| odd(path, &error.to_string()))?;
                if info.version() != version.version() {
                    return Err(odd(path, "another version"));
                }
                Some(info.immutable().to_bytes())
            }
            None => None,
        };
        let (mut gomod, zip) = match file("GoMod") {
            Some(file) => (Some(small(&file)?), said["Zip"].as_str().and_then(|zip| scratch.own(zip))),
            None => (None, None),
        };
        // go takes a go.mod for missing where its tool could not read it, and makes one up.
        if let (Some(gomod), Some(zip)) = (&gomod, &zip)
            && let Some(inside) = gomod_in(zip, version).map_err(|why| odd(path, &why))?
            && inside != *gomod
        {
            let why = "its go.mod could not be read whole";
            return Err(VcsError::failed(Cause::Server, format!("go mod download {version}"), why));
        }
        if vcs == Vcs::Svn && zip.is_none() {
            gomod = None;
        }
        Ok(Made { info, gomod, zip, missing, _scratch: scratch })
    }

    /// One of the files.
    pub(super) fn give(&self, what: &Request) -> Result<Given, VcsError> {
        let given = match what {
            Request::Info(_) => self.info.clone().map(Given::Text),
            Request::Mod(_) => self.gomod.clone().map(Given::Text),
            _ => match &self.zip {
                Some(zip) => Some(Given::Zip(File::open(zip).map_err(|error| local(&error))?)),
                None => None,
            },
        };
        let missing = || self.missing.clone();
        given.ok_or_else(|| missing().unwrap_or_else(|| local(&io::Error::other("go made no such file"))))
    }
}

/// The go.mod in a zip, if it has one.
fn gomod_in(zip: &Path, version: &ModuleVersion) -> Result<Option<Vec<u8>>, String> {
    let read = || -> io::Result<_> {
        let file = File::open(zip)?;
        let len = file.metadata()?.len();
        Ok(read_gomod(version, &file, len))
    };
    read().map_err(|error| error.to_string())?.map_err(|fault| fault.to_string())
}

fn local(error: &io::Error) -> VcsError {
    VcsError::failed(Cause::Local, "go mod download", error)
}

type Place = Arc<Mutex<Option<Arc<Made>>>>;

/// The newest ones.
#[derive(Debug, Default)]
pub(super) struct Downloads(VecDeque<(ModuleVersion, Instant, Place)>);

impl Downloads {
    /// The files of a version, made once for all who ask meanwhile and shortly after. A failure is not kept.
    pub(super) fn get(
        all: &Mutex<Downloads>,
        version: &ModuleVersion,
        make: impl FnOnce() -> Result<Made, VcsError>,
    ) -> Result<Arc<Made>, VcsError> {
        let place = locked(all).place(version);
        let mut place = locked(&place);
        if let Some(made) = &*place {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(make()?);
        // What is not whole may be whole the next time.
        if made.missing.is_none() {
            *place = Some(Arc::clone(&made));
        }
        Ok(made)
    }

    fn place(&mut self, version: &ModuleVersion) -> Place {
        self.0.retain(|(_, since, _)| since.elapsed() < KEPT);
        if let Some((.., place)) = self.0.iter().find(|(known, ..)| known == version) {
            return Arc::clone(place);
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let place = Place::default();
        self.0.push_back((version.clone(), Instant::now(), Arc::clone(&place)));
        place
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long they are kept.
const KEPT: Duration = Duration::from_mins(1);
/// How many versions.
const MOST: usize = 8;
