//! What is there and what is missing: objects for programs, a sentence for people.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use gomod::{H1, ModuleVersion};
use serde::{Serialize, ser::SerializeStruct};
use serde_json::{Serializer, Value, ser::PrettyFormatter};
use storage::Kind;
use workbench::{
    masked,
    needs::{Needs, Weight},
};

use super::{Had, Lack, Place, Watch};
use crate::{
    progress::{Progress, print},
    publish::eprint,
    scrub::amount,
};

/// What became of everything.
pub(super) struct Report {
    json: bool,
    place: Arc<Place>,
    progress: Progress,
    versions: BTreeMap<ModuleVersion, Version>,
    counts: Counts,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    done: usize,
    fetched: u64,
    /// Bytes of those.
    bytes: u64,
    known: u64,
}

/// What is known of a version.
#[derive(Default)]
struct Version {
    had: BTreeMap<Kind, Option<H1>>,
    lacks: BTreeMap<Kind, Lack>,
    origin: Option<Value>,
}

impl Report {
    pub(super) fn new(json: bool, place: Arc<Place>) -> Self {
        let (progress, versions, counts) = (Progress::new(), BTreeMap::new(), Counts::default());
        Report { json, place, progress, versions, counts }
    }

    /// The versions of which something is there.
    pub(super) fn versions(&self) -> BTreeSet<ModuleVersion> {
        let there = self.versions.iter().filter(|(_, version)| !version.had.is_empty());
        there.map(|(module, _)| module.clone()).collect()
    }

    /// Prints what there is to print; the exit code.
    pub(super) fn finish(mut self, needs: &Needs) -> anyhow::Result<u8> {
        self.progress.clear();
        let mut beside = Vec::new();
        let mut missing = Vec::new();
        for (module, version) in &mut self.versions {
            let (serious, trifling) =
                std::mem::take(&mut version.lacks).into_iter().partition(|(kind, lack)| {
                    needs.weight(module, *kind) == Weight::Needed || matches!(lack, Lack::Failed(_))
                });
            version.lacks = serious;
            let lines = |lacks: &BTreeMap<Kind, Lack>| -> Vec<String> {
                lacks.iter().map(|(kind, lack)| format!("{module} .{kind}: {}", masked(lack.why()))).collect()
            };
            missing.extend(lines(&version.lacks));
            beside.extend(lines(&trifling));
        }
        if self.json {
            for (module, version) in self.versions.iter().filter(|(_, version)| !version.is_nothing()) {
                print(&object(&self.place, module, version)?)?;
            }
        }
        for line in &missing {
            eprint(&format!("missing: {line}"));
        }
        for line in beside.iter().take(SHOWN) {
            eprint(&format!("not there, and not needed by builds: {line}"));
        }
        if beside.len() > SHOWN {
            eprint(&format!("not there, and not needed by builds: {} more", beside.len() - SHOWN));
        }
        eprint(&self.sentence(missing.len()));
        Ok(u8::from(!missing.is_empty()))
    }

    fn sentence(&self, missing: usize) -> String {
        let Counts { fetched, bytes, known, .. } = self.counts;
        let place = self.place.shown();
        if self.versions.is_empty() {
            return "larder: the project needs no modules".to_owned();
        }
        let had = || self.versions.values().filter(|version| !version.had.is_empty());
        let with_zip = had().filter(|version| version.had.contains_key(&Kind::Zip)).count();
        let alone = had().count() - with_zip;
        let came = match (&*self.place, fetched, known) {
            (Place::Server(_), _, _) => format!("{} ({})", counted(fetched, "file"), amount(bytes)),
            (Place::Store { .. }, 0, known) => format!("{} stored before", counted(known, "file")),
            (Place::Store { .. }, _, known) => {
                format!("{} fetched ({}), {known} stored before", counted(fetched, "file"), amount(bytes))
            }
        };
        let modules = counted(with_zip as u64, "module");
        let more = match alone {
            0 => String::new(),
            _ => format!(", and the go.mod files of {} more", counted(alone as u64, "version")),
        };
        let rest = match missing {
            0 => String::new(),
            _ => format!("; {} missing", counted(missing as u64, "file")),
        };
        format!("larder: {place} has {modules}{more}: {came}{rest}")
    }
}

/// `1 file`, `2 files`.
fn counted(number: u64, what: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {what}{ending}")
}

impl Watch for Report {
    fn done(&mut self, module: ModuleVersion, kind: Kind, done: Result<Had, Lack>) {
        self.counts.done += 1;
        let version = self.versions.entry(module).or_default();
        match done {
            Ok(Had { h1, bytes, size, known }) => {
                if known {
                    self.counts.known += 1;
                } else {
                    self.counts.fetched += 1;
                    self.counts.bytes += size;
                }
                if kind == Kind::Info {
                    let info = serde_json::from_slice::<Value>(&bytes).ok();
                    version.origin = info.and_then(|mut info| info.get_mut("Origin").map(Value::take));
                }
                version.had.insert(kind, h1);
            }
            Err(lack) => drop(version.lacks.insert(kind, lack)),
        }
    }

    fn draw(&self, all: usize) {
        let Counts { done, bytes, .. } = self.counts;
        self.progress.draw(|| format!("{done} of {all} files, {} fetched", amount(bytes)));
    }
}

impl Version {
    /// Whether there is nothing to say of it.
    fn is_nothing(&self) -> bool {
        self.had.is_empty() && self.lacks.is_empty()
    }
}

/// The object of `go mod download -json` (`go help mod download`), laid out as `go` does.
fn object(place: &Place, module: &ModuleVersion, version: &Version) -> anyhow::Result<String> {
    let mut text = Vec::new();
    let mut to = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t"));
    Object { place, module, version }.serialize(&mut to)?;
    Ok(String::from_utf8(text).map_err(io::Error::other)?)
}

struct Object<'a> {
    place: &'a Place,
    module: &'a ModuleVersion,
    version: &'a Version,
}

impl Serialize for Object<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Object { place, module, version } = self;
        let mut object = to.serialize_struct("Module", 9)?;
        object.serialize_field("Path", module.path().as_str())?;
        object.serialize_field("Version", module.version().as_str())?;
        let lacks = version.lacks.iter().map(|(kind, lack)| format!(".{kind}: {}", masked(lack.why())));
        let lacks: Vec<_> = lacks.collect();
        if !lacks.is_empty() {
            object.serialize_field("Error", &lacks.join("\n"))?;
        }
        for (kind, name) in [(Kind::Info, "Info"), (Kind::Mod, "GoMod"), (Kind::Zip, "Zip")] {
            if version.had.contains_key(&kind) {
                object.serialize_field(name, &place.of(module, kind))?;
            }
        }
        for (kind, name) in [(Kind::Zip, "Sum"), (Kind::Mod, "GoModSum")] {
            if let Some(Some(h1)) = version.had.get(&kind) {
                object.serialize_field(name, &h1.to_string())?;
            }
        }
        if let Some(origin) = version.origin.as_ref().filter(|origin| !origin.is_null()) {
            object.serialize_field("Origin", origin)?;
        }
        object.end()
    }
}

/// How many of what nobody needs are shown.
const SHOWN: usize = 5;
