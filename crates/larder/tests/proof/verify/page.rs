//! The page has the table, as it is tested.

use std::{env, fmt::Write, fs, path::Path};

use super::{Go, caches, memory, sums, vendor};

#[test]
fn the_page_has_every_fault() {
    let parts = [
        ("go.sum", sums::rows()),
        ("Zips and kept hashes", caches::zips()),
        ("Unpacked files", caches::trees()),
        (".mod and .info", caches::small()),
        ("What is kept of the checksum database", memory::rows()),
        ("vendor", vendor::rows()),
    ];
    let mut table = String::from("| fault | `larder verify` | `go mod verify` |\n|---|---|---|\n");
    let (mut faults, mut missed) = (0, 0);
    for (part, rows) in parts {
        writeln!(table, "| **{part}** | | |").unwrap();
        for row in rows {
            faults += 1;
            let go = match row.go {
                Go::Sees => "sees it",
                Go::Misses => "—",
            };
            missed += usize::from(row.go == Go::Misses);
            let code = row.code;
            writeln!(table, "| {} | [{code}](doctor/{code}.md) | {go} |", row.what).unwrap();
        }
    }
    assert!(faults >= 70, "{faults} faults");
    let wanted =
        format!("{BEGIN}\n{faults} faults, of which `go mod verify` misses {missed}:\n\n{table}{END}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/VERIFY.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let made = format!("{before}{wanted}{after}");
    if env::var_os("LARDER_WRITE_DOCS").is_some() {
        fs::write(&path, &made).unwrap();
        return;
    }
    assert!(page == made, "docs/VERIFY.md is not as the tests have it: run with LARDER_WRITE_DOCS=1");
}

const BEGIN: &str = "<!-- table -->";
const END: &str = "<!-- end of the table -->";
