//! Which files of which versions projects need, so that nothing is missing when the network is gone.
//!
//! What is needed is known little by little, because go.mod files name what follows: [`Needs::next_file`] gives files that are
//! to be had, [`Needs::read`] takes the go.mod files among them.
//!
//! | command | needs |
//! |---|---|
//! | `go build`, `go test`, `go vet` | the go.mod files of the [graph](crate::module_graph), and the zips of what go.mod lists |
//! | `go mod download` | the same, and the `.info` of each zip; in a workspace, or before Go 1.17, every module of the graph |
//! | `go mod tidy` | what go.sum records |

use std::collections::{BTreeMap, VecDeque};

use gomod::{GoMod, ModuleVersion, SumFile};
use storage::Kind;

use crate::{gosum::SumLines, module_graph::ModuleGraph, project::Project};

/// The files that are needed, as far as is known.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    all: bool,
    graphs: Vec<Graph>,
    files: BTreeMap<(ModuleVersion, Kind), Weight>,
    /// What waits for nothing else goes last: the next go.mod decides how long everything takes.
    go_mods: VecDeque<ModuleVersion>,
    others: VecDeque<(ModuleVersion, Kind)>,
    read: BTreeMap<ModuleVersion, Option<GoMod>>,
}

/// What it means that a file cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing for builds: it stands in a go.sum, and nothing that is built needs it. Only where it is known not to
    /// exist; else something may be missing.
    Beside,
    /// The `go` command fails without it.
    Needed,
}

#[derive(Clone, Debug)]
struct Graph {
    modules: ModuleGraph,
    weight: Weight,
    /// Only what the main modules' go.mod files list.
    listed: bool,
    in_workspace: bool,
    settled: bool,
}

impl Needs {
    /// Nothing so far. `all`: also what the tests of dependencies need, and every line of a go.sum counts.
    pub fn new(all: bool) -> Self {
        Needs { all, ..Needs::default() }
    }

    /// A project needs what its module graph says.
    pub fn project(&mut self, project: &Project) {
        let in_workspace = project.work().is_some();
        let listed = !self.all && !in_workspace && project.is_pruned();
        let graph = ModuleGraph::new(project, false);
        self.graphs.push(Graph {
            modules: graph,
            weight: Weight::Needed,
            listed,
            in_workspace,
            settled: false,
        });
        if self.all {
            let graph = ModuleGraph::new(project, true);
            self.graphs.push(Graph {
                modules: graph,
                weight: Weight::Beside,
                listed: false,
                in_workspace,
                settled: false,
            });
        }
    }

    /// What a go.sum names is needed: by a module whose go.mod is at hand too, or `alone`, so that nothing tells which lines
    /// are left from earlier days.
    pub fn sums(&mut self, sums: &SumLines, alone: bool) {
        let weight = if alone || self.all { Weight::Needed } else { Weight::Beside };
        for line in sums.lines() {
            let Some(module) = line.module_version() else { continue };
            match line.file() {
                SumFile::GoMod => self.go_mod(&module, weight),
                SumFile::Zip => self.version(&module, weight),
            }
        }
    }

    /// A toolchain is needed: `go` fetches nothing but its zip.
    pub fn toolchain(&mut self, module: &ModuleVersion) {
        self.need(module, Kind::Mod, Weight::Beside);
        self.need(module, Kind::Info, Weight::Beside);
        self.need(module, Kind::Zip, Weight::Needed);
    }

    /// The next file that is to be had, each once; nothing while that depends on go.mod files that were given out.
    pub fn next_file(&mut self) -> Option<(ModuleVersion, Kind)> {
        if self.go_mods.is_empty() {
            self.look();
        }
        self.go_mods.pop_front().map(|module| (module, Kind::Mod)).or_else(|| self.others.pop_front())
    }

    /// A go.mod that was given out; `None` where it could not be had or read.
    pub fn read(&mut self, module: &ModuleVersion, mods: Option<GoMod>) {
        for graph in &mut self.graphs {
            graph.modules.read(module, mods.as_ref());
        }
        self.read.insert(module.clone(), mods);
    }

    /// How many files are known to be needed.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// What it means that a file cannot be had.
    pub fn weight(&self, module: &ModuleVersion, kind: Kind) -> Weight {
        self.files.get(&(module.clone(), kind)).copied().unwrap_or(Weight::Beside)
    }

    /// Finds out what the graphs need next.
    fn look(&mut self) {
        let mut graphs = std::mem::take(&mut self.graphs);
        for Graph { modules: graph, weight, listed, in_workspace, settled } in &mut graphs {
            loop {
                let wanted = graph.wanted();
                if wanted.is_empty() {
                    break;
                }
                for module in wanted {
                    // A module of a workspace stands for every version of itself.
                    let own = *in_workspace && graph.is_of_main(&module);
                    self.go_mod(&module, if own { Weight::Beside } else { *weight });
                    if let Some(mods) = self.read.get(&module) {
                        graph.read(&module, mods.as_ref());
                    }
                }
            }
            if graph.is_growing() || *settled {
                continue;
            }
            *settled = true;
            for selected in graph.selected().filter(|selected| selected.listed || !*listed) {
                if let Some(module) = selected.fetched {
                    self.version(&module, *weight);
                }
            }
        }
        self.graphs = graphs;
    }

    /// The go.mod of a version, and its `.info`, which only people miss.
    fn go_mod(&mut self, module: &ModuleVersion, weight: Weight) {
        self.need(module, Kind::Mod, weight);
        self.need(module, Kind::Info, Weight::Beside);
    }

    fn version(&mut self, module: &ModuleVersion, weight: Weight) {
        for kind in [Kind::Mod, Kind::Info, Kind::Zip] {
            self.need(module, kind, weight);
        }
    }

    fn need(&mut self, module: &ModuleVersion, kind: Kind, weight: Weight) {
        let known = self.files.entry((module.clone(), kind)).or_insert_with(|| {
            match kind {
                Kind::Mod => self.go_mods.push_back(module.clone()),
                Kind::Info | Kind::Zip => self.others.push_back((module.clone(), kind)),
            }
            weight
        });
        *known = weight.max(*known);
    }
}
