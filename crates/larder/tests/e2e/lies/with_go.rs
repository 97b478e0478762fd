//! The most telling lies once more, with a real `go` that has its own check switched on.

use testkit::{GoCommand, Lie, ModuleTree, Part, Ran, TestLog};

use super::stage::{Place, Stage, early, forged, late, log, tree};

fn download(stage: &Stage, log: &TestLog, modules: &[String]) -> Ran {
    let go = GoCommand::new(&stage.server.url()).sumdb(&log.vkey());
    go.run(["mod".to_owned(), "download".to_owned()].iter().chain(modules))
}

fn both() -> [String; 2] {
    [early(), late()].map(|module| format!("{}@{}", module.path, module.version))
}

/// All modules, with other files in one of them.
fn altered() -> ModuleTree {
    let mut modules = tree();
    modules.add(forged(&early()));
    modules
}

#[test]
fn go_notices_nothing_while_an_honest_source_stands_behind() {
    for lie in [
        Lie::Record(forged(&early())),
        Lie::HashTile(0),
        Lie::NoLine,
        Lie::Stranger,
        Lie::Endless(Part::Lookups),
        Lie::Page(Part::Tiles),
    ] {
        let log = log(300);
        log.lie(lie);
        let stage = Stage::new(Place::Before, &log, altered());
        download(&stage, &log, &both()).ok();
    }
}

#[test]
fn go_is_told_who_contradicts_whom() {
    let honest = log(300);
    let stage = Stage::new(Place::Alone, &honest, altered());
    let ran = download(&stage, &honest, &both()).fails();
    assert!(ran.stderr.contains("SECURITY: example.com/Early@v1.0.0"), "{ran}");
    stage.liar.serve(tree());
    download(&stage, &honest, &both()).ok();
}

#[test]
fn go_is_told_that_the_database_contradicts_itself() {
    let log = log(300);
    let stage = Stage::new(Place::Alone, &log, tree());
    download(&stage, &log, &both()[..1]).ok();
    log.lie(Lie::Instead(log.fork(&forged(&early()))));
    let ran = download(&stage, &log, &both()[1..]).fails();
    assert!(ran.stderr.contains("SECURITY: checksum database"), "{ran}");
}

/// `go` that verifies nothing itself is protected all the same.
#[test]
fn go_without_a_database_gets_no_altered_module() {
    let log = log(300);
    let stage = Stage::new(Place::Alone, &log, altered());
    let go = GoCommand::new(&stage.server.url());
    go.run(["mod", "download", &both()[0]]).fails();
    go.run(["mod", "download", &both()[1]]).ok();
}
