//! What a log holds.

use std::{collections::HashMap, fmt::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::merkle::Merkle;
use crate::module::{Module, escape};

/// The width of a full tile: the go command knows height 8 only.
pub(super) const FULL: u64 = 256;
const HEIGHT: u32 = 8;

/// Records by number, and the tree over them.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    texts: Vec<String>,
    /// The number behind `escaped-path@escaped-version`.
    ids: HashMap<String, u64>,
    merkle: Merkle,
    fillers: usize,
}

impl Records {
    pub(super) fn push(&mut self, module: &Module) -> u64 {
        self.append(asked_as(module), module.sum_lines())
    }

    /// Records of modules that nobody has.
    pub(super) fn fill(&mut self, count: usize) {
        for n in self.fillers..self.fillers + count {
            let h1 = STANDARD.encode(Sha256::digest(n.to_le_bytes()));
            let (module, version) = ("filler.example.com/m", format!("v0.0.{n}"));
            let text = format!("{module} {version} h1:{h1}\n{module} {version}/go.mod h1:{h1}\n");
            self.append(format!("{module}@{version}"), text);
        }
        self.fillers += count;
    }

    fn append(&mut self, asked_as: String, text: String) -> u64 {
        let id = self.size();
        self.merkle.push(&text);
        self.texts.push(text);
        self.ids.entry(asked_as).or_insert(id);
        id
    }

    /// The same records, but for the one that this module version has.
    pub(super) fn with(&self, instead: &Module) -> Self {
        let id = self.id(&asked_as(instead)).expect("the log has a record for the module");
        let mut other = Self { fillers: self.fillers, ids: self.ids.clone(), ..Self::default() };
        for (n, text) in (0..).zip(&self.texts) {
            let text = if n == id { instead.sum_lines() } else { text.clone() };
            other.merkle.push(&text);
            other.texts.push(text);
        }
        other
    }

    pub(super) fn size(&self) -> u64 {
        self.merkle.size()
    }

    pub(super) fn id(&self, asked_as: &str) -> Option<u64> {
        self.ids.get(asked_as).copied()
    }

    pub(super) fn text(&self, id: u64) -> &str {
        &self.texts[usize::try_from(id).unwrap()]
    }

    /// The head of the tree when it had `size` records, unsigned.
    pub(super) fn head(&self, size: u64) -> String {
        format!("go.sum database tree\n{size}\n{}\n", STANDARD.encode(self.merkle.root(size)))
    }

    /// `width` hashes of a tile.
    pub(super) fn hash_tile(&self, level: u32, number: u64, width: u64) -> Option<Vec<u8>> {
        self.merkle.hashes(level * HEIGHT, number * FULL, width)
    }

    /// `width` records of a data tile.
    pub(super) fn data_tile(&self, number: u64, width: u64) -> Option<Vec<u8>> {
        let first = usize::try_from(number * FULL).ok()?;
        let texts = self.texts.get(first..first + usize::try_from(width).ok()?)?;
        let body = texts.iter().fold(String::new(), |mut body, text| {
            let _ = writeln!(body, "{text}");
            body
        });
        Some(body.into_bytes())
    }
}

/// How a lookup names a module version.
pub(super) fn asked_as(module: &Module) -> String {
    format!("{}@{}", escape(&module.path), escape(&module.version))
}
