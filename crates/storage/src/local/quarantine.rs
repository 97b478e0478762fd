//! The bound of the quarantine: what lies there is for people to look at, and must not fill the disk.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{StoreError, error::Context};

/// How much may lie in quarantine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// Removes the oldest until the rest is within the bound; the newest stays in any case. Blocking.
pub(super) fn trim(data: &Path, bound: Bound) -> Result<(), StoreError> {
    let dir = data.join("quarantine");
    // A file and its reason go together. Their names are in the order of time.
    let mut found: BTreeMap<String, (u64, Vec<PathBuf>)> = BTreeMap::new();
    for entry in fs::read_dir(&dir).context("read", &dir)? {
        let entry = entry.context("read", &dir)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(meta) = entry.metadata() else { continue };
        let (bytes, paths) = found.entry(name.trim_end_matches(".reason").to_owned()).or_default();
        *bytes += meta.len();
        paths.push(entry.path());
    }
    let (mut files, mut bytes) = (found.len(), found.values().map(|(bytes, _)| bytes).sum::<u64>());
    for (size, paths) in found.into_values() {
        if files <= 1 || (files <= bound.files && bytes <= bound.bytes) {
            break;
        }
        for path in paths {
            match fs::remove_file(&path) {
                // Another process does the same.
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("remove", path, error));
                }
                _ => {}
            }
        }
        files -= 1;
        bytes -= size;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(bound: Bound) -> Vec<String> {
        let data = tempfile::tempdir().unwrap();
        let dir = data.path().join("quarantine");
        fs::create_dir(&dir).unwrap();
        for n in 1..=4_usize {
            fs::write(dir.join(format!("2026010{n}t000000000000-0")), vec![0; 100 * n]).unwrap();
            fs::write(dir.join(format!("2026010{n}t000000000000-0.reason")), "").unwrap();
        }
        trim(data.path(), bound).unwrap();
        let names =
            fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert!(names.chunks(2).all(|pair| pair[1] == format!("{}.reason", pair[0])), "{names:?}");
        names.iter().step_by(2).map(|name| name[7..8].to_owned()).collect()
    }

    #[test]
    fn the_oldest_go_first() {
        for (files, bytes, want) in
            [(4, 1000, "1234"), (3, 1000, "234"), (9, 999, "234"), (9, 700, "34"), (9, 399, "4"), (0, 0, "4")]
        {
            assert_eq!(left(Bound { files, bytes }).concat(), want, "{files} files, {bytes} bytes");
        }
    }
}
