//! go.sum and the checksum database.

use testkit::{GoCommand, Lie, Module, Reply, ScriptedUpstream, TestLog};

use super::{
    Fault, fault,
    lab::{DOWNLOAD, Lab, Log, said, tree},
    since,
};

/// The database's name. No host has it.
const LOG: &str = "sum.example.test";
const LOOKUP: &str = "sumdb/*/lookup/*";
const WRONG: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(super) const FAULTS: &[Fault] = &[
    fault("sum-mismatch", "L3-SUM-MISMATCH-GOSUM", |lab| {
        let (_upstream, go) = verified(lab);
        go.write("go.sum", &format!("example.com/app v1.0.0 {WRONG}\n"));
        said(&go.run(DOWNLOAD))
    }),
    fault("sum-mismatch-mod", "L3-SUM-MISMATCH-GOSUM", |lab| {
        let (_upstream, go) = verified(lab);
        go.write("go.sum", &format!("example.com/app v1.0.0/go.mod {WRONG}\n"));
        said(&go.run(["build", "./..."]))
    }),
    fault("sum-mismatch-cached", "L3-SUM-MISMATCH-GOSUM", |lab| {
        let (_upstream, go) = verified(lab);
        go.run(DOWNLOAD).ok();
        go.write("go.sum", &format!("example.com/app v1.0.0 {WRONG}\n"));
        said(&go.run(["build", "-mod=mod", "./..."]))
    }),
    since(22, "sum-line-broken", "L3-GOSUM-MALFORMED", |lab| {
        let (_upstream, go) = verified(lab);
        go.write("go.sum", "example.com/app v1.0.0\n");
        said(&go.run(DOWNLOAD))
    }),
    since(22, "sum-merge-marks", "L3-GOSUM-MALFORMED", |lab| {
        let (_upstream, go) = verified(lab);
        go.write("go.sum", &format!("<<<<<<< HEAD\nexample.com/app v1.0.0 {WRONG}\n=======\n"));
        said(&go.run(["build", "./..."]))
    }),
    fault("sum-lines-missing", "L3-GOSUM-LINE-MISSING", |lab| {
        let (_upstream, go) = verified(lab);
        said(&go.run(["build", "./..."]))
    }),
    fault("sum-zip-line-missing", "L3-GOSUM-LINE-MISSING", |lab| {
        let (_upstream, go) = verified(lab);
        go.run(["mod", "tidy"]).ok();
        let lines: Vec<_> = go.read("go.sum").lines().map(str::to_owned).collect();
        let kept = lines.into_iter().filter(|line| line.contains("/go.mod "));
        go.write("go.sum", &kept.map(|line| line + "\n").collect::<String>());
        said(&go.run(["build", "./..."]))
    }),
    fault("sumdb-404", "L3-SUM-NOT-IN-DATABASE", |lab| looked_up(lab, Reply::status(404))),
    fault("sumdb-410", "L3-SUM-NOT-IN-DATABASE", |lab| looked_up(lab, Reply::status(410))),
    fault("sumdb-403", "L3-SUMDB-UNREACHABLE", |lab| looked_up(lab, Reply::status(403))),
    fault("sumdb-500", "L3-SUMDB-UNREACHABLE", |lab| looked_up(lab, Reply::status(500))),
    fault("sumdb-503", "L3-SUMDB-UNREACHABLE", |lab| looked_up(lab, Reply::status(503))),
    fault("sumdb-reset", "L2-CONNECTION-RESET", |lab| looked_up(lab, Reply::reset())),
    fault("sumdb-cut", "L2-BODY-CUT", |lab| looked_up(lab, Reply::natural().cut_after(20))),
    fault("sumdb-page", "L3-SUMDB-WRONG-ANSWER", |lab| looked_up(lab, Reply::html())),
    fault("sumdb-tile-503", "L3-SUMDB-UNREACHABLE", |lab| tile(lab, Reply::status(503))),
    fault("sumdb-tile-404", "L3-SUMDB-WRONG-ANSWER", |lab| tile(lab, Reply::status(404))),
    fault("sumdb-refused", "L2-CONNECT-REFUSED", |lab| {
        let mut away = ScriptedUpstream::serving(tree());
        let url = away.url();
        away.take_down();
        let log = TestLog::over(LOG, &tree());
        let spec = format!("{} {url}", log.vkey());
        let upstream = ScriptedUpstream::serving(tree());
        said(&lab.go(&upstream.url()).sumdb(&spec).run(DOWNLOAD))
    }),
    fault("sumdb-other-content", "L3-SUM-MISMATCH-DATABASE", |lab| {
        let log = TestLog::over(LOG, &tree());
        let vkey = log.vkey();
        let mut other = tree();
        other.add(module("package app\n\nconst Sum = 666\n"));
        let upstream = ScriptedUpstream::with_log(other, log);
        said(&lab.go(&upstream.url()).sumdb(&vkey).run(DOWNLOAD))
    }),
    fault("sumdb-signature", "L3-SUMDB-WRONG-ANSWER", |lab| lied(lab, Lie::Signature)),
    fault("sumdb-stranger", "L3-SUMDB-WRONG-ANSWER", |lab| lied(lab, Lie::Stranger)),
    fault("sumdb-record", "L3-SUMDB-MISBEHAVES", |lab| lied(lab, Lie::Record(module("package app\n")))),
    fault("sumdb-hash-tile", "L3-SUMDB-MISBEHAVES", |lab| lied(lab, Lie::HashTile(0))),
    fault("sumdb-no-line", "L3-SUMDB-MISBEHAVES", |lab| lied(lab, Lie::NoLine)),
    fault("sumdb-fork", "L3-SUMDB-MISBEHAVES", |lab| {
        let log = TestLog::over(LOG, &tree()).with_filler(300);
        let (upstream, go) = logged(lab, &log);
        go.run(["mod", "download", "example.com/lib@v1.1.0"]).ok();
        log.fill(10);
        log.lie(Lie::Instead(log.fork(&module("package app\n"))));
        let log = said(&go.run(DOWNLOAD));
        drop(upstream);
        log
    }),
    fault("sumdb-unreadable", "L1-GOSUMDB", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        said(&lab.go(&upstream.url()).sumdb("sum.example.test+033de0ae+x").run(DOWNLOAD))
    }),
    fault("sumdb-no-key", "L1-GOSUMDB", |lab| {
        let upstream = ScriptedUpstream::serving(tree());
        said(&lab.go(&upstream.url()).sumdb("sum.example.test").run(DOWNLOAD))
    }),
];

