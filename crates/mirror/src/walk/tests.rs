use std::time::Duration;

use gomod::H1;
use upstream::{DirProxy, Door, DoorConfig, Env, SafeUrl, SourceConfig};

use super::*;
use crate::{Known, Vouched, policy::SumdbUse};

/// What is asked, one of each kind.
const KINDS: [&str; 6] = [
    "example.com/m/@v/list",
    "example.com/m/@latest",
    "example.com/m/@v/main.info",
    "example.com/m/@v/v1.0.0.info",
    "example.com/m/@v/v1.0.0.mod",
    "example.com/m/@v/v1.0.0.zip",
];

fn strict() -> Rules {
    Rules { comma: Comma::Stops, hedged: true }
}

/// A chain in which each letter is a source.
pub(super) fn links(chain: &str) -> Vec<Link> {
    let door = Door::new(DoorConfig::new("test", Env::default())).unwrap();
    let config = SourceConfig::new(SafeUrl::parse("file:///srv/modules").unwrap());
    let source = Arc::new(Source::Dir(DirProxy::open(&door, &config).unwrap()));
    let link = |link: &str| {
        let after = if link.ends_with('|') { Separator::Pipe } else { Separator::Comma };
        Link { source: Arc::clone(&source), after }
    };
    chain.split_inclusive([',', '|']).map(link).collect()
}

/// What a database says that vouches for everything.
pub(super) fn vouching() -> Vouching {
    Vouching::known(Vouched {
        zip: Some(H1::of_gomod(b"zip")),
        gomod: Some(H1::of_gomod(b"mod")),
        db: "sum.example.com".parse().unwrap(),
        id: 0,
        size: 1,
    })
}

fn walk(chain: &str, end: ChainEnd, rules: Rules) -> Walk {
    Walk::over(Request::parse(KINDS[0]).unwrap(), &links(chain), end, rules)
}

/// What a source says: absent, failed for good, failed for a moment, tripped, another hash.
fn says(walk: &mut Walk, turn: &Turn, said: char) {
    let name = turn.source.name().clone();
    match said {
        'a' => walk.miss(turn, Miss::Absent(Absence { source: name, status: 404, text: None })),
        'f' | 'm' | 't' => {
            let kind = match said {
                'f' => FaultKind::Tls,
                'm' => FaultKind::Status(503),
                _ => FaultKind::Tripped,
            };
            walk.miss(turn, Miss::Failed(Fault::new(name, kind, "", Duration::ZERO)));
        }
        _ => walk.contradicts(
            turn,
            Contradiction {
                what: "example.com/m@v1.0.0".into(),
                source_name: name.to_string(),
                pinned: H1::of_gomod(b"1"),
                got: H1::of_gomod(b"2"),
                known: Box::new(Known::FirstSight { source: "a".into(), at: jiff::Timestamp::UNIX_EPOCH }),
            },
        ),
    }
}

/// Walks a chain in which each source says what its letter means, and lists who was asked.
fn walked(mut walk: Walk, chain: &str) -> (String, Refusal) {
    let letters: Vec<char> = chain.chars().filter(|c| c.is_alphabetic()).collect();
    let mut asked = String::new();
    while let Some(turn) = walk.next() {
        let said = letters[turn.place];
        asked.push(said);
        // Nobody holds back a request that nobody else can answer.
        says(&mut walk, &turn, if turn.alone && said == 't' { 'f' } else { said });
    }
    (asked, walk.refusal())
}

fn outcome(chain: &str, end: ChainEnd) -> (String, Refusal) {
    walked(walk(chain, end, strict()), chain)
}

#[test]
fn a_comma_goes_on_after_an_absence_and_a_bar_after_anything() {
    for (chain, asked) in [
        ("a,a,a", "aaa"),
        ("a|a|a", "aaa"),
        ("f,a,a", "f"),
        ("f|a,a", "faa"),
        ("a|f,a", "af"),
        ("f|f|f", "fff"),
        ("c,a", "c"),
        ("c|a", "ca"),
    ] {
        assert_eq!(outcome(chain, ChainEnd::Exhausted).0, asked, "{chain}");
    }
}

