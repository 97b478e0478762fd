//! The directories that go writes to: are they there, may they be written, is there room?

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, StatVfs, access, statvfs};

use super::case::{self, Case, word};
use crate::{
    Diagnosis, Finding, GoVariable, Patient, Seen,
    diagnoses::{places, state},
    modcache::Part,
    project::Project,
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let temporary = temporary(patient);
    let mut dirs = vec![temporary.clone()];
    // That a setting leads nowhere is found where settings are looked at.
    if let Err(why @ (Unusable::NotWritable(_) | Unusable::ReadOnly(_))) = usable(&temporary) {
        let why = why.text();
        seen.found(Finding::new(&places::TMP).evidence(format!("{}: {why}", temporary.display())));
    }
    dirs.extend(build_cache(patient, &mut seen));
    dirs.extend(mod_cache(patient, &mut seen));
    for dir in &dirs {
        room(dir, &mut seen);
    }
    if seen.findings.is_empty() {
        let dirs: Vec<_> = dirs.iter().map(|dir| dir.display().to_string()).collect();
        seen.passed(format!("places: {} can be used, and there is room", dirs.join(", ")));
    }
    seen
}

/// Where go makes its work directories (os.TempDir).
fn temporary(patient: &Patient) -> PathBuf {
    let set = patient.go().value(GoVariable::Temporary);
    if !set.is_empty() {
        return PathBuf::from(set);
    }
    patient.env.get("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
}

/// Why a directory cannot be used.
enum Unusable {
    /// It is not there.
    Absent,
    /// Something else is there, or above it.
    NoDirectory(PathBuf),
    /// This user may not write there.
    NotWritable(PathBuf),
    /// The file system takes nothing.
    ReadOnly(PathBuf),
    /// The system says something else.
    Failed(io::Error),
}

impl Unusable {
    fn text(&self) -> String {
        match self {
            Unusable::Absent => "not there".to_owned(),
            Unusable::NoDirectory(at) => format!("{} is no directory", at.display()),
            Unusable::NotWritable(at) => format!("{} cannot be written by this user", at.display()),
            Unusable::ReadOnly(at) => {
                format!("{} lies on a file system that is mounted read-only", at.display())
            }
            Unusable::Failed(why) => why.to_string(),
        }
    }
}

/// Whether a directory is there and can be written.
fn usable(dir: &Path) -> Result<(), Unusable> {
    match fs::metadata(dir) {
        Ok(meta) if meta.is_dir() => writable(dir),
        Ok(_) => Err(Unusable::NoDirectory(dir.to_owned())),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Err(Unusable::Absent),
        Err(why) if why.kind() == io::ErrorKind::NotADirectory => Err(Unusable::NoDirectory(dir.to_owned())),
        Err(why) => Err(Unusable::Failed(why)),
    }
}

/// The same for one that go makes where it is not there.
fn usable_or_made(dir: &Path) -> Result<(), Unusable> {
    match usable(dir) {
        Err(Unusable::Absent) if fs::symlink_metadata(dir).is_ok() => {
            Err(Unusable::NoDirectory(dir.to_owned()))
        }
        Err(Unusable::Absent) => match dir.parent() {
            Some(above) => usable_or_made(above),
            None => Err(Unusable::Absent),
        },
        other => other,
    }
}

fn writable(dir: &Path) -> Result<(), Unusable> {
    match access(dir, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::ROFS) => Err(Unusable::ReadOnly(dir.to_owned())),
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => {
            Err(Unusable::NotWritable(dir.to_owned()))
        }
        Err(why) => Err(Unusable::Failed(why.into())),
    }
}

fn build_cache(patient: &Patient, seen: &mut Seen) -> Option<PathBuf> {
    let dir = place(patient, GoVariable::BuildCache, patient.go().build_cache(), seen)?;
    if dir.as_os_str() == "off" {
        seen.found(Finding::new(&places::GOCACHE).evidence("GOCACHE=off"));
        return None;
    }
    if !dir.is_absolute() {
        return None;
    }
    match usable_or_made(&dir) {
        Ok(()) => {}
        Err(Unusable::Failed(why)) => seen.unchecked(format!("GOCACHE={}: {why}", dir.display())),
        Err(why @ (Unusable::ReadOnly(_) | Unusable::NotWritable(_))) if dir.is_dir() => {
            seen.found(unwritable("GOCACHE", &dir, &why));
        }
        Err(why) => {
            let evidence = format!("GOCACHE={}: {}", dir.display(), why.text());
            seen.found(Finding::new(&places::GOCACHE).evidence(evidence));
        }
    }
    Some(dir)
}

/// A module cache that cannot be written does not matter as long as all that is needed lies there: such caches are made
/// for builds without a network.
fn mod_cache(patient: &Patient, seen: &mut Seen) -> Option<PathBuf> {
    let dir = place(patient, GoVariable::ModCache, patient.go().mod_cache(), seen)?;
    if !dir.is_absolute() {
        return None;
    }
    match usable_or_made(&dir) {
        Ok(()) => owners(patient, seen),
        Err(why @ (Unusable::ReadOnly(_) | Unusable::NotWritable(_))) => {
            let absent = absent(patient);
            if let Some(module) = absent.first() {
                let finding = unwritable("GOMODCACHE", &dir, &why);
                seen.found(finding.evidence(format!("{module}: not there yet, and has to be downloaded")));
            }
        }
        Err(Unusable::Failed(why)) => seen.unchecked(format!("GOMODCACHE={}: {why}", dir.display())),
        Err(why) => {
            let evidence = format!("GOMODCACHE={}: {}", dir.display(), why.text());
            seen.found(Finding::new(&places::MODCACHE).evidence(evidence));
        }
    }
    if let Some(kind) = existing(&dir).as_deref().and_then(network) {
        let evidence = format!("GOMODCACHE={}: on {kind}", dir.display());
        seen.found(Finding::new(&places::NETWORK_FS).evidence(evidence));
    }
    Some(dir)
}

