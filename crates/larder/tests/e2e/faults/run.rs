//! Runs one row against the real binary.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use testkit::{Connection, End, Module, ModuleTree, Response, ScriptedUpstream, TestServer};

use super::{
    row::{Ask, Chain, Gets, Row, Story},
    sides::{AUTHORITY, Side},
};
use crate::world::larder;

/// The noise in the zip: several pieces of a body, and more than the 64 KiB that are held back and compared.
const NOISE: u64 = 300_000;

static MODULES: LazyLock<ModuleTree> = LazyLock::new(|| {
    let mut tree = ModuleTree::parse(
        "example.com/m@main => v1.0.1-0.20240203040506-abcdefabcdef\n\
         -- example.com/m@v1.0.1-0.20240203040506-abcdefabcdef/go.mod --\nmodule example.com/m\n\
         -- example.com/Upper@v1.0.0/go.mod --\nmodule example.com/Upper\n",
    );
    tree.add(Module::of_noise("example.com/m", "v1.0.0", NOISE));
    tree.add(Module::of_noise("example.com/small", "v1.0.0", 40_000));
    tree
});

/// What both sources have.
pub(super) fn modules() -> ModuleTree {
    MODULES.clone()
}

/// The length of the zip.
pub(super) fn zip_len() -> u64 {
    MODULES.module("example.com/m", "v1.0.0").zip.len()
}

/// Changes what no hash of a zip covers: the time of its first file, and a comment at its end. Its files stay the same.
pub(super) fn repack(zip: &mut Vec<u8>) {
    zip[10] ^= 1;
    let comment_len = zip.len() - 2;
    zip[comment_len] = 1;
    zip.push(b'!');
}

/// What a good source says to each request.
static RIGHT: LazyLock<BTreeMap<&'static str, Vec<u8>>> = LazyLock::new(|| {
    let upstream = ScriptedUpstream::serving(modules());
    let asks = [Ask::List, Ask::Latest, Ask::Query, Ask::Info, Ask::Mod, Ask::Zip, Ask::Small, Ask::Upper];
    let get = |ask: Ask| {
        let answer = Connection::open(upstream.address()).request("GET", &format!("/{}", ask.path()), &[]);
        (ask.path(), answer.expect(200).body)
    };
    asks.map(get).into()
});

/// What was not as a row says.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It was right, but it took too long.
    Late(String),
    Otherwise(String),
}

impl Wrong {
    /// What was expected, what came, and what was asked of whom.
    pub(super) fn text(self) -> String {
        let (Wrong::Late(text) | Wrong::Otherwise(text)) = self;
        text
    }
}

/// Does what a row says, with these settings besides its own.
pub(super) fn run(row: &Row, settings: &[(&'static str, &'static str)]) -> Result<(), Wrong> {
    let [a, b] = &row.plans;
    let mut sides = [Side::new(a.clone()), Side::new(b.clone())];
    let server = start(row, &sides, settings);
    let path = row.ask.path();
    if matches!(row.story, Story::Warm | Story::Evicted) {
        let warm = get(server.address(), path, Duration::from_secs(20));
        let right = check(row.ask, Gets::Right, warm.as_ref());
        right.map_err(|why| Wrong::Otherwise(format!("{row}\n  before the fault: {why}")))?;
    }
    if row.story == Story::Evicted {
        std::fs::remove_file(server.data().join("modules").join(path)).unwrap();
    }
    for side in &mut sides {
        side.begin(row.ask);
    }
    if let Story::After(count) | Story::Healed(count) = row.story {
        for number in 0..count {
            get(server.address(), &row.ask.other(number), Duration::from_secs(20));
        }
        for side in &mut sides {
            if row.story == Story::Healed(count) {
                side.heal();
            }
            side.forget();
        }
    }
    let patience = row.within * 2 + Duration::from_secs(3);
    let begun = Instant::now();
    let answers = match row.story {
        Story::Burst(count) => {
            let ask = |_| {
                thread::spawn({
                    let address = server.address();
                    move || get(address, path, patience)
                })
            };
            let running: Vec<_> = (0..count).map(ask).collect();
            running.into_iter().map(|client| client.join().unwrap()).collect()
        }
        Story::Row(count) => (0..count).map(|_| get(server.address(), path, patience)).collect(),
        _ => vec![get(server.address(), path, patience)],
    };
    let took = begun.elapsed();
    let told = || {
        let [a, b] = sides.each_ref().map(Side::told);
        format!("{row}\n  took {} ms\n  A was asked: {a}\n  B was asked: {b}", took.as_millis())
    };
    for answer in &answers {
        judge(row, answer.as_ref()).map_err(|why| Wrong::Otherwise(format!("{}\n  {why}", told())))?;
    }
    if took < row.not_before {
        return Err(Wrong::Otherwise(format!("{}\n  that is too soon", told())));
    }
    for (number, side) in sides.iter().enumerate() {
        let (asked, ranges) = (side.asked(row.ask), side.ranges());
        let wanted = row.ranges.as_ref().is_none_or(|wanted| wanted[number].allow(ranges));
        if !row.asked[number].allow(asked) || !wanted {
            let name = ["A", "B"][number];
            let parts =
                row.ranges.as_ref().map_or(String::new(), |wanted| format!(", {} wanted", wanted[number]));
            return Err(Wrong::Otherwise(format!(
                "{}\n  {name} was asked {asked} times, for a part {ranges} times{parts}",
                told()
            )));
        }
    }
    if took > row.within { Err(Wrong::Late(format!("{}\n  that is too late", told()))) } else { Ok(()) }
}

