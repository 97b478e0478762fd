//! Whether what lies on a machine is what go.sum and the checksum database say.
//!
//! First it is read what there is to look at ([`Subject`]), then what lies there, and what is said of it elsewhere; what
//! follows from all this is decided in one place. Nothing is written.

mod broken;
mod judge;
mod kept;
mod lines;
mod listing;
mod lying;
mod measure;
mod needed;
mod original;
mod records;
mod subject;
mod sums;
mod vendor;

pub use broken::{Broken, Piece};
pub use original::Original;
pub use records::{Records, Voucher};
pub use subject::{Read, Subject, SubjectError, Verified};
pub use vendor::Originals;

use crate::{Report, Seen, doctor::order};

/// What was seen, as a report: causes before what follows from them, and one sentence that says it all.
pub fn report(seen: Seen) -> Report {
    let Seen { findings, passed, unchecked } = seen;
    let findings = order::by_cause(findings);
    let verdict = match (findings.as_slice(), unchecked.as_slice()) {
        ([], []) => "verified: everything is as it should be".to_owned(),
        ([], left) => format!(
            "verified: nothing is wrong in what could be checked{}",
            and(left.len(), "was not", "were not")
        ),
        ([first, others @ ..], _) => {
            let more = match others.len() {
                0 => String::new(),
                1 => "; one more finding".to_owned(),
                more => format!("; {more} more findings"),
            };
            format!("{} ({}){more}", first.names.fill(first.diagnosis.title), first.code())
        }
    };
    Report { verdict, findings, passed, unchecked }
}

fn and(number: usize, one: &str, several: &str) -> String {
    match number {
        1 => format!("; one thing {one}"),
        more => format!("; {more} things {several}"),
    }
}
