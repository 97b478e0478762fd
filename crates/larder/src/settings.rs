//! The settings that Larder works with, from flags, environment, file, Go's own settings and defaults.
//!
//! [`Settings::resolve`] does it all at once: it reads, picks, checks, and says everything that is wrong. What it
//! gives is valid; every value knows where it came from.

mod amount;
mod chain;
mod credential;
mod database;
mod direct;
mod file;
mod limits;
mod listen;
mod origin;
mod own;
mod pick;
mod private;
mod problem;
mod publishing;
mod route;
mod source_rule;
mod span;
mod stubborn;
mod tuning;
mod walk;
mod wrong;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use mirror::{Fallback, OnUnverifiable, Order, SumdbUse};
use upstream::SafeUrl;
use vcs::GoAuth;
use workbench::{Environment, Found, GoSettings, GoVariable};

pub(crate) use self::{
    amount::{Amount, MinFree, Percent},
    chain::{Chain, End, shown},
    credential::Credential,
    database::{Database, Sumdb},
    direct::Direct,
    listen::Listen,
    origin::{Origin, Valued},
    own::{Own, own_name, read_key},
    private::Private,
    problem::{Invalid, Problem},
    route::{Route, pattern_fault, pattern_shown, sumdb_name},
    source_rule::SourceRules,
    span::Span,
    stubborn::Fetches,
    tuning::{Access, LogFormat, Tuning},
    walk::{fallback_name, on_unverifiable_name, order_name},
    wrong::Wrong,
};
use self::{
    file::File,
    pick::{Pick, Setting},
};
use crate::args::Options;

/// Everything that can be set, valid.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The configuration file, if there is one.
    pub(crate) config: Option<Valued<PathBuf>>,
    pub(crate) listen: Valued<Listen>,
    /// The data directory. A relative one from a flag or the environment begins at the working directory.
    pub(crate) data: Valued<PathBuf>,
    /// The chain of everything that no route is about.
    pub(crate) upstream: Valued<Chain>,
    pub(crate) sumdb: Valued<Sumdb>,
    /// The own database, if there is one.
    pub(crate) own: Option<Own>,
    pub(crate) offline: Valued<bool>,
    pub(crate) min_free: Valued<MinFree>,
    /// What a failure lets through wherever a route says nothing else.
    pub(crate) fallback: Valued<Fallback>,
    /// Who is asked first wherever a route says nothing else.
    pub(crate) order: Valued<Order>,
    /// What becomes of a version whose checksum database does not answer, wherever a route says nothing else.
    pub(crate) on_unverifiable: Valued<OnUnverifiable>,
    pub(crate) tuning: Tuning,
    /// How code is fetched from repositories.
    pub(crate) direct: Direct,
    pub(crate) private: Private,
    pub(crate) routes: Vec<Route>,
    pub(crate) sources: SourceRules,
    /// What hosts are told of who asks, and Go's own setting of it.
    pub(crate) credentials: Vec<Credential>,
    pub(crate) goauth: Valued<GoAuth>,
    /// Sentences for the operator: said once at start, shown by `config show`.
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Reads and checks everything. `listen` is the flag of the commands that have it.
    pub(crate) fn resolve(
        options: &Options,
        listen: Option<&str>,
        env: &Environment,
    ) -> Result<Self, Invalid> {
        let config = config_file(options, env);
        let read = config.as_ref().map(|config| file::read(&config.value)).transpose()?;
        let (source, file) = read.map_or((None, File::default()), |(source, file)| (Some(source), file));
        let mut pick = Pick::new(env, source.as_ref());
        match gather(options, listen, env, config, &file, &mut pick) {
            Some(settings) if pick.count() == 0 => Ok(settings),
            _ => Err(Invalid::new(pick.into_problems(), source.as_ref())),
        }
    }
}

