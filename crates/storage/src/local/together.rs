//! Many small files with two waits for the disk, instead of two for each.
//!
//! 1. All are written to the staging directory.
//! 2. `syncfs`: their bytes last.
//! 3. Each is renamed to its name, unless that is taken (`RENAME_NOREPLACE`), in directories that are made as needed.
//! 4. `syncfs`: the names and directories last.
//!
//! So each is there whole or not at all, as after [`put`](crate::Blobs::put): no name can last longer than the bytes
//! behind it. `syncfs` waits for everything that waits to be written to the file system, whoever wrote it.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

use bytes::BytesMut;
use gomod::ReadAt;
use rustix::fs::{CWD, RenameFlags, renameat_with, syncfs};
use rustix::io::Errno;

use super::{Inner, content_tag, inode_tag, tagged_by_content};
use crate::{Key, Put, Staged, StoreError, Tag, When, error::Context};

/// Files that were written, each where it lies until it gets its name; those that never get one are removed.
struct Written<'a> {
    objects: Vec<(&'a Key, Option<PathBuf>, Tag)>,
}

impl Drop for Written<'_> {
    fn drop(&mut self) {
        for path in self.objects.iter().filter_map(|(_, path, _)| path.as_ref()) {
            let _ = fs::remove_file(path);
        }
    }
}

impl Inner {
    /// Blocking.
    pub(super) fn put_together(&self, objects: &[(Key, Arc<Staged>)]) -> Result<Vec<Put>, StoreError> {
        if objects.len() < WORTHWHILE {
            return objects.iter().map(|(key, from)| self.put(key, from, &When::Absent)).collect();
        }
        let shards = self.data.shards()?;
        let size = objects.iter().map(|(_, from)| from.written()).sum();
        self.data.space().check(size)?;
        // Opened before anything is written: what fails to be written from here on is told to it.
        let disk = File::open(self.data.dir()).context("open", self.data.dir())?;
        let mut written = self.write(objects)?;
        syncfs(&disk).context("sync", self.data.dir())?;
        let mut made = HashSet::new();
        let mut puts = Vec::with_capacity(objects.len());
        for (key, written, tag) in &mut written.objects {
            let Some(staged) = written.as_ref() else { continue };
            let path = self.path(key);
            let named = match renameat_with(CWD, staged.as_path(), CWD, &path, RenameFlags::NOREPLACE) {
                Err(Errno::NOENT) => {
                    self.durable.make_for_now(path.parent().unwrap_or(&path), &mut made)?;
                    renameat_with(CWD, staged.as_path(), CWD, &path, RenameFlags::NOREPLACE)
                }
                named => named,
            };
            let put = match named {
                Ok(()) => Put::Done(tag.clone()),
                Err(Errno::EXIST) => Put::Conflict(self.open(key)?.map(|stored| stored.tag)),
                // This file system cannot do it.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    self.durable.make_for_now(path.parent().unwrap_or(&path), &mut made)?;
                    let _alone = shards.lock(&key.path())?;
                    match self.open(key)? {
                        Some(stored) => Put::Conflict(Some(stored.tag)),
                        None => {
                            fs::rename(staged, &path).context("rename to", &path)?;
                            Put::Done(tag.clone())
                        }
                    }
                }
                Err(error) => return Err(StoreError::io("rename to", path, error.into())),
            };
            if matches!(put, Put::Done(_)) {
                *written = None;
            }
            puts.push(put);
        }
        syncfs(&disk).context("sync", self.data.dir())?;
        self.durable.survive(made);
        Ok(puts)
    }

    fn write<'a>(&self, objects: &'a [(Key, Arc<Staged>)]) -> Result<Written<'a>, StoreError> {
        let mut written = Written { objects: Vec::with_capacity(objects.len()) };
        for (key, from) in objects {
            if from.checksums().is_none() {
                return Err(StoreError::Unfinished);
            }
            let mut bytes = BytesMut::zeroed(usize::try_from(from.written()).unwrap_or(usize::MAX));
            let path = self.data.staging().new_name().ok_or_else(|| self.read_only())?;
            from.read_exact_at(&mut bytes, 0).context("read", &path)?;
            let file = File::options().write(true).create_new(true).open(&path);
            let mut file = file.context("create", &path)?;
            let wrote = file.write_all(&bytes).and_then(|()| {
                if tagged_by_content(key) {
                    return Ok(content_tag(&bytes.freeze()));
                }
                file.metadata().map(|meta| inode_tag(&meta))
            });
            let tag = wrote.context("write", &path).inspect_err(|_| drop(fs::remove_file(&path)))?;
            written.objects.push((key, Some(path), tag));
        }
        Ok(written)
    }
}

/// How many files make it worthwhile to wait for everybody's.
const WORTHWHILE: usize = 4;
