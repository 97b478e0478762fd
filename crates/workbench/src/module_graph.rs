//! The module graph of a project, as the go command loads it, for somebody who has the go.mod files still to come.
//!
//! [`ModuleGraph::wanted`] says which go.mod files are read next, [`ModuleGraph::read`] takes one, in any order, until none
//! is wanted any more. Then [`ModuleGraph::selected`] says which version of each module is used.
//!
//! Rule: `readModGraph` of cmd/go/internal/modload.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
};

use gomod::{GoMod, GoVersion, MAX_GOMOD, ModulePath, ModuleVersion, Version};

use crate::{
    modcache::small_file,
    project::{Instead, Project},
};

/// A module graph that grows.
#[derive(Clone, Debug)]
pub struct ModuleGraph {
    project: Project,
    /// What go.mod files require. `None`: there is none to be had.
    read: BTreeMap<Node, Option<Requirements>>,
    /// What comes when a go.mod file is there, and for how much of the graph.
    awaited: BTreeMap<ModuleVersion, BTreeSet<Node>>,
    loads: BTreeSet<(Node, Pruning)>,
    open: VecDeque<(Node, Pruning)>,
    wanted: Vec<ModuleVersion>,
    highest: BTreeMap<String, Version>,
    /// Modules of which what their selected version requires counts in a workspace.
    reloaded: BTreeSet<Node>,
    known: usize,
}

/// A version as it is required, before anything is used instead of it.
type Node = (String, Version);

#[derive(Clone, Debug)]
struct Requirements {
    pruning: Pruning,
    of: Vec<Node>,
}

/// How much of what is required in turn is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pruning {
    /// What the go.mod says is enough: since Go 1.17 it names all that its packages need.
    Pruned,
    /// All of it.
    Unpruned,
    /// What the go.mod says, and what the go.mod files say that it names: that of a module of a workspace.
    Workspace,
}

/// A module of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The path by which it is required.
    pub path: String,
    /// The version that is required.
    pub version: Version,
    /// What is fetched; nothing where a directory is used instead, or where no such module can be fetched.
    pub fetched: Option<ModuleVersion>,
    /// Whether a main module's go.mod names the module.
    pub listed: bool,
}

impl ModuleGraph {
    /// The graph that the go command loads for a project. `whole`: as if nothing were pruned, so that what the tests of
    /// dependencies need is in it, too.
    pub fn new(project: &Project, whole: bool) -> Self {
        let mut graph = ModuleGraph {
            project: project.clone(),
            read: BTreeMap::new(),
            awaited: BTreeMap::new(),
            loads: BTreeSet::new(),
            open: VecDeque::new(),
            wanted: Vec::new(),
            highest: BTreeMap::new(),
            reloaded: BTreeSet::new(),
            known: 0,
        };
        for main in project.mains() {
            let requirements = graph.requirements(main.mods());
            let pruning = if whole { Pruning::Unpruned } else { requirements.pruning };
            for node in requirements.of {
                graph.mention(&node);
                graph.open.push_back((node, pruning));
            }
        }
        graph.go_on();
        graph
    }

    /// The go.mod files that are wanted: another time only where another module is replaced by the same version.
    pub fn wanted(&mut self) -> Vec<ModuleVersion> {
        std::mem::take(&mut self.wanted)
    }

    /// Takes a go.mod file that was wanted; `None` where it cannot be had or read.
    pub fn read(&mut self, of: &ModuleVersion, mods: Option<&GoMod>) {
        let requirements = mods.map(|mods| self.requirements(mods));
        for node in self.awaited.remove(of).unwrap_or_default() {
            self.take(node, requirements.clone());
        }
        self.go_on();
    }

    /// The version of each module that is used, in the order of paths; the main modules are not among them. Final when
    /// no go.mod is awaited.
    pub fn selected(&self) -> impl Iterator<Item = Selected> {
        let mains: BTreeSet<_> = self.project.mains().iter().map(super::project::Main::path).collect();
        let listed: BTreeSet<_> = self
            .project
            .mains()
            .iter()
            .flat_map(|main| main.mods().require())
            .map(|require| require.path().to_owned())
            .collect();
        self.highest.iter().filter(move |(path, _)| !mains.contains(path.as_str())).map(
            move |(path, version)| {
                let fetched = match self.source(path, version) {
                    Source::Fetched(module) => Some(module),
                    Source::Directory(_) | Source::Nowhere => None,
                };
                Selected {
                    path: path.clone(),
                    version: version.clone(),
                    fetched,
                    listed: listed.contains(path),
                }
            },
        )
    }

