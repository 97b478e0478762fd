//! `larder sumdb cosign`: the signatures of witnesses on the newest head of one's own log.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use anyhow::{Context, bail};
use storage::{Data, OpenOptions, Store};

use crate::{config::Printed, databases::rotate_plan::NONE, engine::own_log, settings::Settings};

/// Keeps the signatures that a note has beside the own one.
pub(super) async fn cosign(settings: &Settings, note: &Path) -> anyhow::Result<Printed> {
    let Some(own) = &settings.own else { bail!(NONE) };
    let note = read(note).with_context(|| format!("cannot read the note {}", note.display()))?;
    let data =
        Data::open(&settings.data.value, OpenOptions { read_only_ok: false, ..OpenOptions::default() })?;
    let log = own_log(own, &Store::open(&data)).await?;
    log.cosign(note.into()).await?;
    let signed = log.latest().await?;
    Ok(Printed { out: String::from_utf8_lossy(&signed).into_owned(), ..Printed::default() })
}

fn read(note: &Path) -> io::Result<Vec<u8>> {
    let source: Box<dyn Read> =
        if note == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(note)?) };
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 64 KiB"));
    }
    Ok(bytes)
}

/// A head with a hundred signatures is smaller.
const LARGEST: u64 = 64 << 10;
