//! The modules, and what every answer must be.

use std::{collections::BTreeMap, time::Duration};

use testkit::{Module, ModuleTree};

use crate::random::Random;

const NEW_MODULES_A_SECOND: u64 = 8;
/// Long runs ask longer for the same.
const MOST_MODULES: u64 = 2000;
/// How many modules are asked for at one time.
const WINDOW: usize = 30;
const VERSION: &str = "v1.0.0";
/// How many modules nobody asks for until it is over.
const UNASKED: usize = 12;
/// A version that no module has.
const ABSENT: &str = "v1.0.1";

/// Everything that may be asked for, and the right bytes.
pub(crate) struct World {
    pub(crate) tree: ModuleTree,
    paths: Vec<String>,
    bodies: BTreeMap<String, Vec<u8>>,
}

/// What a client asks for.
pub(crate) struct Ask {
    /// Without the leading slash.
    pub(crate) path: String,
    /// False for a version that no source has.
    pub(crate) exists: bool,
}

impl World {
    /// As many modules as a run of this length needs, so that there is always something that nobody has asked for.
    pub(crate) fn lasting(run: Duration, random: &mut Random) -> Self {
        let count = (run.as_secs() * NEW_MODULES_A_SECOND).clamp((WINDOW + UNASKED) as u64, MOST_MODULES);
        let mut world = Self { tree: ModuleTree::default(), paths: Vec::new(), bodies: BTreeMap::new() };
        for n in 0..count {
            let path = format!("example.com/team{}/module{n}", n % 9);
            // A few are so large that faults hit their middle.
            let len = if n % 12 == 0 { 1_000_000 } else { 5_000 + random.below(150_000) as u64 };
            let module = Module::of_noise(&path, VERSION, len);
            let list = format!("{VERSION}\n").into_bytes();
            for (path, body) in [
                (module.url_path("info"), module.info.clone()),
                (module.url_path("mod"), module.gomod.clone()),
                (module.url_path("zip"), module.zip.to_vec()),
                (format!("{path}/@v/list"), list),
                (format!("{path}/@latest"), module.info.clone()),
            ] {
                world.bodies.insert(path, body);
            }
            world.paths.push(path);
            world.tree.add(module);
        }
        world
    }

    /// Something to ask for when this share of the run, in thousandths, has gone by.
    pub(crate) fn pick(&self, thousandths: usize, random: &mut Random) -> Ask {
        let first = (self.paths.len() - WINDOW - UNASKED) * thousandths.min(1000) / 1000;
        let module = &self.paths[first + random.below(WINDOW)];
        let (path, exists) = match random.below(20) {
            0 => (format!("{module}/@v/{ABSENT}.info"), false),
            1..=4 => (format!("{module}/@v/{VERSION}.info"), true),
            5..=8 => (format!("{module}/@v/{VERSION}.mod"), true),
            9..=15 => (format!("{module}/@v/{VERSION}.zip"), true),
            16..=17 => (format!("{module}/@v/list"), true),
            _ => (format!("{module}/@latest"), true),
        };
        Ask { path, exists }
    }

    /// What was not asked for by anybody.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = &str> {
        let modules = &self.paths[self.paths.len() - UNASKED..];
        let of = |path: &str| modules.iter().any(|module| path.starts_with(&format!("{module}/")));
        self.bodies.keys().map(String::as_str).filter(move |path| of(path))
    }

    /// The right bytes, if there are any.
    pub(crate) fn body(&self, path: &str) -> Option<&[u8]> {
        self.bodies.get(path).map(Vec::as_slice)
    }

    /// Every path with its bytes.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.bodies.iter().map(|(path, body)| (path.as_str(), body.as_slice()))
    }
}
