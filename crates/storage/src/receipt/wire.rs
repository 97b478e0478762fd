//! How a receipt is written as JSON.

use std::fmt::Write as _;

use gomod::ModuleVersion;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::receipt;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipt {
    module: String,
    version: String,
    state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    info: Option<FileFact>,
    #[serde(default, rename = "mod", skip_serializing_if = "Option::is_none")]
    gomod: Option<FileFact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zip: Option<FileFact>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Pending,
    Verified,
    Withdrawn(String),
    Tombstone(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileFact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h1: Option<String>,
    size: u64,
    /// Eight hex digits per block.
    crc32c: String,
    source: String,
    at: Timestamp,
    evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Evidence {
    Log {
        db: String,
        id: u64,
        size: u64,
    },
    FirstSight,
    Imported {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<String>,
    },
    Published {
        by: String,
    },
    Off,
}

impl Receipt {
    pub(super) fn write(receipt: &receipt::Receipt) -> Self {
        Receipt {
            module: receipt.version.path().to_string(),
            version: receipt.version.version().to_string(),
            state: match &receipt.state {
                receipt::State::Pending => State::Pending,
                receipt::State::Verified => State::Verified,
                receipt::State::Withdrawn(why) => State::Withdrawn(why.clone()),
                receipt::State::Tombstone(why) => State::Tombstone(why.clone()),
            },
            info: receipt.info.as_ref().map(FileFact::write),
            gomod: receipt.gomod.as_ref().map(FileFact::write),
            zip: receipt.zip.as_ref().map(FileFact::write),
        }
    }

    pub(super) fn read(self, version: &ModuleVersion) -> Result<receipt::Receipt, String> {
        if self.module != version.path().as_str() || self.version != version.version().as_str() {
            return Err(format!("it is the receipt of {}@{}", self.module, self.version));
        }
        Ok(receipt::Receipt {
            version: version.clone(),
            state: match self.state {
                State::Pending => receipt::State::Pending,
                State::Verified => receipt::State::Verified,
                State::Withdrawn(why) => receipt::State::Withdrawn(why),
                State::Tombstone(why) => receipt::State::Tombstone(why),
            },
            info: self.info.map(FileFact::read).transpose()?,
            gomod: self.gomod.map(FileFact::read).transpose()?,
            zip: self.zip.map(FileFact::read).transpose()?,
        })
    }
}

impl FileFact {
    fn write(fact: &receipt::FileFact) -> Self {
        let mut crc32c = String::with_capacity(fact.crc32c.len() * 8);
        for sum in fact.crc32c.iter() {
            // Writing to a String does not fail.
            let _ = write!(crc32c, "{sum:08x}");
        }
        FileFact {
            h1: fact.h1.map(|h1| h1.to_string()),
            size: fact.size,
            crc32c,
            source: fact.source.to_string(),
            at: fact.at,
            evidence: match &fact.evidence {
                receipt::Evidence::Log { db, id, size } => {
                    Evidence::Log { db: db.to_string(), id: *id, size: *size }
                }
                receipt::Evidence::FirstSight => Evidence::FirstSight,
                receipt::Evidence::Imported { signer } => {
                    Evidence::Imported { signer: signer.as_deref().map(str::to_owned) }
                }
                receipt::Evidence::Published { by } => Evidence::Published { by: by.as_ref().to_owned() },
                receipt::Evidence::Off => Evidence::Off,
            },
        }
    }

    fn read(self) -> Result<receipt::FileFact, String> {
        Ok(receipt::FileFact {
            h1: self.h1.map(|h1| h1.parse().map_err(|_| format!("{h1:?} is no h1"))).transpose()?,
            size: self.size,
            crc32c: checksums(&self.crc32c).ok_or("its checksums are not written in hex")?.into(),
            source: self.source.into(),
            at: self.at,
            evidence: match self.evidence {
                Evidence::Log { db, id, size } => {
                    let db = db.parse().map_err(|error| format!("{error}"))?;
                    receipt::Evidence::Log { db, id, size }
                }
                Evidence::FirstSight => receipt::Evidence::FirstSight,
                Evidence::Imported { signer } => {
                    receipt::Evidence::Imported { signer: signer.map(Into::into) }
                }
                Evidence::Published { by } => receipt::Evidence::Published { by: by.into() },
                Evidence::Off => receipt::Evidence::Off,
            },
        })
    }
}

fn checksums(hex: &str) -> Option<Vec<u32>> {
    let (sums, rest) = hex.as_bytes().as_chunks::<8>();
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(u32::from(digit - b'0')),
        b'a'..=b'f' => Some(u32::from(digit - b'a') + 10),
        _ => None,
    };
    let sum = |hex: &[u8; 8]| hex.iter().try_fold(0, |sum: u32, byte| Some(sum << 4 | digit(*byte)?));
    if rest.is_empty() { sums.iter().map(sum).collect() } else { None }
}
