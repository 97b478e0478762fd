//! What `ZipCheck` promises.

use std::io;

use gomod::{EntryFault, ModulePath, ModuleVersion, ReadAt, Version, ZipCheck, ZipFacts, ZipFault};

use crate::cases::cases;
use crate::handmade::{Item, Zip};

pub(crate) fn module(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

/// Checks a zip that is there.
pub(crate) fn finish(of: &ModuleVersion, zip: &[u8]) -> Result<ZipFacts, ZipFault> {
    ZipCheck::new(of).finish(zip, zip.len() as u64)
}

/// Checks a zip that arrives in pieces.
fn fed(of: &ModuleVersion, zip: &[u8], piece: usize) -> Result<ZipFacts, ZipFault> {
    let mut check = ZipCheck::new(of);
    zip.chunks(piece).try_for_each(|piece| check.feed(piece))?;
    check.finish(zip, zip.len() as u64)
}

/// A name and a change that deserves it.
type Change = (&'static str, fn(&mut Item));

pub(crate) const PREFIX: &str = "example.com/m@v1.0.7/";

pub(crate) fn of() -> ModuleVersion {
    module("example.com/m", "v1.0.7")
}

fn h1(files: &[(&str, &[u8])]) -> String {
    let names: Vec<_> = files.iter().map(|(name, _)| format!("{PREFIX}{name}")).collect();
    testkit::h1(names.iter().map(String::as_str).zip(files.iter().map(|(_, content)| *content)))
}

#[test]
fn every_case_of_the_table() {
    let mut wrong = Vec::new();
    for case in cases() {
        let said = finish(&of(), &(case.zip)(PREFIX)).err().map(|fault| fault.to_string());
        let wanted = case.fault.map(|fault| {
            fault.replace("\"@", &format!("\"{PREFIX}")).replace("\"!@", &format!("\"!{PREFIX}"))
        });
        if said != wanted {
            wrong.push(format!("{}\n  said   {said:?}\n  wanted {wanted:?}", case.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn feeding_in_pieces_changes_no_verdict() {
    for case in cases() {
        let zip = (case.zip)(PREFIX);
        for piece in [1, 7, 4096].into_iter().filter(|piece| zip.len() / piece < 10_000) {
            assert_eq!(fed(&of(), &zip, piece).is_err(), case.fault.is_some(), "{}: {piece}", case.what);
        }
    }
}

#[test]
fn faults_are_one_short_printable_sentence() {
    for case in cases() {
        if let Err(fault) = finish(&of(), &(case.zip)(PREFIX)) {
            let text = fault.to_string();
            assert!(text.len() < 400 && !text.contains(char::is_control), "{text:?}");
        }
    }
}

#[test]
fn trap_40_order_compression_and_times_do_not_matter() {
    let (gomod, source) = (b"module example.com/m\n".as_slice(), b"package m\n".as_slice());
    let names = [format!("{PREFIX}go.mod"), format!("{PREFIX}z.go")];
    let zips = [
        Zip::of([Item::stored(&names[0], gomod), Item::deflated(&names[1], source)]),
        Zip::of([Item::described(&names[1], source), Item::stored(&names[0], gomod)]),
        Zip::of([Item::deflated(&names[1], source), Item::deflated(&names[0], gomod)])
            .with(|zip| zip.comment = b"another".to_vec()),
    ];
    for zip in zips {
        let bytes = zip.bytes();
        let facts = finish(&of(), &bytes).unwrap();
        assert_eq!(facts.h1.to_string(), h1(&[("go.mod", gomod), ("z.go", source)]));
        assert_eq!(facts.size, bytes.len() as u64);
        assert_eq!((facts.files, facts.uncompressed), (2, 31));
    }
}

#[test]
fn trap_41_entries_for_directories_are_part_of_the_hash() {
    let zip = Zip::of([
        Item::stored(format!("{PREFIX}d/"), b""),
        Item::stored(format!("{PREFIX}d/a.go"), b"package d\n"),
    ]);
    let facts = finish(&of(), &zip.bytes()).unwrap();
    assert_eq!(facts.h1.to_string(), h1(&[("d/", b""), ("d/a.go", b"package d\n")]));
    assert_ne!(facts.h1.to_string(), h1(&[("d/a.go", b"package d\n")]));
    assert_eq!(facts.files, 1);
}

#[test]
fn trap_42_names_in_a_zip_are_not_escaped() {
    let of = module("github.com/Azure/x", "v1.0.0-RC1");
    let zip = |prefix: &str| Zip::of([Item::stored(format!("{prefix}f"), b"")]).bytes();
    let facts = finish(&of, &zip("github.com/Azure/x@v1.0.0-RC1/")).unwrap();
    assert_eq!(facts.h1.to_string(), testkit::h1([("github.com/Azure/x@v1.0.0-RC1/f", b"".as_slice())]));
    assert!(finish(&of, &zip("github.com/!azure/x@v1.0.0-!r!c1/")).is_err());
}

#[test]
fn what_was_fed_must_be_what_is_checked() {
    let zip = Zip::of([Item::stored(format!("{PREFIX}a"), b"")]).bytes();
    let mut check = ZipCheck::new(&of());
    check.feed(&zip[..50]).unwrap();
    let fault = check.finish(&zip, zip.len() as u64).unwrap_err();
    assert_eq!(fault.to_string(), format!("50 bytes of the zip arrived, but it has {}", zip.len()));
}

#[test]
fn a_medium_that_fails_is_told_from_a_bad_zip() {
    struct Failing(Vec<u8>, u64);
    impl ReadAt for Failing {
        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            if offset <= self.1 && self.1 < offset + buf.len() as u64 {
                return Err(io::Error::other("bad sector"));
            }
            self.0.read_at(buf, offset)
        }
    }
    let zip = Zip::of([Item::stored(format!("{PREFIX}a"), &[7; 5000])]).bytes();
    for at in 0..zip.len() as u64 {
        let source = Failing(zip.clone(), at);
        let fault = ZipCheck::new(&of()).finish(&source, zip.len() as u64).unwrap_err();
        assert_eq!(fault.to_string(), "the zip cannot be read: bad sector");
    }
    let fault = ZipCheck::new(&of()).finish(&zip, zip.len() as u64 + 1).unwrap_err();
    assert!(matches!(fault, ZipFault::Unreadable(_)), "fewer bytes than declared: {fault}");
}

/// Enough files that two threads share them, some of them larger than what is held in memory at once.
fn many() -> Vec<Item> {
    let mut noise = 1_u32;
    let mut content = |len: usize| -> Vec<u8> {
        let next = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"abcdefgh\n"[(noise >> 20) as usize % 9]
        };
        std::iter::repeat_with(next).take(len).collect()
    };
    let mut items = Vec::new();
    for n in 0..300_usize {
        let name = format!("{PREFIX}d{}/f{n}.go", n % 17);
        let content = content(n * n / 4);
        items.push(match n % 3 {
            0 => Item::stored(name, &content),
            1 => Item::deflated(name, &content),
            _ => Item::described(name, &content),
        });
    }
    let makes: [fn(String, &[u8]) -> Item; 3] = [Item::stored, Item::deflated, Item::described];
    for (n, make) in makes.into_iter().enumerate() {
        items.insert(n * 100, make(format!("{PREFIX}large{n}"), &content((5 << 20) + n)));
    }
    items
}

#[test]
fn two_threads_and_large_files_give_the_same_hash() {
    let items = many();
    let zip = Zip::of(items.clone()).bytes();
    let contents: Vec<Vec<u8>> = items
        .iter()
        .map(|item| match item.central.method {
            0 => item.data.clone(),
            _ => {
                let mut content = Vec::new();
                io::Read::read_to_end(&mut flate2::read::DeflateDecoder::new(&*item.data), &mut content)
                    .unwrap();
                content
            }
        })
        .collect();
    let names = items.iter().map(|item| str::from_utf8(&item.central.name).unwrap());
    let wanted = testkit::h1(names.zip(contents.iter().map(Vec::as_slice)));
    let facts = finish(&of(), &zip).unwrap();
    assert_eq!(facts.h1.to_string(), wanted);
    assert_eq!(facts.files, 303);
    assert_eq!(facts.uncompressed, contents.iter().map(|content| content.len() as u64).sum::<u64>());
}

#[test]
fn of_several_faults_the_same_one_is_told_every_time() {
    let mut zip = Zip::of(many());
    for n in [60, 61, 150, 299] {
        zip.items[n].local.crc ^= 1;
    }
    let bytes = zip.bytes();
    let first = str::from_utf8(&zip.items[60].central.name).unwrap();
    for _ in 0..20 {
        let fault = finish(&of(), &bytes).unwrap_err();
        assert!(matches!(&fault, ZipFault::Entry { fault: EntryFault::HeaderDiffers(_), .. }));
        assert!(fault.to_string().contains(first), "{fault}");
    }
}

#[test]
fn every_fault_of_a_small_file_is_found_in_a_large_one() {
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let changes: [Change; 7] = [
        ("Checksum", |item| item.both(|header| header.crc ^= 1)),
        ("Size(4999999)", |item| item.both(|header| header.size -= 1)),
        ("Size(5000001)", |item| item.both(|header| header.size += 1)),
        ("HeaderDiffers(\"name\")", |item| item.local.name[25] ^= 1),
        ("Hidden(70000)", |item| item.after = vec![0; 70_000]),
        ("DescriptorDiffers", |item| item.both(|header| header.flags |= 8)),
        ("NoHeader", |item| item.local.extra = vec![0; 0xffff]),
    ];
    let makes: [fn(String, &[u8]) -> Item; 2] = [Item::stored, Item::deflated];
    for make in makes {
        let item = make(format!("{PREFIX}large"), &large);
        assert!(finish(&of(), &Zip::of([item.clone()]).bytes()).is_ok());
        for (wanted, change) in changes {
            let mut zip = Zip::of([item.clone().with(change)]).bytes();
            if wanted == "NoHeader" {
                zip[0..4].copy_from_slice(b"PK\x05\x06");
            }
            match finish(&of(), &zip) {
                Err(ZipFault::Entry { fault, .. }) => assert_eq!(format!("{fault:?}"), wanted),
                other => panic!("{wanted}: {other:?}"),
            }
        }
    }
    let broken: [Change; 3] = [
        ("Deflate", |item| item.data[0] = 0xff),
        ("Deflate", |item| item.data.truncate(item.data.len() - 1)),
        ("AfterData", |item| item.data.push(0)),
    ];
    for (wanted, change) in broken {
        let item = Item::deflated(format!("{PREFIX}large"), &large).with(change);
        let packed = item.data.len().try_into().unwrap();
        let item = item.with(|item| item.both(|header| header.packed = packed));
        match finish(&of(), &Zip::of([item]).bytes()) {
            Err(ZipFault::Entry { fault, .. }) => assert_eq!(format!("{fault:?}"), wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[test]
fn a_file_can_be_checked_in_place() {
    use std::io::Write as _;
    let mut file = tempfile::tempfile().unwrap();
    let zip = Zip::of(many()).bytes();
    file.write_all(&zip).unwrap();
    let facts = ZipCheck::new(&of()).finish(&file, zip.len() as u64).unwrap();
    assert_eq!(facts, finish(&of(), &zip).unwrap());
}
