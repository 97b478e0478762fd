//! The list of a module's versions in the cache, made anew as `go` does it (modfetch, `rewriteVersionList`).

use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
};

use gomod::{ModulePath, Version};

use crate::modcache::ModCache;

/// Writes into `list` which versions have a go.mod, under the lock of that file. Where there is no list, none is made.
pub(super) fn rewrite(cache: &ModCache, module: &ModulePath) -> io::Result<()> {
    let dir = cache.versions(module);
    let mut file = match File::options().read(true).write(true).open(dir.join("list")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    file.lock()?;
    let mut versions: Vec<_> = fs::read_dir(&dir)?.flatten().filter_map(|entry| version(&entry)).collect();
    versions.sort_unstable();
    let text: String = versions.iter().flat_map(|version| [version.as_str(), "\n"]).collect();
    let mut old = String::new();
    if file.read_to_string(&mut old).is_ok() && old == text {
        return Ok(());
    }
    // Emptied first: what a crash leaves ends in zeroes, which readers can tell.
    file.set_len(0)?;
    file.set_len(text.len() as u64)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

fn version(entry: &fs::DirEntry) -> Option<Version> {
    Version::from_escaped(entry.file_name().to_str()?.strip_suffix(".mod")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_what_has_a_gomod() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ModCache::new(dir.path());
        let module = ModulePath::new("example.com/m").unwrap();
        let versions = cache.versions(&module);
        fs::create_dir_all(&versions).unwrap();
        rewrite(&cache, &module).unwrap();
        assert!(!versions.join("list").exists());
        for name in ["v1.10.0.mod", "v1.9.0.mod", "v1.11.0.info", "main.mod", "v1.9.0.zip"] {
            fs::write(versions.join(name), "").unwrap();
        }
        fs::write(versions.join("list"), "v1.9.0\nv1.10.0\nv1.11.0\n").unwrap();
        rewrite(&cache, &module).unwrap();
        assert_eq!(fs::read_to_string(versions.join("list")).unwrap(), "v1.9.0\nv1.10.0\n");
    }
}
