//! `larder cache clean`.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    time::{Duration, SystemTime},
};

use anyhow::{Context, anyhow};
use serde_json::json;
use workbench::{
    cache::{
        Chosen, Inventory, Outcome, Readers, Reason, Selector, Stays, Wish, choose, remove, remove_remains,
    },
    modcache::ModCache,
};

use super::ago;
use crate::{
    args::CleanArgs,
    config::Printed,
    progress::{Progress, print},
    scrub::amount,
    settings::{Amount, Span, Wrong},
};

/// Removes: 0 done, 1 something that was to go stays.
pub(super) fn clean(cache: &ModCache, args: &CleanArgs) -> anyhow::Result<Printed> {
    let wish = wish(args)?;
    let seen = SystemTime::now();
    let mut show = Show { args, progress: Progress::new(), counts: Counts::default() };
    let inventory =
        Inventory::take(cache, |versions| show.progress.draw(|| format!("looked at {versions} versions")))
            .with_context(|| format!("cannot read {}", cache.root().display()))?;
    let all = choose(&inventory, &wish, seen);
    for (n, chosen) in all.iter().enumerate() {
        let outcome = if args.dry_run {
            would(cache, chosen)
        } else {
            show.progress.draw(|| format!("{n} of {}: {}", all.len(), chosen.module));
            remove(cache, chosen, seen).with_context(|| cannot(&chosen.module.to_string()))?
        };
        show.version(chosen, &outcome)?;
    }
    if !args.dry_run {
        for remains in inventory.remains() {
            let path = remains.path.display().to_string();
            if remove_remains(cache, remains, seen).with_context(|| cannot(&path))? == Outcome::Removed {
                show.counts.remains += 1;
                show.counts.bytes += remains.pile.bytes;
            }
        }
    }
    show.summary(cache, &inventory)?;
    Ok(u8::from(show.counts.kept > 0).into())
}

fn cannot(what: &str) -> String {
    format!("{what} cannot be removed; is the cache yours, and can it be written?")
}

fn wish(args: &CleanArgs) -> anyhow::Result<Wish> {
    let modules = args.module.iter().map(|text| text.parse::<Selector>().with_context(|| "--module"));
    let most =
        args.max_size.as_deref().map(|text| text.parse::<Amount>().map_err(|w| wrong("--max-size", &w)));
    Ok(Wish {
        modules: modules.collect::<Result<_, _>>()?,
        older_than: args.older_than.as_deref().map(age).transpose()?,
        most_bytes: most.transpose()?.map(|most| most.0),
    })
}

fn wrong(flag: &str, wrong: &Wrong) -> anyhow::Error {
    anyhow!("{flag}: {}; {}", wrong.what, wrong.help.as_deref().unwrap_or_default())
}

/// A length of time in which days and weeks may stand, which always have 24 hours here.
fn age(text: &str) -> anyhow::Result<Duration> {
    let days = |unit, days: u64| {
        let number: u64 = text.trim().strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(days * 24 * 3600).map(Duration::from_secs)
    };
    let range = Duration::ZERO..=Duration::from_hours(100 * 365 * 24);
    match days('d', 1).or_else(|| days('w', 7)).filter(|age| range.contains(age)) {
        Some(age) => Ok(age),
        None => Span::parse(text, &range).map(|span| span.0).map_err(|why| wrong("--older-than", &why)),
    }
}

/// What would become of it, as far as that can be told.
fn would(cache: &ModCache, chosen: &Chosen) -> Outcome {
    if cache.is_locked(&chosen.module) {
        return Outcome::Kept(Stays::Locked);
    }
    let reader = Readers::look(cache).of(cache, &chosen.module).cloned();
    reader.map_or(Outcome::Removed, |reader| Outcome::Kept(Stays::Read(reader)))
}

/// Where it is told what goes.
struct Show<'a> {
    args: &'a CleanArgs,
    progress: Progress,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    removed: u64,
    kept: u64,
    remains: u64,
    bytes: u64,
}

impl Show<'_> {
    fn version(&mut self, chosen: &Chosen, outcome: &Outcome) -> io::Result<()> {
        let stays = match outcome {
            Outcome::Removed => {
                self.counts.removed += 1;
                self.counts.bytes += chosen.bytes;
                None
            }
            Outcome::Kept(why) => {
                self.counts.kept += 1;
                Some(stays(why))
            }
        };
        self.progress.clear();
        if self.args.json {
            return print(&self.line(chosen, outcome, stays.as_deref()));
        }
        let Chosen { module, bytes, .. } = chosen;
        match stays {
            Some(why) => print(&format!("{:>12}  {module} stays: {why}", amount(*bytes))),
            None => print(&format!("{:>12}  {module}: {}", amount(*bytes), reason(chosen.reason))),
        }
    }

    fn line(&self, chosen: &Chosen, outcome: &Outcome, stays: Option<&str>) -> String {
        let (reason, unused) = match chosen.reason {
            Reason::Named => ("named", None),
            Reason::Age(unused) => ("age", Some(unused.as_secs())),
            Reason::Size => ("size", None),
        };
        let outcome = match outcome {
            Outcome::Removed if self.args.dry_run => "would-remove",
            Outcome::Removed => "removed",
            Outcome::Kept(_) => "kept",
        };
        json!({
            "path": chosen.module.path().as_str(),
            "version": chosen.module.version().as_str(),
            "bytes": chosen.bytes,
            "content": chosen.content,
            "facts": chosen.facts,
            "reason": reason,
            "unused_seconds": unused,
            "outcome": outcome,
            "why": stays,
        })
        .to_string()
    }

    fn summary(&self, cache: &ModCache, inventory: &Inventory) -> io::Result<()> {
        self.progress.clear();
        let Counts { removed, kept, remains, bytes } = self.counts;
        let left = inventory.bytes().saturating_sub(bytes);
        if self.args.json {
            let counts = json!({
                "removed": removed, "kept": kept, "remains": remains, "bytes": bytes, "left": left,
                "dry_run": self.args.dry_run,
            });
            return print(&json!({"summary": counts}).to_string());
        }
        let did = if self.args.dry_run { "would remove" } else { "removed" };
        let mut text =
            format!("{}: {did} {removed} {}, {}", cache.root().display(), versions(removed), amount(bytes));
        if remains > 0 {
            let _ = write!(text, "; {remains} leftovers of go commands that were broken off");
        }
        if kept > 0 {
            let (stay, are) = if kept == 1 { ("stays", "it is") } else { ("stay", "they are") };
            let _ = write!(text, "; {kept} {stay} because {are} in use");
        }
        writeln!(io::stderr(), "{text}; {} are left", amount(left))
    }
}

fn versions(number: u64) -> &'static str {
    if number == 1 { "version" } else { "versions" }
}

fn reason(reason: Reason) -> String {
    match reason {
        Reason::Named => "named".to_owned(),
        Reason::Age(unused) => format!("not used for {}", ago(unused)),
        Reason::Size => "used least lately".to_owned(),
    }
}

fn stays(why: &Stays) -> String {
    match why {
        Stays::Locked => "a go command is fetching or unpacking it".to_owned(),
        Stays::Read(reader) => format!("process {} ({}) may be reading it", reader.pid, reader.program),
        Stays::Used => "it was used a moment ago".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_as_people_do() {
        for (text, hours) in [("30d", 720), ("2 w", 336), ("12h", 12), ("0s", 0)] {
            assert_eq!(age(text).unwrap(), Duration::from_hours(hours), "{text}");
        }
        for text in ["", "d", "-1d", "30", "99999999999999999d", "a month"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
