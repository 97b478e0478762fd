//! The module graph is the one that a real `go` loads: the same go.mod files are asked for, and the same versions are selected.

use std::{collections::BTreeSet, fmt::Write, path::Path};

use gomod::{GoMod, ModuleVersion};
use testkit::{GoCommand, ModuleTree, ScriptedUpstream, require};
use workbench::{Environment, GoSettings, module_graph::ModuleGraph, project::Project};

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Modules with several versions each, before and after Go 1.17, whose go.mod files require what comes later in the
/// alphabet, and now and then what comes earlier.
fn world(dice: &mut Dice) -> ModuleTree {
    let mut text = String::new();
    for module in 0..MODULES {
        for minor in 0..VERSIONS {
            let path = format!("example.com/m{module}");
            write!(text, "-- {path}@v1.{minor}.0/go.mod --\nmodule {path}\n").unwrap();
            match dice.roll(3) {
                0 => text.push_str("\ngo 1.16\n"),
                1 => text.push_str("\ngo 1.21\n"),
                _ => {}
            }
            requires(dice, &mut text, module + 1);
            write!(text, "-- {path}@v1.{minor}.0/m.go --\npackage m\n").unwrap();
        }
    }
    ModuleTree::parse(&text)
}

fn requires(dice: &mut Dice, text: &mut String, from: u64) {
    let mut named = BTreeSet::new();
    for _ in 0..dice.roll(4) {
        let module = if dice.roll(6) == 0 { dice.roll(MODULES) } else { from + dice.roll(4) };
        if module < MODULES && named.insert(module) {
            writeln!(text, "\nrequire example.com/m{module} v1.{}.0", dice.roll(VERSIONS)).unwrap();
        }
    }
}

fn main_module(dice: &mut Dice, name: &str) -> String {
    let language = if dice.roll(2) == 0 { "1.16" } else { "1.21" };
    let mut text = format!("module {name}\n\ngo {language}\n");
    requires(dice, &mut text, 0);
    requires(dice, &mut text, 2);
    // One line for each module.
    let mut named = BTreeSet::new();
    let mut lines: Vec<_> = text.lines().collect();
    lines.retain(|line| {
        line.strip_prefix("require ")
            .is_none_or(|rest| named.insert(rest.split(' ').next().map(str::to_owned)))
    });
    match dice.roll(4) {
        0 => lines.push("exclude example.com/m3 v1.1.0"),
        1 => lines.push("replace example.com/m2 => example.com/m4 v1.0.0"),
        2 => lines.push("replace example.com/m5 v1.2.0 => ./local"),
        _ => {}
    }
    lines.join("\n") + "\n"
}

/// The go.mod files that are asked for, and the versions that are selected.
fn ours(dir: &Path, tree: &ModuleTree) -> (BTreeSet<String>, BTreeSet<String>) {
    let go = GoSettings::read(&Environment::new([("GOENV", "off")]));
    let project = Project::read(dir, &go).unwrap();
    let mut graph = ModuleGraph::new(&project, false);
    let mut asked = BTreeSet::new();
    loop {
        let wanted = graph.wanted();
        if wanted.is_empty() {
            break;
        }
        for module in wanted {
            asked.insert(module.to_string());
            graph.read(&module, gomod_of(tree, &module).as_ref());
        }
    }
    assert!(!graph.is_growing());
    let selected =
        graph.selected().map(|selected| format!("{} {}", selected.path, selected.version)).collect();
    (asked, selected)
}

fn gomod_of(tree: &ModuleTree, module: &ModuleVersion) -> Option<GoMod> {
    GoMod::parse(&tree.module(module.path().as_str(), module.version().as_str()).gomod).ok()
}

/// The same of a `go` that has seen nothing yet.
fn theirs(upstream: &ScriptedUpstream, files: &[(&str, String)]) -> (BTreeSet<String>, BTreeSet<String>) {
    let go = GoCommand::new(&upstream.url());
    for (name, text) in files {
        go.write(name, text);
    }
    upstream.forget();
    go.run(["mod", "graph"]).ok();
    let asked = upstream.seen();
    let mods = asked.iter().filter_map(|seen| seen.path.strip_suffix(".mod"));
    let asked = mods.map(|path| path.replace("/@v/", "@")).collect();
    let list =
        go.run(["list", "-m", "-f", "{{if not .Main}}{{.Path}} {{.Version}}{{end}}", "all"]).ok().stdout;
    (asked, list.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

const LOCAL: &str = "module example.com/m5\n\nrequire example.com/m7 v1.0.0\n";

#[test]
fn modules_before_and_after_pruning_are_loaded_as_go_loads_them() {
    if !require("go", GoCommand::find().is_some()) {
        return;
    }
    let mut dice = Dice(20);
    for round in 0..WORLDS {
        let tree = world(&mut dice);
        let upstream = ScriptedUpstream::serving(tree.clone());
        let settling = GoCommand::new(&upstream.url()).env("GOFLAGS", "-mod=mod -modcacherw");
        settling.write("go.mod", &main_module(&mut dice, "example.com/main"));
        settling.write("local/go.mod", LOCAL);
        // What is required too low is raised, and written.
        settling.run(["list", "-m", "all"]).ok();
        let files = [
            ("go.mod", settling.read("go.mod")),
            ("go.sum", sums(&settling)),
            ("local/go.mod", LOCAL.to_owned()),
        ];
        assert_eq!(ours(&settling.work(), &tree), theirs(&upstream, &files), "{round}: {}", files[0].1);
    }
}

#[test]
fn workspaces_are_loaded_as_go_loads_them() {
    if !require("go", GoCommand::find().is_some()) {
        return;
    }
    let mut dice = Dice(4);
    for round in 0..WORLDS {
        let tree = world(&mut dice);
        let upstream = ScriptedUpstream::serving(tree.clone());
        let mut files = vec![("go.work", "go 1.21\n\nuse ./a\nuse ./b\n".to_owned())];
        for (name, file) in [("example.com/a", "a/go.mod"), ("example.com/b", "b/go.mod")] {
            let text: Vec<_> = main_module(&mut dice, name).lines().map(str::to_owned).collect();
            // Replacements of several modules may contradict each other.
            let kept: Vec<_> = text.into_iter().filter(|line| !line.starts_with("replace")).collect();
            files.push((file, kept.join("\n") + "\n"));
        }
        let settling = GoCommand::new(&upstream.url());
        for (name, text) in &files {
            settling.write(name, text);
        }
        settling.run(["list", "-m", "all"]).ok();
        files.push(("go.work.sum", sums(&settling)));
        assert_eq!(ours(&settling.work(), &tree), theirs(&upstream, &files), "{round}: {files:?}");
    }
}

fn sums(go: &GoCommand) -> String {
    ["go.sum", "go.work.sum"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(go.work().join(name)).ok())
        .collect()
}

const MODULES: u64 = 9;
const VERSIONS: u64 = 3;
/// In about half of them something is raised, pruned, or loaded twice.
const WORLDS: u64 = 40;
