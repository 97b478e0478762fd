//! The table of faults: each row breaks something on purpose and says what the client gets, who is asked how often, how
//! long it may take, and which mechanism makes it so.
//!
//! A row counts only if it fails without its mechanism. Where a setting can take the mechanism away, the long form
//! (`LARDER_LONG=1`) does that and looks. `LARDER_ROWS=words` runs only the rows whose line has these words.

mod before_body;
mod http2;
mod in_body;
mod lies;
mod many;
mod mechanism;
mod row;
mod run;
mod sides;
mod statuses;
mod stored;
mod with_go;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use mechanism::Mechanism;
use row::Row;
use run::Wrong;
use testkit::{note, skipped};

/// Rows that run at the same time. Most of them wait most of their time.
const AT_ONCE: usize = 12;

fn table() -> Vec<Row> {
    [
        before_body::rows(),
        http2::rows(),
        in_body::rows(),
        statuses::rows(),
        lies::rows(),
        many::rows(),
        stored::rows(),
    ]
    .concat()
}

#[test]
fn every_fault_is_absorbed_or_told_honestly() {
    let rows = chosen(table());
    let begun = Instant::now();
    let mut wrong = Vec::new();
    for (row, said) in side_by_side(&rows, |row| run::run(row, &[]).err()) {
        match said {
            Wrong::Otherwise(text) => wrong.push(text),
            // The rows take the processors from each other: what is late among many has to be in time alone.
            Wrong::Late(_) => wrong.extend(run::run(row, &[]).err().map(Wrong::text)),
        }
    }
    note(&format!("faults: {} rows in {:.1} s", rows.len(), begun.elapsed().as_secs_f64()));
    assert!(wrong.is_empty(), "{} of {} rows failed\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn a_row_fails_without_its_mechanism() {
    if std::env::var_os("LARDER_LONG").is_none_or(|value| value != "1") {
        return skipped("the faults once more without their mechanisms: only with LARDER_LONG=1");
    }
    let rows = chosen(table()).into_iter().filter(|row| row.mechanism.off().is_some());
    let rows: Vec<_> = rows.collect();
    let passed = side_by_side(&rows, |row| {
        let off = row.mechanism.off()?;
        run::run(row, off).ok().map(|()| format!("{row}: passes with {off:?} too"))
    });
    let passed: Vec<_> = passed.into_iter().map(|(_, text)| text).collect();
    note(&format!("faults: {} rows without their mechanisms", rows.len()));
    assert!(
        passed.is_empty(),
        "{} of {} rows prove nothing\n{}",
        passed.len(),
        rows.len(),
        passed.join("\n")
    );
}

#[test]
fn every_mechanism_has_its_rows() {
    let rows = table();
    assert!(rows.len() >= 120, "only {} rows", rows.len());
    let mut lines = BTreeSet::new();
    for row in &rows {
        assert!(lines.insert(row.to_string()), "twice: {row}");
    }
    for mechanism in Mechanism::ALL {
        let count = rows.iter().filter(|row| row.mechanism == mechanism).count();
        assert!(count > 0, "no row for {mechanism:?}");
    }
}

fn chosen(rows: Vec<Row>) -> Vec<Row> {
    let Ok(words) = std::env::var("LARDER_ROWS") else { return rows };
    rows.into_iter().filter(|row| row.to_string().contains(&words)).collect()
}

/// What `look` says about the rows it has something to say about, in the order of the table.
fn side_by_side<T: Send>(rows: &[Row], look: impl Fn(&Row) -> Option<T> + Sync) -> Vec<(&Row, T)> {
    let (next, said) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    // Those that wait longest come first, so that the others fill the time.
    let mut order: Vec<_> = rows.iter().enumerate().collect();
    order.sort_by_key(|(_, row)| Reverse(row.within));
    thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some((at, row)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(one) = look(row) {
                        said.lock().unwrap().insert(*at, (*row, one));
                    }
                }
            });
        }
    });
    said.into_inner().unwrap().into_values().collect()
}
