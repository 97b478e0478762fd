//! What goes wrong within a body: at its first byte, in its middle, at its last byte.

use std::{sync::LazyLock, time::Duration};

use testkit::{Act, At, Gate, Link, Reply};

use super::{
    row::{Row, Story, rows},
    run::{repack, zip_len},
    sides::{Plan, always, first_then, good, link, links, once, then},
};

/// Bytes of the zip before its middle and before its last one.
static MID: LazyLock<u64> = LazyLock::new(|| zip_len() / 2);
static LAST: LazyLock<u64> = LazyLock::new(|| zip_len() - 1);

fn rst(n: u64) -> Reply {
    Reply::natural().reset_after(n)
}

fn fin(n: u64) -> Reply {
    Reply::natural().cut_after(n)
}

fn chunks(n: u64) -> Reply {
    Reply::natural().chunked().cut_after(n)
}

fn stall(n: u64) -> Reply {
    Reply::natural().stall_after(n, &Gate::new())
}

/// Another answer once the first has broken in the middle.
fn broken_then(next: Reply) -> Plan {
    then([rst(*MID), next])
}

/// It breaks in the middle and is gone for good.
fn dies(n: u64) -> Plan {
    first_then(rst(n), Reply::status(503))
}

/// The same files, packed otherwise.
fn packed_otherwise() -> Reply {
    Reply::natural().edit(repack)
}

