//! What the writer of a log of its own is about to append.

use bytes::Bytes;
use gomod::DbName;
use serde::{Deserialize, Serialize};

use crate::{Key, StoreError, sealed};

/// The records that are appended to a log next, or were appended last.
///
/// It is written before anything else of a batch, in the place of the one before, so that what follows from it is
/// the same whoever carries it out, and however often. One that speaks of a smaller size than the log has is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// The log's size before.
    pub size: u64,
    /// The log's root hash before, in base64.
    pub root: String,
    /// The records' texts.
    pub records: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    log: String,
    size: u64,
    root: String,
    /// Of each record, in bytes.
    lengths: Vec<usize>,
}

impl Journal {
    /// The journal that a file holds. Strict: what is not exactly as it was written is damaged.
    pub fn parse(log: &DbName, file: &Bytes) -> Result<Self, StoreError> {
        let key = Key::Journal(log.clone());
        let (head, body) = sealed::open::<Head>(&key, WHAT, FORMAT, file)?;
        if head.log != log.as_str() {
            return Err(StoreError::damaged(&key, format!("it is the journal of {}", head.log)));
        }
        let not_whole = || StoreError::damaged(&key, "it is not whole");
        let mut rest = file
            .get(body..)
            .and_then(|body| std::str::from_utf8(body).ok())
            .ok_or_else(|| StoreError::damaged(&key, "it is not UTF-8"))?;
        let mut records = Vec::with_capacity(head.lengths.len().min(rest.len()));
        for length in head.lengths {
            let (record, behind) = rest.split_at_checked(length).ok_or_else(not_whole)?;
            records.push(record.to_owned());
            rest = behind;
        }
        if !rest.is_empty() {
            return Err(not_whole());
        }
        Ok(Journal { size: head.size, root: head.root, records })
    }

    /// The file that holds it.
    pub fn to_bytes(&self, log: &DbName) -> Vec<u8> {
        let head = Head {
            log: log.to_string(),
            size: self.size,
            root: self.root.clone(),
            lengths: self.records.iter().map(String::len).collect(),
        };
        sealed::seal(WHAT, FORMAT, &head, self.records.concat().as_bytes())
    }
}

const WHAT: &str = "journal";
const FORMAT: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_exactly_as_it_was_written_is_damaged() {
        let log: DbName = "sum.example.com".parse().unwrap();
        let journal = Journal {
            size: 7,
            root: "root".into(),
            records: vec!["a v1.0.0 h1:é\n".into(), "b v1.0.0 h1:x\n".into()],
        };
        let bytes = journal.to_bytes(&log);
        assert_eq!(Journal::parse(&log, &bytes.clone().into()).unwrap(), journal);
        let other = "other.example.com".parse().unwrap();
        Journal::parse(&other, &bytes.clone().into()).unwrap_err();
        // An older format is none of another form yet.
        let format = bytes.iter().position(|byte| *byte == b'1').unwrap();
        for n in (0..bytes.len()).filter(|n| *n != format) {
            Journal::parse(&log, &Bytes::copy_from_slice(&bytes[..n])).unwrap_err();
            let mut flipped = bytes.clone();
            flipped[n] ^= 1;
            assert!(Journal::parse(&log, &flipped.into()).is_err(), "byte {n}");
        }
        for lengths in ["[]", "[1]", "[99]", "[14,14]", "[15,14,1]"] {
            let content = format!(r#"{{"log":"{log}","size":7,"root":"root","lengths":{lengths}}}"#);
            let content: Box<serde_json::value::RawValue> = serde_json::from_str(&content).unwrap();
            let body = journal.records.concat();
            let file = sealed::seal(WHAT, FORMAT, &content, body.as_bytes());
            Journal::parse(&log, &file.into()).unwrap_err();
        }
    }
}
