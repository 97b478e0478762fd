//! What was signed opens to the same text and to no other, whatever stands around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use sumdb::{Head, Note, Signer, Verifier};

static SIGNER: LazyLock<Signer> =
    LazyLock::new(|| Signer::from_seed("sum.example.test", &[7; 32]).expect("a name and a seed make a key"));

fuzz_target!(|input: (&str, &[u8], &[u8])| {
    let (text, before, behind) = input;
    let key = SIGNER.verifier();
    if let Ok(verifier) = Verifier::parse(text) {
        assert_eq!(Verifier::parse(&verifier.to_string()), Ok(verifier));
    }
    if let Ok(head) = Head::parse(text) {
        assert_eq!(Head::parse(&head.to_string()), Ok(head));
    }
    assert!(Note::open(text.as_bytes(), key).is_err(), "nobody signed it");
    let Ok(note) = SIGNER.sign(text) else { return };
    assert_eq!(Note::open(note.as_bytes(), key).expect("a signed text opens").text(), text);
    if let Ok(opened) = Note::open(&[before, note.as_bytes(), behind].concat(), key) {
        assert_eq!(opened.text(), text, "only this text was signed");
    }
});
