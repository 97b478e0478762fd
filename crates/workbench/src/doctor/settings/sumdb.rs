//! The checksum database that is named, and its key.

use gomod::{SumdbSpec, SumdbSpecError};

use super::{
    super::{Patient, Seen},
    told,
};
use crate::{
    Change, GoVariable,
    diagnoses::settings::{self, risk, value},
    masked,
};

pub(super) fn look(patient: &Patient) -> Seen {
    let mut seen = Seen::default();
    let Some(found) = patient.go().get(GoVariable::Sumdb) else {
        seen.passed("GOSUMDB is not set, so that go's own default counts");
        return seen;
    };
    match found.value.parse::<SumdbSpec>() {
        Ok(SumdbSpec::Off) => {
            let finding = told::finding(patient, &risk::UNVERIFIED, &found);
            // Where nothing is declared private, the database would be told of everything.
            let declared = patient.go().get(GoVariable::NoSumdb).is_some();
            seen.found(if declared { finding.fixed(Change::unset(&found)) } else { finding });
        }
        Ok(SumdbSpec::On { name, .. }) => seen.passed(format!("GOSUMDB names {name}, in {}", found.place)),
        Err(error) => {
            let diagnosis = match error {
                SumdbSpecError::Hash { .. } | SumdbSpecError::Algorithm => &value::SUMDB_KEY,
                SumdbSpecError::Key(_) if is_of_a_key(&found.value) => &value::SUMDB_KEY,
                _ => &settings::GOSUMDB_SYNTAX,
            };
            seen.found(told::finding(patient, diagnosis, &found).evidence(masked(&error.to_string())));
        }
    }
    seen
}

/// A name, eight digits, and something behind them: a key, whatever became of it.
fn is_of_a_key(value: &str) -> bool {
    let mut parts = value.split('+');
    let digits = parts.nth(1);
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
        && parts.next().is_some()
}
