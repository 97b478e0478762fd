//! Programs that were cut or changed: never more than an error.

use std::fs;

use proptest::prelude::*;
use workbench::binary::{Binary, BinaryError, Unreadable};

use super::{
    Builder,
    fixture::{Elf, Form, kept},
};

const LIST: &str = "path\texample.com/app\ndep\texample.com/dep\tv1.2.3\n";

/// Looks at all there is; what matters is that it comes back.
fn look(bytes: &[u8]) -> Result<bool, BinaryError> {
    let (_dir, path) = kept(bytes);
    let binary = Binary::open(&path)?;
    let mut whole = true;
    for program in binary.programs() {
        whole &= program.info().is_ok();
        let _ = binary.variable(program, "main.Stamp");
        let _ = binary.holds(program, "0123456789");
    }
    Ok(whole)
}

#[test]
fn every_cut_of_a_small_one_is_noticed() {
    for form in [Form::Inline, Form::Pointers] {
        let file = Elf { form, ..Elf::USUAL }.file("go1.26", LIST);
        assert!(look(&file).unwrap());
        for len in 0..file.len() {
            assert!(!look(&file[..len]).unwrap_or(false), "{form:?} cut to {len}");
        }
    }
}

#[test]
fn every_cut_of_a_real_one_is_noticed() {
    let builder = Builder::new();
    for (system, processor) in [("linux", "amd64"), ("windows", "amd64"), ("darwin", "arm64")] {
        let path = builder.build("cut", &[("GOOS", system), ("GOARCH", processor)], &[]);
        let file = fs::read(path).unwrap();
        assert!(look(&file).unwrap());
        for part in 0..64 {
            assert!(!look(&file[..file.len() * part / 64]).unwrap_or(false), "{system} cut to {part}/64");
        }
        assert!(!look(&file[..file.len() - 1]).unwrap_or(false), "{system} cut by one byte");
        for len in (0..4096).step_by(61) {
            assert!(!look(&file[..len]).unwrap_or(false), "{system} cut to {len}");
        }
    }
}

#[test]
fn headers_that_ask_for_much_get_nothing() {
    let mut file = Elf::USUAL.file("go1.26", LIST);
    // The number of bytes of the segment, and of the text in it.
    file[64 + 32..64 + 40].fill(0x7f);
    assert!(matches!(look(&file), Err(BinaryError::Damaged(_))));
    let mut file = Elf::USUAL.file("go1.26", LIST);
    file[0x100 + 80..0x100 + 88].fill(0xff);
    let (_dir, path) = kept(&file);
    let binary = Binary::open(&path).unwrap();
    assert!(matches!(binary.programs()[0].info(), Err(Unreadable::Damaged(_))));
}

#[test]
fn what_is_no_program_is_told_from_a_damaged_one() {
    for bytes in [&b""[..], b"#!/bin/sh\necho\n", b"\xca\xfe\xba\xbe\0\0\0\x41\0\x1d\x0a\0", b"PK\x03\x04"] {
        assert!(matches!(look(bytes), Err(BinaryError::Format)), "{bytes:?}");
    }
    for bytes in [&b"\x7fELF\x02\x01\x01"[..], b"MZ", b"\x7fELF\x09\x09\x01", b"\xcf\xfa\xed\xfe\0\0"] {
        assert!(matches!(look(bytes), Err(BinaryError::Damaged(_))), "{bytes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_break_the_reader(
        changes in prop::collection::vec((0_usize..400, any::<u8>()), 1..6),
        pointers in any::<bool>(),
        wide in any::<bool>(),
        big in any::<bool>(),
    ) {
        let form = if pointers { Form::Pointers } else { Form::Inline };
        let mut file = Elf { wide, big, form, decoy: false }.file("go1.26", LIST);
        for (at, byte) in changes {
            let at = at % file.len();
            file[at] = byte;
        }
        let _ = look(&file);
    }

    #[test]
    fn any_bytes_behind_any_magic_are_survived(
        magic in prop::sample::select(vec![&b"\x7fELF\x01\x01"[..], b"\x7fELF\x02\x02", b"MZ", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe\0\0\0\x02"]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut file = magic.to_vec();
        file.extend(rest);
        let _ = look(&file);
    }
}
