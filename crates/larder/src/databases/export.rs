//! `larder sumdb export`: the hashes that are known here, as a list that other sites can compare and take in.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use gomod::{ModuleVersion, Patterns};
use storage::{CatalogError, FileFact, Key, Kind, State, Store};
use sumdb::{Signer, SumsHead, SumsWriter};

use crate::{args::ExportArgs, progress::Progress, settings::Settings};

/// Writes the list and its head: 0 all is in it, 2 something could not be read.
pub(super) async fn export(settings: &Settings, args: &ExportArgs) -> anyhow::Result<u8> {
    let dir = &settings.data.value;
    let signer = match &settings.own {
        Some(own) if !args.unsigned => Some(own.signer().map_err(|wrong| {
            anyhow::anyhow!("the list cannot be signed: {}; fix that, or export with --unsigned", wrong.what)
        })?),
        _ => None,
    };
    let (data, store) = super::open(dir)?;
    let patterns = args.module.as_deref().map(Patterns::new);
    let to_stdout = args.file.as_os_str() == "-";
    let part = beside(&args.file, ".part");
    let mut export = Export {
        store,
        writer: SumsWriter::new(),
        out: if to_stdout {
            Box::new(BufWriter::new(io::stdout()))
        } else {
            Box::new(BufWriter::new(
                fs::File::create(&part).with_context(|| format!("cannot write {}", part.display()))?,
            ))
        },
        patterns,
        progress: Progress::new(),
        versions: 0,
        unread: 0,
    };
    export.all(data.crashed() > 0).await?;
    let (head, unread) = export.finish()?;
    if !to_stdout {
        fs::rename(&part, &args.file).with_context(|| format!("cannot write {}", args.file.display()))?;
    }
    let sig = args.sig.clone().or_else(|| (!to_stdout).then(|| beside(&args.file, ".sig")));
    let signed = sig.map(|sig| sign(&sig, &head, signer.as_ref()).map(|()| sig)).transpose()?;
    say(&head, signed.as_deref(), signer.as_ref(), unread);
    Ok(if unread > 0 { crate::FAILED } else { 0 })
}

struct Export {
    store: Arc<Store>,
    writer: SumsWriter,
    out: Box<dyn Write + Send>,
    patterns: Option<Patterns>,
    progress: Progress,
    versions: u64,
    unread: u64,
}

impl Export {
    /// The order is that of the index; where there is none, that of the names of all receipts.
    async fn all(&mut self, crashed: bool) -> anyhow::Result<()> {
        let catalog = Arc::clone(self.store.catalog());
        let mut after: Option<ModuleVersion> = None;
        match catalog.is_complete().await {
            Ok(true) if !crashed => {}
            Ok(_) => drop(self.store.rebuild_index().await.context("the index is not complete")?),
            Err(CatalogError::Unavailable) => {}
            Err(error) => return Err(error.into()),
        }
        loop {
            let page = match catalog.versions(after.clone(), PAGE).await {
                Err(CatalogError::Unavailable) if after.is_none() => return self.without_index().await,
                page => page?,
            };
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for version in &page {
                self.version(version).await?;
            }
        }
    }

    async fn without_index(&mut self) -> anyhow::Result<()> {
        let mut receipts = self.store.receipts();
        let mut names = BTreeSet::new();
        while let Some(key) = receipts.next().await {
            match key {
                Ok(Key::Receipt(version)) => {
                    names.insert((version.path().to_string(), version.version().to_string(), version));
                }
                Ok(_) => {}
                Err(error) => self.cannot_read(&error),
            }
        }
        for (.., version) in names {
            self.version(&version).await?;
        }
        Ok(())
    }

    async fn version(&mut self, version: &ModuleVersion) -> anyhow::Result<()> {
        if self.patterns.as_ref().is_some_and(|patterns| !patterns.matches(version.path().as_str())) {
            return Ok(());
        }
        let receipt = match self.store.read_receipt(version).await {
            Ok(Some(receipt)) if receipt.state() == &State::Verified => receipt,
            Ok(_) => return Ok(()),
            Err(error) => {
                self.cannot_read(&error);
                return Ok(());
            }
        };
        let h1 = |kind| receipt.fact(kind).and_then(FileFact::h1);
        let lines = self.writer.push(version, h1(Kind::Zip), h1(Kind::Mod))?;
        self.out.write_all(lines.as_bytes()).context("cannot write the list")?;
        self.versions += 1;
        if self.versions.is_multiple_of(u64::from(PAGE)) {
            self.progress.draw(|| format!("{} versions", self.versions));
        }
        Ok(())
    }

    fn cannot_read(&mut self, error: &dyn std::error::Error) {
        self.progress.clear();
        tracing::error!("not in the list: {error}");
        self.unread += 1;
    }

    fn finish(mut self) -> anyhow::Result<(SumsHead, u64)> {
        self.progress.clear();
        let (rest, head) = self.writer.finish();
        self.out
            .write_all(rest.as_bytes())
            .and_then(|()| self.out.flush())
            .context("cannot write the list")?;
        Ok((head, self.unread))
    }
}

fn sign(sig: &Path, head: &SumsHead, signer: Option<&Signer>) -> anyhow::Result<()> {
    let text = match signer {
        Some(signer) => signer.sign(&head.to_string())?,
        None => head.to_string(),
    };
    fs::write(sig, text).with_context(|| format!("cannot write {}", sig.display()))
}

fn say(head: &SumsHead, sig: Option<&Path>, signer: Option<&Signer>, unread: u64) {
    let mut parts = vec![format!("{} lines", head.lines)];
    match (sig, signer) {
        (Some(sig), Some(signer)) => {
            parts.push(format!("their head is in {}, signed by {}", sig.display(), signer.verifier()));
        }
        (Some(sig), None) => parts.push(format!("their head is in {}; nobody has signed it", sig.display())),
        (None, _) => parts.push("without a head; name a file for it with --sig".to_owned()),
    }
    if unread > 0 {
        parts.push(format!("{unread} receipts could not be read and are not among them"));
    }
    // A closed stderr is no reason to fail.
    let _ = writeln!(io::stderr(), "{}", parts.join("; "));
}

/// The same file name with an ending.
pub(crate) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}

/// Versions that are asked of the index at once.
const PAGE: u32 = 512;
