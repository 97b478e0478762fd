//! What lies in a module cache.

use std::{
    collections::BTreeMap,
    fs::{self, DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use gomod::{ModulePath, ModuleVersion, Version};

use crate::modcache::ModCache;

/// What lies in a module cache. Made from one walk, in which `go` may have gone on.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    versions: BTreeMap<ModuleVersion, Kept>,
    remains: Vec<Remains>,
    databases: Pile,
    repositories: Pile,
    unread: Vec<(PathBuf, String)>,
}

/// What is kept of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The bytes of its zip, if there is one.
    pub zip: Option<u64>,
    /// Its unpacked files, if there are any.
    pub tree: Option<Pile>,
    /// The bytes of its go.mod, its `.info` and its `.ziphash`.
    pub facts: u64,
    /// Whether it was not unpacked to the end: nobody builds from it.
    pub partial: bool,
    /// When its zip or a file of its tree was read or written last, as far as the file system keeps that.
    pub content_used: SystemTime,
    /// The same of its go.mod and its `.info`.
    pub facts_used: SystemTime,
}

/// Files, and their bytes: what they hold, not what they take on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pile {
    /// How many.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What a `go` that was broken off has left: it is used by nobody once that `go` is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remains {
    /// The file, or the directory.
    pub path: PathBuf,
    /// The version that it was to be.
    pub of: ModuleVersion,
    /// What it holds.
    pub pile: Pile,
    /// When it was written last.
    pub written: SystemTime,
}

impl Kept {
    fn new() -> Self {
        let never = SystemTime::UNIX_EPOCH;
        Kept { zip: None, tree: None, facts: 0, partial: false, content_used: never, facts_used: never }
    }

    /// The bytes of zip and tree.
    pub fn content(&self) -> u64 {
        self.zip.unwrap_or(0) + self.tree.map_or(0, |tree| tree.bytes)
    }

    /// Whether it has a zip or a tree.
    pub fn has_content(&self) -> bool {
        self.zip.is_some() || self.tree.is_some()
    }

    /// All its bytes.
    pub fn bytes(&self) -> u64 {
        self.content() + self.facts
    }

    /// When anything of it was used last.
    pub fn used(&self) -> SystemTime {
        self.content_used.max(self.facts_used)
    }
}

impl Pile {
    /// Takes a file of so many bytes on it.
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

impl Inventory {
    /// Walks the cache. `tell` hears now and then how many versions were found.
    ///
    /// # Errors
    /// That the directory itself cannot be read. What cannot be read below it is told by [`unread`](Self::unread).
    pub fn take(cache: &ModCache, mut tell: impl FnMut(usize)) -> io::Result<Self> {
        let mut inventory = Inventory::default();
        let top = fs::read_dir(cache.root())?;
        inventory.downloads(&cache.root().join("cache/download"), &mut tell);
        inventory.repositories = pile(&cache.root().join("cache/vcs")).0;
        for entry in top.flatten().filter(is_dir).filter(|entry| entry.file_name() != "cache") {
            inventory.trees(entry.path(), &mut tell, cache);
        }
        Ok(inventory)
    }

    /// The versions, in order.
    pub fn versions(&self) -> impl Iterator<Item = (&ModuleVersion, &Kept)> {
        self.versions.iter()
    }

    /// What is kept of a version.
    pub fn get(&self, module: &ModuleVersion) -> Option<&Kept> {
        self.versions.get(module)
    }

    /// What was left when a `go` was broken off, or what one is writing at this moment.
    pub fn remains(&self) -> &[Remains] {
        &self.remains
    }

    /// What is kept of checksum databases.
    pub fn databases(&self) -> Pile {
        self.databases
    }

    /// What is kept of source repositories.
    pub fn repositories(&self) -> Pile {
        self.repositories
    }

    /// What could not be read, and why.
    pub fn unread(&self) -> &[(PathBuf, String)] {
        &self.unread
    }

