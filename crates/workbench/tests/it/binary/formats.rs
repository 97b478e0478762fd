//! Forms of the build info that the `go` of this machine no longer writes.

use std::process::Command;

use testkit::GoCommand;
use workbench::binary::{Binary, Unreadable};

use super::{
    fixture::{Elf, Form, kept},
    only, said, said_by_go,
};

const LIST: &str = "path\texample.com/app\nmod\texample.com/app\t(devel)\t\ndep\texample.com/dep\tv1.2.3\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

fn all() -> impl Iterator<Item = Elf> {
    let forms = [Form::Inline, Form::Pointers];
    forms.into_iter().flat_map(|form| {
        [(false, false), (false, true), (true, false), (true, true)].map(|(wide, big)| Elf {
            wide,
            big,
            form,
            decoy: false,
        })
    })
}

#[test]
fn both_forms_in_both_byte_orders_and_word_sizes() {
    for elf in all() {
        let (_dir, path) = kept(&elf.file("go1.18.10", LIST));
        let binary = Binary::open(&path).unwrap();
        let (_, info) = only(&binary);
        assert_eq!((info.go(), said(info)), ("go1.18.10", LIST.to_owned()), "{elf:?}");
        // What `go` itself makes of the fixture says that it is one.
        assert_eq!(said_by_go(&path), LIST, "{elf:?}");
    }
}

/// `go version` of 1.26 loses its place here (debug/buildinfo, `searchMagic`).
#[test]
fn magic_that_is_not_aligned_is_passed_over() {
    for elf in all() {
        let (_dir, path) = kept(&Elf { decoy: true, ..elf }.file("go1.18.10", LIST));
        let binary = Binary::open(&path).unwrap();
        assert_eq!(said(only(&binary).1), LIST, "{elf:?}");
    }
}

#[test]
fn programs_without_a_list_say_so() {
    for elf in all() {
        let (_dir, path) = kept(&elf.raw("go1.17.13", b""));
        let binary = Binary::open(&path).unwrap();
        let info = binary.programs()[0].info();
        assert_eq!(info, Err(&Unreadable::NoModules { go: "go1.17.13".into() }), "{elf:?}");
    }
    let (_dir, path) = kept(&Elf::USUAL.raw("", b""));
    assert_eq!(Binary::open(&path).unwrap().programs()[0].info(), Err(&Unreadable::NotGo));
}

#[test]
fn programs_of_others_say_so() {
    let true_program = Command::new("sh").args(["-c", "command -v env"]).output().unwrap();
    let path = String::from_utf8(true_program.stdout).unwrap();
    let binary = Binary::open(path.trim().as_ref()).unwrap();
    assert_eq!(binary.programs()[0].info(), Err(&Unreadable::NotGo));
    // The go command itself was built without modules' hashes, but with a list.
    let binary = Binary::open(&GoCommand::find().unwrap()).unwrap();
    assert_eq!(only(&binary).1.package(), "cmd/go");
}
