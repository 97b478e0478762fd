//! Bytes that changed on the disk never leave.

use std::{fs, path::Path};

use testkit::{End, Larder, Module, ModuleTree, ScriptedUpstream};

use crate::world::larder;

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
