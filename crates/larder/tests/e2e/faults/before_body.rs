//! What goes wrong before the first byte of a body: connecting, the head, silence.

use std::time::Duration;

use testkit::{Act, At, Gate, Link, Reply};

use super::{
    row::{Row, Story, rows},
    sides::{Plan, always, good, link, links, once, then},
};

/// A relay that breaks the answer at a byte of its head.
fn head(n: u64, act: Act) -> Link {
    Link::good().response(At::Byte(n), act)
}

/// An answer that never begins.
fn mute() -> Reply {
    Reply::natural().hold(&Gate::new())
}

pub(super) fn rows() -> Vec<Row> {
    let (down, hole) = (|| Plan::Down, || Plan::Hole);
    let late = || Link::good().delay(Duration::from_millis(100));
    let mut rows = rows! {
        Pauses "refused"      One   Zip    [down()] [good()] => Fails(503), 0, 0, 1000;
        Pauses "refused"      One   List   [down()] [good()] => Fails(503), 0, 0, 1000;
        Chain  "refused"      Comma Zip    [down()] [good()] => Fails(503), 0, 0, 1000;
        Chain  "refused"      Pipe  Zip    [down()] [good()] => Right, 0, 1, 1000;
        Chain  "refused"      Pipe  List   [down()] [good()] => Right, 0, 1, 1000;
        Chain  "refused"      Pipe  Latest [down()] [good()] => Right, 0, 1, 1000;
        Chain  "refused"      Pipe  Query  [down()] [good()] => Right, 0, 1, 1000;
        Pauses "both refused" Pipe  Zip    [down()] [down()] => Fails(503), 0, 0, 1000;
        Pauses "both refused" Comma Info   [down()] [down()] => Fails(503), 0, 0, 1000;

        Retry "RST when connected"          One   Zip    [link(Link::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST when connected"          Comma Zip    [link(Link::reset())] [good()] => Right, 2, 0, 5000;
        Chain "RST when connected, always"  One   Zip    [links(Link::reset())] [good()] => Fails(502), 2..=3, 0, 5000;
        Chain "RST when connected, always"  Comma Zip    [links(Link::reset())] [good()] => Fails(502), 2..=3, 0, 5000;
        Chain "RST when connected, always"  Pipe  Zip    [links(Link::reset())] [good()] => Right, 1..=2, 1, 5000;
        Retry "RST before the head"         One   Zip    [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         Comma Zip    [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         One   List   [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         One   Latest [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         One   Query  [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         One   Info   [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head"         One   Mod    [once(Reply::reset())] [good()] => Right, 2, 0, 5000;
        Retry "RST before the head, twice"  One   Zip    [then([Reply::reset(), Reply::reset()])] [good()] => Right, 3, 0, 5000;
        Chain "RST before the head, always" Comma Zip    [always(Reply::reset())] [good()] => Fails(502), 2..=3, 0, 5000;
        Chain "RST before the head, always" Pipe  Zip    [always(Reply::reset())] [good()] => Right, 1..=2, 1, 5000;
        Retry "FIN before the head"         One   Zip    [link(head(0, Act::Cut))] [good()] => Right, 2, 0, 5000;
        Retry "FIN before the head"         Comma Zip    [link(head(0, Act::Cut))] [good()] => Right, 2, 0, 5000;
        Chain "FIN before the head, always" Pipe  Zip    [links(head(0, Act::Cut))] [good()] => Right, 1..=2, 1, 5000;
        Retry "half-close before the head"  One   Zip    [link(head(0, Act::HalfClose))] [good()] => Right, 2, 0, 5000;
        Retry "RST within the head"         One   Zip    [link(head(20, Act::Reset))] [good()] => Right, 2, 0, 5000;
        Retry "FIN within the head"         One   Zip    [link(head(20, Act::Cut))] [good()] => Right, 2, 0, 5000;
        Retry "FIN within the head"         Comma Zip    [link(head(20, Act::Cut))] [good()] => Right, 2, 0, 5000;
        Chain "FIN within the head, always" Pipe  Zip    [links(head(20, Act::Cut))] [good()] => Right, 1..=2, 1, 5000;
        Chain "no HTTP"                     One   Zip    [links(head(0, Act::Corrupt))] [good()] => Fails(502), 1..=3, 0, 5000;
        Chain "no HTTP"                     Comma Zip    [links(head(0, Act::Corrupt))] [good()] => Fails(502), 1..=3, 0, 5000;
        Chain "no HTTP"                     Pipe  Zip    [links(head(0, Act::Corrupt))] [good()] => Right, 1..=2, 1, 5000;

        Limits     "black hole"        One   Zip    [hole()] [good()] => Fails(503), 0, 0, 4000, set("limits.connect", "\"300ms\"");
        Limits     "black hole"        Comma Zip    [hole()] [good()] => Fails(503), 0, 0, 4000, set("limits.connect", "\"300ms\"");
        Hedge      "black hole"        Pipe  Zip    [hole()] [good()] => Right, 0, 1, 1500;
        Hedge      "black hole"        Pipe  List   [hole()] [good()] => Right, 0, 1, 1500;
        Limits     "silent"            One   Zip    [links(Link::silent())] [good()] => Fails(504), 1..=3, 0, 5000, set("limits.first_byte", "\"400ms\"");
        Limits     "silent"            Comma Zip    [links(Link::silent())] [good()] => Fails(504), 1..=3, 0, 5000, set("limits.first_byte", "\"400ms\"");
        Limits     "silent once"       One   Zip    [link(Link::silent())] [good()] => Right, 2, 0, 5000, set("limits.first_byte", "\"400ms\"");
        Limits     "silent once"       One   Mod    [link(Link::silent())] [good()] => Right, 2, 0, 5000, set("limits.first_byte", "\"400ms\"");
        Budget     "silent"            One   Zip    [links(Link::silent())] [good()] => Fails(504), 1..=3, 0, 15_000;
        Budget     "silent"            One   List   [always(mute())] [good()] => Fails(504), 1..=3, 0, 15_000;
        Budget     "both silent"       Pipe  Zip    [links(Link::silent())] [links(Link::silent())] => Fails(504), 1..=3, 1..=3, 15_000;
        Budget     "both silent"       Pipe  Mod    [always(mute())] [always(mute())] => Fails(504), 1..=3, 1..=3, 15_000;
        Limits     "both black holes"  Pipe  Zip    [hole()] [hole()] => Fails(503), 0, 0, 12_000;
        Hedge      "silent"            Pipe  Zip    [links(Link::silent())] [good()] => Right, 1, 1, 1500;
        Hedge      "silent"            Pipe  List   [always(mute())] [good()] => Right, 1, 1, 1500;
        Hedge      "silent"            Pipe  Latest [always(mute())] [good()] => Right, 1, 1, 1500;
        Hedge      "silent"            Pipe  Query  [always(mute())] [good()] => Right, 1, 1, 1500;
        Hedge      "silent"            Pipe  Info   [always(mute())] [good()] => Right, 1, 1, 1500;
        Hedge      "silent"            Pipe  Mod    [always(mute())] [good()] => Right, 1, 1, 1500;
        Chain      "silent, no hedge"  Comma Mod    [always(mute())] [good()] => Fails(504), 1..=3, 0, 5000, set("limits.first_byte", "\"700ms\"");
        Limits     "a head that drips" One   Zip    [links(Link::good().throttle(40))] [good()] => Fails(504), 1..=3, 0, 5000, set("limits.first_byte", "\"700ms\"");
        Hedge      "a head that drips" Pipe  Zip    [links(Link::good().throttle(40))] [good()] => Right, 1, 1, 1500;
        HedgeAfter "late by a moment"  Pipe  Mod    [links(late())] [good()] => Right, 1, 0, 1500;
    };
    rows.extend(fallback());
    rows
}

/// Fallback over `,` where it is allowed.
fn fallback() -> Vec<Row> {
    rows! {
        Fallback "refused"             Comma Zip  [Plan::Down] [good()] => Right, 0, 1, 1000, set("fallback", "\"any\"");
        Fallback "refused"             Comma List [Plan::Down] [good()] => Right, 0, 1, 1000, set("fallback", "\"any\"");
        Fallback "RST before the head" Comma Zip  [always(Reply::reset())] [good()] => Right, 1..=2, 1, 5000, set("fallback", "\"any\"");
        Fallback "silent"              Comma Mod  [always(mute())] [good()] => Right, 1, 1, 5000, set("fallback", "\"any\"");
        Flight   "twenty at once"      One   Zip  [once(Reply::reset())] [good()] => Right, 2, 0, 5000, story(Story::Burst(20));
    }
}
