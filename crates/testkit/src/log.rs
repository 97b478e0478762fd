//! A checksum database that really signs: a tree over the modules of a test, as PROTOCOL 4 has it.

use std::fmt::Write;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{archive::Body, module::escape, tree::ModuleTree};

type Hash = [u8; 32];

const TEXT: &str = "text/plain; charset=UTF-8";
/// The width of a full tile: the go command knows height 8 only.
const FULL: u64 = 256;

/// A signed log over module versions. A real `go` with `GOSUMDB` set to its [`vkey`](TestLog::vkey) verifies by it.
#[derive(Debug)]
pub struct TestLog {
    name: String,
    key: Ed25519KeyPair,
    records: Vec<Record>,
    leaves: Vec<Hash>,
}

#[derive(Debug)]
struct Record {
    /// `escaped-path@escaped-version`.
    asked_as: String,
    text: String,
}

impl TestLog {
    /// A log of all modules of a tree. The key is the same for the same name.
    pub fn over(name: &str, tree: &ModuleTree) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(name)).unwrap();
        let log = Self { name: name.to_owned(), key, records: Vec::new(), leaves: Vec::new() };
        log.then(tree)
    }

    /// The same log some days later: all modules of a tree have come to it.
    pub fn then(mut self, tree: &ModuleTree) -> Self {
        for module in tree.modules() {
            let asked_as = format!("{}@{}", escape(&module.path), escape(&module.version));
            self.append(asked_as, module.sum_lines());
        }
        self
    }

    /// With `count` more records of modules that nobody has, so that proofs need several tiles.
    #[must_use]
    pub fn with_filler(mut self, count: usize) -> Self {
        for n in 0..count {
            let h1 = STANDARD.encode(Sha256::digest(n.to_le_bytes()));
            let (module, version) = ("filler.example.com/m", format!("v0.0.{n}"));
            let text = format!("{module} {version} h1:{h1}\n{module} {version}/go.mod h1:{h1}\n");
            self.append(format!("{module}@{version}"), text);
        }
        self
    }

    fn append(&mut self, asked_as: String, text: String) {
        let mut leaf = Sha256::new();
        leaf.update([0]);
        leaf.update(&text);
        self.leaves.push(leaf.finalize().into());
        self.records.push(Record { asked_as, text });
    }

    /// The public key, as GOSUMDB takes it.
    pub fn vkey(&self) -> String {
        format!(
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.key_hash()),
            STANDARD.encode(self.public())
        )
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn public(&self) -> Vec<u8> {
        [&[1], self.key.public_key().as_ref()].concat()
    }

    fn key_hash(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(&self.name);
        hash.update(b"\n");
        hash.update(self.public());
        let hash: Hash = hash.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The signed head of the whole tree.
    pub fn head(&self) -> String {
        let root = STANDARD.encode(root(&self.leaves));
        let text = format!("go.sum database tree\n{}\n{root}\n", self.leaves.len());
        let signature = self.key.sign(text.as_bytes());
        let signed = STANDARD.encode([&self.key_hash(), signature.as_ref()].concat());
        format!("{text}\n\u{2014} {} {signed}\n", self.name)
    }

    /// What it says to a path, both as a database at the root of a host and through a proxy: status, content type, body.
    /// Nothing for paths that are none of its own.
    pub(crate) fn answer(&self, path: &str) -> Option<(u16, &'static str, Body)> {
        let through_proxy = path.strip_prefix("sumdb/").and_then(|rest| rest.strip_prefix(&*self.name));
        let rest = match through_proxy {
            Some(rest) => rest.strip_prefix('/')?,
            None => path,
        };
        if rest == "supported" && through_proxy.is_some() {
            return Some((200, TEXT, Vec::new().into()));
        }
        if rest == "latest" {
            return Some((200, TEXT, self.head().into()));
        }
        if let Some(asked) = rest.strip_prefix("lookup/") {
            return Some(match self.records.iter().position(|record| record.asked_as == asked) {
                Some(id) => (200, TEXT, format!("{id}\n{}\n{}", self.records[id].text, self.head()).into()),
                None => (404, TEXT, format!("not found: {asked} is not in this log\n").into()),
            });
        }
        let tile = rest.strip_prefix("tile/8/")?;
        Some(self.tile(tile).unwrap_or_else(|| (404, TEXT, "not found: no such tile\n".into())))
    }

    fn tile(&self, path: &str) -> Option<(u16, &'static str, Body)> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..FULL).contains(w))?),
            None => (rest, FULL),
        };
        let number: u64 = number.replace(['x', '/'], "").parse().ok()?;
        let first = number * FULL;
        let size = self.leaves.len() as u64;
        if level == "data" {
            let records = slice(&self.records, first, width)?;
            let text = records.iter().fold(String::new(), |mut text, record| {
                let _ = writeln!(text, "{}", record.text);
                text
            });
            return Some((200, TEXT, text.into()));
        }
        let level: u32 = level.parse().ok().filter(|level| *level < 4)?;
        let span = FULL.pow(level);
        if (first + width) * span > size {
            return None;
        }
        let hashes = (first..first + width).map(|n| slice(&self.leaves, n * span, span).map(root));
        let bytes = hashes.collect::<Option<Vec<_>>>()?.concat();
        Some((200, "application/octet-stream", bytes.into()))
    }
}

fn slice<T>(all: &[T], first: u64, count: u64) -> Option<&[T]> {
    let first = usize::try_from(first).ok()?;
    all.get(first..first + usize::try_from(count).ok()?)
}

/// RFC 6962: the root of a tree over these leaves.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let half = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(half);
            let mut node = Sha256::new();
            node.update([1]);
            node.update(root(left));
            node.update(root(right));
            node.finalize().into()
        }
    }
}