/// `None` only after a problem was noted.
fn gather(
    options: &Options,
    listen: Option<&str>,
    env: &Environment,
    config: Option<Valued<PathBuf>>,
    file: &File,
    pick: &mut Pick<'_>,
) -> Option<Settings> {
    let go = GoSettings::read(env);
    let mut warnings = go.warnings().to_vec();

    let listen = pick.text(LISTEN, listen, file.listen.as_ref(), str::parse);
    let data = data_dir(options, env, file, pick);
    let offline = pick.switch(OFFLINE, options.offline.as_deref(), file.offline.as_ref());
    let offline = offline.unwrap_or(Valued::default(false));
    let min_free = pick.text(MIN_FREE, options.min_free.as_deref(), file.min_free.as_ref(), str::parse);
    let fallback = pick.in_file("fallback", file.fallback.as_ref(), |text| walk::fallback(text));
    let order = pick.in_file("order", file.order.as_ref(), |text| walk::order(text));
    let on_unverifiable = file.on_unverifiable.as_ref();
    let on_unverifiable =
        pick.in_file("on_unverifiable", on_unverifiable, |text| walk::on_unverifiable(text));
    let tuning = Tuning::pick(file, pick);

    let sources = SourceRules::check(&file.source, pick);
    let upstream = upstream(options, &go, file, &sources, offline.value, pick);
    let sumdb = sumdb(options, &go, file, &sources, pick);
    let own = file.sumdb.as_ref().and_then(|entry| entry.get_ref().own());
    let own =
        own.and_then(|own| Own::check(own, sumdb.as_ref().and_then(|public| public.value.name()), pick));
    let routes: Vec<_> = file.route.iter().map(|entry| Route::check(entry, &sources, pick)).collect();
    let routes = routes.into_iter().collect::<Option<Vec<_>>>();
    let private = Private::read(&go, &mut warnings);
    let credentials: Vec<_> =
        file.credential.iter().map(|entry| Credential::check(entry, env, pick)).collect();
    let goauth = credential::goauth(&go, pick);
    let direct = Direct::pick(&file.direct, &go, pick);

    let mut settings = Settings {
        config,
        listen: listen.unwrap_or_else(|| Valued::default(Listen::default())),
        data: data?,
        upstream: upstream?,
        sumdb: sumdb?,
        own,
        offline,
        min_free: min_free.unwrap_or_else(|| Valued::default(MinFree::default())),
        fallback: fallback.unwrap_or(Valued::default(Fallback::default())),
        order: order.unwrap_or(Valued::default(Order::default())),
        on_unverifiable: on_unverifiable.unwrap_or(Valued::default(OnUnverifiable::default())),
        tuning,
        direct,
        private,
        routes: routes?,
        sources,
        credentials: credentials.into_iter().collect::<Option<Vec<_>>>()?,
        goauth,
        warnings,
    };
    settings.warn();
    Some(settings)
}

fn config_file(options: &Options, env: &Environment) -> Option<Valued<PathBuf>> {
    let flag = options.config.as_ref().map(|path| (path.clone(), Origin::Flag { name: "--config" }));
    let variable = || Some((env.get("LARDER_CONFIG")?.into(), Origin::Environment { name: "LARDER_CONFIG" }));
    flag.or_else(variable).map(|(value, origin)| Valued { value, origin })
}

fn data_dir(
    options: &Options,
    env: &Environment,
    file: &File,
    pick: &mut Pick<'_>,
) -> Option<Valued<PathBuf>> {
    let before = pick.count();
    let flag = options.data.as_deref().map(Path::as_os_str);
    let set = pick.path(DATA, flag.map(OsStr::new), file.data.as_ref());
    if set.is_some() || pick.count() > before {
        return set;
    }
    let cache = env.cache_dir();
    if cache.is_none() {
        let why = match env.get("XDG_CACHE_HOME") {
            Some(_) => "XDG_CACHE_HOME is a relative path",
            None => "HOME is not either",
        };
        let wrong = Wrong::new(format!("there is no directory for the data: it is not set, and {why}"));
        let help = "set --data DIR, LARDER_DATA, or `data` in the configuration file";
        pick.wrong(Problem::general(wrong.help(help)));
    }
    cache.map(|cache| Valued::default(cache.join("larder")))
}

fn upstream(
    options: &Options,
    go: &GoSettings,
    file: &File,
    sources: &SourceRules,
    offline: bool,
    pick: &mut Pick<'_>,
) -> Option<Valued<Chain>> {
    let before = pick.count();
    let parse = |text: &str| Chain::parse(text, sources);
    let set = pick.text(UPSTREAM, options.upstream.as_deref(), file.upstream.as_ref(), parse);
    if set.is_some() || pick.count() > before {
        return set;
    }
    if let Some(Found { variable, value, place }) = go.get(GoVariable::Proxy) {
        return pick.judge(Origin::go(variable, &place), parse(&value));
    }
    if offline {
        return Some(Valued::default(Chain::off()));
    }
    let files: Vec<_> = go.files().map(|path| path.display().to_string()).collect();
    let searched = if files.is_empty() { String::new() } else { format!(", nor in {}", files.join(" or ")) };
    let wrong = Wrong::new(format!(
        "there is no upstream: it is not set, and GOPROXY is not set in the environment{searched}"
    ));
    let help =
        "set --upstream https://proxy.example.com, LARDER_UPSTREAM, or `upstream` in the configuration file";
    pick.wrong(Problem::general(wrong.help(help)));
    None
}

