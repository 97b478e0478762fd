//! Proofs over honest logs of any size, and over logs in which one bit is wrong.

use std::collections::BTreeSet;

use gomod::TileId;
use proptest::prelude::*;
use serde_json::Value;
use sumdb::{Evil, Hash, Head, Lookup, Tiles, Unproved, anchor_tiles, authenticate, extends, prove, tile};

use crate::model::{LARGE, Log};

/// Sizes near the places where tiles begin and end, and others.
pub(crate) fn size() -> impl Strategy<Value = u64> {
    let near =
        prop_oneof![Just(0_u64), Just(256), Just(512), Just(65_536), Just(131_072), Just(65_536 + 256)];
    prop_oneof![
        1..600_u64,
        1..131_900_u64,
        (near, 0..4_u64, 0..3_u64).prop_map(|(at, up, down)| (at + up).max(down + 1) - down)
    ]
}

fn needs(size: u64, ids: &[u64]) -> BTreeSet<TileId> {
    let mut have = Tiles::new();
    let mut all = BTreeSet::new();
    for &id in ids {
        let body = LARGE.lookup(id);
        let head = LARGE.head(size);
        let ask = |have: &Tiles| prove(None, &head, &Lookup::parse(&body).unwrap(), have);
        all.extend(LARGE.fetch(&mut have, ask).0.unwrap().tiles);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_record_of_an_honest_log_is_proven_in_one_round(
        known in proptest::option::of(size()),
        signed in size(),
        at in any::<proptest::sample::Index>(),
    ) {
        let id = at.index(signed as usize) as u64;
        let (known, signed) = (known.map(|size| LARGE.head(size)), LARGE.head(signed));
        let body = LARGE.lookup(id);
        let mut have = Tiles::new();
        let ask = |have: &Tiles| prove(known.as_ref(), &signed, &Lookup::parse(&body).unwrap(), have);
        let (proved, rounds) = LARGE.fetch(&mut have, ask);
        let proved = proved.unwrap();
        prop_assert!(rounds <= 1);
        let larger = known.filter(|known| known.size >= signed.size).unwrap_or(signed);
        prop_assert_eq!(proved.head, larger);
        prop_assert_eq!(proved.newer, known.is_none_or(|known| known.size < signed.size));
        for id in &proved.tiles {
            prop_assert_eq!(have.get(*id).unwrap(), LARGE.tile(*id));
        }
        if let Some(known) = known.filter(|_| proved.newer) {
            for id in anchor_tiles(known.size, signed.size) {
                prop_assert!(proved.tiles.contains(&id), "{} is missing", id);
            }
        }
    }

    #[test]
    fn every_tree_of_an_honest_log_begins_with_its_smaller_ones(one in size(), other in size()) {
        let (old, new) = (LARGE.head(one.min(other)), LARGE.head(one.max(other)));
        let mut have = Tiles::new();
        let (tiles, rounds) = LARGE.fetch(&mut have, |have| extends(&old, &new, have));
        let mut tiles = tiles.unwrap();
        prop_assert!(rounds <= 1);
        let mut anchors = if old == new { Vec::new() } else { anchor_tiles(old.size, new.size) };
        tiles.sort();
        anchors.sort();
        prop_assert_eq!(tiles, anchors);
        if old != new {
            let refused = extends(&new, &old, &have);
            prop_assert_eq!(refused, Err(Evil::Rollback { old: new.size, new: old.size }.into()));
        }
    }

    #[test]
    fn every_tile_of_an_honest_log_is_authentic(
        size in size(),
        level in proptest::option::of(0..3_u8),
        at in any::<proptest::sample::Index>(),
        narrower in any::<proptest::sample::Index>(),
    ) {
        let entries = size >> (8 * level.unwrap_or(0));
        prop_assume!(entries > 0);
        let n = at.index(entries as usize) as u64 / 256;
        let whole = (entries - n * 256).min(256) as usize;
        let id = TileId::new(level, n, narrower.index(whole) as u16 + 1).unwrap();
        let head = LARGE.head(size);
        let mut have = Tiles::new();
        let (body, authentic) = LARGE.fetch(&mut have, |have| tile(&head, id, have)).0.unwrap();
        prop_assert_eq!(body, LARGE.tile(id));
        for id in authentic {
            prop_assert_eq!(have.get(id).unwrap(), LARGE.tile(id));
        }
    }

    #[test]
    fn a_record_stays_provable_when_the_anchor_moves(
        one in size(),
        other in size(),
        ids in proptest::collection::vec(any::<proptest::sample::Index>(), 1..4),
    ) {
        let (old, new) = (one.min(other), one.max(other));
        let ids: Vec<u64> = ids.iter().map(|at| at.index(old as usize) as u64).collect();
        let mut stored = needs(old, &ids);
        stored.extend(anchor_tiles(old, new));
        let needed = needs(new, &ids);
        prop_assert!(needed.is_subset(&stored), "{:?}", needed.difference(&stored));
    }

    #[test]
    fn one_wrong_bit_is_refused(
        known in proptest::option::of(size()),
        signed in size(),
        at in any::<proptest::sample::Index>(),
        which in any::<proptest::sample::Index>(),
        bit in any::<proptest::sample::Index>(),
    ) {
        let id = at.index(signed as usize) as u64;
        let (known, signed) = (known.map(|size| LARGE.head(size)), LARGE.head(signed));
        let body = LARGE.lookup(id);
        let lookup = Lookup::parse(&body).unwrap();
        let mut have = Tiles::new();
        let proved = LARGE.fetch(&mut have, |have| prove(known.as_ref(), &signed, &lookup, have)).0.unwrap();

        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let wrong = proved.tiles[which.index(proved.tiles.len())];
        let mut lied = have.clone();
        lied.insert(wrong, flipped(have.get(wrong).unwrap()));
        match prove(known.as_ref(), &signed, &lookup, &lied) {
            Err(Unproved::Security(evil)) => prop_assert!(evil.suspects().contains(&wrong) && !evil.is_fork(), "{}", evil),
            other => prop_assert!(false, "{:?}", other),
        }
        let root = flipped(signed.root.as_bytes());
        let forged = Head { root: Hash::from(<[u8; 32]>::try_from(root).unwrap()), ..signed };
        prop_assert!(matches!(prove(known.as_ref(), &forged, &lookup, &have), Err(Unproved::Security(_))));

        let text = flipped(lookup.text().as_bytes());
        let body = [format!("{id}\n").as_bytes(), &text, b"\nnote"].concat();
        if let Ok(lookup) = Lookup::parse(&body) {
            let verdict = prove(known.as_ref(), &signed, &lookup, &have);
            let refused = matches!(verdict, Err(Unproved::Security(Evil::Record { .. })));
            prop_assert!(refused);
        }
        let elsewhere = Lookup::compose(id ^ (1 << bit.index(8)), lookup.text(), b"note");
        let lookup = Lookup::parse(&elsewhere).unwrap();
        let verdict = LARGE.fetch(&mut have, |have| prove(known.as_ref(), &signed, &lookup, have)).0;
        let refused = matches!(verdict, Err(Evil::Record { .. } | Evil::Outside { .. }));
        prop_assert!(refused);
    }
}

#[test]
fn anchors_that_move_leave_everything_provable_from_what_is_stored() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(60));
    let pick = any::<proptest::sample::Index>;
    let steps = (
        proptest::collection::vec((size(), pick(), any::<bool>()), 1..12),
        proptest::collection::vec(pick(), 20),
    );
    runner
        .run(&steps, |(steps, order)| {
            let (mut stored, mut names) = (Tiles::new(), BTreeSet::new());
            let mut anchor: Option<Head> = None;
            let mut lookups = Vec::new();
            for (signed, at, alone) in steps {
                let id = at.index(signed as usize) as u64;
                let (signed, body) = (LARGE.head(signed), LARGE.lookup(id));
                let mut have = Tiles::new();
                if let Some(known) = anchor.filter(|known| alone && known.size < signed.size) {
                    // A newer head that comes without a record.
                    for id in LARGE.fetch(&mut have, |have| extends(&known, &signed, have)).0.unwrap() {
                        stored.insert(id, have.tile(id).unwrap());
                        names.insert(id);
                    }
                    anchor = Some(signed);
                    continue;
                }
                let ask =
                    |have: &Tiles| prove(anchor.as_ref(), &signed, &Lookup::parse(&body).unwrap(), have);
                let proved = LARGE.fetch(&mut have, ask).0.unwrap();
                for id in &proved.tiles {
                    stored.insert(*id, have.tile(*id).unwrap());
                    names.insert(*id);
                }
                anchor = Some(proved.head);
                lookups.push((proved.head, body));
            }
            // A fresh client that looks them up in any order, with nothing but what is stored. It reads files by their
            // names, and cuts nothing but full tiles.
            let mut latest: Option<Head> = None;
            for at in order {
                let (head, body) = at.get(&lookups);
                let proved = prove(latest.as_ref(), head, &Lookup::parse(body).unwrap(), &stored).unwrap();
                for id in &proved.tiles {
                    prop_assert!(names.contains(id), "{} is not stored under its name", id);
                }
                latest = Some(proved.head);
            }
            Ok(())
        })
        .unwrap();
}

