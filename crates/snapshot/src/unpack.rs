//! Reading a snapshot once: every check, while its files are written to a directory.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use gomod::ModuleVersion;
use storage::{Key, Kind};

use crate::{
    MANIFEST, Manifest, Refused, SEAL, Seal, Trust, archive::Archive, content, digest::Digesting,
    manifest::Entry, records::Records, refused::EntryFault,
};

/// A snapshot whose manifest was read, and nothing else yet.
pub struct Snapshot<R: BufRead> {
    archive: Archive<R>,
    seal: Seal,
    manifest: Manifest,
}

/// Which files stay in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// All, each under its number in the manifest.
    All,
    /// None but those that the proofs go back to.
    Proofs,
}

/// A snapshot that passed every check.
#[derive(Debug)]
pub struct Checked {
    /// What is in it.
    pub manifest: Manifest,
    /// The public key that signed it, where it was checked.
    pub signer: Option<String>,
    /// How many of its modules a checksum database proves.
    pub proven: usize,
}

impl Snapshot<BufReader<File>> {
    /// Begins with a file.
    pub fn open(file: File) -> Result<Self, Refused> {
        Snapshot::read(BufReader::with_capacity(BUFFER, file))
    }
}

impl<R: BufRead> Snapshot<R> {
    /// Begins: reads the seal and the manifest, and looks whether they belong together.
    pub fn read(from: R) -> Result<Self, Refused> {
        let mut archive = Archive::open(from)?;
        let seal = Seal::parse(&archive.first(SEAL, MAX_SEAL)?)?;
        let json = archive.first(MANIFEST, MAX_MANIFEST)?;
        if crate::Digest::of(&json) != seal.manifest() {
            return Err(Refused::OtherManifest);
        }
        let manifest = Manifest::parse(&json)?;
        Ok(Snapshot { archive, seal, manifest })
    }

    /// What is in it, as it says itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Who says to have made it.
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Reads the rest, and checks everything. Memory is bounded but for the manifest. Blocking.
    ///
    /// `directory` is empty and nobody else's. `read` is told how many bytes came.
    pub fn unpack(
        self,
        directory: &Path,
        keep: Keep,
        trust: &Trust,
        read: &(dyn Fn(u64) + Sync),
    ) -> Result<Checked, Refused> {
        let Snapshot { archive, seal, manifest } = self;
        let signer = trust.signed(&seal)?.map(ToString::to_string);
        let keys = trust.keys(&manifest, signer.is_some());
        let mut records = Records::new(&manifest, keys);
        let unpack = Unpack { manifest: &manifest, directory, keep, read, zips: Zips::default() };
        unpack.run(archive, &mut records, signer.is_some())?;
        let proven = records.proven();
        Ok(Checked { manifest, signer, proven })
    }
}

/// The name of a file of the manifest in the directory.
pub(crate) fn file_name(directory: &Path, at: usize) -> PathBuf {
    directory.join(at.to_string())
}

struct Unpack<'a> {
    manifest: &'a Manifest,
    directory: &'a Path,
    keep: Keep,
    read: &'a (dyn Fn(u64) + Sync),
    zips: Zips,
}

/// The zips that are being checked beside the reading.
#[derive(Default)]
struct Zips {
    failed: AtomicBool,
    /// Of several the first in the archive's order.
    fault: Mutex<Option<(usize, Refused)>>,
}

impl Zips {
    fn fail(&self, at: usize, why: Refused) {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        if fault.as_ref().is_none_or(|(before, _)| at < *before) {
            *fault = Some((at, why));
        }
        self.failed.store(true, Ordering::Release);
    }

    fn into_result(self) -> Result<(), Refused> {
        let fault = self.fault.into_inner().unwrap_or_else(PoisonError::into_inner);
        fault.map_or(Ok(()), |(_, why)| Err(why))
    }
}

