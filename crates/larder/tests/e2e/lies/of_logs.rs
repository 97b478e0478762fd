//! Lies of a log: each at a source alone, at one before an honest one, and at the database's own URL.

use testkit::{Lie, ModuleTree, Part};

use super::{
    play,
    stage::{Place, Said, Stage, early, forged, log, tree},
};

/// A lie, and what comes of it where nobody but the liar can be asked.
struct Row {
    lie: Lie,
    alone: Alone,
    place: Place,
    fillers: usize,
    /// The source has files that fit to the lie.
    modules: ModuleTree,
}

/// What files of modules do when the only log lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    /// Both modules are refused.
    Refused,
    /// One of both is refused: the lie is about that one, or about tiles that the other does not need.
    One,
    /// The lie does not touch what a proof needs, or can be mended.
    Right,
}

fn table() -> Vec<Row> {
    use Alone::{One, Refused, Right};
    use Lie::{
        AnotherRecord, CutTile, DataTile, Endless, ExtraLine, FullForPartial, HashTile, Huge, LinesInNote,
        NoLine, Number, OldHead, Page, PartialForFull, Record, Signature, Status, Stranger, TooSmallHead,
    };
    use Part::{Latest, Lookups, Tiles};
    let forged = forged(&early());
    let lies = [
        (HashTile(0), Refused),
        (HashTile(1), Refused),
        (HashTile(2), Refused),
        (DataTile, Right),
        (CutTile, Refused),
        (FullForPartial, Refused),
        (PartialForFull, One),
        (Record(forged.clone()), One),
        (LinesInNote(forged.clone()), One),
        (AnotherRecord, Refused),
        (ExtraLine, Refused),
        (NoLine, Refused),
        (Number, Refused),
        (Signature, Refused),
        (Stranger, Refused),
        (TooSmallHead, Refused),
        (OldHead(200), Right),
        (Huge(Lookups), Refused),
        (Huge(Tiles), Refused),
        (Huge(Latest), Right),
        (Endless(Lookups), Refused),
        (Endless(Tiles), Refused),
        (Endless(Latest), Right),
        (Page(Lookups), Refused),
        (Page(Tiles), Refused),
        (Page(Latest), Right),
        (Status(Lookups, 404), Refused),
        (Status(Lookups, 500), Refused),
        (Status(Tiles, 404), Refused),
        (Status(Tiles, 500), Refused),
        (Status(Latest, 500), Right),
    ];
    let mut rows = Vec::new();
    for (lie, alone) in lies {
        for place in [Place::Alone, Place::Before, Place::OwnUrl] {
            let mut modules = tree();
            if matches!(lie, Record(_) | LinesInNote(_)) {
                modules.add(forged.clone());
            }
            let fillers = if matches!(lie, HashTile(2)) { 70_000 } else { 300 };
            rows.push(Row { lie: lie.clone(), alone, place, fillers, modules });
        }
    }
    rows
}

#[test]
fn no_lie_of_a_log_leaves_larder() {
    play("lies of logs", &table(), |row| {
        let log = log(row.fillers);
        let stage = Stage::new(row.place, &log, row.modules.clone());
        log.lie(row.lie.clone());
        let played = lying(row, &stage).and_then(|()| {
            log.be_honest();
            stage.liar.serve(tree());
            honest(&stage)
        });
        let lie: String = format!("{:?}", row.lie).chars().take(40).collect();
        played.map_err(|why| format!("{lie}, {:?}: {why}\n    {}", row.place, stage.told()))
    });
}

fn lying(row: &Row, stage: &Stage) -> Result<(), String> {
    // Who relays a database speaks for it, as for `go`: an "unknown" of his is final.
    let saved = row.place == Place::Before && !matches!(row.lie, Lie::Status(Part::Lookups, 404));
    let mut refused = 0;
    for path in stage.paths() {
        let said = stage.ask(&path)?;
        if saved && said != Said::True {
            return Err(format!("{path}: {said:?}, though an honest source stands behind"));
        }
        if !path.starts_with("sumdb/") && said != Said::True {
            refused += 1;
        }
    }
    // Two files of two modules.
    let fits = match row.alone {
        _ if saved => refused == 0,
        Alone::Refused => refused == 4,
        Alone::One => refused == 2,
        Alone::Right => refused == 0,
    };
    if !fits {
        return Err(format!("{refused} of 4 files were refused"));
    }
    stage.stores_no_lie()
}

fn honest(stage: &Stage) -> Result<(), String> {
    for path in stage.paths() {
        // The first request may have met a fetch that had begun before.
        let said = match stage.ask(&path)? {
            Said::True => Said::True,
            _ => stage.ask(&path)?,
        };
        if said != Said::True {
            return Err(format!("{path}: {said:?}, though the lie has ended"));
        }
    }
    stage.stores_no_lie()
}