#[test]
fn a_contradiction_weighs_more_than_a_failure_and_that_more_than_an_absence() {
    use ChainEnd::{Exhausted, Off};
    for (chain, end, meaning) in [
        ("a,a", Exhausted, "absent 2"),
        ("a|a", Off, "absent 2"),
        ("", Off, "off"),
        ("", Exhausted, "absent 0"),
        ("a|f", Exhausted, "failed 1"),
        ("f|a", Off, "failed 1"),
        ("f|a|f", Exhausted, "failed 2"),
        ("f|c|a", Exhausted, "security"),
        ("c|f", Off, "security"),
    ] {
        let told = match outcome(chain, end).1 {
            Refusal::Absent(Absent::Everywhere { said }) => format!("absent {}", said.len()),
            Refusal::Absent(Absent::Off) => "off".into(),
            Refusal::Failed(faults) => format!("failed {}", faults.len()),
            Refusal::Security(_) => "security".into(),
            other => panic!("{other}"),
        };
        assert_eq!(told, meaning, "{chain}");
    }
}

#[test]
fn who_is_held_back_is_asked_in_the_end_if_nobody_has_said_anything() {
    for (chain, asked) in
        [("t|a", "ta"), ("t|f", "tft"), ("t|f,a", "tft"), ("t|f|t|f", "tftftt"), ("t|c", "tct")]
    {
        let (seen, refusal) = outcome(chain, ChainEnd::Exhausted);
        assert_eq!(seen, asked, "{chain}");
        assert!(!matches!(refusal, Refusal::Absent(_)), "{chain}: {refusal}");
    }
}

#[test]
fn who_failed_for_a_moment_is_asked_again_when_nobody_behind_it_could_answer() {
    for (chain, asked) in [
        ("m|f", "mfm"),
        ("m|a", "ma"),
        ("m|m", "mmm"),
        ("m|f,a", "mfm"),
        ("m|t|f", "mtfmt"),
        // They had all their tries at once.
        ("m,f", "m"),
        ("f|m", "fm"),
    ] {
        assert_eq!(outcome(chain, ChainEnd::Exhausted).0, asked, "{chain}");
    }
    let mut walk = walk("m|f", ChainEnd::Exhausted, strict());
    for (said, alone) in [('m', false), ('f', true), ('a', true)] {
        let turn = walk.next().unwrap();
        assert_eq!(turn.alone, alone);
        says(&mut walk, &turn, said);
    }
    // What it says then is what counts.
    assert!(walk.next().is_none());
    let Refusal::Failed(faults) = walk.refusal() else { panic!() };
    assert_eq!(faults.len(), 1);
}

#[test]
fn who_is_alone_is_known_before_it_is_asked() {
    for (chain, alone) in [
        ("x", [true].as_slice()),
        ("x|x", &[false, true]),
        ("x,x", &[true, true]),
        ("x|x,x", &[false, true, true]),
    ] {
        let mut walk = walk(chain, ChainEnd::Exhausted, strict());
        for (place, alone) in alone.iter().enumerate() {
            let turn = walk.next().unwrap();
            assert_eq!((turn.place, turn.alone), (place, *alone), "{chain}");
            says(&mut walk, &turn, 'a');
        }
    }
}

#[test]
fn a_second_one_decides_nothing_while_the_first_may_still_answer() {
    let mut walk = walk("x|x,x", ChainEnd::Exhausted, strict());
    let first = walk.next().unwrap();
    let second = walk.in_order().unwrap();
    says(&mut walk, &second, 'f');
    assert!(!walk.goes_on());
    says(&mut walk, &first, 'a');
    // The failure of the second has ended the walk, though it came first.
    assert!(walk.next().is_none());
    let Refusal::Failed(faults) = walk.refusal() else { panic!() };
    assert_eq!(faults.len(), 1);
}

