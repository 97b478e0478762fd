//! One Larder through the whole life of a log that lies once in a while.

use testkit::{Lie, Module, Part};

use super::stage::{Place, Said, Stage, asks, forged, head_size, late, latest, log, tree};

fn release(n: usize) -> Module {
    let source = format!("package late\n\nconst N = {n}\n");
    let files = [("go.mod", "module example.com/late\n"), ("late.go", &source)];
    let files = files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    Module::new("example.com/late", &format!("v1.{}.0", n + 1), &files)
}

/// The first answer of each kind is a lie, and all others are true: what was wrong does not stay in what is put together
/// of several answers.
#[test]
fn one_lie_among_true_answers_does_no_harm() {
    let log = log(0);
    let stage = Stage::new(Place::Alone, &log, tree());
    let lies = |module: &Module| {
        [
            Lie::HashTile(0),
            Lie::Record(forged(module)),
            Lie::CutTile,
            Lie::AnotherRecord,
            Lie::HashTile(1),
            Lie::NoLine,
            Lie::ExtraLine,
            Lie::Number,
            Lie::FullForPartial,
            Lie::PartialForFull,
            Lie::Signature,
            Lie::Stranger,
            Lie::TooSmallHead,
            Lie::OldHead(2),
            Lie::LinesInNote(forged(module)),
            Lie::Page(Part::Tiles),
            Lie::Status(Part::Tiles, 404),
            Lie::Status(Part::Lookups, 404),
        ]
    };
    let (mut modules, mut known) = (tree(), 0);
    for (n, growth) in (0..lies(&late()).len()).zip([3, 300, 0, 1_000, 40].into_iter().cycle()) {
        let module = release(n);
        log.fill(growth);
        log.append(&module);
        modules.add(module.clone());
        stage.truth.serve(modules.clone());
        stage.liar.serve(modules.clone());
        let lie = lies(&module)[n].clone();
        log.lie_once(lie.clone());
        for path in asks(&module) {
            // A lie costs one answer at most, and this one may have met it.
            let said = match stage.ask(&path).unwrap() {
                Said::True => Said::True,
                _ => stage.ask(&path).unwrap(),
            };
            assert_eq!(said, Said::True, "{lie:?}: {path}\n    {}", stage.told());
        }
        log.be_honest();
        let head = stage.server.get(&format!("/{}", latest())).expect(200).body;
        let size = head_size(&head).unwrap();
        assert!(size >= known, "the newest head went back from {known} to {size}");
        known = size;
        stage.stores_no_lie().unwrap();
    }
    for path in stage.paths() {
        assert_eq!(stage.ask(&path).unwrap(), Said::True, "{path}");
    }
}

/// Many clients at once, and only the source behind is honest.
#[test]
fn a_crowd_gets_the_truth_as_one_does() {
    let log = log(300);
    let stage = Stage::new(Place::Before, &log, tree());
    for lie in [Lie::HashTile(0), Lie::Record(forged(&late())), Lie::Stranger] {
        log.lie(lie);
    }
    let paths = stage.paths();
    std::thread::scope(|threads| {
        let ask = |n: usize| {
            let (stage, paths) = (&stage, &paths);
            threads.spawn(move || {
                for path in paths.iter().cycle().skip(n).take(paths.len()) {
                    assert_eq!(stage.ask(path).unwrap(), Said::True, "{path}");
                }
            })
        };
        let clients: Vec<_> = (0..12).map(ask).collect();
        for client in clients {
            client.join().unwrap();
        }
    });
    stage.stores_no_lie().unwrap();
}