pub(super) fn rows() -> Vec<Row> {
    let (mid, last) = (*MID, *LAST);
    let len = zip_len();
    let mut rows = rows! {
        Retry  "RST after the head"             One   Zip [once(rst(0))] [good()] => Right, 2, 0, 5000;
        Retry  "RST after the head"             Comma Zip [once(rst(0))] [good()] => Right, 2, 0, 5000;
        Retry  "FIN after the head"             One   Zip [once(fin(0))] [good()] => Right, 2, 0, 5000;
        Retry  "FIN after the head"             Comma Zip [once(fin(0))] [good()] => Right, 2, 0, 5000;
        Retry  "FIN before the first chunk"     One   Zip [once(chunks(0))] [good()] => Right, 2, 0, 5000;
        Resume "RST in the middle"              One   Zip [once(rst(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "RST in the middle"              Comma Zip [once(rst(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "RST in the middle"              Pipe  Zip [once(rst(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "RST before the last byte"       One   Zip [once(rst(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "RST before the last byte"       Comma Zip [once(rst(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "RST before the last byte"       Pipe  Zip [once(rst(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN in the middle"              One   Zip [once(fin(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN in the middle"              Comma Zip [once(fin(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN in the middle"              Pipe  Zip [once(fin(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN before the last byte"       One   Zip [once(fin(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN before the last byte"       Comma Zip [once(fin(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN before the last byte"       Pipe  Zip [once(fin(last))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "chunks that stop in the middle" One   Zip [once(chunks(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "chunks that stop in the middle" Comma Zip [once(chunks(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "chunks that stop in the middle" Pipe  Zip [once(chunks(mid))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Anew   "chunks without the last one"    One   Zip [once(chunks(len))] [good()] => Right, 2..=3, 0, 5000;
        Resume "RST three times on the way"     One   Zip [then([rst(mid / 2), rst(mid / 2), rst(mid / 2)])] [good()] => Right, 4, 0, 5000, ranges(3, 0);
        Resume "RST each 40,000 bytes"          One   Zip [always(rst(40_000))] [good()] => Right, 8, 0, 5000, ranges(7, 0);
        Resume "RST on the wire"                One   Zip [link(Link::good().response(At::Byte(mid), Act::Reset))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "FIN on the wire"                Comma Zip [link(Link::good().response(At::Byte(mid), Act::Cut))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Resume "half-close on the wire"         Pipe  Zip [link(Link::good().response(At::Byte(mid), Act::HalfClose))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Stall  "a stall in the middle"          One   Zip [once(stall(mid))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Stall  "a stall in the middle"          Comma Zip [once(stall(mid))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Stall  "a stall in the middle"          Pipe  Zip [once(stall(mid))] [good()] => Right, 1..=2, 0..=1, 4000, set("limits.stall", "\"400ms\"");
        Stall  "a stall before the last byte"   One   Zip [once(stall(last))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Stall  "a stall before the last byte"   Comma Zip [once(stall(last))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Stall  "a stall before the last byte"   Pipe  Zip [once(stall(last))] [good()] => Right, 1..=2, 0..=1, 4000, set("limits.stall", "\"400ms\"");
        Stall  "a stall, by default"            One   Zip [once(stall(mid))] [good()] => Right, 2, 0, 7000, ranges(1, 0), not_before(4500);
        Stall  "a stall on the wire"            One   Zip [link(Link::good().response(At::Byte(mid), Act::Stall(Gate::new())))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Stall  "a stall in a small body"        One   Mod [once(stall(5))] [good()] => Right, 2, 0, 4000, set("limits.stall", "\"400ms\"");
    };
    rows.extend(anew(mid, last));
    rows.extend(elsewhere(mid, last));
    rows.extend(slow());
    rows.extend(fed(mid));
    rows.extend(small());
    rows
}

/// Where it cannot go on, it begins anew.
fn anew(mid: u64, last: u64) -> Vec<Row> {
    rows! {
        Anew   "broken, no ranges"                 One   Zip [first_then(rst(mid).without_ranges(), Reply::natural().without_ranges())] [good()] => Right, 2, 0, 5000;
        Anew   "broken, no ranges"                 Comma Zip [first_then(rst(mid).without_ranges(), Reply::natural().without_ranges())] [good()] => Right, 2, 0, 5000;
        Anew   "broken at the end, no ranges"      One   Zip [first_then(rst(last).without_ranges(), Reply::natural().without_ranges())] [good()] => Right, 2, 0, 5000;
        Anew   "broken, another ETag"              One   Zip [broken_then(Reply::natural().etag("\"another\""))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Anew   "broken, another ETag"              Comma Zip [broken_then(Reply::natural().etag("\"another\""))] [good()] => Right, 2, 0, 5000, ranges(1, 0);
        Anew   "broken, another ETag and the part" One   Zip [broken_then(Reply::natural().etag("\"another\"").whatever_if_range())] [good()] => Right, 2..=3, 0, 5000, ranges(1, 0);
        Anew   "broken, no ETag"                   One   Zip [first_then(rst(mid).without_etag(), Reply::natural().without_etag())] [good()] => Right, 2, 0, 5000;
        Anew   "broken, a weak ETag"               One   Zip [first_then(rst(mid).etag("W/\"a\""), Reply::natural().etag("W/\"a\""))] [good()] => Right, 2, 0, 5000;
        Anew   "broken, a wrong Content-Range"     One   Zip [broken_then(Reply::natural().content_range("bytes 7-8/9"))] [good()] => Right, 3, 0, 5000, ranges(1, 0);
        Anew   "broken, a wrong Content-Range"     Comma Zip [broken_then(Reply::natural().content_range("bytes 7-8/9"))] [good()] => Right, 3, 0, 5000, ranges(1, 0);
        Anew   "broken, then 416"                  One   Zip [broken_then(Reply::status(416))] [good()] => Right, 3, 0, 5000, ranges(1, 0);
        Resume "broken, then 503, then well"       One   Zip [broken_then(Reply::status(503))] [good()] => Right, 3, 0, 5000, ranges(2, 0);
    }
}

/// Where the source is gone, the next one goes on.
fn elsewhere(mid: u64, last: u64) -> Vec<Row> {
    let mut rows = rows! {
        ResumeNext "broken and gone"                     Pipe  Zip [dies(mid)] [good()] => Right, 2..=4, 1, 5000, ranges(1..=3, 1);
        ResumeNext "broken at the end and gone"          Pipe  Zip [dies(last)] [good()] => Right, 2..=4, 1, 5000, ranges(1..=3, 1);
        ResumeNext "broken and gone, fallback"           Comma Zip [dies(mid)] [good()] => Right, 2..=4, 1, 5000, ranges(1..=3, 1), set("fallback", "\"any\"");
        ResumeNext "broken and gone, B without ETag"     Pipe  Zip [dies(mid)] [always(Reply::natural().without_etag())] => Right, 2..=4, 1, 5000, ranges(1..=3, 1);
        Anew       "broken and gone, B packed otherwise" Pipe  Zip [dies(mid)] [always(packed_otherwise())] => Right, 2..=4, 1..=2, 5000;
        Anew       "broken and gone, B without ranges"   Pipe  Zip [dies(mid)] [always(Reply::natural().without_ranges())] => Right, 2..=4, 1, 5000;
        Chain      "broken and gone"                     Comma Zip [dies(mid)] [good()] => Fails(503), 2..=4, 0, 5000;
        Chain      "broken and gone"                     One   Zip [dies(mid)] [good()] => Fails(503), 2..=4, 0, 5000;
        Chain      "broken and gone, B lacks it"         Pipe  Zip [dies(mid)] [always(Reply::status(404))] => Fails(503), 2..=4, 1, 5000;
        ResumeNext "stalled and silent"                  Pipe  Zip [first_then(stall(mid), Reply::natural().hold(&Gate::new()))] [good()] => Right, 1..=2, 1, 5000, set("limits.stall", "\"400ms\""), set("limits.first_byte", "\"1s\"");
        Flight     "twenty at once, broken"              One   Zip [once(rst(mid))] [good()] => Right, 2, 0, 4000, ranges(1, 0), story(Story::Burst(20));
    };
    for row in &mut rows {
        // However busy the machine is, nobody is fed before it is known how it ends.
        *row = row.clone().set("patience", "\"1m\"");
    }
    rows
}

/// Sources that are slower than they may be where another one can go on.
fn slow() -> Vec<Row> {
    let slow = || links(Link::good().throttle(40_000));
    let mut rows = rows! {
        Spared  "40 kB/s"           One   Zip [slow()] [good()] => Right, 1, 0, 15_000, not_before(5000);
        Spared  "40 kB/s"           Comma Zip [slow()] [good()] => Right, 1, 0, 15_000, not_before(5000);
        Spared  "2 kB/s"            One   Mod [links(Link::good().throttle(2000))] [good()] => Right, 1, 0, 5000;
        Trickle "40 kB/s"           Pipe  Zip [slow()] [good()] => Right, 1, 1, 5000, ranges(0, 1);
        Trickle "40 kB/s, fallback" Comma Zip [slow()] [good()] => Right, 1, 1, 5000, ranges(0, 1), set("fallback", "\"any\"");
    };
    for row in &mut rows {
        *row = row.clone().set("limits.trickle", "\"200 KiB\"").set("limits.trickle_over", "\"1s\"");
    }
    rows
}

/// Clients that are fed while the zip still arrives.
fn fed(mid: u64) -> Vec<Row> {
    let slow = |reply: Reply| reply.drip(15_000, Duration::from_millis(25));
    let dies = || first_then(slow(rst(mid)), Reply::status(503));
    let lie = || {
        slow(Reply::natural().edit(|zip| {
            let end = zip.len() - 1000;
            zip[end] ^= 1;
        }))
    };
    let mut rows = rows! {
        Carry    "RST in the middle"                   One   Zip [once(slow(rst(mid)))] [good()] => Right, 2, 0, 4000, ranges(1, 0);
        Carry    "a stall in the middle"               Comma Zip [once(slow(stall(mid)))] [good()] => Right, 2, 0, 4000, ranges(1, 0), set("limits.stall", "\"400ms\"");
        Carry    "broken, no ranges"                   One   Zip [first_then(slow(rst(mid)), Reply::natural().without_ranges())] [good()] => Right, 2, 0, 4000;
        Carry    "broken and gone"                     Pipe  Zip [dies()] [good()] => Right, 2..=4, 1, 4000;
        Abort    "broken and gone, B packed otherwise" Pipe  Zip [dies()] [always(packed_otherwise())] => Aborted, 2..=4, 1..=2, 4000;
        Abort    "broken and gone"                     One   Zip [dies()] [good()] => Aborted, 2..=4, 0, 4000;
        Abort    "broken and gone"                     Comma Zip [dies()] [good()] => Aborted, 2..=4, 0, 4000;
        ZipCheck "one bit at the end"                  One   Zip [always(lie())] [good()] => Aborted, 1..=2, 0, 4000;
    };
    for row in &mut rows {
        *row = row.clone().set("patience", "\"0s\"");
    }
    rows
}

/// Small bodies are simply asked for again.
fn small() -> Vec<Row> {
    let slow = || Link::good().delay(Duration::from_millis(200));
    rows! {
        Whole  "RST in a list"          One   List   [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "RST in @latest"         One   Latest [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "RST in a query"         One   Query  [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "RST in an .info"        One   Info   [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "RST in a .mod"          One   Mod    [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "RST in a .mod"          Comma Mod    [once(rst(3))] [good()] => Right, 2, 0, 5000;
        Whole  "FIN in a list"          Comma List   [once(fin(3))] [good()] => Right, 2, 0, 5000;
        Whole  "FIN in an .info"        One   Info   [once(fin(3))] [good()] => Right, 2, 0, 5000;
        Whole  "FIN in a .mod's chunks" One   Mod    [once(chunks(3))] [good()] => Right, 2, 0, 5000;
        Chain  "RST in a list, always"  Pipe  List   [always(rst(3))] [good()] => Right, 1..=2, 1, 5000;
        Chain  "FIN in a .mod, always"  Pipe  Mod    [always(fin(3))] [good()] => Right, 1..=2, 1, 5000;
        Chain  "FIN in a .mod, always"  Comma Mod    [always(fin(3))] [good()] => Fails(502), 2..=12, 0, 5000;
        Flight "twenty at once, late"   One   Mod    [links(slow())] [good()] => Right, 1, 0, 5000, story(Story::Burst(20));
    }
}
