//! What lies in the module cache of one version, read and hashed. Nothing is judged here.

use std::io;

use gomod::{H1, Info, ModuleVersion, ZipContents, ZipFault};

use crate::modcache::{
    CachedZip, ModCache, Part, Tree, TreeDifference, ZipHash, read_tree, read_zip, small_file,
};

/// What lies there of one version.
#[derive(Debug)]
pub(super) struct Lying {
    pub(super) zip: Zip,
    /// The `.ziphash`.
    pub(super) kept: io::Result<ZipHash>,
    pub(super) tree: Unpacked,
    /// The hash of the `.mod`.
    pub(super) gomod: io::Result<Option<H1>>,
    /// The hash that the `.mod` has if it is the go.mod in the zip; none where there is no whole zip or it has none.
    pub(super) gomod_in_zip: Option<H1>,
    /// What is wrong with the `.info` by itself.
    pub(super) info: io::Result<Option<String>>,
}

/// The zip.
#[derive(Debug)]
pub(super) enum Zip {
    Absent,
    Whole(H1),
    Broken(ZipFault),
    Unreadable(io::Error),
}

/// The tree.
#[derive(Debug)]
pub(super) enum Unpacked {
    Absent,
    /// `go` was broken off while it unpacked, knows so, and begins anew.
    Unfinished,
    Read {
        /// None for what no zip can hold.
        h1: Option<H1>,
        is_empty: bool,
        /// How it differs from the zip beside it, if that is whole and it does.
        from_zip: Option<TreeDifference>,
        /// What is no file or cannot be read, and why.
        odd: Vec<String>,
    },
    Unreadable(io::Error),
}

impl Lying {
    /// Reads and hashes all of it.
    pub(super) fn read(cache: &ModCache, module: &ModuleVersion) -> Self {
        let (zip, contents) = match read_zip(cache, module) {
            CachedZip::Absent => (Zip::Absent, None),
            CachedZip::Whole(contents) => (Zip::Whole(contents.facts.h1), Some(contents)),
            CachedZip::Broken(fault) => (Zip::Broken(fault), None),
            CachedZip::Unreadable(error) => (Zip::Unreadable(error), None),
        };
        Lying {
            tree: Unpacked::read(cache, module, contents.as_ref()),
            zip,
            kept: cache.ziphash(module),
            gomod: cache.gomod(module).map(|bytes| bytes.map(|bytes| H1::of_gomod(&bytes))),
            gomod_in_zip: contents.as_ref().and_then(gomod_in),
            info: info(cache, module),
        }
    }

    /// The hash that `go` keeps of the zip.
    pub(super) fn kept(&self) -> Option<H1> {
        match self.kept {
            Ok(ZipHash::Says(h1)) => Some(h1),
            _ => None,
        }
    }

    /// Whether nothing of its content was downloaded.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self.zip, Zip::Absent) && matches!(self.tree, Unpacked::Absent | Unpacked::Unfinished)
    }
}

impl Unpacked {
    fn read(cache: &ModCache, module: &ModuleVersion, contents: Option<&ZipContents>) -> Self {
        if cache.file(module, Part::Partial).exists() {
            return Unpacked::Unfinished;
        }
        let tree = match read_tree(&cache.tree(module)) {
            Ok(tree) => tree,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Unpacked::Absent,
            Err(error) => return Unpacked::Unreadable(error),
        };
        let h1 = tree.h1(&module.to_string());
        let differs = |contents: &&ZipContents| h1 != Some(contents.facts.h1);
        Unpacked::Read {
            h1,
            is_empty: tree.is_empty(),
            from_zip: contents.filter(differs).map(|contents| tree.against(&contents.files)),
            odd: odd(&tree),
        }
    }

    /// Its hash, if it has one.
    pub(super) fn h1(&self) -> Option<H1> {
        match self {
            Unpacked::Read { h1, .. } => *h1,
            _ => None,
        }
    }
}

fn odd(tree: &Tree) -> Vec<String> {
    tree.odd().map(|(path, why)| format!("{path}: {why}")).collect()
}

fn gomod_in(contents: &ZipContents) -> Option<H1> {
    let (_, digest) = contents.files.iter().find(|(path, _)| &**path == "go.mod")?;
    H1::of_digests([("go.mod", *digest)]).ok()
}

/// What a `.info` says about itself that cannot be: the version is its own, and a pseudo-version names the time.
fn info(cache: &ModCache, module: &ModuleVersion) -> io::Result<Option<String>> {
    let file = cache.file(module, Part::Info);
    let bytes = match small_file(&file, Info::LARGEST as u64) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Ok(Some("too large".to_owned())),
        Err(error) => return Err(error),
    };
    let info = match Info::parse(&bytes) {
        Ok(info) => info,
        Err(error) => return Ok(Some(error.to_string())),
    };
    if info.version() != module.version() {
        return Ok(Some(format!("it names the version {}", info.version())));
    }
    let stamp = module.version().pseudo().and_then(|pseudo| pseudo.time());
    Ok(match (stamp, info.time()) {
        (Some(stamp), Some(time)) if stamp != time => {
            Some(format!("it names the time {time}, the version {stamp}"))
        }
        _ => None,
    })
}
