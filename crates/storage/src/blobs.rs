//! What a place for bytes must do.

use std::{fmt, fs::File, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use gomod::{ModulePath, ReadAt};
use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::{Key, QuarantineId, Staged, StoreError, blocking::blocking, error::Context, read};

/// A future that is sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place for bytes: a local directory, a bucket, memory.
///
/// # Contract
/// * An object is there whole or not at all, whatever happens to the program or the machine.
/// * What [`put`](Blobs::put), [`set_aside`](Blobs::set_aside) and [`refuse`](Blobs::refuse) have acknowledged
///   survives a crash. After an error, the change may or may not have taken effect; the caller reads to find out.
/// * Conditional puts are atomic among all users of the place: of several [`When::Absent`] one wins, and
///   [`When::Is`] never overwrites what its caller has not seen.
/// * A [`Stored`] stays readable when its object is replaced or removed meanwhile.
/// * What is put is read by the next `get` of anybody.
///
/// # Several processes
/// Any number of processes and machines use one place at once.
///
/// # Blocking
/// No method blocks the thread that polls it. A future that is dropped may leave its work to go on.
///
/// # Conformance
/// Each implementation runs `conformance::all` (feature `testing`).
pub trait Blobs: fmt::Debug + Send + Sync {
    /// The object, or `None`.
    fn get(&self, key: &Key) -> BoxFuture<'_, Result<Option<Stored>, StoreError>>;

    /// Several objects in one step, read in this order: as many as there are keys.
    fn get_each(&self, keys: &[Key]) -> BoxFuture<'_, Result<Vec<Option<Stored>>, StoreError>>;

    /// Two objects in one step: `first` is read before `second`.
    fn get_both(&self, first: &Key, second: &Key) -> BoxFuture<'_, Result<Pair, StoreError>> {
        let both = self.get_each(&[first.clone(), second.clone()]);
        Box::pin(async {
            let mut both = both.await?.into_iter();
            Ok((both.next().flatten(), both.next().flatten()))
        })
    }

    /// Stores a complete file under a name, if the condition holds; durable when it returns.
    ///
    /// The same file may be put again, under the same name or another.
    fn put(&self, key: &Key, from: &Arc<Staged>, when: When) -> BoxFuture<'_, Result<Put, StoreError>>;

    /// Stores complete files, each under its name unless that is taken; all are durable when it returns. After an
    /// error any of them may be there.
    ///
    /// For many small files at once, where a place can do better than one after the other.
    fn put_all<'a>(
        &'a self,
        objects: &'a [(Key, Arc<Staged>)],
    ) -> BoxFuture<'a, Result<Vec<Put>, StoreError>> {
        Box::pin(async move {
            let mut puts = Vec::with_capacity(objects.len());
            for (key, from) in objects {
                puts.push(self.put(key, from, When::Absent).await?);
            }
            Ok(puts)
        })
    }

    /// Removes the object; fine if there is none.
    fn remove(&self, key: &Key) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Moves the object into quarantine, with the reason for people to read; `None` if it is not the one with
    /// this tag any more.
    fn set_aside(
        &self,
        key: &Key,
        tag: &Tag,
        reason: &str,
    ) -> BoxFuture<'_, Result<Option<QuarantineId>, StoreError>>;

    /// Puts a complete file into quarantine that was refused before it was stored under this key, with the reason
    /// for people to read.
    fn refuse(
        &self,
        key: &Key,
        from: &Arc<Staged>,
        reason: &str,
    ) -> BoxFuture<'_, Result<QuarantineId, StoreError>>;

    /// The keys of all objects of a sort, in no order. What is put or removed meanwhile may be missing.
    fn list(&self, prefix: &Prefix) -> Listing;

    /// Brings up to date what the place derives from the stored files of a module: a directory has
    /// `@v/list`, others have nothing. [`put`](Blobs::put), [`remove`](Blobs::remove) and
    /// [`set_aside`](Blobs::set_aside) do it themselves.
    fn derive(&self, module: &ModulePath) -> BoxFuture<'_, Result<(), StoreError>>;
}

/// Two objects that were read in one step.
pub type Pair = (Option<Stored>, Option<Stored>);

/// What a stored object was when it was read: equal tags mean equal content of the same key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// A tag of a place's own making.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Tag(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The condition of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Nothing is stored under this key.
    Absent,
    /// None. Not for a [`Mutability::ByExchange`](crate::Mutability::ByExchange) key.
    Always,
    /// What is stored has this tag.
    Is(Tag),
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored, durably, with this tag.
    Done(Tag),
    /// The condition did not hold: this is stored, or nothing.
    Conflict(Option<Tag>),
}

/// A stored object, opened.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it was when it was opened.
    pub tag: Tag,
    /// Its length in bytes.
    pub len: u64,
    /// When it was put, as far as the place knows.
    pub at: Option<Timestamp>,
    /// Its bytes.
    pub content: Content,
}

/// Bytes of a stored object.
#[derive(Clone, Debug)]
pub enum Content {
    /// A small or mutable one was read at once.
    Bytes(Bytes),
    /// A larger one is read when it is needed.
    File(Arc<File>),
}

impl Stored {
    /// All bytes, if there are at most `max` and `None` otherwise.
    pub async fn bytes(&self, key: &Key, max: u64) -> Result<Option<Bytes>, StoreError> {
        match &self.content {
            Content::Bytes(bytes) => Ok((bytes.len() as u64 <= max).then(|| bytes.clone())),
            Content::File(file) => {
                let (file, len, path) = (Arc::clone(file), self.len, key.path());
                blocking(move || read::bounded(&file, len, max).context("read", path)).await
            }
        }
    }
}

impl ReadAt for Content {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
        match self {
            Content::Bytes(bytes) => bytes.as_ref().read_at(buf, offset),
            Content::File(file) => file.read_at(buf, offset),
        }
    }
}

/// A sort of objects to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prefix {
    /// The `.info` files of a module.
    Versions(ModulePath),
    /// The receipts of all modules.
    Receipts,
    /// The receipts of a module.
    ReceiptsOf(ModulePath),
    /// What is stored of all checksum databases: the objects, and their checked copies.
    Sumdb,
}

/// Keys that arrive one by one; dropping it ends the search.
#[derive(Debug)]
pub struct Listing(mpsc::Receiver<Result<Key, StoreError>>);

impl Listing {
    /// A listing, and where its keys go.
    pub fn new() -> (mpsc::Sender<Result<Key, StoreError>>, Self) {
        let (sender, receiver) = mpsc::channel(64);
        (sender, Listing(receiver))
    }

    /// A listing of what is known already.
    #[cfg(feature = "testing")]
    pub(crate) fn of(keys: Vec<Result<Key, StoreError>>) -> Self {
        let (sender, receiver) = mpsc::channel(keys.len().max(1));
        for key in keys {
            let _ = sender.try_send(key);
        }
        Listing(receiver)
    }

    /// The next key. An error tells what could not be searched; the rest may follow.
    pub async fn next(&mut self) -> Option<Result<Key, StoreError>> {
        self.0.recv().await
    }
}
