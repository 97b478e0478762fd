//! A Larder with private names, and everybody who must not hear of them.

use std::{fs, net::Ipv4Addr, path::PathBuf};

use testkit::{Gate, ModuleTree, NameServer, Names, Reply, ScriptedUpstream, TestLog, TestServer};

use super::{
    Rules,
    fault::{Fault, Kind, Place},
};
use crate::{
    direct::site::{CODE, Site, VANITY},
    full_disk::{disk, disk_of, fill},
    world::{LOG, NO_MEMO},
};

/// A second source is asked at the first silence, and nothing is waited for, believed or left alone for long.
const HASTY: &str = "\
[limits]
begin = \"600ms\"
resolve = \"200ms\"
resolve_patience = \"50ms\"
[hedge]
after = \"1ms\"
share = \"100 %\"
[breaker]
open = \"50ms\"
longest = \"50ms\"
probe_wait = \"50ms\"
";
/// What the name server calls the public proxies.
const HOSTS: [&str; 2] = ["one.example.net", "other.example.net"];

/// Two public proxies that would know everything, the first one with the database, a private one, and a Larder before them.
pub(super) struct World {
    rules: Rules,
    pub(super) site: Site,
    public: [ScriptedUpstream; 2],
    private: ScriptedUpstream,
    names: Option<NameServer>,
    pub(super) server: TestServer,
}

impl World {
    /// Its data lies on a small disk of its own, if that is to be filled. Nothing where there can be none.
    pub(super) fn new(rules: Rules, modules: &ModuleTree, has_disk: bool) -> Option<Self> {
        let site = Site::with_lib()?;
        site.server.repositories_stay();
        let log = TestLog::over(LOG, modules);
        let vkey = log.vkey();
        let public =
            [ScriptedUpstream::with_log(modules.clone(), log), ScriptedUpstream::serving(modules.clone())];
        let private = ScriptedUpstream::serving(ModuleTree::default());
        let names = NameServer::start();
        let mut larder = site.larder().unset("GOPRIVATE").env(rules.variable, rules.patterns);
        if !rules.tunnel {
            larder = larder.unset("HTTPS_PROXY");
        }
        if !rules.programs {
            larder = larder.env("PATH", site.only(&["sh", "mount", "unshare"]));
        }
        let mut under = names.as_ref().map(NameServer::under).unwrap_or_default();
        if has_disk {
            under.extend(disk_of(&larder, "12m", "rw")?);
        }
        let file = larder.home().join("larder.toml");
        // Tables come last in a file.
        let (values, routes) = rules.config.split_at(rules.config.find("[[").unwrap_or(rules.config.len()));
        let routes = routes.replace('Q', &private.url());
        fs::write(&file, format!("{NO_MEMO}{values}{HASTY}{routes}")).unwrap();
        let hosts = if names.is_some() { HOSTS } else { ["127.0.0.1"; 2] };
        let [one, other] = [0, 1].map(|at| format!("http://{}:{}", hosts[at], public[at].address().port()));
        let chain = format!("{one}{0}{other}{0}direct", rules.joined);
        let server = larder.under(under).serve(&chain).sumdb(&vkey).flag("--config", file).start();
        let world = Self { rules, site, public, private, names, server };
        world.heal();
        Some(world)
    }

    /// Everybody is well.
    fn heal(&self) {
        for server in [&self.site.server, &self.private].into_iter().chain(&self.public) {
            server.natural();
        }
        self.site.announces("vanity*", &format!("{VANITY}/vanity git https://{CODE}/team/lib"));
        if let Some(names) = &self.names {
            for host in HOSTS {
                names.knows(host, Ipv4Addr::LOCALHOST);
            }
            names.says(Names::Known);
        }
    }

