//! What a log can be told to lie about.

use super::{
    TestLog, answer,
    asked::{Asked, Tile},
    honest,
    records::{FULL, Records, asked_as},
    signer::Signer,
    text,
};
use crate::{
    archive::Body,
    module::Module,
    reply::{Framing, Natural},
};

/// A lie of a [`TestLog`]. Unless it says otherwise, the signatures around it are good.
#[derive(Clone, Debug)]
pub enum Lie {
    /// One bit of the hash tiles of this level is another one.
    HashTile(u32),
    /// One bit of the data tiles is another one.
    DataTile,
    /// Hash tiles and data tiles end before their time.
    CutTile,
    /// Who asks for a part of a tile gets a full one; what the tree has not yet is made up.
    FullForPartial,
    /// Who asks for a full tile gets a part of it.
    PartialForFull,
    /// The record of this module version says what these files have. Its number is the true one's.
    Record(Module),
    /// Lookups give the record before or behind, with that one's number: true, and about something else.
    AnotherRecord,
    /// Lookups have a line for a module that the record is not about.
    ExtraLine,
    /// Lookups have a record without a line for what was asked, under the number of the one that has it.
    NoLine,
    /// The record before or behind, and the lines of these files below it, in the signed note.
    LinesInNote(Module),
    /// Lookups have another number than the record's.
    Number,
    /// Signatures are wrong by one bit.
    Signature,
    /// Somebody else has signed, and only he.
    Stranger,
    /// Lookups bear a true head that is too small for their record.
    TooSmallHead,
    /// Lookups bear the true head of this size, and `latest` gives it, if it is no larger than the log; a lookup, if it holds the
    /// record. No lie as such: a client must live with it.
    OldHead(u64),
    /// Everything comes from another log, such as a [fork](TestLog::fork) of this one.
    Instead(TestLog),
    /// Records and heads come from another log, tiles from this one.
    Heads(TestLog),
    /// 64 MiB of noise behind what is right.
    Huge(Part),
    /// Noise behind what is right, for ever.
    Endless(Part),
    /// 200 with an HTML page.
    Page(Part),
    /// This status.
    Status(Part, u16),
}

/// Which answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Records.
    Lookups,
    /// Hash tiles and data tiles.
    Tiles,
    /// The newest head.
    Latest,
}

/// What a log lies about at one place.
#[derive(Debug, Default)]
pub(super) struct Lies {
    once: Vec<Lie>,
    always: Vec<Lie>,
}

impl Lies {
    pub(super) fn once(&mut self, lie: Lie) {
        self.once.push(lie);
    }

    pub(super) fn always(&mut self, lie: Lie) {
        self.always.push(lie);
    }

    /// The lie for an answer: those for one answer first, in the order they were told.
    pub(super) fn next(&mut self, asked: &Asked<'_>) -> Option<Lie> {
        match self.once.iter().position(|lie| lie.touches(asked)) {
            Some(at) => Some(self.once.remove(at)),
            None => self.always.iter().rfind(|lie| lie.touches(asked)).cloned(),
        }
    }
}

impl Lie {
    fn touches(&self, asked: &Asked<'_>) -> bool {
        match self {
            Lie::HashTile(level) => matches!(asked, Asked::Tile(tile) if tile.level == Some(*level)),
            Lie::DataTile => matches!(asked, Asked::Tile(Tile { level: None, .. })),
            Lie::CutTile => matches!(asked, Asked::Tile(_)),
            Lie::FullForPartial => matches!(asked, Asked::Tile(tile) if tile.width < FULL),
            Lie::PartialForFull => matches!(asked, Asked::Tile(tile) if tile.width == FULL),
            Lie::Record(module) | Lie::LinesInNote(module) => {
                matches!(asked, Asked::Lookup(version) if *version == asked_as(module))
            }
            Lie::AnotherRecord | Lie::ExtraLine | Lie::NoLine | Lie::Number | Lie::TooSmallHead => {
                matches!(asked, Asked::Lookup(_))
            }
            Lie::Signature | Lie::Stranger | Lie::OldHead(_) | Lie::Heads(_) => {
                !matches!(asked, Asked::Tile(_))
            }
            Lie::Instead(_) => true,
            Lie::Huge(part) | Lie::Endless(part) | Lie::Page(part) | Lie::Status(part, _) => match asked {
                Asked::Latest => *part == Part::Latest,
                Asked::Lookup(_) => *part == Part::Lookups,
                Asked::Tile(_) => *part == Part::Tiles,
            },
        }
    }
}