fn sumdb(
    options: &Options,
    go: &GoSettings,
    file: &File,
    sources: &SourceRules,
    pick: &mut Pick<'_>,
) -> Option<Valued<Sumdb>> {
    let before = pick.count();
    let parse = |text: &str| Sumdb::parse(text, sources);
    let in_file = file.sumdb.as_ref().and_then(file::Sumdb::spec);
    let set = pick.text(SUMDB, options.sumdb.as_deref(), in_file.as_ref(), parse);
    if set.is_some() || pick.count() > before {
        return set;
    }
    match go.get(GoVariable::Sumdb) {
        Some(Found { variable, value, place }) => pick.judge(Origin::go(variable, &place), parse(&value)),
        None => pick.judge(Origin::Default, parse("sum.golang.org")),
    }
}

impl Settings {
    /// What is valid, and yet not what somebody may expect.
    fn warn(&mut self) {
        if let Some(own) = &self.own {
            own.warn(&self.data.value, &mut self.warnings);
        }
        let own = self.routes.iter().filter_map(|route| route.chain.as_ref());
        let chains = [&self.upstream.value].into_iter().chain(own);
        let database = match &self.sumdb.value {
            Sumdb::On(database) => match &database.source {
                Some(source) => Some(source.url.clone()),
                None => SafeUrl::parse(&format!("https://{}", database.name)).ok(),
            },
            Sumdb::Off => None,
        };
        let links = chains.flat_map(Chain::links).map(|link| &link.source.url);
        let asked: Vec<&SafeUrl> = links.chain(&database).collect();
        for rule in self.sources.iter() {
            if !asked.iter().any(|url| rule.which.matches(url)) {
                self.warnings
                    .push(format!("{}: no https source of any chain matches {}", rule.origin, rule.which));
            }
        }
        for route in &self.routes {
            if let Some(fallback) = &route.fallback
                && route.sumdb != SumdbUse::Public
                && fallback.value != Fallback::Strict
            {
                self.warnings.push(format!(
                    "{}: {:?} has no effect: a route that the public checksum database does not vouch for is private, \
                     and always \"strict\"",
                    fallback.origin,
                    fallback_name(fallback.value)
                ));
            }
            if let Some(on_unverifiable) = &route.on_unverifiable
                && route.sumdb != SumdbUse::Public
            {
                self.warnings.push(format!(
                    "{}: {:?} has no effect: no public checksum database is asked about the modules of this route",
                    on_unverifiable.origin,
                    on_unverifiable_name(on_unverifiable.value)
                ));
            }
            let hidden =
                |pattern: &&str| self.private.no_proxy.value.iter().any(|private| private == *pattern);
            // A route that asks no proxy and no database either keeps what GONOPROXY is for.
            let is_apart = route.chain.as_ref().is_some_and(|chain| chain.links().is_empty());
            for pattern in route.modules.iter().filter(hidden).filter(|_| !is_apart) {
                self.warnings.push(format!(
                    "{}: {pattern} is private by {}, which comes first: its chain is not asked; set GONOPROXY=none \
                     to use the route",
                    route.origin, self.private.no_proxy.origin
                ));
            }
        }
    }
}

const LISTEN: Setting = Setting { key: "listen", flag: "--listen", variable: "LARDER_LISTEN" };
const DATA: Setting = Setting { key: "data", flag: "--data", variable: "LARDER_DATA" };
const UPSTREAM: Setting = Setting { key: "upstream", flag: "--upstream", variable: "LARDER_UPSTREAM" };
const SUMDB: Setting = Setting { key: "sumdb", flag: "--sumdb", variable: "LARDER_SUMDB" };
const OFFLINE: Setting = Setting { key: "offline", flag: "--offline", variable: "LARDER_OFFLINE" };
const MIN_FREE: Setting = Setting { key: "min_free", flag: "--min-free", variable: "LARDER_MIN_FREE" };
