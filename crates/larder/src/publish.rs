//! `larder publish`: a module packed as `go` would, and published here or at another Larder.

mod packing;
mod work_tree;

use std::{
    io::{Read, Seek},
    sync::{Arc, atomic::Ordering},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use gomod::{H1, ModulePath, ModuleVersion, Version, scan_module_line};
use http::Method;
use jiff::Timestamp;
use mirror::{Offer, Unpublished, Who};
use serde_json::{Value, json};
use upstream::{Administration, Door, DoorConfig, Env, Parcel, SafeUrl, Said};
use workbench::Environment;

use self::packing::Packed;
use crate::{
    args::{PublishArgs, ToOptions},
    engine::Engine,
    progress::{Progress, TICK, print},
    settings::Settings,
};

/// What became of it.
struct Outcome {
    h1: H1,
    new: bool,
    record: Option<u64>,
    /// The URL, or the data directory.
    place: String,
}

/// Packs and publishes: 0 it is published, 1 the version is another one or withdrawn.
pub(crate) async fn publish(
    settings: &Settings,
    args: &PublishArgs,
    env: &Environment,
) -> anyhow::Result<u8> {
    let version = version(args)?;
    let token = args.to.to.is_some().then(|| token(&args.to, env)).transpose()?;
    let progress = Progress::new();
    progress.draw(|| format!("packing {version}"));
    let packed = packing::pack(&args.dir, &version, args.allow_dirty)?;
    let done = match (&args.to.to, &token) {
        (Some(url), Some(token)) => there(settings, url, token, &version, packed, &progress).await,
        _ => here(settings, &version, packed).await,
    };
    progress.clear();
    let Outcome { h1, new, record, place } = match done? {
        Ok(outcome) => outcome,
        Err(why) => {
            eprint(&format!("larder: {why}"));
            return Ok(REFUSED);
        }
    };
    if args.json {
        let (module, number) = (version.path().as_str(), version.version().as_str());
        let object = json!({
            "module": module, "version": number, "h1": h1.to_string(), "new": new, "record": record, "to": place,
        });
        print(&format!("{object:#}"))?;
    } else {
        let how = if new { "published" } else { "was published before" };
        print(&format!("{how} {version} {h1}"))?;
    }
    Ok(0)
}

/// The version that is to be published, as far as the directory tells.
fn version(args: &PublishArgs) -> anyhow::Result<ModuleVersion> {
    let number = Version::new(&args.version)
        .with_context(|| format!("{:?} is no version; write one like v1.2.3", args.version))?;
    let path = match &args.module {
        Some(path) => path.clone(),
        None => {
            let file = args.dir.join("go.mod");
            let mut text = Vec::new();
            let opened = std::fs::File::open(&file)
                .and_then(|file| file.take(gomod::MAX_GOMOD).read_to_end(&mut text));
            opened.with_context(|| {
                format!("cannot read {}; name the module's directory with --dir", file.display())
            })?;
            scan_module_line(&text).with_context(|| format!("{} has no `module` line", file.display()))?
        }
    };
    let path = ModulePath::new(&path).with_context(|| format!("{path:?} is no module path"))?;
    let version = ModuleVersion::new(path, number)?;
    if version.version().is_pseudo() {
        bail!(
            "{} is a pseudo-version, which stands for a commit; publish a version like v1.2.3",
            args.version
        );
    }
    Ok(version)
}

/// Straight into the data directory, beside servers that may use it.
async fn here(
    settings: &Settings,
    version: &ModuleVersion,
    packed: Packed,
) -> anyhow::Result<Result<Outcome, String>> {
    let dir = &settings.data.value;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let engine = Engine::start(settings).await?;
    if !engine.can_store() {
        bail!("{} cannot be written", dir.display());
    }
    let mirror = Arc::clone(&engine.mirror);
    let mut staging = mirror.stage();
    let Packed { mut zip, time, .. } = packed;
    zip.rewind().context("cannot read what was packed")?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = zip.by_ref().take(PIECE as u64).read_to_end(&mut piece);
        if read.context("cannot read what was packed")? == 0 {
            break;
        }
        staging.append(Bytes::from(piece)).await?;
    }
    let offer = Offer { who: Who::Operator, from: None, version: version.clone(), time };
    match mirror.publish(offer, staging.finish()).await {
        Ok(published) => Ok(Ok(Outcome {
            h1: published.h1,
            new: published.new,
            record: published.record,
            place: dir.display().to_string(),
        })),
        Err(error @ (Unpublished::Conflict { .. } | Unpublished::Withdrawn(_))) => {
            Ok(Err(format!("{version} is not published: {error}")))
        }
        Err(error) => Err(not_done(version, &error)),
    }
}

