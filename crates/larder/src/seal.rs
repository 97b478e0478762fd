//! `larder seal`: the ledger of files that are no modules.

use std::{
    fmt::Write as _,
    num::NonZero,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use storage::SealFile;
use sumdb::{Signer, Verifier};
use workbench::seal::{
    Difference, Rules, Signed, Tally, check, create, diff, sign, signature, to_check, to_create,
};

use crate::{
    args::{SealCheckArgs, SealCommand, SealCreateArgs, SealDiffArgs},
    config::Printed,
    progress::{Progress, TICK},
    scrub::amount,
};

/// Does one of the commands.
pub(crate) fn run(command: &SealCommand) -> Printed {
    let done = match command {
        SealCommand::Create(args) => sealed(args),
        SealCommand::Check(args) => checked(args),
        SealCommand::Diff(args) => differ(args),
    };
    done.unwrap_or_else(|error| Printed {
        err: format!("larder: {error:#}\n"),
        code: crate::FAILED,
        ..Printed::default()
    })
}

fn sealed(args: &SealCreateArgs) -> anyhow::Result<Printed> {
    // A key that cannot be used is no reason to hash everything first.
    let signer = args.sign.as_deref().map(key).transpose()?;
    let places = to_create(&args.dirs)?;
    if let Some(place) = places.iter().find(|place| !place.dir.is_dir()) {
        bail!("{} is no directory", place.dir.display());
    }
    let ledger = SealFile::write(&args.db)?;
    let mut shown = Shown::new("sealed");
    let created = create(&ledger, &places, threads(args.threads), |tally| shown.draw(tally))?;
    let whole = created.unread.is_empty();
    if let Some(signer) = signer.filter(|_| whole) {
        sign(&ledger, &signer)?;
    }
    shown.progress.clear();
    let code = u8::from(!whole);
    if args.json {
        let out = json!({
            "db": args.db, "files": created.sealed.files, "bytes": created.sealed.bytes,
            "resumed": created.resumed, "forgotten": created.forgotten,
            "signed": whole && args.sign.is_some(), "differences": objects(&created.unread),
        });
        return Ok(Printed { out: format!("{out:#}\n"), code, ..Printed::default() });
    }
    let mut err = format!(
        "{}: {} files sealed, {} in {}",
        args.db.display(),
        created.sealed.files,
        amount(created.sealed.bytes),
        shown.time()
    );
    for (number, what) in [(created.resumed, "hashed before"), (created.forgotten as u64, "no longer there")]
    {
        if number > 0 {
            let _ = write!(err, "; {number} {what}");
        }
    }
    if !whole {
        err += "; not sealed: what is listed";
        err += if args.sign.is_some() { ", so the ledger is not signed" } else { "" };
    }
    err.push('\n');
    Ok(Printed { out: lines(&created.unread), err, code })
}

fn checked(args: &SealCheckArgs) -> anyhow::Result<Printed> {
    let key = args.key.as_deref().map(|text| Verifier::parse(text).context("--key")).transpose()?;
    let ledger = SealFile::read(&args.db)?;
    let signed = key.map(|key| signature(&ledger, &key)).transpose()?;
    let wrong = match &signed {
        Some(Signed::Wrong(why)) => Some(why.clone()),
        Some(Signed::No) => Some("the ledger is not signed".to_owned()),
        Some(Signed::By(_)) | None => None,
    };
    if let Some(why) = wrong {
        let out = json!({"db": args.db, "ok": false, "signature": "wrong", "why": why});
        let out = if args.json { format!("{out:#}\n") } else { String::new() };
        let err =
            format!("larder: SECURITY: {}: {why}; nothing in it is to be believed\n", args.db.display());
        return Ok(Printed { out, err, code: DIFFERS });
    }
    let places = to_check(&args.dirs, &ledger.roots()?).with_context(|| args.db.display().to_string())?;
    let mut shown = Shown::new("checked");
    let rules = Rules { ignore_mode: args.ignore_mode };
    let found = check(&ledger, &places, threads(args.threads), rules, |tally| shown.draw(tally))?;
    shown.progress.clear();
    let code = if found.differences.is_empty() { 0 } else { DIFFERS };
    if args.json {
        let out = json!({
            "db": args.db, "ok": code == 0, "files": found.hashed.files, "bytes": found.hashed.bytes,
            "signature": signed.map(|_| "right"), "differences": objects(&found.differences),
        });
        return Ok(Printed { out: format!("{out:#}\n"), code, ..Printed::default() });
    }
    let is_signed = signed.is_none() && ledger.signature()?.is_some();
    let err = format!(
        "{}: {} files compared, {} in {}; {}{}\n",
        args.db.display(),
        found.hashed.files,
        amount(found.hashed.bytes),
        shown.time(),
        counts(&found.differences),
        if is_signed { "; its signature is checked with --key" } else { "" },
    );
    Ok(Printed { out: lines(&found.differences), err, code })
}

fn differ(args: &SealDiffArgs) -> anyhow::Result<Printed> {
    let (before, after) = (SealFile::read(&args.before)?, SealFile::read(&args.after)?);
    let seen = diff(&before, &after)?;
    let code = if seen.differences.is_empty() { 0 } else { DIFFERS };
    if args.json {
        let out = json!({"ok": code == 0, "same": seen.same, "differences": objects(&seen.differences)});
        return Ok(Printed { out: format!("{out:#}\n"), code, ..Printed::default() });
    }
    let err = format!("{} files are the same; {}\n", seen.same, counts(&seen.differences));
    Ok(Printed { out: lines(&seen.differences), err, code })
}

/// A private key from its file, which is never repeated in a message.
fn key(path: &Path) -> anyhow::Result<Signer> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Signer::parse(text.trim())
        .with_context(|| format!("{} holds no private key; `larder sumdb keygen` makes one", path.display()))
}

fn threads(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    let most = NonZero::new(MOST_THREADS).unwrap_or(NonZero::<usize>::MIN);
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN).min(most)
}

fn lines(differences: &[Difference]) -> String {
    differences.iter().map(|difference| difference.text() + "\n").collect()
}

fn objects(differences: &[Difference]) -> Vec<Value> {
    differences.iter().map(Difference::json).collect()
}

fn counts(differences: &[Difference]) -> String {
    let number = |word: &str| differences.iter().filter(|difference| difference.word() == word).count();
    let parts: Vec<_> = ["changed", "missing", "new", "unread"]
        .into_iter()
        .filter(|word| number(word) > 0)
        .map(|word| format!("{} {word}", number(word)))
        .collect();
    if parts.is_empty() { "nothing differs".to_owned() } else { parts.join(", ") }
}

/// How far it is, for a terminal.
struct Shown {
    progress: Progress,
    what: &'static str,
    began: Instant,
    drawn: Duration,
}

impl Shown {
    fn new(what: &'static str) -> Self {
        Shown { progress: Progress::new(), what, began: Instant::now(), drawn: Duration::ZERO }
    }

    fn draw(&mut self, tally: Tally) {
        let now = self.began.elapsed();
        if now >= self.drawn + TICK {
            self.drawn = now;
            let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = tally.bytes.saturating_mul(1000) / millis;
            let Tally { files, bytes } = tally;
            self.progress
                .draw(|| format!("{files} files {}, {}, {}/s", self.what, amount(bytes), amount(rate)));
        }
    }

    fn time(&self) -> String {
        format!("{:.1} s", self.began.elapsed().as_secs_f64())
    }
}

/// Something is not as it was.
const DIFFERS: u8 = 1;
/// More only compete for the disk.
const MOST_THREADS: usize = 64;
