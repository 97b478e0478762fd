//! What sources say instead of an answer.

use testkit::Reply;

use super::{
    row::{Row, rows},
    sides::{always, first_then, good, once, then},
};

fn status(status: u16) -> Reply {
    Reply::status(status)
}

/// 429 that says when to come back.
fn later(when: &str) -> Reply {
    Reply::status(429).header("Retry-After", when)
}

fn not_found_page() -> Reply {
    Reply::status(404).body("<html>nothing here</html>").content_type("text/html")
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = rows! {
        Retry "408"         One   Mod    [once(status(408))] [good()] => Right, 2, 0, 5000;
        Retry "425"         One   Mod    [once(status(425))] [good()] => Right, 2, 0, 5000;
        Retry "429"         One   Mod    [once(status(429))] [good()] => Right, 2, 0, 5000;
        Retry "500"         One   Mod    [once(status(500))] [good()] => Right, 2, 0, 5000;
        Retry "502"         One   Mod    [once(status(502))] [good()] => Right, 2, 0, 5000;
        Retry "503"         One   Mod    [once(status(503))] [good()] => Right, 2, 0, 5000;
        Retry "504"         One   Mod    [once(status(504))] [good()] => Right, 2, 0, 5000;
        Retry "500"         Comma Zip    [once(status(500))] [good()] => Right, 2, 0, 5000;
        Retry "502"         Comma List   [once(status(502))] [good()] => Right, 2, 0, 5000;
        Retry "503"         Comma Info   [once(status(503))] [good()] => Right, 2, 0, 5000;
        Retry "504, twice"  One   Zip    [then([status(504), status(504)])] [good()] => Right, 3, 0, 5000;
        Chain "408, always" Pipe  Mod    [always(status(408))] [good()] => Right, 1..=2, 1, 5000;
        Chain "425, always" Pipe  Mod    [always(status(425))] [good()] => Right, 1..=2, 1, 5000;
        Chain "429, always" Pipe  Mod    [always(status(429))] [good()] => Right, 1..=2, 1, 5000;
        Chain "500, always" Pipe  Mod    [always(status(500))] [good()] => Right, 1..=2, 1, 5000;
        Chain "502, always" Pipe  Zip    [always(status(502))] [good()] => Right, 1..=2, 1, 5000;
        Chain "503, always" Pipe  List   [always(status(503))] [good()] => Right, 1..=2, 1, 5000;
        Chain "504, always" Pipe  Latest [always(status(504))] [good()] => Right, 1..=2, 1, 5000;
        Chain "500, always" One   Mod    [always(status(500))] [good()] => Fails(502), 3, 0, 5000;
        Chain "500, always" Comma Mod    [always(status(500))] [good()] => Fails(502), 3, 0, 5000;
        Chain "502, always" Comma Zip    [always(status(502))] [good()] => Fails(502), 3, 0, 5000;
        Chain "503, always" Comma List   [always(status(503))] [good()] => Fails(503), 3, 0, 5000;

        RetryAfter     "429 and 1 s"               One   Mod [once(later("1"))] [good()] => Right, 2, 0, 4000, not_before(900);
        RetryAfter     "503 and 1 s"               Comma Zip [once(Reply::status(503).header("Retry-After", "1"))] [good()] => Right, 2, 0, 4000, not_before(900);
        Retry          "429 and a day in the past" One   Mod [once(later("Wed, 21 Oct 2015 07:28:00 GMT"))] [good()] => Right, 2, 0, 5000;
        RetryAfterTold "429 and an hour"           One   Mod [always(later("3600"))] [good()] => Fails(503), 1, 0, 5000, header("retry-after");
        RetryAfterTold "429 and a far day"         One   Zip [always(later("Fri, 21 Oct 2095 07:28:00 GMT"))] [good()] => Fails(503), 1, 0, 5000, header("retry-after");
        Chain          "429 and an hour"           Pipe  Mod [always(later("3600"))] [good()] => Right, 1, 1, 5000;
    };
    rows.extend(denied());
    rows.extend(absent());
    rows
}

/// What somebody forbids is not absent, and asking again helps nobody.
fn denied() -> Vec<Row> {
    rows! {
        Final "400" One   Mod  [always(status(400))] [good()] => Fails(502), 1..=2, 0, 5000;
        Final "401" One   Mod  [always(status(401))] [good()] => Fails(502), 1, 0, 5000, says("401");
        Final "403" One   Mod  [always(status(403))] [good()] => Fails(502), 1..=2, 0, 5000, says("403");
        Final "401" One   Zip  [always(status(401))] [good()] => Fails(502), 1, 0, 5000, says("401");
        Final "403" One   List [always(status(403))] [good()] => Fails(502), 1..=2, 0, 5000, says("403");
        Final "400" Comma Mod  [always(status(400))] [good()] => Fails(502), 1..=2, 0, 5000;
        Final "401" Comma Mod  [always(status(401))] [good()] => Fails(502), 1, 0, 5000, says("401");
        Final "403" Comma Zip  [always(status(403))] [good()] => Fails(502), 1..=2, 0, 5000, says("403");
        Chain "400" Pipe  Mod  [always(status(400))] [good()] => Right, 1..=2, 1, 5000;
        Chain "401" Pipe  Zip  [always(status(401))] [good()] => Right, 1, 1, 5000;
        Chain "403" Pipe  List [always(status(403))] [good()] => Right, 1..=2, 1, 5000;
    }
}

/// 404 means that nobody has it, and nothing else.
fn absent() -> Vec<Row> {
    rows! {
        Final   "404"              One   Mod     [always(status(404))] [good()] => Absent, 1, 0, 5000;
        Final   "410"              One   Zip     [always(status(410))] [good()] => Absent, 1, 0, 5000;
        Final   "404"              One   List    [always(status(404))] [good()] => Absent, 1, 0, 5000;
        Final   "404 as a page"    One   Info    [always(not_found_page())] [good()] => Absent, 1, 0, 5000;
        Chain   "404"              Comma Mod     [always(status(404))] [good()] => Right, 1, 1, 5000;
        Chain   "410"              Comma Zip     [always(status(410))] [good()] => Right, 1, 1, 5000;
        Chain   "404"              Pipe  List    [always(status(404))] [good()] => Right, 1, 1, 5000;
        Absence "nobody has it"    Comma Nothing [good()] [good()] => Absent, 1, 1, 5000;
        Absence "nobody has it"    Pipe  Nothing [good()] [good()] => Absent, 1, 1, 5000;
        Absence "404, then 500"    Comma Mod     [always(status(404))] [always(status(500))] => Fails(502), 1, 1..=3, 5000;
        Absence "404, then 500"    Pipe  Mod     [always(status(404))] [always(status(500))] => Fails(502), 1, 1..=3, 5000;
        Absence "500, then 404"    Pipe  Mod     [always(status(500))] [always(status(404))] => Fails(502), 1..=2, 1, 5000;
        Absence "403, then 404"    Pipe  List    [always(status(403))] [always(status(404))] => Fails(502), 1..=2, 1, 5000;
        Absence "a page, then 404" Pipe  Latest  [always(Reply::html())] [always(status(404))] => Fails(502), 1..=2, 1, 5000;
        Retry   "500, then 404"    One   Nothing [first_then(status(500), status(404))] [good()] => Absent, 2, 0, 5000;
    }
}