/// A failure with what to do about it.
pub(crate) fn not_done(version: &ModuleVersion, error: &Unpublished) -> anyhow::Error {
    let help = match error {
        Unpublished::Denied(_) => {
            "; add a private route for it to the configuration file and name that with --config: [[route]] modules = \
             [\"corp.example/*\"], chain = \"off\", sumdb = \"ledger\""
        }
        Unpublished::Log(_) => "; to do it again is safe",
        _ => "",
    };
    anyhow::anyhow!("{version}: {error}{help}")
}

/// At another Larder.
async fn there(
    settings: &Settings,
    url: &str,
    token: &str,
    version: &ModuleVersion,
    packed: Packed,
    progress: &Progress,
) -> anyhow::Result<Result<Outcome, String>> {
    let administration = administration(settings, url, token)?;
    let Packed { zip, time, h1, len } = packed;
    let parcel = Parcel {
        content_type: "application/zip",
        file: Some(zip),
        time: time.map(|time| time.to_string()),
        ..Parcel::default()
    };
    let (sent, place) = (Arc::clone(&parcel.sent), path(version));
    let mut sending = std::pin::pin!(administration.send(Method::PUT, &place, &[], parcel));
    let mut tick = tokio::time::interval(TICK);
    let said = loop {
        tokio::select! {
            said = &mut sending => break said.context("nothing is known of what became of it; to publish it again is safe")?,
            _ = tick.tick() => progress.draw(|| match sent.load(Ordering::Relaxed) {
                sent if sent < len => format!("sending {version}: {} of {} KiB", sent >> 10, len >> 10),
                _ => format!("{version} is checked and stored"),
            }),
        }
    };
    match said.status {
        200 | 201 => {
            let value: Value =
                serde_json::from_str(&said.text).context("the answer is not that of a Larder")?;
            let theirs = value.get("h1").and_then(Value::as_str);
            if theirs != Some(h1.to_string().as_str()) {
                bail!("what was published is {}, and what was sent is {h1}", theirs.unwrap_or("not known"));
            }
            let record = value.get("record").and_then(Value::as_u64);
            Ok(Ok(Outcome { h1, new: said.status == 201, record, place: url_shown(url)? }))
        }
        409 | 410 => Ok(Err(said.text.trim_end().to_owned())),
        _ => Err(refused(&said)),
    }
}

/// What another Larder says that it does not do.
pub(crate) fn refused(said: &Said) -> anyhow::Error {
    let text = said.text.trim_end();
    if text.is_empty() {
        return anyhow::anyhow!("the server answers {}", said.status);
    }
    anyhow::anyhow!("the server answers {}: {text}", said.status)
}

/// Where another Larder takes changes to a version.
pub(crate) fn path(version: &ModuleVersion) -> String {
    format!("api/v1/modules/{}/@v/{}", version.path().escaped(), version.version().escaped())
}

/// The administration of the Larder at a URL, reached as sources are: with the same authorities and proxies.
pub(crate) fn administration(settings: &Settings, url: &str, token: &str) -> anyhow::Result<Administration> {
    let url = SafeUrl::parse(url).context("--to")?;
    if url.scheme() == "http" && !token.is_empty() && !is_loopback(&url.to_string()) {
        eprint("warning: the token goes over http://, where everybody on the way can read it");
    }
    let door = Door::new(DoorConfig::new("publish", Env::new(std::env::vars_os())))?;
    Ok(Administration::open(&door, &settings.sources.config(url), token)?)
}

fn is_loopback(url: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"].iter().any(|start| url.starts_with(start))
}

fn url_shown(url: &str) -> anyhow::Result<String> {
    Ok(SafeUrl::parse(url)?.to_string())
}

/// The token for another Larder, of the file or the environment.
pub(crate) fn token(to: &ToOptions, env: &Environment) -> anyhow::Result<String> {
    if let Some(file) = &to.token_file {
        let mut text = String::new();
        let read =
            std::fs::File::open(file).and_then(|file| file.take(LARGEST_TOKEN).read_to_string(&mut text));
        read.with_context(|| format!("cannot read the token in {}", file.display()))?;
        return Ok(text.trim().to_owned());
    }
    let token = env.get("LARDER_TOKEN").and_then(|token| token.to_str().map(str::to_owned));
    token.filter(|token| !token.is_empty()).context(
        "--to takes a token: set LARDER_TOKEN, or name a file with --token-file; `larder token create` makes one there",
    )
}

/// A line for people.
pub(crate) fn eprint(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// When the code of a commit was made.
fn time_of(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}

/// The version has other content, or was withdrawn.
const REFUSED: u8 = 1;
/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// In bytes.
const LARGEST_TOKEN: u64 = 4096;
