//! Whatever tiles are brought, nothing is proven but what is in the log, and nothing is named as authentic but its tiles.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gomod::TileId;
use libfuzzer_sys::fuzz_target;
use sumdb::{Frontier, Head, Lookup, Tiles, Unproved, extends, prove, tile};

struct Log {
    records: Vec<String>,
    heads: Vec<Head>,
    tiles: BTreeMap<(Option<u8>, u64), Vec<u8>>,
}

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let mut log = Log { records: Vec::new(), heads: Vec::new(), tiles: BTreeMap::new() };
    let mut frontier = Frontier::new();
    for i in 0..1500 {
        log.heads.push(frontier.head());
        let text = format!("example.com/m{i} v1.0.0 h1:{i}\n");
        let complete = frontier.append(&text).expect("a line is a record");
        log.tiles.extend(complete.into_iter().map(|(id, body)| ((id.level(), id.n()), body)));
        log.records.push(text);
    }
    log.tiles.extend(frontier.edge().into_iter().map(|(id, body)| ((id.level(), id.n()), body)));
    log
});

/// The true body of a tile of the log.
fn body(id: TileId) -> &'static [u8] {
    let whole = &LOG.tiles[&(id.level(), id.n())];
    match id.level() {
        Some(_) => &whole[..usize::from(id.width()) * 32],
        None => {
            let first = usize::try_from(id.n()).expect("a small log") * 256;
            let records = &LOG.records[first..first + usize::from(id.width())];
            &whole[..records.iter().map(|text| text.len() + 1).sum()]
        }
    }
}

/// How each tile that is asked for is altered, and what else is brought unasked.
#[derive(Debug)]
struct Lies<'a> {
    bytes: &'a [u8],
}

impl<'a> Lies<'a> {
    fn number(&mut self, below: usize) -> usize {
        let Some((two, rest)) = self.bytes.split_first_chunk::<2>() else { return 0 };
        self.bytes = rest;
        usize::from(u16::from_le_bytes(*two)) % below
    }

    fn alter(&mut self, good: &[u8]) -> Vec<u8> {
        let mut body = good.to_vec();
        let at = self.number(body.len() + 1);
        match self.number(8) {
            1 => body.truncate(at),
            2 => body.insert(at, 0),
            3 => body.rotate_left(at),
            4 if at < body.len() => body[at] ^= 1 << self.number(8),
            5 => body = self.bytes.to_vec(),
            _ => (),
        }
        body
    }

    fn bring(&mut self, ids: Vec<TileId>, have: &mut Tiles) {
        for id in ids {
            let id = if self.number(4) == 1 && LOG.tiles[&(id.level(), id.n())].len() == 8192 {
                id.full()
            } else {
                id
            };
            have.insert(id, self.alter(body(id)));
        }
    }
}

fn authentic(tiles: &[TileId], have: &Tiles) {
    for id in tiles {
        assert_eq!(have.get(*id), Some(body(*id)), "{id}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut lies = Lies { bytes };
    let (known, signed) = (LOG.heads[lies.number(1500)], LOG.heads[lies.number(1500)]);
    let (id, text) = (lies.number(1500) as u64, lies.number(1500));
    let wire = Lookup::compose(id, &LOG.records[text], b"note");
    let lookup = Lookup::parse(&wire).expect("a composed lookup");
    let known = Some(&known).filter(|_| lies.number(4) > 0);

    let mut have = Tiles::new();
    for _ in 0..2 {
        match prove(known, &signed, &lookup, &have) {
            Err(Unproved::Need(ids)) => lies.bring(ids, &mut have),
            Err(Unproved::Security(evil)) => assert!(!evil.is_fork(), "the log never forked: {evil}"),
            Err(Unproved::Beyond(id)) => panic!("nobody asked for {id}"),
            Ok(proved) => {
                assert_eq!(id, text as u64, "another record's text was believed");
                assert_eq!(proved.head.size, known.map_or(0, |known| known.size).max(signed.size));
                authentic(&proved.tiles, &have);
            }
        }
    }
    if let Some(known) = known {
        match extends(known, &signed, &have) {
            Err(Unproved::Need(ids)) => lies.bring(ids, &mut have),
            Err(_) => (),
            Ok(tiles) => authentic(&tiles, &have),
        }
    }
    let level = [None, Some(0), Some(1), Some(2)][lies.number(4)];
    let Ok(id) = TileId::new(level, lies.number(7) as u64, lies.number(256) as u16 + 1) else { return };
    for _ in 0..2 {
        match tile(&signed, id, &have) {
            Err(Unproved::Need(ids)) => lies.bring(ids, &mut have),
            Err(_) => (),
            Ok((got, tiles)) => {
                assert_eq!(got, body(id));
                authentic(&tiles, &have);
            }
        }
    }
});
