//! A tree that was brought in an archive, packed here.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::{Bytes, BytesMut};
use gomod::{ModuleVersion, ModuleZip, ReadAt};
use storage::{Staged, Staging, StoreError};
use tokio::runtime::Handle;
use vcs::{Archive, PackError, pack};

use super::Unpublished;
use crate::Mirror;

impl Mirror {
    /// Packs a tree that was brought as a tar archive, paths relative to the module's root, by the go command's rules.
    pub async fn pack(
        &self,
        version: &ModuleVersion,
        archive: Arc<Staged>,
    ) -> Result<Arc<Staged>, Unpublished> {
        let (version, staging, handle) = (version.clone(), self.store.stage(), Handle::current());
        let packed = tokio::task::spawn_blocking(move || {
            let mut out = Out { staging, handle, buffer: BytesMut::new(), refused: None };
            let mut tree =
                Archive::new(|| io::BufReader::with_capacity(CHUNK, In { archive: &archive, at: 0 }));
            let packed = pack(&mut tree, ModuleZip::streamed(&version, &mut out)).map(drop);
            match (packed.and_then(|()| Ok(out.flush()?)), out.refused) {
                (_, Some(refused)) => Err(Unpublished::Store(refused)),
                (Ok(()), None) => Ok(out.staging.finish()),
                (Err(PackError::Refused(why)), None) => Err(Unpublished::Unfit(why)),
                (Err(PackError::Io(error)), None) => Err(Unpublished::Unreadable(error)),
            }
        });
        packed.await.unwrap_or(Err(Unpublished::Lost))
    }
}

/// A staged file from its beginning.
struct In<'a> {
    archive: &'a Staged,
    at: u64,
}

impl Read for In<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = ReadAt::read_at(self.archive, into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// The end of a file that is being staged, for a thread of its own.
struct Out {
    staging: Staging,
    handle: Handle,
    buffer: BytesMut,
    /// Why the store took no more.
    refused: Option<StoreError>,
}

impl Out {
    fn give(&mut self) -> io::Result<()> {
        let bytes: Bytes = self.buffer.split().freeze();
        self.handle.block_on(self.staging.append(bytes)).map_err(|error| {
            self.refused = Some(error);
            io::Error::other("the store takes no more")
        })
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.give()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() { Ok(()) } else { self.give() }
    }
}

/// Bytes that are read and written at once.
const CHUNK: usize = 256 << 10;