#[test]
fn a_failure_at_an_open_comma_waits_for_the_word_of_the_database() {
    let open = Rules { comma: Comma::Open, hedged: true };
    let unknown: Word = Err(Refusal::Absent(Absent::NoDatabase));
    let vouched: Word = vouching().heard().unwrap().clone();
    let of_zip =
        |chain: &str| Walk::over(Request::parse(KINDS[5]).unwrap(), &links(chain), ChainEnd::Exhausted, open);
    for (said, word, asked) in [
        ('f', Some(&vouched), "fx"),
        ('f', Some(&unknown), "f"),
        ('f', None, "f"),
        ('m', Some(&vouched), "mx"),
        // It was not tried with all patience, as another might have taken over.
        ('m', Some(&unknown), "mm"),
        ('c', Some(&vouched), "cx"),
    ] {
        let mut walk = of_zip("x,x");
        let turn = walk.next().unwrap();
        assert!(turn.followed && !turn.alone && walk.is_open());
        says(&mut walk, &turn, said);
        assert!(walk.waits_for_word() && !walk.goes_on() && walk.in_order().is_none());
        walk.decide(word);
        assert!(!walk.waits_for_word());
        let mut seen = String::from(said);
        if let Some(next) = walk.next() {
            seen.push(if next.place == 0 { said } else { 'x' });
        }
        assert_eq!(seen, asked, "{said} {word:?}");
    }
    // An absence goes on without it, and so does the end of the chain.
    let mut walk = of_zip("x,x");
    let turn = walk.next().unwrap();
    says(&mut walk, &turn, 'a');
    assert!(!walk.waits_for_word());
    let turn = walk.next().unwrap();
    says(&mut walk, &turn, 'f');
    assert!(!walk.waits_for_word() && walk.next().is_none());
}

/// What must happen after a source has said something: the rule in words, written down for every case.
///
/// * an absence always goes on;
/// * `|` goes on after anything;
/// * `,` with `strict`, and on every private route, stops at a failure and at a lie;
/// * `,` with `any` goes on;
/// * `,` with `verified` goes on for `.info`, `.mod` and `.zip` of a version that is vouched for.
#[test]
fn every_cell_of_the_table() {
    const PRIVATE: [SumdbUse; 2] = [SumdbUse::Ledger, SumdbUse::Off];
    // fallback, vouched for; whether `,` goes on after a failure of list, latest, query, info, mod, zip.
    let table = [
        (Fallback::Strict, false, [false; 6]),
        (Fallback::Strict, true, [false; 6]),
        (Fallback::Verified, false, [false; 6]),
        (Fallback::Verified, true, [false, false, false, true, true, true]),
        (Fallback::Any, false, [true; 6]),
        (Fallback::Any, true, [true; 6]),
    ];
    let mut cells = 0;
    for (fallback, vouched, comma) in table {
        for (kind, comma) in KINDS.into_iter().zip(comma) {
            for (said, separator) in ["a,", "a|", "f,", "f|", "c,", "c|"].map(|cell| cell.split_at(1)) {
                let chain = format!("{said}{separator}a");
                let asked = |sumdb| {
                    let chain_of = Chain { links: links(&chain), ..Chain::default() };
                    let on_unverifiable = crate::OnUnverifiable::default();
                    let route = Route { name: "r".into(), chain: chain_of, sumdb, fallback, on_unverifiable };
                    let what = Request::parse(kind).unwrap();
                    let rules = Rules::of(&route, &what, Some(vouched));
                    assert_eq!(rules.hedged, !route.is_private());
                    walked(Walk::over(what, &route.chain.links, ChainEnd::Exhausted, rules), &chain).0.len()
                };
                let goes_on = said == "a" || separator == "|" || comma;
                let seen = asked(SumdbUse::Public);
                assert_eq!(seen, 1 + usize::from(goes_on), "{chain} {kind} {fallback:?} vouched: {vouched}");
                let in_private = said == "a" || separator == "|";
                for sumdb in PRIVATE {
                    assert_eq!(asked(sumdb), 1 + usize::from(in_private), "{chain} {kind} {fallback:?}");
                }
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 6 * 6 * 6);
}