fn module(content: &str) -> Module {
    let gomod = "module example.com/app\n\ngo 1.20\n\nrequire example.com/lib v1.1.0\n";
    let files = [("go.mod", gomod), ("app.go", content)];
    let files = files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec()));
    Module::new("example.com/app", "v1.0.0", &files)
}

/// A project whose downloads are verified, and the proxy that it asks.
fn verified(lab: &Lab) -> (ScriptedUpstream, GoCommand) {
    logged(lab, &TestLog::over(LOG, &tree()))
}

fn logged(lab: &Lab, log: &TestLog) -> (ScriptedUpstream, GoCommand) {
    let upstream = ScriptedUpstream::with_log(tree(), log.clone());
    let go = lab.go(&upstream.url()).sumdb(&log.vkey());
    (upstream, go)
}

fn looked_up(lab: &Lab, reply: Reply) -> Log {
    let (upstream, go) = verified(lab);
    upstream.always(LOOKUP, reply);
    said(&go.run(DOWNLOAD))
}

fn tile(lab: &Lab, reply: Reply) -> Log {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let (upstream, go) = logged(lab, &log);
    upstream.always("sumdb/*/tile/*", reply);
    said(&go.run(DOWNLOAD))
}

fn lied(lab: &Lab, lie: Lie) -> Log {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let (_upstream, go) = logged(lab, &log);
    log.lie(lie);
    said(&go.run(DOWNLOAD))
}
