//! Which proxies are compared.

use std::net::Ipv6Addr;

use anyhow::bail;
use gomod::{DbName, SumdbSpec};
use upstream::{Bounds, Door, Gauge, Over, SafeUrl, SourceConfig};
use workbench::{
    Environment, GoSettings, GoVariable,
    bench::{Tail, Target},
    masked,
};

use crate::{
    args::BenchArgs,
    engine,
    settings::{Chain, End, Listen, Settings, Wrong, shown},
};

/// Proxies, and what stands behind them in GOPROXY.
pub(super) struct Found {
    pub(super) targets: Vec<Target>,
    pub(super) tail: Tail,
    /// What is not compared, and why.
    pub(super) notes: Vec<String>,
}

/// A source that somebody named.
struct Named {
    source: SourceConfig,
    by: String,
}

/// Those of the command line, or else those of the settings.
pub(super) async fn find(
    settings: &Settings,
    args: &BenchArgs,
    env: &Environment,
    most: u32,
) -> anyhow::Result<Found> {
    let door = Door::new(engine::door(settings, &engine::instance())?)?;
    let goproxy = goproxy(settings, env);
    let (mut named, mut notes) = (Vec::new(), Vec::new());
    if args.proxies.is_empty() {
        if let Some(chain) = &goproxy {
            named.extend(links(chain, "GOPROXY"));
        }
        named.extend(links(&settings.upstream.value, &settings.upstream.origin.to_string()));
        match own(settings, &door).await {
            Some(larder) => named.push(larder),
            None => notes.push(format!("no Larder answers at {}", settings.listen.value)),
        }
    } else {
        for text in &args.proxies {
            let chain = Chain::parse(text, &settings.sources).map_err(|wrong| wrong_proxy(&wrong))?;
            if chain.links().is_empty() {
                bail!("{text} is no proxy; name URLs like https://proxy.example.com");
            }
            named.extend(links(&chain, "the command line"));
        }
    }
    let end = goproxy.as_ref().map_or(settings.upstream.value.end(), Chain::end);
    let tail = match end {
        End::Exhausted => Tail::None,
        End::Direct => Tail::Direct,
        End::Off => Tail::Off,
    };
    let mut targets: Vec<Target> = Vec::new();
    let mut known: Vec<SafeUrl> = Vec::new();
    for Named { source, by } in named {
        if known.iter().any(|url| same(url, &source.url)) {
            continue;
        }
        known.push(source.url.clone());
        let url = shown(&source.url);
        targets.push(Target { url, named_by: by, gauge: Gauge::open(&door, &source, most)? });
    }
    if targets.is_empty() {
        let why = notes.join("; ");
        bail!("there is no proxy to measure ({why}); name one: larder bench https://proxy.example.com");
    }
    Ok(Found { targets, tail, notes })
}

fn links<'a>(chain: &'a Chain, by: &'a str) -> impl Iterator<Item = Named> + 'a {
    chain.links().iter().map(move |link| Named { source: link.source.clone(), by: by.to_owned() })
}

/// The checksum database that `go` asks through proxies, where it does: one that has no URL of its own.
pub(super) fn database(env: &Environment) -> Option<DbName> {
    match GoSettings::read(env).value(GoVariable::Sumdb).parse() {
        Ok(SumdbSpec::On { name, url: None, .. }) => Some(name),
        _ => None,
    }
}

/// What `go` would ask, if that can be read.
fn goproxy(settings: &Settings, env: &Environment) -> Option<Chain> {
    let found = GoSettings::read(env).get(GoVariable::Proxy)?;
    Chain::parse(&found.value, &settings.sources).ok()
}

fn wrong_proxy(wrong: &Wrong) -> anyhow::Error {
    let help = wrong.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    anyhow::anyhow!("{}{help}", masked(&wrong.what))
}

/// A Larder that answers where `larder serve` would with these settings.
async fn own(settings: &Settings, door: &Door) -> Option<Named> {
    let Listen { host, port } = &settings.listen.value;
    let host = match host.as_str() {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        v6 if v6.parse::<Ipv6Addr>().is_ok() => format!("[{v6}]"),
        name => name.to_owned(),
    };
    if *port == 0 {
        return None;
    }
    let source = SourceConfig::new(SafeUrl::parse(&format!("http://{host}:{port}")).ok()?);
    let gauge = Gauge::open(door, &source, 1).ok()?;
    let metrics = gauge.ask("metrics", Over::Own, &PROBE).await.answer.ok()?;
    let is_larder = metrics.0 == 200 && metrics.1.windows(MARK.len()).any(|part| part == MARK);
    is_larder.then(|| Named { source, by: "the Larder that runs here".to_owned() })
}

/// Whether two URLs are one proxy.
fn same(a: &SafeUrl, b: &SafeUrl) -> bool {
    a == b || (a.scheme() == b.scheme() && a.source_name() == b.source_name())
}

/// What Larder's metrics have, and nobody else's.
const MARK: &[u8] = b"# HELP larder_";
const PROBE: Bounds = Bounds { bytes: 4 << 20, time: std::time::Duration::from_secs(2) };
