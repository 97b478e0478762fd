use proptest::prelude::*;
use sumdb::note::KeyError;
use sumdb::{Head, Note, NoteError, PrivateKey, Signer, Verifier};

use crate::signer;

const VKEY: &str = "sum.example.test+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const KNOWN: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const TREE_2: &str = "go.sum database tree\n2\ni621H+31c8FZlFIYCQLzLaprGTf36Nl4yoHOxJmfVNo=\n";
const SIGNED_2: &str = "— sum.example.test Q2XEiURq1JlQcb57x7r9nMzfTICuF+uenxTeoQ6habUxw40kIPsjav+l9EuIsQc3y5qpWx+UrBDl7W/KCjMprNUXEQk=\n";
const TREE_3: &str = "go.sum database tree\n3\nx+twepYWmEjUj3mVSqscwyL91iw9RQtOdYWw4rW2K8o=\n";
const SIGNED_3: &str = "— sum.example.test Q2XEidRQIgEH0yyUMdgq7agpAZQyLEmLXMG0vCqJdhf6CgVwf8F2sjRqng6emnRgHhlctbE0fLzbf4nclAgW56mGEwg=\n";

fn key() -> Verifier {
    Verifier::parse(VKEY).unwrap()
}

fn open(message: &str) -> Result<Note<'_>, NoteError> {
    Note::open(message.as_bytes(), &key())
}

fn malformed(message: &str) -> bool {
    matches!(open(message), Err(NoteError::Malformed(_)))
}

