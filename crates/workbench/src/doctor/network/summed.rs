//! Whether the checksum database is asked at all before the project changes.

use gomod::SumFile;

use crate::{
    build_list::{BuildList, From},
    doctor::Patient,
    gosum::SumLines,
    modcache::ModCache,
    project::Project,
};

/// Whether go.sum has every line that a build of the project, or a download of its modules, can ask for: then the database
/// is asked for nothing until a module or version is added. False where that cannot be known.
pub(super) fn is_summed(patient: &Patient) -> bool {
    let Ok(project) = Project::read(&patient.dir, patient.go()) else { return false };
    if project.vendor().is_some() {
        return true;
    }
    let Some(place) = patient.go().mod_cache() else { return false };
    let list = BuildList::read(&project, &ModCache::new(place));
    // Without pruning, modules that were not read may require more than is known of.
    if !project.is_pruned() && !list.unread().is_empty() {
        return false;
    }
    let mut files = Vec::new();
    for path in project.sum_files() {
        match SumLines::read(&path) {
            Ok(Some(lines)) if lines.faults().is_empty() => files.push(lines),
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return false,
        }
    }
    list.needed().iter().all(|needed| {
        let From::Fetched(module) = &needed.from else { return true };
        let has = |file| files.iter().any(|lines| lines.deciding(module, file).is_some());
        // With pruning, go.mod lists what packages come from, and nothing beside it.
        has(SumFile::GoMod) && (has(SumFile::Zip) || !(needed.direct || project.is_pruned()))
    })
}