    /// All bytes that were seen.
    pub fn bytes(&self) -> u64 {
        let versions: u64 = self.versions.values().map(Kept::bytes).sum();
        let remains: u64 = self.remains.iter().map(|remains| remains.pile.bytes).sum();
        versions + remains + self.databases.bytes + self.repositories.bytes
    }

    fn downloads(&mut self, root: &Path, tell: &mut impl FnMut(usize)) {
        let mut open = vec![(root.to_owned(), String::new())];
        while let Some((dir, name)) = open.pop() {
            for entry in self.entries(&dir).into_iter().filter(is_dir) {
                let Ok(element) = entry.file_name().into_string() else { continue };
                match element.as_str() {
                    "@v" => {
                        if let Ok(module) = ModulePath::from_escaped(&name) {
                            self.module(&entry.path(), &module);
                            tell(self.versions.len());
                        }
                    }
                    "sumdb" if name.is_empty() => self.databases = pile(&entry.path()).0,
                    _ if name.is_empty() => open.push((entry.path(), element)),
                    _ => open.push((entry.path(), format!("{name}/{element}"))),
                }
            }
        }
    }

    /// The directory with the versions of a module.
    fn module(&mut self, dir: &Path, module: &ModulePath) {
        for entry in self.entries(dir) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(meta) = entry.metadata() else { continue };
            if let Some(of) = temporary(&name).and_then(|stem| version(module, stem)) {
                let pile = Pile { files: 1, bytes: meta.len() };
                self.remains.push(Remains { path: entry.path(), of, pile, written: written(&meta) });
                continue;
            }
            let Some((stem, ending)) = name.rsplit_once('.') else { continue };
            let Some(version) = version(module, stem) else { continue };
            if !matches!(ending, "zip" | "mod" | "info" | "ziphash" | "partial") {
                continue;
            }
            let kept = self.versions.entry(version).or_insert_with(Kept::new);
            match ending {
                "zip" => {
                    kept.zip = Some(meta.len());
                    kept.content_used = kept.content_used.max(used(&meta));
                }
                "partial" => kept.partial = true,
                "ziphash" => kept.facts += meta.len(),
                _ => {
                    kept.facts += meta.len();
                    kept.facts_used = kept.facts_used.max(used(&meta));
                }
            }
        }
    }

    /// The unpacked versions at and below a directory.
    fn trees(&mut self, dir: PathBuf, tell: &mut impl FnMut(usize), cache: &ModCache) {
        let mut open = vec![dir];
        while let Some(dir) = open.pop() {
            let Some(name) = dir.strip_prefix(cache.root()).ok().and_then(Path::to_str) else { continue };
            let Some((path, rest)) = name.rsplit_once('@') else {
                open.extend(self.entries(&dir).iter().filter(|entry| is_dir(entry)).map(DirEntry::path));
                continue;
            };
            let Ok(module) = ModulePath::from_escaped(path) else { continue };
            if let Some(of) = rest.split_once(".tmp-").and_then(|(stem, _)| version(&module, stem)) {
                let (pile, written) = pile(&dir);
                self.remains.push(Remains { path: dir, of, pile, written });
            } else if let Some(version) = version(&module, rest) {
                let (pile, used) = pile(&dir);
                let kept = self.versions.entry(version).or_insert_with(Kept::new);
                kept.tree = Some(pile);
                kept.content_used = kept.content_used.max(used);
                tell(self.versions.len());
            }
        }
    }

    fn entries(&mut self, dir: &Path) -> Vec<DirEntry> {
        match fs::read_dir(dir) {
            Ok(entries) => entries.flatten().collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.unread.push((dir.to_owned(), error.to_string()));
                Vec::new()
            }
        }
    }
}

