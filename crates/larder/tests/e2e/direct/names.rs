//! Names that match a private route stay within its chain, whatever goes wrong, there and elsewhere.

mod fault;
mod world;

use std::{collections::BTreeMap, fmt::Write as _, thread, time::Instant};

use testkit::{LIMIT, ModuleTree, NameServer, skipped};

use self::{
    fault::{Fault, Place, Row, alone, pairs, places},
    world::{World, is_private},
};
use super::site::{CODE, VANITY};
use crate::world::{LOG, tree};

/// How a machine keeps names private.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// A variable of Go's, and what it says.
    variable: &'static str,
    patterns: &'static str,
    /// Lines of a configuration file, in which `Q` is a private proxy.
    config: &'static str,
    /// What joins the public sources.
    joined: &'static str,
    /// Whether the company's hosts are reached through a proxy, which resolves their names.
    tunnel: bool,
    /// Whether there is a `git`, and so an `ssh`, which go to the company's hosts where nothing else does.
    programs: bool,
    /// Private names that are resolved here, because the chain asks these hosts. A proxy leads nowhere but over https:
    /// for `ssh` the name of the repository's host is resolved, as it is for go.
    resolved: &'static [&'static str],
}

const RULES: [Rules; 7] = [
    Rules {
        variable: "GOPRIVATE",
        patterns: "*.corp.example.com",
        config: "",
        joined: ",",
        tunnel: true,
        programs: true,
        resolved: &[CODE],
    },
    Rules {
        variable: "GOPRIVATE",
        patterns: "*.corp.example.com",
        config: "fallback = \"any\"\norder = \"fastest\"\non_unverifiable = \"serve-pending\"\n",
        joined: "|",
        tunnel: true,
        programs: false,
        resolved: &[CODE],
    },
    Rules {
        variable: "GONOPROXY",
        patterns: "*.corp.example.com",
        config: "fallback = \"any\"\n",
        joined: "|",
        tunnel: true,
        programs: false,
        resolved: &[CODE],
    },
    Rules {
        variable: "GOFLAGS",
        patterns: "",
        config: "[[route]]\nmodules = [\"*.corp.example.com\"]\nchain = \"direct\"\nsumdb = \"ledger\"\nfallback = \"any\"\n",
        joined: "|",
        tunnel: true,
        programs: false,
        resolved: &[CODE],
    },
    Rules {
        variable: "GOFLAGS",
        patterns: "",
        config: "[[route]]\nmodules = [\"*.corp.example.com\"]\nchain = \"Q|direct\"\nsumdb = \"off\"\norder = \"fastest\"\n",
        joined: "|",
        tunnel: true,
        programs: false,
        resolved: &[CODE],
    },
    // Without a proxy on the way out the system resolves the hosts of the chain, and nothing else.
    Rules {
        variable: "GOPRIVATE",
        patterns: "*.corp.example.com",
        config: "fallback = \"any\"\n",
        joined: "|",
        tunnel: false,
        programs: true,
        resolved: &[CODE, VANITY],
    },
    Rules {
        variable: "GOFLAGS",
        patterns: "",
        config: "[[route]]\nmodules = [\"*.corp.example.com\"]\nchain = \"Q\"\nsumdb = \"off\"\nfallback = \"any\"\n",
        joined: "|",
        tunnel: false,
        programs: false,
        resolved: &[],
    },
];

/// How many rows one Larder plays, one after the other.
const SHARE: usize = 150;
/// In so many rows somebody comes to where a fault is, even where connections are kept and answers remembered.
const ENOUGH: usize = 10;

/// What is private, in a row of that number.
fn private(row: usize) -> [String; 3] {
    [format!("{CODE}/team/r{row}.git"), format!("{VANITY}/vanity/r{row}"), format!("{VANITY}/no/r{row}")]
}

