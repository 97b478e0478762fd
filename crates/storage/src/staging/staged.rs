//! What has arrived of a file, read while it grows and after.

use std::{
    collections::VecDeque,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use bytes::{Bytes, BytesMut};
use gomod::ReadAt;
use tokio::sync::watch;

use super::{IN_MEMORY, StagingArea};
use crate::{
    StoreError,
    blocking::{blocking, locked},
    checksum::{BLOCK, BLOCK_LEN, checksum, checksums},
    error::Context,
    read,
};

/// A file in transit. Dropping the last handle removes what was never stored; what was stored is the same
/// inode and stays.
#[derive(Debug)]
pub struct Staged {
    area: Arc<StagingArea>,
    parts: Mutex<Parts>,
    /// Held while bytes move from memory to the file, so that they move once.
    spilling: Mutex<()>,
    /// One per block; set when all bytes have arrived.
    sums: OnceLock<Vec<u32>>,
    grown: watch::Sender<u64>,
}

/// First what lies in the file, then the full blocks in memory, then the block that is being filled.
#[derive(Debug, Default)]
struct Parts {
    file: Option<Arc<OnDisk>>,
    /// How many bytes are read from the file; a multiple of [`BLOCK`] until all have arrived.
    spilled: u64,
    blocks: VecDeque<Bytes>,
    open: BytesMut,
    /// The disk took no more: everything from here on stays in memory.
    memory_only: bool,
    /// Bytes taken from the area's budget.
    taken: u64,
}

/// A file in the staging directory.
#[derive(Debug)]
pub(crate) struct OnDisk {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Whether it survives a crash. After a failed fsync nobody knows what the disk has, and a second one
    /// would say that all is well.
    pub(super) durable: OnceLock<bool>,
}

impl OnDisk {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Parts {
    fn written(&self) -> u64 {
        self.spilled + self.in_memory()
    }

    fn in_memory(&self) -> u64 {
        (self.blocks.len() * BLOCK_LEN + self.open.len()) as u64
    }
}

enum Place {
    Memory(Bytes),
    File(Arc<OnDisk>, usize),
    End,
}

impl Staged {
    pub(super) fn new(area: Arc<StagingArea>) -> Self {
        Staged {
            area,
            parts: Mutex::default(),
            spilling: Mutex::default(),
            sums: OnceLock::new(),
            grown: watch::Sender::new(0),
        }
    }

    /// A complete file that is in memory already.
    pub(super) fn whole(area: Arc<StagingArea>, bytes: Bytes) -> Self {
        let sums = checksums(&bytes);
        let written = bytes.len() as u64;
        let mut blocks = VecDeque::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            blocks.push_back(rest.split_to(rest.len().min(BLOCK_LEN)));
        }
        Staged {
            area,
            parts: Mutex::new(Parts { blocks, ..Parts::default() }),
            spilling: Mutex::default(),
            sums: OnceLock::from(sums),
            grown: watch::Sender::new(written),
        }
    }

    /// A complete file that lies in the staging directory already, of this length and with these checksums.
    pub(super) fn on_disk_already(area: Arc<StagingArea>, on_disk: OnDisk, len: u64, sums: Vec<u32>) -> Self {
        let file = Some(Arc::new(on_disk));
        Staged {
            area,
            parts: Mutex::new(Parts { file, spilled: len, ..Parts::default() }),
            spilling: Mutex::default(),
            sums: OnceLock::from(sums),
            grown: watch::Sender::new(len),
        }
    }

    /// Bytes that have arrived and can be read.
    pub fn written(&self) -> u64 {
        *self.grown.borrow()
    }

    /// The checksums of all blocks, once all bytes have arrived.
    pub fn checksums(&self) -> Option<&[u32]> {
        self.sums.get().map(Vec::as_slice)
    }

    /// Waits for bytes to arrive.
    pub fn watch(&self) -> Growth {
        Growth(self.grown.subscribe())
    }

    /// Bytes from `offset` on: as many as are at hand in one piece, at most `len`, at least one unless
    /// `offset` is at the end of what has arrived.
    pub async fn read_at(&self, offset: u64, len: u64) -> Result<Bytes, StoreError> {
        match self.place(offset, len) {
            Place::Memory(bytes) => Ok(bytes),
            Place::End => Ok(Bytes::new()),
            Place::File(on_disk, len) => {
                if let Some(bytes) = read::at_once(&on_disk.file, offset, len) {
                    return Ok(bytes);
                }
                blocking(move || read::exact(&on_disk.file, offset, len).context("read", &on_disk.path)).await
            }
        }
    }

    fn place(&self, offset: u64, len: u64) -> Place {
        let parts = locked(&self.parts);
        if offset < parts.spilled
            && let Some(on_disk) = &parts.file
        {
            let len = len.min(parts.spilled - offset);
            return Place::File(Arc::clone(on_disk), usize::try_from(len).unwrap_or(usize::MAX));
        }
        let Some(behind) = offset.checked_sub(parts.spilled) else { return Place::End };
        let (Ok(index), Ok(within)) = (usize::try_from(behind / BLOCK), usize::try_from(behind % BLOCK))
        else {
            return Place::End;
        };
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        match parts.blocks.get(index) {
            Some(block) if within < block.len() => {
                Place::Memory(block.slice(within..block.len().min(within.saturating_add(len))))
            }
            None if index == parts.blocks.len() && within < parts.open.len() => {
                let open = parts.open.get(within..parts.open.len().min(within.saturating_add(len)));
                Place::Memory(Bytes::copy_from_slice(open.unwrap_or_default()))
            }
            _ => Place::End,
        }
    }

    /// Takes bytes in, and says whether so many lie in memory that they should go to the file.
    pub(super) fn push(&self, mut bytes: &[u8], sums: &mut Vec<u32>) -> Result<bool, StoreError> {
        let mut guard = locked(&self.parts);
        let parts = &mut *guard;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_LEN - parts.open.len()));
            let beyond = (parts.in_memory() + now.len() as u64).saturating_sub(IN_MEMORY as u64);
            if parts.memory_only && beyond > parts.taken {
                self.area.budget().take(BLOCK)?;
                parts.taken += BLOCK;
            }
            parts.open.extend_from_slice(now);
            if parts.open.len() == BLOCK_LEN {
                sums.push(checksum(&parts.open));
                parts.blocks.push_back(parts.open.split().freeze());
            }
            bytes = later;
        }
        self.grown.send_replace(parts.written());
        Ok(!parts.memory_only && parts.blocks.len() * BLOCK_LEN >= IN_MEMORY)
    }

    pub(super) fn close(&self, mut sums: Vec<u32>) {
        let mut parts = locked(&self.parts);
        if !parts.open.is_empty() {
            sums.push(checksum(&parts.open));
            let last = parts.open.split().freeze();
            parts.blocks.push_back(last);
        }
        drop(parts);
        let _ = self.sums.set(sums);
    }

    /// Moves the full blocks to the file. When the disk refuses, they stay, and so does all that follows.
    /// Blocking.
    pub(super) fn spill(&self) {
        let _once = locked(&self.spilling);
        let written = self.write_out();
        self.area.trouble().note(&written, &self.area);
        match written {
            Ok((_, written)) => self.forget(written),
            Err(error) => {
                if !error.is_full_or_read_only() {
                    tracing::warn!("a file in transit stays in memory: {error}");
                }
                locked(&self.parts).memory_only = true;
            }
        }
    }

    /// Puts all bytes into a file that survives a crash, and gives it. Blocking.
    pub(crate) fn on_disk(&self) -> Result<Arc<OnDisk>, StoreError> {
        if self.checksums().is_none() {
            return Err(StoreError::Unfinished);
        }
        let _once = locked(&self.spilling);
        let (on_disk, written) = self.write_out()?;
        match on_disk.durable.get() {
            Some(true) => {}
            Some(false) => {
                let lost = io::Error::other("it failed before");
                return Err(StoreError::io("fsync", &on_disk.path, lost));
            }
            None => {
                let synced = on_disk.file.sync_all();
                let _ = on_disk.durable.set(synced.is_ok());
                synced.context("fsync", &on_disk.path)?;
            }
        }
        if self.written() > IN_MEMORY as u64 {
            self.forget(written);
        }
        Ok(on_disk)
    }

    /// Writes every closed block in memory behind what the file has, and says how many those were.
    fn write_out(&self) -> Result<(Arc<OnDisk>, usize), StoreError> {
        let (file, mut offset, blocks) = {
            let parts = locked(&self.parts);
            (parts.file.clone(), parts.spilled, parts.blocks.clone())
        };
        let size = blocks.iter().map(|block| block.len() as u64).sum();
        let on_disk = match file {
            Some(on_disk) => {
                if on_disk.durable.get().is_some() {
                    return Ok((on_disk, 0));
                }
                self.area.check(size)?;
                on_disk
            }
            None => {
                let (path, file) = self.area.create(size)?;
                let new = Arc::new(OnDisk { path, file, durable: OnceLock::new() });
                locked(&self.parts).file = Some(Arc::clone(&new));
                new
            }
        };
        let had = offset;
        for block in &blocks {
            if let Err(error) = read::write_all_at(&on_disk.file, block, offset) {
                // What a full disk took of them is of no use, and others may need the room.
                let _ = on_disk.file.set_len(had);
                return Err(StoreError::io("write", &on_disk.path, error));
            }
            offset += block.len() as u64;
        }
        Ok((on_disk, blocks.len()))
    }

    /// Lets go of the first blocks, which the file has.
    fn forget(&self, written: usize) {
        let mut parts = locked(&self.parts);
        let gone: u64 = parts.blocks.drain(..written).map(|block| block.len() as u64).sum();
        parts.spilled += gone;
        self.area.budget().give_back(std::mem::take(&mut parts.taken));
    }
}

impl ReadAt for Staged {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.place(offset, buf.len() as u64) {
            Place::Memory(bytes) => bytes.as_ref().read_at(buf, 0),
            Place::End => Ok(0),
            Place::File(on_disk, len) => on_disk.file.read_at(buf.get_mut(..len).unwrap_or_default(), offset),
        }
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let parts = std::mem::take(&mut *locked(&self.parts));
        self.area.budget().give_back(parts.taken);
        // A leftover is swept with the directory, so an error here costs nothing.
        let Some(on_disk) = parts.file else { return };
        let remove = move || drop(std::fs::remove_file(&on_disk.path));
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Waits for a file in transit to grow.
#[derive(Debug)]
pub struct Growth(watch::Receiver<u64>);

impl Growth {
    /// Returns when more than `len` bytes have arrived; never, if they never do. What became of the file is
    /// known to the one who writes it.
    pub async fn beyond(&mut self, len: u64) {
        if self.0.wait_for(|written| *written > len).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
