//! Files that are not those that the log knows. The log is honest.

use testkit::{Module, ModuleTree, Reply};

use super::{
    play,
    stage::{Place, Said, Stage, each_file, early, forged, log, tree},
};

/// What a source does to one file of a module.
struct Row {
    what: &'static str,
    file: &'static str,
    reply: Reply,
    place: Place,
    /// Whether it is a file that could be right: then it is kept for people.
    plausible: bool,
}

fn with(files: &[(&str, &str)]) -> Module {
    let files: Vec<_> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    Module::new("example.com/Early", "v1.0.0", &files)
}

fn table() -> Vec<Row> {
    const GOMOD: (&str, &str) = ("go.mod", "module example.com/Early\n");
    const SOURCE: (&str, &str) = ("early.go", "package early\n");
    let next = tree().module("example.com/Early", "v1.1.0").clone();
    let whole = early().zip.to_vec();
    // In what is packed of the first file, behind its header and its name.
    let bit = Reply::natural().edit(|body| {
        let at = 30 + usize::from(body[26]) + 3;
        body[at] ^= 1;
    });
    let half = Reply::natural().edit(|body| body.truncate(body.len() / 2));
    let zip = |module: Module| Reply::ok(module.zip);
    let gomod = |text: &str| Reply::ok(text);
    let lies = [
        ("a changed file", "zip", zip(with(&[GOMOD, ("early.go", "package early // evil\n")])), true),
        ("one more file", "zip", zip(with(&[GOMOD, SOURCE, ("evil.go", "package early\n")])), true),
        ("one file less", "zip", zip(with(&[GOMOD])), true),
        (
            "another go.mod in it",
            "zip",
            zip(with(&[("go.mod", "module example.com/Early\n\ngo 1.20\n"), SOURCE])),
            true,
        ),
        ("another name for a file", "zip", zip(with(&[GOMOD, ("Early.go", SOURCE.1)])), true),
        ("a forged module", "zip", zip(forged(&early())), true),
        ("the next version's zip", "zip", zip(next.clone()), false),
        ("half a zip", "zip", half.clone(), false),
        (
            "half a zip, then the end",
            "zip",
            Reply::natural().without_ranges().cut_after(whole.len() as u64 / 2),
            false,
        ),
        ("one bit of the zip", "zip", bit.clone(), false),
        ("a page for a zip", "zip", Reply::html(), false),
        ("an empty zip", "zip", Reply::ok(""), false),
        (
            "another go.mod",
            "mod",
            gomod("module example.com/Early\n\nrequire example.com/evil v1.0.0\n"),
            true,
        ),
        ("a go.mod with one line end more", "mod", gomod("module example.com/Early\n\n"), true),
        ("the next version's go.mod", "mod", Reply::ok(next.gomod), true),
        ("half a go.mod", "mod", half, false),
        ("a page for a go.mod", "mod", Reply::html(), false),
        ("an empty go.mod", "mod", Reply::ok(""), false),
    ];
    let mut rows = Vec::new();
    for (what, file, reply, plausible) in lies {
        for place in [Place::Alone, Place::Before] {
            rows.push(Row { what, file, reply: reply.clone(), place, plausible });
        }
    }
    rows
}

#[test]
fn no_altered_file_leaves_larder() {
    play("altered files", &table(), |row| {
        let log = log(300);
        let stage = Stage::new(row.place, &log, ModuleTree::default());
        stage.liar.serve(tree());
        let path = early().url_path(row.file);
        stage.liar.always(&path, row.reply.clone());
        let played = lying(row, &stage, &path).and_then(|()| {
            stage.liar.natural();
            match stage.ask(&path)? {
                Said::True => stage.stores_no_lie(),
                said => Err(format!("{said:?}, though the lie has ended")),
            }
        });
        played.map_err(|why| format!("{}, {:?}: {why}\n    {}", row.what, row.place, stage.told()))
    });
}

fn lying(row: &Row, stage: &Stage, path: &str) -> Result<(), String> {
    let said = stage.ask(path)?;
    match (&said, row.place) {
        (Said::True, Place::Before) => {}
        (Said::Refused(..), Place::Alone) if !row.plausible || said.security() => {}
        (Said::Aborted, Place::Alone) if !row.plausible => {}
        _ => return Err(format!("{said:?}")),
    }
    if row.plausible && !kept(stage) {
        return Err("what was refused is not kept".to_owned());
    }
    stage.stores_no_lie()
}

/// Whether something lies in quarantine, and beside it why.
fn kept(stage: &Stage) -> bool {
    let mut files = 0;
    each_file(&stage.server.data().join("quarantine"), &mut |_| files += 1);
    files >= 2
}