/// The answer with the lie in it. What the log has not is told as it is.
pub(super) fn told(lie: &Lie, asked: &Asked<'_>, signer: &Signer, records: &Records) -> Natural {
    match (lie, asked) {
        (Lie::Page(_), _) => answer(200, "text/html", "<!DOCTYPE html><title>Sign in</title>\n"),
        (Lie::Status(_, status), _) => answer(*status, "text/plain", "told to say so\n"),
        (Lie::Huge(_), _) => padded(&honest(asked, signer, records), 64 << 20, Framing::Length),
        (Lie::Endless(_), _) => padded(&honest(asked, signer, records), 1 << 60, Framing::UntilClose),
        (_, Asked::Tile(tile)) => {
            let mut answer = honest(asked, signer, records);
            if answer.status == 200 {
                answer.body = altered(lie, tile, records, answer.body.to_vec()).into();
            }
            answer
        }
        (_, Asked::Latest) => text(head(lie, records.size(), signer, records)),
        (_, Asked::Lookup(version)) => match records.id(version) {
            Some(id) => text(lookup(lie, id, signer, records)),
            None => honest(asked, signer, records),
        },
    }
}

fn padded(answer: &Natural, len: u64, framing: Framing) -> Natural {
    let body = Body::Noise { head: answer.body.to_vec().into(), seed: 1, len, tail: [].into() };
    Natural { body, framing, ..answer.clone() }
}

fn altered(lie: &Lie, tile: &Tile, records: &Records, mut body: Vec<u8>) -> Vec<u8> {
    match lie {
        Lie::CutTile => body.truncate(body.len() - 7),
        Lie::FullForPartial => {
            let full = match tile.level {
                Some(level) => records.hash_tile(level, tile.number, FULL),
                None => records.data_tile(tile.number, FULL),
            };
            return full.unwrap_or_else(|| made_up(tile, body));
        }
        Lie::PartialForFull => {
            let part = match tile.level {
                Some(level) => records.hash_tile(level, tile.number, FULL - 1),
                None => records.data_tile(tile.number, FULL - 1),
            };
            return part.unwrap_or_default();
        }
        _ => {
            // In the middle: a hash in a hash tile, a letter in a data tile.
            let middle = body.len() / 2;
            body[middle] ^= 1;
        }
    }
    body
}

fn made_up(tile: &Tile, mut body: Vec<u8>) -> Vec<u8> {
    for n in tile.width..FULL {
        match tile.level {
            Some(_) => body.extend([n.to_le_bytes()[0]; 32]),
            None => body.extend(format!("made.example.com/up v0.0.{n} h1:=\n\n").as_bytes()),
        }
    }
    body
}

fn lookup(lie: &Lie, id: u64, signer: &Signer, records: &Records) -> String {
    let beside = if id == 0 { 1 } else { id - 1 };
    let (number, record) = match lie {
        Lie::Record(module) => (id, module.sum_lines()),
        Lie::AnotherRecord | Lie::LinesInNote(_) => (beside, records.text(beside).to_owned()),
        Lie::NoLine => (id, records.text(beside).to_owned()),
        Lie::ExtraLine => {
            let extra = "extra.example.com/m v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
            (id, format!("{}{extra}", records.text(id)))
        }
        Lie::Number => (beside, records.text(id).to_owned()),
        _ => (id, records.text(id).to_owned()),
    };
    format!("{number}\n{record}\n{}", head(lie, id, signer, records))
}

/// A signed head that may hold the record `id`.
fn head(lie: &Lie, id: u64, signer: &Signer, records: &Records) -> String {
    let size = records.size();
    match lie {
        Lie::Signature => signer.missign(&records.head(size)),
        Lie::Stranger => Signer::new("stranger.example.com").sign(&records.head(size)),
        Lie::TooSmallHead => signer.sign(&records.head(id)),
        Lie::OldHead(old) => {
            // `latest` has no record to hold: it asks with the size.
            let fits = *old <= size && (id == size || id < *old);
            signer.sign(&records.head(if fits { *old } else { size }))
        }
        Lie::LinesInNote(module) => signer.sign(&format!("{}{}", records.head(size), module.sum_lines())),
        _ => signer.sign(&records.head(size)),
    }
}
