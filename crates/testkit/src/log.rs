//! A checksum database that really signs: a tree over the modules of a test, as PROTOCOL 4 has it. It can grow while it
//! serves, and it can lie.

mod asked;
mod lie;
mod merkle;
mod records;
mod signer;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use lie::{Lie, Part};

use self::{
    asked::{Asked, Tile},
    lie::Lies,
    records::Records,
    signer::Signer,
};
use crate::{
    module::Module,
    reply::{Framing, Natural},
    tree::ModuleTree,
};

/// A signed log over module versions. A real `go` with `GOSUMDB` set to its [`vkey`](TestLog::vkey) verifies by it.
///
/// Clones are the same log at the same place: what is appended to one, all have; what one is told to lie about, all lie
/// about. [`elsewhere`](TestLog::elsewhere) is the same log at another place, with lies of its own.
#[derive(Clone, Debug)]
pub struct TestLog {
    signer: Arc<Signer>,
    records: Arc<Mutex<Records>>,
    lies: Arc<Mutex<Lies>>,
}

impl TestLog {
    /// A log of all modules of a tree. The key is the same for the same name.
    pub fn over(name: &str, tree: &ModuleTree) -> Self {
        Self::of(Arc::new(Signer::new(name)), Records::default()).then(tree)
    }

    fn of(signer: Arc<Signer>, records: Records) -> Self {
        Self { signer, records: Arc::new(Mutex::new(records)), lies: Arc::default() }
    }

    /// The same log some days later: all modules of a tree have come to it.
    #[must_use]
    pub fn then(self, tree: &ModuleTree) -> Self {
        for module in tree.modules() {
            self.append(module);
        }
        self
    }

    /// With `count` more records of modules that nobody has, so that proofs need several tiles.
    #[must_use]
    pub fn with_filler(self, count: usize) -> Self {
        self.fill(count);
        self
    }

    /// The log grows by `count` records of modules that nobody has.
    pub fn fill(&self, count: usize) {
        self.records().fill(count);
    }

    /// The log grows by the record of a module version. Its number.
    pub fn append(&self, module: &Module) -> u64 {
        self.records().push(module)
    }

    /// The same log at another place: it has the same key, and grows with this one. It begins honest.
    pub fn elsewhere(&self) -> Self {
        Self { lies: Arc::default(), ..self.clone() }
    }

    /// A log with the same key and the same records, but for the one of this module version, which names these files. What
    /// one of the two grows by, the other has not.
    pub fn fork(&self, instead: &Module) -> Self {
        Self::of(Arc::clone(&self.signer), self.records().with(instead))
    }

    /// How many records it has.
    pub fn size(&self) -> u64 {
        self.records().size()
    }

    /// The public key, as GOSUMDB takes it.
    pub fn vkey(&self) -> String {
        self.signer.vkey()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.signer.name()
    }

    /// The signed head of the whole tree.
    pub fn head(&self) -> String {
        self.head_at(self.size())
    }

    /// The signed head of the tree when it had so many records.
    pub fn head_at(&self, size: u64) -> String {
        self.signer.sign(&self.records().head(size))
    }

    /// Lies in every answer that this lie touches. Lies add up; where several touch an answer, the newest one counts.
    pub fn lie(&self, lie: Lie) {
        self.lies().always(lie);
    }

    /// Lies in the next answer that this lie touches.
    pub fn lie_once(&self, lie: Lie) {
        self.lies().once(lie);
    }

    /// Says the truth from now on.
    pub fn be_honest(&self) {
        *self.lies() = Lies::default();
    }

    /// What it says to a path, both as a database at the root of a host and through a proxy.
    /// Nothing for paths that are none of its own.
    pub(crate) fn answer(&self, path: &str) -> Option<Natural> {
        let through_proxy = path.strip_prefix("sumdb/").and_then(|rest| rest.strip_prefix(self.name()));
        let rest = match through_proxy {
            Some(rest) => rest.strip_prefix('/')?,
            None => path,
        };
        if rest == "supported" && through_proxy.is_some() {
            return Some(text(Vec::new()));
        }
        let asked = Asked::parse(rest)?;
        let lie = self.lies().next(&asked);
        Some(match lie {
            Some(Lie::Instead(log) | Lie::Heads(log)) => log.honest(&asked),
            Some(lie) => lie::told(&lie, &asked, &self.signer, &self.records()),
            None => self.honest(&asked),
        })
    }

    fn honest(&self, asked: &Asked<'_>) -> Natural {
        honest(asked, &self.signer, &self.records())
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lies(&self) -> MutexGuard<'_, Lies> {
        self.lies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn honest(asked: &Asked<'_>, signer: &Signer, records: &Records) -> Natural {
    match asked {
        Asked::Latest => text(signer.sign(&records.head(records.size()))),
        Asked::Lookup(version) => match records.id(version) {
            Some(id) => {
                let head = signer.sign(&records.head(records.size()));
                text(format!("{id}\n{}\n{head}", records.text(id)))
            }
            None => absent(&format!("{version} is not in this log")),
        },
        Asked::Tile(tile) => tile_of(tile, records).unwrap_or_else(|| absent("no such tile")),
    }
}

fn tile_of(tile: &Tile, records: &Records) -> Option<Natural> {
    Some(match tile.level {
        Some(level) => bytes(records.hash_tile(level, tile.number, tile.width)?),
        None => text(records.data_tile(tile.number, tile.width)?),
    })
}

fn text(body: impl Into<Vec<u8>>) -> Natural {
    answer(200, "text/plain; charset=UTF-8", body)
}

fn bytes(body: Vec<u8>) -> Natural {
    answer(200, "application/octet-stream", body)
}

fn absent(why: &str) -> Natural {
    answer(404, "text/plain; charset=UTF-8", format!("not found: {why}\n"))
}

fn answer(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Natural {
    Natural { status, content_type: content_type.into(), body: body.into().into(), framing: Framing::Length }
}
