//! Names that match a private route stay within its chain, whatever goes wrong there.

use std::fs;

use testkit::{Gate, ModuleTree, Reply, ScriptedUpstream, TestLog, TestServer};

use super::site::{CODE, Site, VANITY};
use crate::world::{LOG, NO_MEMO, tree};

/// Everything that may be asked of a module, and of its checksum.
fn questions() -> Vec<String> {
    let modules = [format!("{CODE}/team/lib.git"), format!("{VANITY}/vanity"), format!("{VANITY}/no/such")];
    let of_one = |module: &String| {
        let kinds =
            ["@v/list", "@latest", "@v/main.info", "@v/v1.0.0.info", "@v/v1.0.0.mod", "@v/v1.0.0.zip"];
        let files = kinds.map(|kind| format!("/{module}/{kind}"));
        files.into_iter().chain([format!("/sumdb/{LOG}/lookup/{module}@v1.0.0")]).collect::<Vec<_>>()
    };
    modules.iter().flat_map(of_one).collect()
}

/// How a machine keeps names private: its GOPRIVATE, and lines of a configuration file, in which `Q` is a private proxy.
const RULES: [(&str, &str, &str); 5] = [
    ("GOPRIVATE", "*.corp.example.com", ""),
    (
        "GOPRIVATE",
        "*.corp.example.com",
        "fallback = \"any\"\norder = \"fastest\"\non_unverifiable = \"serve-pending\"\n",
    ),
    ("GONOPROXY", "*.corp.example.com", "fallback = \"any\"\n"),
    (
        "GOFLAGS",
        "",
        "[[route]]\nmodules = [\"*.corp.example.com\"]\nchain = \"direct\"\nsumdb = \"ledger\"\nfallback = \"any\"\n",
    ),
    (
        "GOFLAGS",
        "",
        "[[route]]\nmodules = [\"*.corp.example.com\"]\nchain = \"Q|direct\"\nsumdb = \"off\"\norder = \"fastest\"\n",
    ),
];

/// A second source is asked at the first silence, and nothing is waited for long.
const HASTY: &str = "[limits]\nbegin = \"1s\"\n[hedge]\nafter = \"1ms\"\nshare = \"100 %\"\n";

/// Two public proxies that would know everything, with the database, a private one, and a Larder before them.
struct World {
    public: [ScriptedUpstream; 2],
    private: ScriptedUpstream,
    server: TestServer,
}

/// What the public proxies have: also what nobody may ask them for.
fn everything() -> ModuleTree {
    let mut everything = tree();
    let private = ModuleTree::parse(&format!(
        "-- {CODE}/team/lib.git@v1.0.0/go.mod --\nmodule {CODE}/team/lib.git\n-- {VANITY}/vanity@v1.0.0/go.mod --\nmodule {VANITY}/vanity\n"
    ));
    for module in private.modules() {
        everything.add(module.clone());
    }
    everything
}

fn world(site: &Site, (variable, patterns, config): (&str, &str, &str), joined: &str) -> World {
    let log = TestLog::over(LOG, &everything());
    let vkey = log.vkey();
    let public = [ScriptedUpstream::with_log(everything(), log), ScriptedUpstream::serving(everything())];
    let private = ScriptedUpstream::serving(ModuleTree::default());
    let larder = site.larder().unset("GOPRIVATE").env(variable, patterns);
    let file = larder.home().join("larder.toml");
    // Tables come last in a file.
    let (values, routes) = config.split_at(config.find("[[").unwrap_or(config.len()));
    fs::write(&file, format!("{NO_MEMO}{values}{HASTY}{}", routes.replace('Q', &private.url()))).unwrap();
    let chain = format!("{}{joined}{}{joined}direct", public[0].url(), public[1].url());
    let server = larder.serve(&chain).sumdb(&vkey).flag("--config", file).start();
    World { public, private, server }
}

#[test]
fn no_fault_lets_a_private_name_out() {
    let Some(mut site) = Site::with_lib() else { return };
    let gate = Gate::new();
    let garbage: Vec<u8> = (0..3000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let faults: [(&str, Option<Reply>); 10] = [
        ("none", None),
        ("404", Some(Reply::status(404))),
        ("401", Some(Reply::status(401))),
        ("500", Some(Reply::status(500))),
        ("503, later", Some(Reply::status(503).header("Retry-After", "1"))),
        ("a reset", Some(Reply::reset())),
        ("a cut", Some(Reply::natural().cut_after(3))),
        ("silence", Some(Reply::natural().hold(&gate))),
        ("garbage", Some(Reply::ok(garbage))),
        ("a page", Some(Reply::html())),
    ];
    for (rules, joined) in RULES.into_iter().zip([",", "|", "|", "|", "|"]) {
        let world = world(&site, rules, joined);
        for (fault, reply) in &faults {
            site.server.natural();
            world.private.natural();
            site.announces("vanity", &format!("{VANITY}/vanity git https://{CODE}/team/lib"));
            if let Some(reply) = reply {
                site.server.always("*", reply.clone());
                world.private.always("*", reply.clone());
            }
            ask(&world, &format!("{rules:?}, {fault}"));
        }
        site.server.take_down();
        ask(&world, &format!("{rules:?}, nobody there"));
        site.server.bring_up();
        // What is public still is, and is verified.
        let app = world.server.get("/example.com/app/@v/v1.0.0.zip").expect(200);
        assert_eq!(app.header("X-Larder-Verified"), Some("log"));
        assert!(world.server.stop().status.success());
    }
    let hosts = site.hosts();
    let own = |host: &String| host.contains(".corp.example.com:") || host.starts_with(LOG);
    assert!(hosts.iter().all(own), "{hosts:?}");
    // The database's own host is reached through the tunnel too, for what is public.
    let lookup = site.server.seen().into_iter().find(|seen| {
        let of_database = seen.header("host").is_some_and(|host| host.starts_with(LOG));
        of_database && seen.target.contains("corp.example")
    });
    assert!(lookup.is_none(), "{lookup:?}");
    gate.open();
}

/// Asks everything at the same time, and looks who has heard of it.
fn ask(world: &World, case: &str) {
    std::thread::scope(|threads| {
        for question in questions() {
            threads.spawn(move || world.server.get(&question));
        }
    });
    for public in &world.public {
        let heard = public.seen().into_iter().find(|seen| format!("{seen:?}").contains("corp.example"));
        assert!(heard.is_none(), "{case}: {heard:?}");
    }
    let metrics = world.server.get("/metrics").expect(200).text();
    for word in ["corp.example", "team/lib", "vanity"] {
        assert!(!metrics.contains(word), "{case}: {word} in {metrics}");
    }
}
