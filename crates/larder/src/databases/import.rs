//! `larder sumdb import`: hashes that another site knows, pinned here before their files are.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use gomod::{H1, SumFile};
use jiff::Timestamp;
use serde_json::json;
use storage::{
    Data, Event, FileFact, Import, Kind, Offence, OpenOptions, PublishError, Refused, Store, StoreError,
};
use sumdb::{Sum, SumsHead, Verifier, sums};
use tokio::task::JoinSet;

use crate::{
    args::ImportArgs,
    databases::export::beside,
    progress::{Progress, print},
    settings::Settings,
};

/// Takes the list in: 0 done, 1 it contradicts what is known. A list that is not what its head says is an error.
pub(super) async fn import(settings: &Settings, args: &ImportArgs) -> anyhow::Result<u8> {
    let dir = &settings.data.value;
    let (list, signer) = read(args)?;
    let all = sums(&list).collect::<Result<Vec<_>, _>>().context("the list cannot be taken in")?;
    drop(list);
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let data = Data::open(dir, OpenOptions::default())?;
    if data.is_read_only() {
        bail!("{} cannot be written", dir.display());
    }
    let store = Store::open(&data);
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let from = Arc::new(Import {
        source: format!("import of {name}").into(),
        signer: signer.map(|key| key.to_string().into()),
        at: Timestamp::now(),
    });
    let mut show = Show { json: args.json, progress: Progress::new(), found: 0 };
    contradictions(&store, &all, &from, &mut show).await?;
    if show.found > 0 {
        show.nothing()?;
        return Ok(FOUND);
    }
    let taken = pin(&store, all, &from, &mut show).await?;
    show.summary(&taken)?;
    Ok(if show.found > 0 { FOUND } else { 0 })
}

/// The list and whose signature is on it.
fn read(args: &ImportArgs) -> anyhow::Result<(Vec<u8>, Option<Verifier>)> {
    let from_stdin = args.file.as_os_str() == "-";
    let list = if from_stdin { bounded(io::stdin(), MAX) } else { file(&args.file, MAX) }
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let sig = args.sig.clone().or_else(|| (!from_stdin).then(|| beside(&args.file, ".sig")));
    let key = args.key.as_deref().map(Verifier::parse).transpose().context("--key")?;
    let head = match (&key, &sig) {
        (Some(key), Some(sig)) => {
            let note = file(sig, MAX_SIG).with_context(|| {
                format!("cannot read {}, which should have the signed head of the list", sig.display())
            })?;
            let head = SumsHead::open(&note, key);
            Some(head.with_context(|| format!("{} does not vouch for the list", sig.display()))?)
        }
        (Some(_), None) => bail!("name the file with the signed head with --sig"),
        // Whether it came whole can be seen all the same.
        (None, Some(sig)) if args.sig.is_some() || sig.exists() => {
            let note = file(sig, MAX_SIG).with_context(|| format!("cannot read {}", sig.display()))?;
            let head = SumsHead::unsigned(&note);
            Some(head.with_context(|| format!("{} does not belong to the list", sig.display()))?)
        }
        (None, _) => None,
    };
    if let Some(head) = head
        && head != SumsHead::of(&list)
    {
        let is = SumsHead::of(&list);
        let (lines, said) = (is.lines, head.lines);
        bail!(
            "the list was altered, or is not whole: it has {lines} lines, and its head is of {said} with other content"
        );
    }
    Ok((list, key))
}

fn file(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    bounded(File::open(path)?, max)
}

fn bounded(from: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::other(format!("it is larger than {} MiB", max >> 20)));
    }
    Ok(bytes)
}

/// Tells of every line that contradicts a receipt, here and in the audit trail.
async fn contradictions(
    store: &Arc<Store>,
    all: &[Sum],
    from: &Import,
    show: &mut Show,
) -> anyhow::Result<()> {
    let mut events = Vec::new();
    for (n, sum) in all.iter().enumerate() {
        if n.is_multiple_of(1000) {
            show.progress.draw(|| format!("{n} of {} compared", all.len()));
        }
        let receipt = store.read_receipt(&sum.version).await?;
        let had = receipt.as_ref().and_then(|receipt| receipt.fact(kind(sum.file))).and_then(FileFact::h1);
        if let Some(had) = had
            && had != sum.h1
        {
            show.contradiction(sum, had)?;
            events.push(refused(sum, had, from));
        }
    }
    if !events.is_empty() {
        store.catalog().record(events).await?;
    }
    Ok(())
}