    /// Lets all this go wrong while `act` runs. Says of each fault whether somebody came to where it is.
    pub(super) fn with(&mut self, faults: &[Fault], act: impl FnOnce(&Self)) -> Vec<bool> {
        let gate = Gate::new();
        let mut filled = None;
        for (place, kind) in faults {
            match place {
                Place::Site => self.site.server.take_down(),
                Place::Private if *kind == Kind::Gone => self.private.take_down(),
                Place::Public if *kind == Kind::Gone => {
                    self.public.iter_mut().for_each(ScriptedUpstream::take_down);
                }
                Place::Pages => {
                    self.site.server.always("vanity*", kind.reply(&gate));
                    self.site.server.always("no/*", kind.reply(&gate));
                }
                Place::Repository => self.site.server.always("team/*", kind.reply(&gate)),
                Place::Private => self.private.always("*", kind.reply(&gate)),
                Place::Public => {
                    for public in &self.public {
                        public.always("*", kind.reply(&gate));
                        // The database is another place.
                        public.always("sumdb/*", Reply::natural());
                    }
                }
                Place::Database => self.public[0].always("sumdb/*", kind.reply(&gate)),
                Place::Names => {
                    let (Some(names), Kind::Names(says)) = (&self.names, kind) else { continue };
                    names.says(*says);
                }
                Place::Disk => filled = Some(fill(&disk(&self.server))),
                Place::Client => {}
            }
        }
        act(self);
        let met = faults.iter().map(|fault| self.is_met(*fault)).collect();
        gate.open();
        if let Some(file) = filled {
            fs::remove_file(file).unwrap();
        }
        self.heal();
        self.site.server.bring_up();
        self.private.bring_up();
        self.public.iter_mut().for_each(ScriptedUpstream::bring_up);
        met
    }

    /// Whether somebody came to where a fault is since [`World::heard`] was asked last.
    fn is_met(&self, (place, kind): Fault) -> bool {
        let site = &self.site.server;
        match place {
            _ if kind == Kind::Gone => true,
            Place::Site | Place::Disk | Place::Client => true,
            Place::Pages => site.asked("vanity*") + site.asked("no/*") > 0,
            Place::Repository => site.asked("team/*") > 0,
            Place::Private => self.private.asked("*") > 0,
            Place::Public => self.public.iter().any(|public| public.asked("example.com/*") > 0),
            Place::Database => self.public[0].asked("sumdb/*") > 0,
            Place::Names => self.names.as_ref().is_some_and(|names| !names.asked().is_empty()),
        }
    }

    /// Whatever somebody has heard since this was asked last who must not have heard it.
    pub(super) fn heard(&self) -> Option<String> {
        let public = self.public.iter().flat_map(ScriptedUpstream::take_seen);
        let asked = public.map(|seen| format!("a public proxy: {seen:?}")).find(|seen| is_private(seen));
        // The site is whatever host the tunnel leads to: the company's, and public ones too.
        let elsewhere = self.site.server.take_seen().into_iter().find_map(|seen| {
            let host = seen.header("host").unwrap_or_default();
            let is_public = !host.contains(".corp.example.com");
            (is_public && is_private(&format!("{seen:?}"))).then(|| format!("{host}: {seen:?}"))
        });
        self.private.forget();
        let named = self.names.as_ref().and_then(|names| {
            let mut asked = names.take_asked().into_iter();
            asked.find(|name| is_private(name) && !self.rules.resolved.contains(&name.as_str()))
        });
        let metrics = self.server.get("/metrics").expect(200).text();
        let label = metrics.lines().find(|line| is_private(line)).map(str::to_owned);
        let named = named.map(|name| format!("a name server: {name}"));
        asked.or(elsewhere).or(named).or(label.map(|line| format!("a metric: {line}")))
    }

    /// Whether the company's code can be reached.
    pub(super) fn has_code(&self) -> bool {
        self.rules.tunnel
    }

    /// Another name for the library's repository, of which nothing is known yet.
    pub(super) fn name(&self, repository: &str) {
        let to: PathBuf = self.site.repositories.path("team/lib");
        std::os::unix::fs::symlink(to, self.site.repositories.path(repository)).unwrap();
    }
}

/// Whether a text has what every private name has, and no public one.
pub(super) fn is_private(text: &str) -> bool {
    ["corp.example", "team/", "vanity"].iter().any(|word| text.contains(word))
}
