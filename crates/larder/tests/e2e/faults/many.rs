//! Faults that come again and again, and many who ask.

use testkit::{Link, Reply};

use super::{
    row::{Row, Story, rows},
    sides::{Plan, always, good, links},
};

fn status(status: u16) -> Reply {
    Reply::status(status)
}

pub(super) fn rows() -> Vec<Row> {
    rows! {
        Breaker     "500 for all"        Pipe  Mod     [always(status(500))] [good()] => Right, 0, 1, 1000, story(Story::After(6));
        Breaker     "500 for all"        Pipe  List    [always(status(500))] [good()] => Right, 0, 1, 1000, story(Story::After(6));
        Breaker     "RST for all"        Pipe  Zip     [always(Reply::reset())] [good()] => Right, 0, 1, 1000, story(Story::After(6));
        Breaker     "a page for all"     Pipe  Info    [always(Reply::html())] [good()] => Right, 0, 1, 1000, story(Story::After(6));
        Breaker     "silent for all"     Pipe  Mod     [links(Link::silent())] [good()] => Right, 0, 1, 1000, story(Story::After(6)), set("limits.first_byte", "\"500ms\"");
        Probe       "500, healed"        One   Mod     [always(status(500))] [good()] => Right, 1, 0, 1500, story(Story::Healed(6));
        Probe       "RST, healed"        One   Zip     [always(Reply::reset())] [good()] => Right, 1, 0, 1500, story(Story::Healed(6));
        Probe       "refused, healed"    One   Mod     [Plan::Down] [good()] => Right, 1, 0, 1500, story(Story::Healed(6));
        Probe       "refused, healed"    Comma List    [Plan::Down] [good()] => Right, 1, 0, 1500, story(Story::Healed(6));
        Probe       "both 500, healed"   Pipe  Mod     [always(status(500))] [always(status(500))] => Right, 0..=1, 0..=1, 1500, story(Story::Healed(6));
        FailureMemo "500, five ask"      One   Mod     [always(status(500))] [good()] => Fails(502), 1..=3, 0, 5000, story(Story::Row(5));
        FailureMemo "500, five ask"      One   List    [always(status(500))] [good()] => Fails(502), 1..=3, 0, 5000, story(Story::Row(5));
        FailureMemo "a page, five ask"   One   Latest  [always(Reply::html())] [good()] => Fails(502), 1..=3, 0, 5000, story(Story::Row(5));
        Flight      "500, forty at once" One   Zip     [always(status(500))] [good()] => Fails(502), 1..=3, 0, 5000, story(Story::Burst(40));
        AbsenceMemo "forty ask"          One   Nothing [good()] [good()] => Absent, 1, 0, 5000, story(Story::Row(40));
        AbsenceMemo "forty ask"          Comma Nothing [good()] [good()] => Absent, 1, 1, 5000, story(Story::Row(40));
        Flight      "forty at once"      Pipe  Nothing [good()] [good()] => Absent, 1, 1, 5000, story(Story::Burst(40));
    }
}
