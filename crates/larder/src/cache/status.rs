//! `larder cache status`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use gomod::ModulePath;
use jiff::Timestamp;
use serde_json::json;
use workbench::{
    cache::{Inventory, Kept, Pile, Readers},
    modcache::ModCache,
};

use crate::{args::StatusArgs, config::Printed, progress::Progress, scrub::amount};

/// Looks, and says what was seen: 0, or 1 where something could not be read.
pub(super) fn status(cache: &ModCache, args: &StatusArgs) -> anyhow::Result<Printed> {
    let progress = Progress::new();
    let inventory = Inventory::take(cache, |versions| progress.draw(|| format!("{versions} versions")))
        .with_context(|| format!("cannot read {}", cache.root().display()))?;
    progress.clear();
    let out = if args.json { as_json(cache, &inventory) } else { as_text(cache, &inventory) };
    let err = inventory.unread().iter().fold(String::new(), |all, (path, why)| {
        all + &format!("larder: cannot read {}: {why}\n", path.display())
    });
    Ok(Printed { out, code: u8::from(!err.is_empty()), err })
}

/// What all versions hold.
#[derive(Default)]
struct Sums {
    zips: Pile,
    trees: Pile,
    unpacked: u64,
    facts: u64,
    partial: u64,
}

impl Sums {
    fn of(inventory: &Inventory) -> Self {
        let mut sums = Sums::default();
        for (_, kept) in inventory.versions() {
            if let Some(bytes) = kept.zip {
                sums.zips = Pile { files: sums.zips.files + 1, bytes: sums.zips.bytes + bytes };
            }
            if let Some(tree) = kept.tree {
                sums.unpacked += 1;
                sums.trees = plus(sums.trees, tree);
            }
            sums.facts += kept.facts;
            sums.partial += u64::from(kept.partial);
        }
        sums
    }
}

fn plus(one: Pile, other: Pile) -> Pile {
    Pile { files: one.files + other.files, bytes: one.bytes + other.bytes }
}

fn remains(inventory: &Inventory) -> Pile {
    inventory.remains().iter().fold(Pile::default(), |all, remains| plus(all, remains.pile))
}

fn as_json(cache: &ModCache, inventory: &Inventory) -> String {
    let sums = Sums::of(inventory);
    let readers = Readers::look(cache);
    let pile = |pile: Pile| json!({"files": pile.files, "bytes": pile.bytes});
    let versions: Vec<_> = inventory
        .versions()
        .map(|(module, kept)| {
            json!({
                "path": module.path().as_str(),
                "version": module.version().as_str(),
                "zip": kept.zip,
                "tree": kept.tree.map(pile),
                "facts": kept.facts,
                "partial": kept.partial,
                "used": Timestamp::try_from(kept.used()).ok().map(|time| time.to_string()),
                "read_by": readers.of(cache, module).map(|reader| reader.pid),
            })
        })
        .collect();
    let unread: Vec<_> =
        inventory.unread().iter().map(|(path, why)| json!({"path": path, "why": why})).collect();
    let all = json!({
        "dir": cache.root(),
        "bytes": inventory.bytes(),
        "zips": pile(sums.zips),
        "trees": pile(sums.trees),
        "facts": sums.facts,
        "databases": pile(inventory.databases()),
        "repositories": pile(inventory.repositories()),
        "remains": pile(remains(inventory)),
        "versions": versions,
        "unread": unread,
    });
    format!("{all:#}\n")
}

fn as_text(cache: &ModCache, inventory: &Inventory) -> String {
    let sums = Sums::of(inventory);
    let now = SystemTime::now();
    let mut modules: BTreeMap<&ModulePath, (u64, u64)> = BTreeMap::new();
    for (module, kept) in inventory.versions() {
        let (versions, bytes) = modules.entry(module.path()).or_default();
        *versions += 1;
        *bytes += kept.bytes();
    }
    let mut out = format!(
        "{}: {} in {} versions of {} modules\n\n",
        cache.root().display(),
        amount(inventory.bytes()),
        inventory.versions().count(),
        modules.len(),
    );
    let mut row = |bytes: u64, what: String| {
        let _ = writeln!(out, "{:>12}  {what}", amount(bytes));
    };
    row(sums.zips.bytes, format!("{} zips", sums.zips.files));
    row(sums.trees.bytes, format!("{} unpacked versions, {} files", sums.unpacked, sums.trees.files));
    row(sums.facts, "go.mod and .info files".to_owned());
    row(inventory.databases().bytes, "of checksum databases".to_owned());
    row(inventory.repositories().bytes, "of source repositories".to_owned());
    let left = remains(inventory);
    if left.files > 0 {
        row(left.bytes, "left by go commands that were broken off, or are working now".to_owned());
    }
    if sums.partial > 0 {
        row(0, format!("{} not unpacked to the end; the next build does it", sums.partial));
    }
    write_ages(&mut out, inventory, now);
    write_largest(&mut out, modules);
    out
}

/// How much nobody has used for how long.
fn write_ages(out: &mut String, inventory: &Inventory, now: SystemTime) {
    out.push_str("\nNot used for\n");
    for days in [7, 30, 90] {
        let age = Duration::from_hours(24 * days);
        let unused = |kept: &&Kept| now.duration_since(kept.content_used).is_ok_and(|unused| unused >= age);
        let with_content = inventory.versions().map(|(_, kept)| kept).filter(|kept| kept.has_content());
        let (versions, bytes) =
            with_content.filter(unused).fold((0, 0), |(n, bytes), kept| (n + 1, bytes + kept.content()));
        let _ = writeln!(out, "{:>12}  {days} days: {versions} versions", amount(bytes));
    }
}

fn write_largest(out: &mut String, modules: BTreeMap<&ModulePath, (u64, u64)>) {
    let mut largest: Vec<_> = modules.into_iter().filter(|(_, (_, bytes))| *bytes > 0).collect();
    largest.sort_by_key(|(_, (_, bytes))| std::cmp::Reverse(*bytes));
    if !largest.is_empty() {
        out.push_str("\nLargest modules\n");
    }
    for (path, (versions, bytes)) in largest.into_iter().take(LARGEST) {
        let versions = if versions == 1 { "1 version".to_owned() } else { format!("{versions} versions") };
        let _ = writeln!(out, "{:>12}  {path}: {versions}", amount(bytes));
    }
}

/// Modules that are named.
const LARGEST: usize = 10;