/// Every record is the same, so that any size can be had: up to the largest that the client can count.
#[test]
fn numbers_up_to_the_largest_are_fine() {
    let text = "example.com/m v1.0.0 h1:\n";
    let mut levels = vec![Hash::leaf(text.as_bytes())];
    for level in 0..63 {
        levels.push(Hash::node(&levels[level], &levels[level]));
    }
    let head = |size: u64| {
        let subtrees = (0..63).filter(|level| size >> level & 1 == 1).map(|level| levels[level]);
        Head { size, root: subtrees.reduce(|right, left| Hash::node(&left, &right)).unwrap() }
    };
    let body = |id: TileId| levels[8 * id.level().unwrap() as usize].as_bytes().repeat(id.width().into());
    let largest = i64::MAX as u64;
    for (old, new) in
        [(1, largest), (largest - 1, largest), (1 << 62, largest), (largest, largest), (1 << 40, 1 << 62)]
    {
        for id in [0, old / 3, old - 1, new - 1] {
            let compose = Lookup::compose(id, text, b"note");
            let lookup = Lookup::parse(&compose).unwrap();
            let mut have = Tiles::new();
            if let Err(Unproved::Need(ids)) = prove(Some(&head(old)), &head(new), &lookup, &have) {
                assert!(ids.len() <= 24);
                for id in ids {
                    have.insert(id, body(id));
                }
            }
            let proved = prove(Some(&head(old)), &head(new), &lookup, &have).unwrap();
            assert_eq!((proved.head, proved.newer), (head(new), new > old));
        }
    }
    for size in [largest + 1, u64::MAX] {
        let beyond = Head { size, root: Hash::empty() };
        assert_eq!(extends(&head(1), &beyond, &Tiles::new()), Err(Evil::Size(size).into()));
        assert_eq!(authenticate(&beyond, &[], &Tiles::new()), Err(Evil::Size(size).into()));
        assert_eq!(anchor_tiles(1, size), []);
        assert_eq!(anchor_tiles(size, 1), []);
    }
}