impl Unpack<'_> {
    fn run<R: BufRead>(
        self,
        archive: Archive<R>,
        records: &mut Records<'_>,
        signed: bool,
    ) -> Result<(), Refused> {
        let (give, take) = sync_channel(ZIPS_AHEAD);
        let take = Mutex::new(take);
        let read = thread::scope(|scope| {
            for _ in 0..CHECKERS {
                scope.spawn(|| self.check_zips(&take));
            }
            // Dropped at the end, which is what the others wait for.
            let give = give;
            self.files(archive, records, &give, signed)
        });
        // What is wrong with an earlier zip counts before what was read behind it.
        self.zips.into_result()?;
        read
    }

    fn files<R: BufRead>(
        &self,
        mut archive: Archive<R>,
        records: &mut Records<'_>,
        zips: &SyncSender<usize>,
        signed: bool,
    ) -> Result<(), Refused> {
        let mut settled = false;
        let mut buffer = vec![0; PIECE];
        for (at, entry) in self.manifest.files().iter().enumerate() {
            if self.zips.failed.load(Ordering::Acquire) {
                return Ok(());
            }
            // Whether all modules are proven is known before the first of them is read.
            if !settled && matches!(entry.key, Key::Answer(_) | Key::File(..)) {
                records.settle(signed)?;
                settled = true;
            }
            archive.begin(self.manifest, at)?;
            if matches!(entry.key, Key::File(_, Kind::Zip)) {
                self.zip(&mut archive, at, entry, &mut buffer)?;
                // They end only with this.
                let _ = zips.send(at);
            } else {
                self.small(&mut archive, at, entry, records)?;
            }
            archive.padding(entry.size, &entry.key)?;
            (self.read)(entry.size);
        }
        if !settled {
            records.settle(signed)?;
        }
        archive.end(self.manifest)
    }

    fn small<R: BufRead>(
        &self,
        archive: &mut Archive<R>,
        at: usize,
        entry: &Entry,
        records: &mut Records<'_>,
    ) -> Result<(), Refused> {
        let mut bytes = vec![0; usize::try_from(entry.size).unwrap_or_default()];
        archive.content(&mut bytes, &entry.key)?;
        if crate::Digest::of(&bytes) != entry.sha256 {
            return Err(Refused::entry(&entry.key, EntryFault::Digest));
        }
        content::small(self.manifest, &entry.key, &bytes).map_err(|why| Refused::entry(&entry.key, why))?;
        let path = file_name(self.directory, at);
        if self.keep == Keep::All || matches!(entry.key, Key::Tile(..)) {
            fs::write(&path, &bytes).map_err(Refused::Write)?;
        }
        records.take(entry, &bytes, &path)
    }

    fn zip<R: BufRead>(
        &self,
        archive: &mut Archive<R>,
        at: usize,
        entry: &Entry,
        buffer: &mut [u8],
    ) -> Result<(), Refused> {
        let mut file = File::create(file_name(self.directory, at)).map_err(Refused::Write)?;
        let mut digest = Digesting::default();
        let mut left = entry.size;
        while left > 0 {
            let len = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let piece = buffer.get_mut(..len).unwrap_or_default();
            archive.content(piece, &entry.key)?;
            digest.update(piece);
            file.write_all(piece).map_err(Refused::Write)?;
            left -= len as u64;
        }
        if digest.finish() != entry.sha256 {
            return Err(Refused::entry(&entry.key, EntryFault::Digest));
        }
        Ok(())
    }

    fn check_zips(&self, take: &Mutex<Receiver<usize>>) {
        loop {
            let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(at) = next else { return };
            let Some(Entry { key: key @ Key::File(version, _), size, .. }) = self.manifest.files().get(at)
            else {
                continue;
            };
            // The sender goes on until it sees the fault; nothing more need be looked at.
            if self.zips.failed.load(Ordering::Acquire) {
                continue;
            }
            if let Err(why) = self.check_zip(at, key, version, *size) {
                self.zips.fail(at, why);
            }
        }
    }

    fn check_zip(&self, at: usize, key: &Key, version: &ModuleVersion, size: u64) -> Result<(), Refused> {
        let path = file_name(self.directory, at);
        let file = File::open(&path).map_err(Refused::Write)?;
        content::zip(self.manifest, version, &file, size).map_err(|why| Refused::entry(key, why))?;
        if self.keep == Keep::Proofs {
            fs::remove_file(&path).map_err(Refused::Write)?;
        }
        Ok(())
    }
}

/// Bytes that are read of the file at once.
const BUFFER: usize = 1 << 20;
/// Bytes of a zip that are handled at once.
const PIECE: usize = 1 << 20;
/// Zips that are checked at once; each check has two threads where there is enough to do.
const CHECKERS: usize = 2;
/// Zips that wait for their check.
const ZIPS_AHEAD: usize = 4;
/// A note with a hundred signatures.
const MAX_SEAL: u64 = 64 << 10;
/// About a million files.
const MAX_MANIFEST: u64 = 512 << 20;
