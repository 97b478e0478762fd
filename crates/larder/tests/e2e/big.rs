//! Memory does not grow with a zip.

use testkit::{Module, ModuleTree, TestServer, note};

use crate::world::serving;

/// Just below what `go` accepts.
const SIZE: u64 = 499 << 20;
const IDLE_KIB: u64 = 16 << 10;
const GROWTH_KIB: u64 = 64 << 10;

/// The most memory that the process ever had, its mapped program included.
const PEAK: &str = "VmHWM:";
/// The memory that is its own. How much of the program is mapped says more of the build and of the kernel.
const OWN: &str = "RssAnon:";

/// A line of the process's account, in KiB.
fn memory(server: &TestServer, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.running().pid())).unwrap();
    let line = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_zip_of_500_mb_passes_through_in_little_memory() {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/big", "v1.0.0", SIZE));
    let zip = tree.module("example.com/big", "v1.0.0").zip.clone();
    let (upstream, server) = serving(tree);
    server.get("/healthz").expect(200);
    let (idle, before) = (memory(&server, OWN), memory(&server, PEAK));
    assert!(idle < IDLE_KIB, "{idle} KiB before anything was asked");
    for _ in 0..2 {
        let mut connection = server.connect();
        connection.ask("GET", "/example.com/big/@v/v1.0.0.zip", &[]).unwrap();
        let head = connection.head().unwrap();
        assert_eq!((head.status, head.header("content-length")), (200, Some(&*zip.len().to_string())));
        let mut expected = zip.reader();
        let mut piece = vec![0; 1 << 20];
        let mut left = usize::try_from(zip.len()).unwrap();
        while left > 0 {
            let n = left.min(piece.len());
            std::io::Read::read_exact(&mut expected, &mut piece[..n]).unwrap();
            assert!(connection.take(n) == piece[..n], "the right bytes");
            left -= n;
        }
    }
    assert_eq!(upstream.asked("*.zip"), 1);
    let growth = memory(&server, PEAK) - before;
    note(&format!("500 MB: memory grew by {growth} KiB from {before} KiB, of which {idle} KiB its own"));
    assert!(growth < GROWTH_KIB, "memory grew by {growth} KiB");
}