fn start(row: &Row, sides: &[Side; 2], settings: &[(&'static str, &'static str)]) -> TestServer {
    let [a, b] = sides.each_ref().map(Side::url);
    let chain = match row.chain {
        Chain::One => a,
        Chain::Comma => format!("{a},{b}"),
        Chain::Pipe => format!("{a}|{b}"),
    };
    let all: BTreeMap<_, _> = row.settings.iter().chain(settings).copied().collect();
    let lines: Vec<_> = all.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let larder = larder();
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let ca = larder.home().join("ca.pem");
    std::fs::write(&ca, AUTHORITY.ca()).unwrap();
    larder.env("SSL_CERT_FILE", ca).serve(&chain).flag("--config", file).start()
}

/// A request on a connection of its own. Nothing if no answer came in time, or none at all.
fn get(from: SocketAddr, path: &str, within: Duration) -> Option<Response> {
    let (tell, told) = mpsc::channel();
    let path = format!("/{path}");
    thread::spawn(move || {
        let answer = Connection::try_open(from).ok().and_then(|mut connection| {
            connection.ask("GET", &path, &[("Connection", "close")]).ok()?;
            connection.response("GET")
        });
        // Nobody listens any more if it came too late.
        let _ = tell.send(answer);
    });
    told.recv_timeout(within).ok().flatten()
}

fn judge(row: &Row, answer: Option<&Response>) -> Result<(), String> {
    check(row.ask, row.gets, answer)?;
    let Some(answer) = answer else { return Ok(()) };
    let lacks = row.header.filter(|name| answer.header(name).is_none());
    if let Some(name) = lacks {
        return Err(format!("no {name} in {:?}", answer.headers));
    }
    match row.says {
        Some(words) if !answer.text().contains(words) => Err(format!("no {words:?} in {:?}", answer.text())),
        _ => Ok(()),
    }
}

/// Whether an answer is what it should be.
fn check(ask: Ask, gets: Gets, answer: Option<&Response>) -> Result<(), String> {
    let Some(answer) = answer else { return Err("no answer at all".to_owned()) };
    let right = RIGHT.get(ask.path()).is_some_and(|right| {
        let mut repacked = right.clone();
        if ask == Ask::Zip {
            repack(&mut repacked);
        }
        answer.body == *right || answer.body == repacked
    });
    let stale = answer.header("x-cache") == Some("STALE");
    let whole = answer.end == End::Whole;
    let fits = match gets {
        Gets::Right => answer.status == 200 && whole && right && !stale,
        Gets::Stale => answer.status == 200 && whole && right && stale,
        Gets::Absent => answer.status == 404 && whole,
        Gets::Fails(status) => answer.status == status && whole,
        Gets::Aborted => answer.status == 200 && !whole,
    };
    if fits {
        return Ok(());
    }
    let body = if answer.status == 200 {
        format!(
            "{} bytes, {}",
            answer.body.len(),
            if right { "the right ones" } else { "not the right ones" }
        )
    } else {
        format!("{:?}", answer.text())
    };
    Err(format!("got {} ({:?}, X-Cache {:?}): {body}", answer.status, answer.end, answer.header("x-cache")))
}
