//! Bytes that changed on the disk never leave.

use std::{fs, path::Path};

use testkit::{End, Larder, Module, ModuleTree, ScriptedUpstream, TestLog};

use crate::world::{LOG, larder, tree};

const ZIP: &str = "example.com/big/@v/v1.0.0.zip";
const MOD: &str = "example.com/big/@v/v1.0.0.mod";
const SIZE: u64 = 1 << 20;

fn flip(file: &Path, at: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[at] ^= 1;
    // In place: the inode stays, as it does when a disk rots.
    let mut file = fs::OpenOptions::new().write(true).open(file).unwrap();
    std::io::Write::write_all(&mut file, &bytes).unwrap();
}

/// A stopped Larder that has the big module, its upstream, and the module.
fn filled() -> (Larder, ScriptedUpstream, Module) {
    let module = Module::of_noise("example.com/big", "v1.0.0", SIZE);
    let mut tree = ModuleTree::default();
    tree.add(module.clone());
    let upstream = ScriptedUpstream::serving(tree);
    let larder = larder();
    let server = larder.serve(&upstream.url()).start();
    server.get(&format!("/{ZIP}")).expect(200);
    server.get(&format!("/{MOD}")).expect(200);
    server.stop().ok();
    upstream.forget();
    (larder, upstream, module)
}

#[test]
fn a_rotten_file_is_healed_from_a_source() {
    for at in [0, 100, 700_000] {
        let (larder, upstream, module) = filled();
        let modules = larder.data().join("modules");
        flip(&modules.join(ZIP), at);
        flip(&modules.join(MOD), 0);
        let server = larder.serve(&upstream.url()).start();
        let first = server.get(&format!("/{ZIP}"));
        if at < 1 << 16 {
            assert_eq!(
                (first.status, first.end),
                (200, End::Whole),
                "before the first byte it is healed unseen"
            );
        }
        if first.end == End::Whole {
            assert!(first.body == module.zip.to_vec());
        }
        assert!(server.get(&format!("/{ZIP}")).expect(200).body == module.zip.to_vec());
        assert_eq!(server.get(&format!("/{MOD}")).expect(200).body, module.gomod);
        assert_eq!((upstream.asked(ZIP), upstream.asked(MOD)), (1, 1));
        assert!(fs::read(modules.join(ZIP)).unwrap() == module.zip.to_vec(), "healed on the disk too");
    }
}

#[test]
fn offline_a_rotten_file_is_an_error_and_never_whole() {
    let (larder, upstream, _) = filled();
    let modules = larder.data().join("modules");
    flip(&modules.join(ZIP), 700_000);
    flip(&modules.join(MOD), 0);
    let server = larder.serve(&upstream.url()).with("--offline").start();
    for path in [ZIP, MOD] {
        for _ in 0..2 {
            let answer = server.get(&format!("/{path}"));
            assert!(answer.status != 200 || answer.end != End::Whole, "{path}");
        }
    }
}

#[test]
fn a_range_is_checked_as_the_whole_is() {
    let (larder, upstream, module) = filled();
    flip(&larder.data().join("modules").join(ZIP), 700_000);
    let server = larder.serve(&upstream.url()).start();
    let whole = module.zip.to_vec();
    let range = |from: usize, to: usize| {
        let value = format!("bytes={from}-{}", to - 1);
        server.connect().request("GET", &format!("/{ZIP}"), &[("Range", &value)])
    };
    // A block that is sound leaves; the rotten one does not.
    assert!(range(10, 20).expect(206).body == whole[10..20]);
    let rotten = range(699_990, 700_010);
    if rotten.end == End::Whole {
        let body = if rotten.status == 206 { &whole[699_990..700_010] } else { &whole[..] };
        assert!(rotten.status >= 500 || rotten.body == body, "{}", rotten.status);
    }
    assert!(range(699_990, 700_010).expect(206).body == whole[699_990..700_010]);
}

/// What a disk can do to a file without touching its time: turn a bit, lose its end, lose all of it.
fn spoil(file: &Path, how: &str) {
    let time = fs::metadata(file).unwrap().modified().unwrap();
    let len = fs::metadata(file).unwrap().len();
    let cut = |len: u64| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(len).unwrap();
    match how {
        "a bit" => flip(file, usize::try_from(len / 2).unwrap()),
        "cut short" => cut(len - 1),
        _ => cut(0),
    }
    fs::OpenOptions::new().write(true).open(file).unwrap().set_modified(time).unwrap();
}

const WAYS: [&str; 3] = ["a bit", "cut short", "empty"];

#[test]
fn no_way_to_rot_goes_unnoticed_whole_or_in_part() {
    for how in WAYS {
        for running in [true, false] {
            let (larder, upstream, module) = filled();
            let modules = larder.data().join("modules");
            let start = || larder.serve(&upstream.url()).start();
            // A running server may have the file open, and know it.
            let known = running.then(|| {
                let server = start();
                server.get(&format!("/{ZIP}")).expect(200);
                server
            });
            spoil(&modules.join(ZIP), how);
            spoil(&modules.join(MOD), how);
            let server = known.unwrap_or_else(start);
            let whole = module.zip.to_vec();
            let middle = whole.len() / 2;
            let value = format!("bytes={}-{}", middle - 5, middle + 4);
            let part = server.connect().request("GET", &format!("/{ZIP}"), &[("Range", &value)]);
            if part.end == End::Whole && part.status == 206 {
                assert!(part.body == whole[middle - 5..middle + 5], "{how}");
            }
            let body = server.get(&format!("/{ZIP}"));
            assert!(body.end != End::Whole || body.status != 200 || body.body == whole, "{how}");
            assert!(server.get(&format!("/{ZIP}")).expect(200).body == whole, "{how}: healed");
            assert_eq!(server.get(&format!("/{MOD}")).expect(200).body, module.gomod, "{how}");
            assert!(fs::read(modules.join(ZIP)).unwrap() == whole, "{how}: on the disk too");
        }
    }
}

#[test]
fn what_larder_writes_for_itself_rots_no_better() {
    let log = TestLog::over(LOG, &tree()).with_filler(300);
    let vkey = log.vkey();
    let upstream = ScriptedUpstream::with_log(tree(), log);
    let larder = larder();
    let serve = || larder.serve(&upstream.url()).sumdb(&vkey).start();
    let tile = format!("sumdb/{LOG}/tile/8/0/000");
    let lookup = format!("sumdb/{LOG}/lookup/example.com/app@v1.0.0");
    let list = "example.com/app/@v/list";
    let paths = [list, "example.com/app/@latest", "example.com/app/@v/v1.0.0.zip", &tile, &lookup];
    let server = serve();
    let right: Vec<_> = paths.iter().map(|path| server.get(&format!("/{path}")).expect(200).body).collect();
    server.stop().ok();
    let files = [
        format!("answers/{list}"),
        "answers/example.com/app/@latest".to_owned(),
        "modules/example.com/app/@v/v1.0.0.receipt".to_owned(),
        format!("answers/{tile}"),
        format!("answers/{lookup}"),
    ];
    for how in WAYS {
        for file in &files {
            spoil(&larder.data().join(file), how);
        }
        let server = serve();
        for (path, right) in paths.iter().zip(&right) {
            assert!(server.get(&format!("/{path}")).expect(200).body == *right, "{path}, {how}");
        }
        server.stop().ok();
        let data = larder.data();
        let scrub = larder.run(["scrub", "--rate", "0", "--data", data.to_str().unwrap()]);
        assert_eq!(scrub.code(), Some(0), "{how}: all of it is sound again: {scrub}");
    }
}