/// The files at and below a directory, and when one of them was used last. Links are not followed.
pub(super) fn pile(dir: &Path) -> (Pile, SystemTime) {
    let (mut pile, mut last) = (Pile::default(), SystemTime::UNIX_EPOCH);
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                open.push(entry.path());
            } else {
                pile.add(meta.len());
                last = last.max(used(&meta));
            }
        }
    }
    (pile, last)
}

/// When a file was read or written last. Directories say nothing: whoever counts what they hold reads them.
pub(super) fn used(meta: &Metadata) -> SystemTime {
    written(meta).max(meta.accessed().unwrap_or(SystemTime::UNIX_EPOCH))
}

fn written(meta: &Metadata) -> SystemTime {
    meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn version(module: &ModulePath, escaped: &str) -> Option<ModuleVersion> {
    ModuleVersion::new(module.clone(), Version::from_escaped(escaped).ok()?).ok()
}

/// The escaped version of a temporary file, such as `v1.0.0.zip123.tmp` (modfetch, `tempFile`).
fn temporary(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".tmp")?.trim_end_matches(|c: char| c.is_ascii_digit());
    ["zip", "info", "mod"].iter().find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.'))
}

fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, file: &str, content: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    #[test]
    fn everything_is_counted_where_it_belongs() {
        let dir = tempfile::tempdir().unwrap();
        let down = "cache/download/example.com/!up/@v";
        for (file, content) in [
            ("v1.0.0.zip", "12345"),
            ("v1.0.0.mod", "123"),
            ("v1.0.0.info", "12"),
            ("v1.0.0.ziphash", "1"),
            ("v1.0.0.lock", ""),
            ("v1.1.0.partial", ""),
            ("v1.1.0.zip77.tmp", "1234567"),
            ("main.info", "{}"),
            ("list", "v1.0.0\n"),
        ] {
            put(dir.path(), &format!("{down}/{file}"), content);
        }
        put(dir.path(), "example.com/!up@v1.0.0/a/b.go", "1234");
        put(dir.path(), "example.com/!up@v1.0.0/go.mod", "12");
        put(dir.path(), "example.com/!up@v1.2.0.tmp-99/x", "123");
        put(dir.path(), "example.com/!up/sub@v0.1.0/x", "1");
        put(dir.path(), "example.com/Wrong@v1.0.0/x", "1");
        put(dir.path(), "cache/download/sumdb/sum.golang.org/latest", "1234");
        put(dir.path(), "cache/vcs/abc/HEAD", "12");
        let inventory = Inventory::take(&ModCache::new(dir.path()), |_| ()).unwrap();
        let shown: Vec<_> = inventory
            .versions()
            .map(|(module, kept)| (module.to_string(), kept.zip, kept.tree, kept.facts, kept.partial))
            .collect();
        let tree = |files, bytes| Some(Pile { files, bytes });
        assert_eq!(
            shown,
            [
                ("example.com/Up@v1.0.0".to_owned(), Some(5), tree(2, 6), 6, false),
                ("example.com/Up@v1.1.0".to_owned(), None, None, 0, true),
                ("example.com/Up/sub@v0.1.0".to_owned(), None, tree(1, 1), 0, false),
            ]
        );
        let mut remains: Vec<_> =
            inventory.remains().iter().map(|r| (r.of.to_string(), r.pile.bytes)).collect();
        remains.sort();
        assert_eq!(
            remains,
            [("example.com/Up@v1.1.0".to_owned(), 7), ("example.com/Up@v1.2.0".to_owned(), 3)]
        );
        assert_eq!((inventory.databases().bytes, inventory.repositories().bytes), (4, 2));
        assert_eq!(inventory.bytes(), 5 + 6 + 6 + 1 + 7 + 3 + 4 + 2);
    }

    #[test]
    fn a_cache_that_is_not_there_is_an_error_and_an_empty_one_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Inventory::take(&ModCache::new(dir.path().join("none")), |_| ()).is_err());
        assert_eq!(Inventory::take(&ModCache::new(dir.path()), |_| ()).unwrap().bytes(), 0);
    }
}
