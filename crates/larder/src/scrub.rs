//! `larder scrub`: everything that is stored, checked.

use std::{
    io::{self, Write},
    num::NonZeroU64,
    path::Path,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, bail};
use serde_json::json;
use storage::{Data, Done, Finding, OpenOptions, Scrub, ScrubOptions, Store, Tally, Walked};
use tokio::sync::mpsc;

use crate::{
    args::ScrubArgs,
    progress::{Progress, TICK, print},
    settings::{Amount, Settings, Wrong},
};

/// Walks, tells what is damaged, and says how it went: 0 clean, 1 something was damaged, 2 not all could be checked.
pub(crate) async fn scrub(settings: &Settings, args: &ScrubArgs) -> anyhow::Result<u8> {
    let dir = &settings.data.value;
    if !dir.join("format").exists() && !dir.join("modules").is_dir() {
        bail!("{} holds no modules; name the directory with --data", dir.display());
    }
    let rate = match &args.rate {
        Some(text) => text.parse::<Amount>().map_err(|wrong| rate_wrong(&wrong))?,
        None => RATE,
    };
    let data = Data::open(dir, OpenOptions::default())?;
    let store = Store::open(&data);
    let options = ScrubOptions { rate: NonZeroU64::new(rate.0), restart: args.restart };
    let scrub = Scrub::begin(&data, &store, options)?;
    let mut show = Show { json: args.json, progress: Progress::new(), so_far: SoFar::new(scrub.tally()) };
    if let Some(after) = scrub.resumes_after() {
        // Nobody reading it is no reason to stop.
        let _ =
            writeln!(io::stderr(), "going on after {}; --restart begins at the beginning", after.display());
    }
    let walked = walk(scrub, &mut show).await?;
    let indexed = if args.rebuild { Some(rebuild(&store).await?) } else { None };
    show.summary(dir, &walked, indexed)?;
    Ok(match walked {
        Walked { found: 1.., .. } => FOUND,
        Walked { unchecked: 1.., .. } => NOT_ALL,
        _ => 0,
    })
}

fn rate_wrong(wrong: &Wrong) -> anyhow::Error {
    let help = wrong.help.as_deref().unwrap_or_default();
    anyhow::anyhow!("--rate: {}; {help}", wrong.what)
}

async fn walk(scrub: Scrub, show: &mut Show) -> anyhow::Result<Walked> {
    let (tell, mut told) = mpsc::channel(FINDINGS);
    let walk = tokio::spawn(scrub.run(tell));
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            finding = told.recv() => match finding {
                Some(finding) => show.finding(&finding)?,
                None => break,
            },
            _ = tick.tick() => show.progress.draw(|| show.so_far.line()),
        }
    }
    show.progress.clear();
    walk.await.context("the walk ended early")
}

async fn rebuild(store: &Arc<Store>) -> anyhow::Result<u64> {
    store.rebuild_index().await.context("the index is not rebuilt")
}

/// Where what is found is shown.
struct Show {
    json: bool,
    progress: Progress,
    so_far: SoFar,
}

impl Show {
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.progress.clear();
        if self.json {
            return print(&serde_json::to_string(finding)?);
        }
        let done = match &finding.done {
            Done::SetAside(id) => format!("set aside as quarantine/{id}"),
            Done::Mended => "written anew from a sound copy".to_owned(),
            Done::Replaced => "replaced meanwhile".to_owned(),
            Done::Left(why) => format!("left where it is: {why}"),
        };
        print(&format!("{}: {} ({done})", finding.path.display(), finding.why))
    }

    fn summary(&self, dir: &Path, walked: &Walked, indexed: Option<u64>) -> io::Result<()> {
        if self.json {
            return print(&json!({"summary": walked, "indexed": indexed}).to_string());
        }
        let Walked { files, bytes, found, foreign, passed, unchecked } = *walked;
        let mut parts = vec![
            format!("{}: {files} files, {}", dir.display(), amount(bytes)),
            if found == 0 { "nothing damaged".to_owned() } else { format!("{found} damaged") },
        ];
        for (number, what) in [
            (foreign, "from outside, checked without a receipt"),
            (passed, "not Larder's, left alone"),
            (unchecked, "could not be checked"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        parts.extend(indexed.map(|versions| format!("the index has {versions} versions")));
        if found > 0 {
            parts.push("what was set aside is fetched anew when somebody asks for it".to_owned());
        }
        writeln!(io::stderr(), "{}", parts.join("; "))
    }
}

/// How far the walk is.
struct SoFar {
    tally: Arc<Tally>,
    began: Instant,
    before: u64,
}

impl SoFar {
    fn new(tally: Arc<Tally>) -> Self {
        let before = tally.walked().bytes;
        SoFar { tally, began: Instant::now(), before }
    }

    fn line(&self) -> String {
        let Walked { files, bytes, found, .. } = self.tally.walked();
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = (bytes - self.before.min(bytes)).saturating_mul(1000) / millis;
        format!("{files} files, {}, {}/s, {found} damaged", amount(bytes), amount(rate))
    }
}

/// For people: three digits and a unit.
pub(crate) fn amount(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1024, "KiB");
    for next in units.into_iter().skip(1) {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, next);
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// What is read per second unless told otherwise: slow enough that a server on the same disk does not feel it.
pub(crate) const RATE: Amount = Amount(32 << 20);
/// Findings that may wait to be printed.
const FINDINGS: usize = 64;
/// Something was damaged.
const FOUND: u8 = 1;
/// Nothing was found damaged, but not everything could be checked.
const NOT_ALL: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1 << 20, "1.0 MiB"),
            ((1 << 30) - 1, "1023.9 MiB"),
            (3 << 40, "3.0 TiB"),
        ] {
            assert_eq!(amount(bytes), text);
        }
    }
}
