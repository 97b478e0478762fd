//! What was there before the fault keeps serving.

use testkit::{Act, At, Gate, Link, Reply};

use super::{
    row::{Row, Story, rows},
    sides::{Plan, always, good, links},
};

fn mute() -> Reply {
    Reply::natural().hold(&Gate::new())
}

pub(super) fn rows() -> Vec<Row> {
    let (down, silent) = (|| Plan::Down, || links(Link::silent()));
    let rst = || links(Link::good().response(At::Byte(0), Act::Reset));
    let mut rows = rows! {
        Stale     "refused"      One   List   [down()] [good()] => Stale, 0, 0, 1000;
        Stale     "refused"      One   Latest [down()] [good()] => Stale, 0, 0, 1000;
        Stale     "refused"      One   Query  [down()] [good()] => Stale, 0, 0, 1000;
        StaleSoon "silent"       One   List   [silent()] [good()] => Stale, 0..=3, 0, 1000;
        StaleSoon "silent"       One   Latest [silent()] [good()] => Stale, 0..=3, 0, 1000;
        StaleSoon "silent"       One   Query  [always(mute())] [good()] => Stale, 0..=3, 0, 1000;
        StaleSoon "silent"       Comma Latest [silent()] [good()] => Stale, 0..=3, 0, 1000;
        StaleSoon "both silent"  Pipe  List   [silent()] [silent()] => Stale, 0..=3, 0..=3, 1000;
        Stale     "500"          One   List   [always(Reply::status(500))] [good()] => Stale, 1..=3, 0, 1000;
        Stale     "403"          One   Latest [always(Reply::status(403))] [good()] => Stale, 1..=3, 0, 1000;
        Stale     "a page"       One   Query  [always(Reply::html())] [good()] => Stale, 1..=3, 0, 1000;
        Stale     "RST"          One   List   [rst()] [good()] => Stale, 1..=3, 0, 1000;
        Stale     "refused"      Comma List   [down()] [good()] => Stale, 0, 0, 1000;
        Stale     "both refused" Pipe  Query  [down()] [down()] => Stale, 0, 0, 1000;
        Held      "404"          One   List   [always(Reply::status(404))] [good()] => Stale, 1, 0, 1000;
        Held      "410"          One   Latest [always(Reply::status(410))] [good()] => Stale, 1, 0, 1000;
        Held      "404"          Comma Query  [always(Reply::status(404))] [always(Reply::status(404))] => Stale, 1, 1, 1000;
    };
    for row in &mut rows {
        *row = row
            .clone()
            .story(Story::Warm)
            .set("freshness", "\"0s\"")
            .set("freshness_behind", "\"0s\"")
            .header("warning");
    }
    rows.extend(unchanging().into_iter().map(|row| row.story(Story::Warm)));
    rows
}

fn unchanging() -> Vec<Row> {
    let silent = || links(Link::silent());
    rows! {
        Stored "refused" One   Info [Plan::Down] [good()] => Right, 0, 0, 1000;
        Stored "refused" One   Mod  [Plan::Down] [good()] => Right, 0, 0, 1000;
        Stored "refused" One   Zip  [Plan::Down] [good()] => Right, 0, 0, 1000;
        Stored "silent"  Comma Info [silent()] [silent()] => Right, 0, 0, 1000;
        Stored "silent"  Pipe  Zip  [silent()] [silent()] => Right, 0, 0, 1000;
        Stored "404"     One   Mod  [always(Reply::status(404))] [good()] => Right, 0, 0, 1000;
        Stored "404"     One   Zip  [always(Reply::status(410))] [good()] => Right, 0, 0, 1000;
        Stored "refused" One   List [Plan::Down] [good()] => Right, 0, 0, 1000;
    }
}