#[test]
fn keys_print_as_they_were_read() {
    for text in [VKEY, KNOWN] {
        assert_eq!(Verifier::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(signer().verifier().to_string(), VKEY);
    let seed: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    assert_eq!(Signer::from_seed("sum.example.test", &seed).unwrap().verifier(), &key());
}

#[test]
fn keys_that_are_altered_are_refused() {
    for (text, why) in [
        ("", KeyError::Form),
        ("sum.example.test", KeyError::Form),
        ("sum.example.test+4365c489", KeyError::Form),
        ("sum.example.test+4365c48+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Form),
        ("sum.example.test++365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Form),
        ("sum.example.test+4365c489+AQOh", KeyError::Form),
        ("sum.example.test+4365c489+", KeyError::Form),
        ("sum.example.test+4365c488+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Hash),
        ("sum.example.tesT+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Hash),
        ("sum.example.test+4365c489+AgOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Algorithm(2)),
        ("sum example+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Name),
        ("+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", KeyError::Name),
    ] {
        assert_eq!(Verifier::parse(text), Err(why), "{text}");
    }
    assert!(matches!(Signer::from_seed("a b", &[0; 32]), Err(KeyError::Name)));
    assert!(matches!(Signer::parse(VKEY), Err(KeyError::Form)));
}

#[test]
fn a_new_private_key_signs_and_is_like_no_other() {
    let (first, second) =
        (PrivateKey::generate("a.example").unwrap(), PrivateKey::generate("a.example").unwrap());
    assert_ne!(first.expose(), second.expose());
    let signer = Signer::parse(first.expose()).unwrap();
    let key = Verifier::parse(&signer.verifier().to_string()).unwrap();
    assert_eq!(key.name(), "a.example");
    let note = signer.sign("text\n").unwrap();
    assert_eq!(Note::open(note.as_bytes(), &key).unwrap().text(), "text\n");
    assert_eq!(format!("{first:?}"), "PrivateKey(hidden)");
    assert!(matches!(PrivateKey::generate("a b"), Err(KeyError::Name)));
}

#[test]
fn a_private_key_is_not_printed() {
    assert_eq!(format!("{:?}", signer()), format!("Signer(key hidden, {VKEY})"));
}

#[test]
fn signatures_equal_those_of_other_implementations() {
    for (text, line) in [(TREE_2, SIGNED_2), (TREE_3, SIGNED_3)] {
        let note = signer().sign(text).unwrap();
        assert_eq!(note, format!("{text}\n{line}"));
        assert_eq!(open(&note).unwrap().text(), text);
    }
    assert_eq!(Head::parse(TREE_3).unwrap().to_string(), TREE_3);
}

#[test]
fn what_cannot_be_opened_again_is_not_signed() {
    for text in ["", "no newline", "a\tb\n"] {
        assert!(signer().sign(text).is_err(), "{text:?}");
    }
}

#[test]
fn an_altered_text_or_signature_is_refused() {
    let altered = NoteError::BadSignature("sum.example.test".to_owned());
    assert_eq!(open(&format!("{TREE_3}\n{SIGNED_2}")), Err(altered.clone()));
    assert_eq!(open(&format!("{TREE_2}more\n\n{SIGNED_2}")), Err(altered.clone()));
    let cut = "— sum.example.test Q2XEiURq1JlQcb57\n";
    assert_eq!(open(&format!("{TREE_2}\n{cut}")), Err(altered));
}

#[test]
fn trap_96_the_last_empty_line_divides_and_the_text_keeps_its_newline() {
    let text = "a\n\nb\n\n— not a signature\n";
    let note = signer().sign(text).unwrap();
    assert_eq!(open(&note).unwrap().text(), text);
}

#[test]
fn trap_96_unknown_signers_are_ignored_and_a_wrong_known_one_is_not() {
    let other = Signer::from_seed("other.example.test", &[7; 32]).unwrap();
    let other_line = other.sign(TREE_2).unwrap().split_off(TREE_2.len() + 1);
    assert!(open(&format!("{TREE_2}\n{other_line}{SIGNED_2}")).is_ok());
    assert!(open(&format!("{TREE_2}\n{SIGNED_2}{other_line}")).is_ok());
    assert_eq!(open(&format!("{TREE_2}\n{other_line}")), Err(NoteError::Unsigned(VKEY.to_owned())));
    // The same name with another key is another signer.
    let same_name = Signer::from_seed("sum.example.test", &[7; 32]).unwrap().sign(TREE_2).unwrap();
    assert_eq!(open(&same_name), Err(NoteError::Unsigned(VKEY.to_owned())));
    // A duplicate is ignored, a wrong first one is not.
    assert!(open(&format!("{TREE_2}\n{SIGNED_2}{SIGNED_2}")).is_ok());
    assert!(open(&format!("{TREE_2}\n{SIGNED_3}{SIGNED_2}")).is_err());
}

#[test]
fn malformed_notes_are_refused_whoever_signed_them() {
    let good = format!("{TREE_2}\n{SIGNED_2}");
    assert!(malformed(""));
    assert!(malformed("<!doctype html><title>Sign in</title>\n"));
    assert!(malformed(TREE_2));
    assert!(malformed(&format!("{TREE_2}\n")));
    assert!(malformed(good.trim_end()));
    assert!(malformed(&good.replace('\n', "\r\n")));
    assert!(malformed(&good.replace('—', "-")));
    for line in [
        "x\n",
        "— \n",
        "— a\n",
        "— a \n",
        "— a !!!!\n",
        "— a AAAAAA==\n",
        "— a+b AAAAAAA=\n",
        "—  AAAAAAA=\n",
    ] {
        assert!(malformed(&format!("{good}{line}")), "{line:?}");
    }
    assert!(!malformed(&format!("{good}— a AAAAAAA=\n")));
    assert!(matches!(Note::open(b"\xff\n\n- x\n", &key()), Err(NoteError::Malformed(_))));
}

#[test]
fn at_most_a_hundred_signatures() {
    let unknown = "— a AAAAAAA=\n";
    assert!(open(&format!("{TREE_2}\n{SIGNED_2}{}", unknown.repeat(99))).is_ok());
    assert!(malformed(&format!("{TREE_2}\n{SIGNED_2}{}", unknown.repeat(100))));
}

proptest! {
    #[test]
    fn what_was_signed_opens_to_the_same_text(text in "([ -~\u{a0}-\u{ffff}]|\n){0,200}\n") {
        let note = signer().sign(&text).unwrap();
        prop_assert_eq!(open(&note).unwrap().text(), text);
    }

    #[test]
    fn one_changed_byte_never_opens_to_another_text(at in 0usize..200, to: u8) {
        let mut note = format!("{TREE_2}\n{SIGNED_2}").into_bytes();
        let at = at % note.len();
        note[at] = to;
        if let Ok(opened) = Note::open(&note, &key()) {
            prop_assert_eq!(opened.text(), TREE_2);
        }
    }
}