/// What may be asked of private modules, and of their checksums. In a row of one fault all of it is, else a part that
/// is another one from row to row.
fn questions(row: usize, faults: &[Fault]) -> Vec<String> {
    let kinds = ["@v/list", "@latest", "@v/main.info", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"];
    let of_one = |module: String| {
        let files = kinds.map(|kind| format!("/{module}/{kind}"));
        files.into_iter().chain([format!("/sumdb/{LOG}/lookup/{module}@v1.0.0")]).collect::<Vec<_>>()
    };
    let all = private(row).into_iter().flat_map(of_one).enumerate();
    all.filter(|(at, _)| faults.len() == 1 || at % 3 == row % 3).map(|(_, question)| question).collect()
}

/// What is asked of a public module at the same time.
fn beside(row: usize) -> [String; 3] {
    ["@v/list", "@v/v1.0.0.info", "@v/v1.0.0.zip"].map(|kind| format!("/example.com/p{row}/{kind}"))
}

/// What the public proxies have: also what nobody may ask them for.
fn everything(rows: usize) -> ModuleTree {
    let mut text = String::new();
    for row in 0..rows {
        writeln!(text, "-- example.com/p{row}@v1.0.0/go.mod --\nmodule example.com/p{row}").unwrap();
    }
    for module in private(0) {
        writeln!(text, "-- {module}@v1.0.0/go.mod --\nmodule {module}").unwrap();
    }
    let mut everything = tree();
    for module in ModuleTree::parse(&text).modules() {
        everything.add(module.clone());
    }
    everything
}

/// Everything is asked while one thing goes wrong, while two do, and while something does at every set of places, in seven
/// setups: with the public proxies, the database, the hosts that are reached through the tunnel, the name server and the
/// metrics watched.
///
/// Each setup is in all states of one fault, and has faults at each set of its places at once. That in which most can go
/// wrong is in all pairs of faults as well; each other one is in some.
#[test]
fn no_fault_lets_a_private_name_out() {
    if NameServer::start().is_none() {
        skipped("this machine does not allow a name server of one's own, so none is watched");
    }
    let (alone, pairs, places) = (alone(), pairs(), places());
    let modules = everything(SHARE);
    thread::scope(|threads| {
        for (at, rules) in RULES.into_iter().enumerate() {
            // Where everything can go wrong, all of it does; the other setups have some of the pairs.
            let several: Vec<_> = if rules.has_all() {
                pairs.iter().collect()
            } else {
                pairs.iter().skip(at).step_by(2 * RULES.len()).collect()
            };
            let rows = alone.iter().chain(several).chain(&places).filter(|row| rules.can_have(row));
            // The disk that can be filled is a small one.
            let (filled, others): (Vec<_>, Vec<_>) =
                rows.partition(|row| row.iter().any(|(place, _)| *place == Place::Disk));
            let shares = [(others, false), (filled, true)];
            let shares = shares
                .iter()
                .flat_map(|(rows, has_disk)| rows.chunks(SHARE).map(|rows| (rows.to_vec(), *has_disk)));
            for (rows, has_disk) in shares {
                let modules = &modules;
                threads.spawn(move || play(rules, modules, &rows, has_disk));
            }
        }
    });
}

impl Rules {
    /// Whether there is everybody with whom something can go wrong.
    fn has_all(&self) -> bool {
        self.config.contains('Q') && self.tunnel
    }

    /// Whether there is where these faults are.
    fn can_have(&self, faults: &[Fault]) -> bool {
        faults.iter().all(|(place, _)| match place {
            Place::Private => self.config.contains('Q'),
            Place::Site | Place::Pages | Place::Repository => self.tunnel,
            _ => true,
        })
    }
}

/// Plays rows in one Larder, and looks after each who has heard of what is private.
fn play(rules: Rules, modules: &ModuleTree, rows: &[&Row], has_disk: bool) {
    let Some(mut world) = World::new(rules, modules, has_disk) else { return };
    serves(&world, "before");
    let mut met: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for (row, faults) in rows.iter().enumerate() {
        world.name(&format!("team/r{row}"));
        let came = world.with(faults, |world| ask(world, row, faults));
        if let Some(heard) = world.heard() {
            panic!("{rules:?}, {faults:?}: {heard}");
        }
        for (fault, came) in faults.iter().zip(came) {
            let [some, all] = met.entry(format!("{fault:?}")).or_default();
            *some += usize::from(came);
            *all += 1;
        }
    }
    // A fault that nobody comes to proves nothing.
    for (fault, [some, all]) in met {
        assert!(some > 0 || all < ENOUGH, "{rules:?}: nobody came to {fault} in {all} rows");
    }
    serves(&world, "behind");
    assert!(world.server.stop().status.success());
}

/// Asks everything at the same time.
fn ask(world: &World, row: usize, faults: &[Fault]) {
    let leaves = faults.iter().any(|(place, _)| *place == Place::Client);
    thread::scope(|threads| {
        for question in questions(row, faults) {
            threads.spawn(move || {
                if leaves {
                    world.server.connect().ask("GET", &question, &[]).unwrap();
                } else {
                    world.server.get(&question);
                }
            });
        }
        for question in beside(row) {
            threads.spawn(move || {
                let text = world.server.get(&question).text();
                assert!(!is_private(&text), "{question}: {text}");
            });
        }
    });
}

/// What is public is served and verified, and so is what is private where somebody has it.
fn serves(world: &World, branch: &str) {
    let until = Instant::now() + LIMIT;
    let get = |path: String, by_log: bool| loop {
        let got = world.server.get(&path);
        if got.status == 200 && (!by_log || got.header("X-Larder-Verified") == Some("log")) {
            return;
        }
        assert!(Instant::now() < until, "{got:?}");
    };
    get("/example.com/app/@v/v1.0.0.zip".to_owned(), true);
    if world.has_code() {
        world.name(&format!("team/{branch}"));
        get(format!("/{CODE}/team/{branch}.git/@v/v1.0.0.zip"), false);
        get(format!("/{VANITY}/vanity/@v/v1.0.0.zip"), false);
    }
    assert_eq!(world.heard(), None);
}