/// Which tiles x/mod's `TileHashReader` (v0.40) reads to prove the prefix and the record, for sizes of all magnitudes that
/// it can count: it does not come to an end beyond 2^62.
#[test]
fn the_tiles_that_are_asked_for_are_those_that_the_go_command_asks_for() {
    let all: Value = serde_json::from_str(include_str!("../vectors/needs.json")).unwrap();
    for case in all.as_array().unwrap() {
        let head = |key: &str| Head { size: case[key].as_u64().unwrap(), root: Hash::empty() };
        let body = Lookup::compose(case["id"].as_u64().unwrap(), "a\n", b"note");
        let needed = prove(Some(&head("old")), &head("new"), &Lookup::parse(&body).unwrap(), &Tiles::new());
        let Err(Unproved::Need(ids)) = needed else { panic!("{needed:?}") };
        let got: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
        let want = case["tiles"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        assert_eq!(got, want.collect(), "{case}");
    }
}

#[test]
fn small_trees_have_the_roots_of_their_definition() {
    // The model keeps hashes; this is the definition without any.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::empty(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                Hash::node(&root(left), &root(right))
            }
        }
    }
    let leaves: Vec<Hash> = LARGE.records[..600].iter().map(|text| Hash::leaf(text.as_bytes())).collect();
    for size in 0..=600 {
        assert_eq!(LARGE.head(size as u64).root, root(&leaves[..size]), "{size}");
    }
}