fn refused(sum: &Sum, had: H1, from: &Import) -> Event {
    let (version, kind, got) = (sum.version.clone(), kind(sum.file), sum.h1);
    let signer = from.signer.as_deref().map_or("nobody".to_owned(), str::to_owned);
    Event::Refused(Box::new(Refused {
        offence: Offence::Ledger { version, kind, had, got },
        source: Arc::clone(&from.source),
        evidence: format!("a list signed by {signer} says {got}"),
        at: from.at,
    }))
}

/// What became of the lines of a list.
#[derive(Default)]
struct Taken {
    new: u64,
    known: u64,
    withdrawn: u64,
}

async fn pin(
    store: &Arc<Store>,
    all: Vec<Sum>,
    from: &Arc<Import>,
    show: &mut Show,
) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    let mut under_way = JoinSet::new();
    let (lines, mut rest) = (all.len(), all.into_iter());
    loop {
        while under_way.len() < AT_ONCE
            && let Some(sum) = rest.next()
        {
            let (store, from) = (Arc::clone(store), Arc::clone(from));
            under_way.spawn(async move {
                let pinned = store.pin(&sum.version, kind(sum.file), sum.h1, &from).await;
                (sum, pinned)
            });
        }
        let Some(done) = under_way.join_next().await else { return Ok(taken) };
        let (sum, pinned) = done.context("the import ended early")?;
        match pinned {
            Ok(true) => taken.new += 1,
            Ok(false) => taken.known += 1,
            Err(PublishError::Withdrawn(_)) => taken.withdrawn += 1,
            // Another process has stored it since.
            Err(PublishError::Pinned { had, .. }) => {
                show.contradiction(&sum, had)?;
                store.catalog().record(vec![refused(&sum, had, from)]).await?;
            }
            Err(PublishError::Store(error)) => return Err(failed(&sum, error)),
            Err(error @ PublishError::Unhashed) => return Err(error.into()),
        }
        show.progress.draw(|| format!("{} of {lines} taken in", taken.new + taken.known));
    }
}

fn failed(sum: &Sum, error: StoreError) -> anyhow::Error {
    // With an `@` it would look like a password.
    let (path, version) = (sum.version.path(), sum.version.version());
    let what = format!("{path} {version} was not taken in, nor all that stands behind it; import again");
    anyhow::Error::new(error).context(what)
}

fn kind(file: SumFile) -> Kind {
    match file {
        SumFile::Zip => Kind::Zip,
        SumFile::GoMod => Kind::Mod,
    }
}

/// Where what is found is shown.
struct Show {
    json: bool,
    progress: Progress,
    found: u64,
}

impl Show {
    fn contradiction(&mut self, sum: &Sum, had: H1) -> io::Result<()> {
        self.found += 1;
        self.progress.clear();
        let (version, kind, got) = (&sum.version, kind(sum.file), sum.h1);
        if self.json {
            let (module, version) = (version.path().as_str(), version.version().as_str());
            let (had, got) = (had.to_string(), got.to_string());
            return print(
                &json!({"module": module, "version": version, "kind": kind.as_str(), "had": had, "got": got})
                    .to_string(),
            );
        }
        print(&format!("SECURITY: the {kind} of {version} is {got} in the list, and {had} here"))
    }

    fn nothing(&self) -> io::Result<()> {
        if self.json {
            return print(&json!({"summary": {"contradictions": self.found}}).to_string());
        }
        writeln!(
            io::stderr(),
            "{} lines contradict what is known here; nothing was taken in. One of the two sites has files that are \
             not the right ones: compare both with their sources before you believe either.",
            self.found
        )
    }

    fn summary(&self, taken: &Taken) -> io::Result<()> {
        self.progress.clear();
        let Taken { new, known, withdrawn } = taken;
        if self.json {
            return print(
                &json!({"summary": {
                    "new": new, "known": known, "withdrawn": withdrawn, "contradictions": self.found,
                }})
                .to_string(),
            );
        }
        let mut parts = vec![format!("{new} hashes pinned, {known} known before")];
        if *withdrawn > 0 {
            parts.push(format!("{withdrawn} of versions that were withdrawn here, left out"));
        }
        writeln!(io::stderr(), "{}", parts.join("; "))
    }
}

/// Bytes of a list: about two million lines.
const MAX: u64 = 256 << 20;
/// Bytes of its head with all signatures.
const MAX_SIG: u64 = 1 << 20;
/// Receipts that are changed at once.
const AT_ONCE: usize = 32;
/// The list contradicts what is known.
const FOUND: u8 = 1;
