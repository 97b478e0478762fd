//! The files of a tree that somebody else may have made: opened as regular files or not at all, and read within bounds.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use bytes::Bytes;
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};
use std::sync::Arc;
use storage::{Kind, Staged, StoreError};

use super::report::Reason;
use crate::settings::Settings;

/// The most bytes that each kind of file may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caps {
    info: u64,
    gomod: u64,
    zip: u64,
}

impl Caps {
    /// Those of files that are fetched.
    pub(super) fn of(settings: &Settings) -> Self {
        let bodies = &settings.tuning.bodies;
        Caps { info: bodies.info.value.0, gomod: bodies.gomod.value.0, zip: bodies.zip.value.0 }
    }

    fn of_kind(self, kind: Kind) -> u64 {
        match kind {
            Kind::Info => self.info,
            Kind::Mod => self.gomod,
            Kind::Zip => self.zip,
        }
    }
}

/// Why a file cannot be read as what it should be.
#[derive(Debug)]
pub(super) enum Unread {
    /// This file; others may do.
    This(Reason, String),
    /// The store takes nothing.
    Store(StoreError),
}

/// A file that is open.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    len: u64,
    cap: u64,
}

impl Opened {
    /// Opens a regular file that is not too large. A link is not followed, and a pipe not waited for.
    pub(super) async fn open(path: &Path, kind: Kind, caps: Caps) -> Result<Self, Unread> {
        let path = path.to_owned();
        let cap = caps.of_kind(kind);
        blocking(move || open(&path, cap)).await?
    }

    /// How long it says that it is.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// All of a small file.
    pub(super) async fn bytes(self) -> Result<Bytes, Unread> {
        let Opened { file, cap, .. } = self;
        blocking(move || {
            let mut bytes = Vec::new();
            file.take(cap.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
            if bytes.len() as u64 > cap { Err(too_large(cap)) } else { Ok(bytes.into()) }
        })
        .await?
    }

    /// All of a large file, copied to where it can be stored from.
    pub(super) async fn copy(self, mut staging: storage::Staging) -> Result<Arc<Staged>, Unread> {
        let Opened { mut file, cap, .. } = self;
        let mut copied = 0;
        loop {
            let (back, piece) = blocking(move || {
                let mut piece = Vec::with_capacity(PIECE);
                let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
                read.map(|_| (file, piece)).map_err(|error| unreadable(&error))
            })
            .await??;
            file = back;
            if piece.is_empty() {
                return Ok(staging.finish());
            }
            copied += piece.len() as u64;
            // It may have grown.
            if copied > cap {
                return Err(too_large(cap));
            }
            staging.append(piece.into()).await.map_err(Unread::Store)?;
        }
    }
}

fn open(path: &Path, cap: u64) -> Result<Opened, Unread> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP | Errno::MLINK) => {
            return Err(Unread::This(
                Reason::Link,
                "it is a symbolic link; links are not followed".to_owned(),
            ));
        }
        Err(error) => return Err(unreadable(&error.into())),
    };
    let meta = file.metadata().map_err(|error| unreadable(&error))?;
    if !meta.is_file() {
        return Err(Unread::This(Reason::NotFile, "it is no regular file".to_owned()));
    }
    if meta.len() > cap {
        return Err(too_large(cap));
    }
    Ok(Opened { file, len: meta.len(), cap })
}

fn too_large(cap: u64) -> Unread {
    Unread::This(Reason::TooLarge, format!("it has more than {cap} bytes, which [bodies] allows"))
}

fn unreadable(error: &io::Error) -> Unread {
    Unread::This(Reason::Unreadable, error.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unread> {
    tokio::task::spawn_blocking(work).await.map_err(|error| unreadable(&io::Error::other(error)))
}

/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;
