//! Blobs in a local directory.

mod derived;
mod quarantine;
#[cfg(target_os = "linux")]
mod together;
mod walk;

pub(crate) use quarantine::Bound;

use std::{
    fs::File,
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use gomod::ModulePath;

use crate::{
    Blobs, BoxFuture, Content, Data, Key, Kind, Listing, Mutability, Prefix, Put, QuarantineId, Staged,
    StoreError, Stored, Tag, When,
    blocking::blocking,
    checksum::{BLOCK, digest},
    durable::{self, Directories, Linked},
    error::Context,
    read,
    staging::OnDisk,
};

/// Blobs in a [`Data`] directory, in the layout that [`Key::path`] gives.
///
/// The content of a [`Mutability::Mutable`] or [`Mutability::ByExchange`] object decides its tag; the tag of
/// any other is its inode, length and time.
#[derive(Clone, Debug)]
pub struct LocalBlobs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    data: Arc<Data>,
    durable: Directories,
}

impl LocalBlobs {
    /// The blobs of a data directory.
    pub fn new(data: Arc<Data>) -> Self {
        let durable = Directories::below(data.dir().to_owned());
        LocalBlobs(Arc::new(Inner { data, durable }))
    }

    async fn run<T: Send + 'static>(
        &self,
        key: Key,
        work: impl FnOnce(&Inner, &Key) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.0);
        blocking(move || work(&inner, &key)).await
    }
}

impl Blobs for LocalBlobs {
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let key = key.clone();
        Box::pin(self.run(key, Inner::open))
    }

    fn get_each(&self, keys: &[Key]) -> BoxFuture<'_, Result<Vec<Option<Stored>>, StoreError>> {
        let (inner, keys) = (Arc::clone(&self.0), keys.to_vec());
        Box::pin(blocking(move || keys.iter().map(|key| inner.open(key)).collect()))
    }

    fn put(&self, key: &Key, from: &Arc<Staged>, when: When) -> BoxFuture<'_, Result<Put, StoreError>> {
        let (key, from) = (key.clone(), Arc::clone(from));
        Box::pin(self.run(key, move |inner, key| {
            let put = inner.put(key, &from, &when);
            inner.note(&put);
            let put = put?;
            if let (Key::File(mv, Kind::Info), Put::Done(_)) = (key, &put) {
                inner.derive(mv.path())?;
            }
            Ok(put)
        }))
    }

    #[cfg(target_os = "linux")]
    fn put_all<'a>(
        &'a self,
        objects: &'a [(Key, Arc<Staged>)],
    ) -> BoxFuture<'a, Result<Vec<Put>, StoreError>> {
        let (inner, objects) = (Arc::clone(&self.0), objects.to_vec());
        Box::pin(blocking(move || {
            let put = inner.put_together(&objects);
            inner.note(&put);
            put
        }))
    }

    fn remove(&self, key: &Key) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.run(key.clone(), |inner, key| {
            inner.remove(key)?;
            inner.derive_after_loss(key)
        }))
    }

    fn set_aside(
        &self,
        key: &Key,
        tag: &Tag,
        reason: &str,
    ) -> BoxFuture<'_, Result<Option<QuarantineId>, StoreError>> {
        let (tag, reason) = (tag.clone(), reason.to_owned());
        Box::pin(self.run(key.clone(), move |inner, key| {
            let id = inner.set_aside(key, &tag, &reason)?;
            inner.derive_after_loss(key)?;
            Ok(id)
        }))
    }

    fn refuse(
        &self,
        key: &Key,
        from: &Arc<Staged>,
        reason: &str,
    ) -> BoxFuture<'_, Result<QuarantineId, StoreError>> {
        let (from, reason) = (Arc::clone(from), reason.to_owned());
        Box::pin(self.run(key.clone(), move |inner, key| inner.refuse(key, &from, &reason)))
    }

    fn list(&self, prefix: &Prefix) -> Listing {
        walk::list(self.0.data.dir(), prefix.clone())
    }

    fn derive(&self, module: &ModulePath) -> BoxFuture<'_, Result<(), StoreError>> {
        let (inner, module) = (Arc::clone(&self.0), module.clone());
        Box::pin(blocking(move || inner.derive(&module)))
    }
}

impl Inner {
    fn path(&self, key: &Key) -> PathBuf {
        self.data.dir().join(key.path())
    }

    fn open(&self, key: &Key) -> Result<Option<Stored>, StoreError> {
        let path = self.path(key);
        // A named pipe in the place of a file must not hold anybody up.
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
        let file = match File::options().read(true).custom_flags(nonblocking).open(&path) {
            Ok(file) => file,
            Err(error) if means_absent(&error) => return Ok(None),
            Err(error) => return Err(StoreError::io("open", path, error)),
        };
        let meta = file.metadata().context("look at", &path)?;
        if !meta.is_file() {
            return Err(StoreError::damaged(key, "it is not a file"));
        }
        let len = meta.len();
        let at = meta.modified().ok().and_then(|time| time.try_into().ok());
        let by_content = tagged_by_content(key);
        if !by_content && len > BLOCK {
            let content = Content::File(Arc::new(file));
            return Ok(Some(Stored { tag: inode_tag(&meta), len, at, content }));
        }
        let Some(bytes) = read::bounded(&file, len, key.max_len()).context("read", &path)? else {
            return Err(StoreError::damaged(key, format!("it is {len} bytes long")));
        };
        let tag = if by_content { content_tag(&bytes) } else { inode_tag(&meta) };
        Ok(Some(Stored { tag, len, at, content: Content::Bytes(bytes) }))
    }