fn place(patient: &Patient, of: GoVariable, found: Option<PathBuf>, seen: &mut Seen) -> Option<PathBuf> {
    if found.is_none() {
        let home = if patient.env.home().is_some() { "" } else { "HOME and " };
        seen.found(Finding::new(&state::CACHE_NOWHERE).evidence(format!("{home}{} not set", of.name())));
    }
    found
}

fn unwritable(name: &str, dir: &Path, why: &Unusable) -> Finding {
    Finding::new(&state::READ_ONLY).evidence(format!("{name}={}: {}", dir.display(), why.text()))
}

/// The modules of the project that are not in the cache.
fn absent(patient: &Patient) -> Vec<gomod::ModuleVersion> {
    // Nothing is read from a cache where packages are vendored.
    let vendored = Project::read(&patient.dir, patient.go()).is_ok_and(|project| project.vendor().is_some());
    let Some(case) = Case::read(patient, "", &mut Seen::default()).filter(|_| !vendored) else {
        return Vec::new();
    };
    let absent = case.list.fetched().filter(|module| !case.cache.is_unpacked(module));
    absent.cloned().collect()
}

/// Directories below the cache that somebody else made, where a module has to be downloaded to.
fn owners(patient: &Patient, seen: &mut Seen) {
    let Some(cache) = case::cache(patient) else { return };
    for module in absent(patient) {
        let versions = cache.versions(module.path());
        let Some(dir) = existing(&versions) else { continue };
        let tree = existing(&cache.tree(&module));
        let lock = cache.file(&module, Part::Lock);
        let places = [Some(dir), tree, lock.exists().then_some(lock)];
        for place in places.into_iter().flatten().filter(|place| place.starts_with(cache.root())) {
            if access(&place, Access::WRITE_OK).is_err_and(|why| why == rustix::io::Errno::ACCESS) {
                let finding = Finding::new(&places::OWNER).evidence(format!(
                    "{module}: {} belongs to user {}",
                    place.display(),
                    owner(&place)
                ));
                seen.found(finding);
            }
        }
    }
}

fn owner(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).map_or_else(|_| "unknown".to_owned(), |meta| meta.uid().to_string())
}

/// The directory, or the nearest one above it that is there.
fn existing(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| dir.exists()).map(Path::to_owned)
}

fn room(dir: &Path, seen: &mut Seen) {
    let Some((dir, room)) = existing(dir).and_then(|dir| statvfs(&dir).ok().map(|room| (dir, room))) else {
        return;
    };
    let Some((diagnosis, left)) = short(&room) else { return };
    let finding = Finding::new(diagnosis).name("file", &word(&dir));
    seen.found(finding.evidence(format!("{}: {left}", dir.display())));
}

/// What there is too little of, if there is.
fn short(room: &StatVfs) -> Option<(&'static Diagnosis, String)> {
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    // File systems without a fixed number of inodes say that they have none.
    if room.f_files > 0 && room.f_favail == 0 {
        return Some((&state::DISK_FULL, "no inodes are free".to_owned()));
    }
    match free {
        0..FULL => Some((&state::DISK_FULL, format!("{free} bytes are free"))),
        FULL..NEARLY => Some((&places::NEARLY_FULL, format!("{} MiB are free", free >> 20))),
        _ => None,
    }
}

/// The name of the network file system that a directory lies on, if it does.
#[cfg(target_os = "linux")]
fn network(dir: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(dir).ok()?.f_type;
    NETWORK
        .iter()
        .find(|(magic, _)| i128::from(*magic) == i128::from(kind) & 0xffff_ffff)
        .map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
fn network(_: &Path) -> Option<&'static str> {
    None
}

/// Magic numbers of statfs(2).
#[cfg(target_os = "linux")]
const NETWORK: [(u32, &str); 6] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
];

/// Less than this takes no module and no build.
const FULL: u64 = 1 << 20;
/// Less than this is filled by one build of a middling project.
const NEARLY: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn vfs(free: u64, files: u64, inodes: u64) -> StatVfs {
        let mut room = statvfs("/").unwrap();
        (room.f_frsize, room.f_bavail) = (4096, free / 4096);
        (room.f_files, room.f_favail) = (files, inodes);
        room
    }

    #[test]
    fn what_there_is_too_little_of() {
        let code = |room: &StatVfs| short(room).map(|(diagnosis, _)| diagnosis.code);
        assert_eq!(code(&vfs(1 << 40, 100, 50)), None);
        assert_eq!(code(&vfs(1 << 40, 0, 0)), None);
        assert_eq!(code(&vfs(1 << 40, 100, 0)), Some("L5-DISK-FULL"));
        assert_eq!(code(&vfs(4096, 100, 50)), Some("L5-DISK-FULL"));
        assert_eq!(code(&vfs(100 << 20, 100, 50)), Some("L5-DISK-NEARLY-FULL"));
    }
}