#[test]
fn a_fork_is_shown_with_both_heads_and_a_proof() {
    let mut other: Vec<String> = LARGE.records[..700].to_vec();
    other[5] = "example.com/evil v1.0.0 h1:evil\n".to_owned();
    let forked = Log::new(other);
    for (old, new) in [(600, 700), (256, 257), (6, 700), (512, 700)] {
        let (old, new) = (LARGE.head(old), forked.head(new));
        let mut have = Tiles::new();
        let evil = forked.fetch(&mut have, |have| extends(&old, &new, have)).0.unwrap_err();
        assert!(evil.is_fork() && evil.suspects().is_empty());
        let Evil::Fork(fork) = &evil else { panic!("{evil}") };
        assert_eq!((fork.old, fork.new, fork.root), (old, new, forked.head(old.size).root));
        assert_eq!(consistent(&fork.proof, 0, new.size, old.size, fork.root), Some((fork.root, new.root)));
        for part in [old.to_string(), new.to_string(), fork.root.to_string(), evil.to_string()] {
            assert!(evil.evidence().contains(&part), "{}", evil.evidence());
        }
        assert!(fork.proof.iter().all(|hash| evil.evidence().contains(&hash.to_string())));

        // The other way: the larger head is the known one. And a lookup beside it changes nothing.
        let body = LARGE.lookup(0);
        let lookup = Lookup::parse(&body).unwrap();
        for (known, signed) in [(old, new), (new, old)] {
            let verdict = forked.fetch(&mut have, |have| prove(Some(&known), &signed, &lookup, have)).0;
            assert_eq!(verdict, Err(evil.clone()));
        }
    }
    let (one, two) = (LARGE.head(600), forked.head(600));
    assert!(matches!(extends(&one, &two, &Tiles::new()), Err(Unproved::Security(Evil::Fork(_)))));
    let empty = Head { size: 0, root: Hash::from([1; 32]) };
    let mut have = Tiles::new();
    assert!(LARGE.fetch(&mut have, |have| extends(&empty, &one, have)).0.unwrap_err().is_fork());
}

/// Runs a consistency proof as x/mod's `tlog.CheckTree` does: the roots of the old and the new tree that it gives.
fn consistent(proof: &[Hash], start: u64, end: u64, old: u64, root: Hash) -> Option<(Hash, Hash)> {
    if old == end {
        return match proof {
            [] if start == 0 => Some((root, root)),
            [one] if start > 0 => Some((*one, *one)),
            _ => None,
        };
    }
    let (last, rest) = proof.split_last()?;
    let middle = start + (end - start).next_power_of_two() / 2;
    if old <= middle {
        let (was, is) = consistent(rest, start, middle, old, root)?;
        Some((was, Hash::node(&is, last)))
    } else {
        let (was, is) = consistent(rest, middle, end, old, root)?;
        Some((Hash::node(last, &was), Hash::node(last, &is)))
    }
}