    /// The system calls are those of [`durable`].
    fn put(&self, key: &Key, from: &Staged, when: &When) -> Result<Put, StoreError> {
        let shards = self.data.shards()?;
        self.data.space().check(0)?;
        let from = from.on_disk()?;
        let path = self.path(key);
        let dir = path.parent().unwrap_or(&path);
        self.durable.make(dir)?;
        if *when == When::Absent {
            let linked = durable::link(from.path(), &path)?;
            if linked != Linked::Unsupported {
                // Also what another has put there: this caller may be the one who acknowledges it.
                durable::sync_dir(dir)?;
            }
            match linked {
                Linked::Done => return Self::tag_of(key, &from).map(Put::Done),
                Linked::Exists => return Ok(Put::Conflict(self.open(key)?.map(|stored| stored.tag))),
                Linked::Unsupported => {}
            }
        }
        let _alone = shards.lock(&key.path())?;
        let there = self.open(key)?.map(|stored| stored.tag);
        let holds = match when {
            When::Always => true,
            When::Absent => there.is_none(),
            When::Is(expected) => there.as_ref() == Some(expected),
        };
        if !holds {
            return Ok(Put::Conflict(there));
        }
        let by_way_of = self.data.staging().new_name().ok_or_else(|| self.read_only())?;
        durable::replace(from.path(), &by_way_of, &path)?;
        durable::sync_dir(dir)?;
        let now = self.open(key)?.ok_or_else(|| StoreError::Contended(key.to_string()))?;
        Ok(Put::Done(now.tag))
    }

    fn tag_of(key: &Key, from: &OnDisk) -> Result<Tag, StoreError> {
        let meta = from.file().metadata().context("look at", from.path())?;
        if !tagged_by_content(key) {
            return Ok(inode_tag(&meta));
        }
        let bytes = read::bounded(from.file(), meta.len(), key.max_len()).context("read", from.path())?;
        bytes.map(|bytes| content_tag(&bytes)).ok_or_else(|| StoreError::damaged(key, "it is too long"))
    }

    fn remove(&self, key: &Key) -> Result<(), StoreError> {
        let path = self.path(key);
        let _alone = self.data.shards()?.lock(&key.path())?;
        match std::fs::remove_file(&path) {
            Ok(()) => durable::sync_dir(path.parent().unwrap_or(self.data.dir())),
            Err(error) if means_absent(&error) => Ok(()),
            Err(error) => Err(StoreError::io("remove", path, error)),
        }
    }

    fn set_aside(&self, key: &Key, tag: &Tag, reason: &str) -> Result<Option<QuarantineId>, StoreError> {
        let path = self.path(key);
        let _alone = self.data.shards()?.lock(&key.path())?;
        // One that cannot even be read is as damaged as can be.
        if self.open(key).is_ok_and(|there| there.is_none_or(|stored| stored.tag != *tag)) {
            return Ok(None);
        }
        self.quarantine(key, &path, reason).map(Some)
    }

    fn refuse(&self, key: &Key, from: &Staged, reason: &str) -> Result<QuarantineId, StoreError> {
        self.data.space().check(0)?;
        let from = from.on_disk()?;
        let by_way_of = self.data.staging().new_name().ok_or_else(|| self.read_only())?;
        durable::double(from.path(), &by_way_of)?;
        let id = self.quarantine(key, &by_way_of, reason);
        if id.is_err() {
            let _ = std::fs::remove_file(&by_way_of);
        }
        id
    }

    fn quarantine(&self, key: &Key, file: &Path, reason: &str) -> Result<QuarantineId, StoreError> {
        let id = durable::quarantine(self.data.dir(), key, file, reason)?;
        self.data.meters().quarantined.inc();
        if let Err(error) = quarantine::trim(self.data.dir(), self.data.quarantine()) {
            tracing::warn!("the quarantine may grow beyond its bound: {error}");
        }
        Ok(id)
    }

    /// Whether the disk took an object, for those who watch it.
    fn note<T>(&self, put: &Result<T, StoreError>) {
        let staging = self.data.staging();
        staging.trouble().note(put, staging);
        if put.as_ref().is_err_and(StoreError::is_of_the_disk) {
            self.data.meters().refused.inc();
        }
    }

    fn read_only(&self) -> StoreError {
        StoreError::ReadOnly(self.data.dir().to_owned())
    }
}

fn tagged_by_content(key: &Key) -> bool {
    matches!(key.mutability(), Mutability::Mutable | Mutability::ByExchange)
}

fn inode_tag(meta: &std::fs::Metadata) -> Tag {
    Tag::new(format!("{:x}.{:x}.{:x}.{:x}", meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}

fn content_tag(bytes: &Bytes) -> Tag {
    Tag::new(digest(bytes))
}

/// A name too long for the file system was never stored; nor is there anything below a file.
fn means_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename | io::ErrorKind::NotADirectory
    )
}