    /// Whether go.mod files are still to come.
    pub fn is_growing(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// Whether a go.mod is only there because a module of the workspace names another one by a version.
    pub fn is_of_main(&self, module: &ModuleVersion) -> bool {
        self.project.mains().iter().any(|main| main.path() == module.path().as_str())
    }

    fn go_on(&mut self) {
        loop {
            while let Some((node, pruning)) = self.open.pop_front() {
                self.load(node, pruning);
            }
            if self.project.work().is_none() || self.is_growing() || !self.reload() {
                return;
            }
        }
    }

    /// In a workspace, what a module of it needs may be used in a higher version than it says, and what that version needs
    /// in turn counts.
    fn reload(&mut self) -> bool {
        let mut more = Vec::new();
        let mains = self.project.mains().iter().flat_map(|main| self.requirements(main.mods()).of);
        let below = self.reloaded.iter().filter_map(|node| self.read.get(node)?.as_ref());
        let required = mains.chain(below.flat_map(|requirements| requirements.of.iter().cloned()));
        for (path, version) in required {
            if let Some(highest) = self.highest.get(&path)
                && version.precedence(highest).is_lt()
            {
                more.push((path, highest.clone()));
            }
        }
        more.retain(|node| self.reloaded.insert(node.clone()));
        let any = !more.is_empty();
        self.open.extend(more.into_iter().map(|node| (node, Pruning::Workspace)));
        any
    }

    fn load(&mut self, node: Node, pruning: Pruning) {
        if self.known >= MOST || !self.loads.insert((node.clone(), pruning)) {
            return;
        }
        if let Some(read) = self.read.get(&node) {
            if let Some(read) = read.clone() {
                self.spread(&read, pruning);
            }
            return;
        }
        match self.source(&node.0, &node.1) {
            Source::Fetched(module) => {
                let nodes = self.awaited.entry(module.clone()).or_default();
                if nodes.is_empty() {
                    self.wanted.push(module);
                    self.known += 1;
                }
                nodes.insert(node);
            }
            Source::Directory(dir) => {
                let requirements = gomod_in(&dir).map(|mods| self.requirements(&mods));
                self.take(node, requirements);
            }
            Source::Nowhere => self.take(node, None),
        }
    }

    /// A go.mod is here: what it requires is known.
    fn take(&mut self, node: Node, requirements: Option<Requirements>) {
        if let Some(requirements) = &requirements {
            requirements.of.iter().for_each(|node| self.mention(node));
            for pruning in [Pruning::Pruned, Pruning::Unpruned, Pruning::Workspace] {
                if self.loads.contains(&(node.clone(), pruning)) {
                    self.spread(requirements, pruning);
                }
            }
        }
        self.read.insert(node, requirements);
    }

    fn spread(&mut self, requirements: &Requirements, pruning: Pruning) {
        let next = if pruning == Pruning::Unpruned { Pruning::Unpruned } else { requirements.pruning };
        if pruning != Pruning::Pruned || requirements.pruning == Pruning::Unpruned {
            self.open.extend(requirements.of.iter().map(|node| (node.clone(), next)));
        }
    }

    fn mention(&mut self, (path, version): &Node) {
        let highest = self.highest.entry(path.clone()).or_insert_with(|| version.clone());
        if highest.precedence(version).is_lt() {
            *highest = version.clone();
        }
    }

    /// What a go.mod requires, without what the main modules exclude.
    fn requirements(&self, mods: &GoMod) -> Requirements {
        let excluded = |path: &str, version: &Version| {
            let mut excludes = self.project.mains().iter().flat_map(|main| main.mods().exclude());
            excludes.any(|exclude| exclude.path() == path && exclude.version() == version)
        };
        let required = mods.require().iter().map(|require| (require.path(), require.version()));
        let of = required
            .filter(|(path, version)| !excluded(path, version))
            .map(|(path, version)| (path.to_owned(), version.clone()))
            .collect();
        let names_all = mods.go().is_some_and(|go: &GoVersion| go.is_at_least(1, 17));
        Requirements { pruning: if names_all { Pruning::Pruned } else { Pruning::Unpruned }, of }
    }

    fn source(&self, path: &str, version: &Version) -> Source {
        let fetched = |path: &str, version: &Version| {
            let module =
                ModulePath::new(path).ok().and_then(|path| ModuleVersion::new(path, version.clone()).ok());
            module.map_or(Source::Nowhere, Source::Fetched)
        };
        match self.project.instead(path, version) {
            Some(Instead::Directory(dir)) => Source::Directory(dir),
            Some(Instead::Module { path, version }) => fetched(&path, &version),
            None => fetched(path, version),
        }
    }
}

/// Where the go.mod of a version comes from.
enum Source {
    Fetched(ModuleVersion),
    Directory(std::path::PathBuf),
    /// No such module can be fetched.
    Nowhere,
}

fn gomod_in(dir: &Path) -> Option<GoMod> {
    let bytes = small_file(&dir.join("go.mod"), MAX_GOMOD).ok().flatten()?;
    GoMod::parse(&bytes).ok()
}

/// How many go.mod files are read: more than the largest known graphs have.
const MOST: usize = 200_000;