#[test]
fn a_record_lies_in_the_head_that_came_with_it() {
    let (known, signed) = (LARGE.head(700), LARGE.head(600));
    for id in [600, 650, u64::MAX] {
        let body = Lookup::compose(id, &LARGE.records[650], b"note");
        let Ok(lookup) = Lookup::parse(&body) else { continue };
        let refused = LARGE.fetch(&mut Tiles::new(), |have| prove(Some(&known), &signed, &lookup, have)).0;
        assert_eq!(refused, Err(Evil::Outside { id, size: 600 }));
    }
}

#[test]
fn a_wider_tile_serves_and_a_lying_narrower_one_does_not_get_out() {
    let head = LARGE.head(600);
    let id: TileId = "8/0/001.p/5".parse().unwrap();
    let mut have = Tiles::new();
    for id in ["8/0/001", "8/0/002", "8/1/000"] {
        let id: TileId = id.parse().unwrap();
        have.insert(id, LARGE.tile(id));
    }
    assert_eq!(tile(&head, id, &have).unwrap().0, LARGE.tile(id));
    have.insert(id, vec![0; 5 * 32]);
    assert_eq!(tile(&head, id, &have).unwrap().0, LARGE.tile(id));
}

#[test]
fn what_lies_beyond_the_tree_is_no_lie() {
    let head = LARGE.head(600);
    for id in [
        "8/0/002.p/89",
        "8/0/003.p/1",
        "8/1/000.p/3",
        "8/2/000.p/1",
        "8/7/000.p/1",
        "8/data/002",
        "8/data/003.p/1",
    ] {
        let id: TileId = id.parse().unwrap();
        assert_eq!(tile(&head, id, &Tiles::new()), Err(Unproved::Beyond(id)));
    }
}

#[test]
fn a_tile_of_the_wrong_length_is_refused_by_name() {
    let (head, id) = (LARGE.head(600), "8/0/002.p/88".parse::<TileId>().unwrap());
    let full = id.full();
    for (stored, body) in [
        (id, LARGE.tile(full)),
        (id, LARGE.tile(id)[..87 * 32].to_vec()),
        (id, Vec::new()),
        (full, LARGE.tile(id)),
        (full, [LARGE.tile(full), vec![0]].concat()),
    ] {
        let mut have = Tiles::new();
        have.insert(stored, body);
        let lie = Evil::Tile { tiles: vec![stored], size: 600 };
        assert_eq!(tile(&head, id, &have), Err(lie.into()));
        have.forget(id);
        assert!(matches!(tile(&head, id, &have), Err(Unproved::Need(_))));
    }
}

#[test]
fn altered_tiles_of_records_are_refused() {
    let (head, id) = (LARGE.head(600), "8/data/001".parse::<TileId>().unwrap());
    let good = LARGE.tile(id);
    let mut have = Tiles::new();
    LARGE.fetch(&mut have, |have| tile(&head, id, have)).0.unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    for bad in [
        text.replacen("m300 ", "m301 ", 1),
        text.replacen("\n\n", "\n\n\n", 1),
        text.replacen("\n\n", "\n", 1),
        text[..text.len() - 1].to_owned(),
        format!("{text}example.com/x v1.0.0 h1:\n\n"),
        format!("\n{text}"),
        String::new(),
    ] {
        have.insert(id, bad.clone().into_bytes());
        let lie = Evil::Tile { tiles: vec![id], size: 600 };
        assert_eq!(tile(&head, id, &have), Err(lie.into()), "{}", &bad[..bad.len().min(50)]);
    }
    have.insert(id, good.clone());
    assert_eq!(tile(&head, id, &have).unwrap().0, good);
}
