//! What `go` keeps of a checksum database, proven again.

use std::collections::BTreeSet;

use gomod::{ModuleVersion, SumFile};

use super::records::{Records, Voucher};
use crate::{
    Finding,
    diagnoses::gosum,
    kept_log::{KeptHead, KeptLog, KeptProof},
    shell::word,
};

pub(super) fn look(log: &KeptLog, modules: &BTreeSet<ModuleVersion>, records: &mut Records) {
    let file = log.head_file();
    match log.head() {
        Ok(KeptHead::Absent | KeptHead::Signed(_)) => {}
        Ok(KeptHead::Damaged(why)) => {
            let finding = Finding::new(&gosum::HEAD_DAMAGED).name("file", &word(file));
            records.found(finding.evidence(format!("{}: {why}", file.display())));
        }
        Err(error) => records.note(format!("{}: {error}", file.display())),
    }
    for module in modules {
        let file = log.lookup_file(module);
        match log.proof(module) {
            Ok(KeptProof::Open) => {}
            Ok(KeptProof::Proven(hashes)) => {
                for (file, h1) in [(SumFile::Zip, hashes.zip), (SumFile::GoMod, hashes.gomod)] {
                    if let Some(h1) = h1 {
                        records.add(module.clone(), file, h1, Voucher::Database(log.name().clone()));
                    }
                }
            }
            Ok(KeptProof::Damaged(why)) => {
                let finding = Finding::new(&gosum::KEPT_DAMAGED).name("file", &word(&file));
                records.found(finding.evidence(format!("{}: {why}", file.display())));
            }
            Err(error) => records.note(format!("{}: {error}", file.display())),
        }
    }
}
