//! Answers to questions about modules, kept with the time they were given.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Key, Question, StoreError, sealed};

/// The last answer that a source gave to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// When the source gave it, or said that it still holds.
    pub at: Timestamp,
    /// The name of the source.
    pub source: Arc<str>,
    /// What to show the source to ask whether it still holds.
    pub validator: Option<Validator>,
    /// The answer.
    pub body: Bytes,
}

/// What a source gave to recognise one of its answers by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validator {
    /// The `ETag` header as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The `Last-Modified` header as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    question: String,
    status: Status,
    at: Timestamp,
    source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    validator: Option<Validator>,
    size: usize,
}

/// What sort of answer it is. Absences are not stored yet.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Present,
}

impl StoredAnswer {
    /// The answer that a file holds. Strict: what is not exactly as it was written is damaged.
    pub fn parse(question: &Question, file: &Bytes) -> Result<Self, StoreError> {
        let key = Key::Answer(question.clone());
        let (head, body) = sealed::open::<Head>(&key, WHAT, FORMAT, file)?;
        let body = file.slice(body..);
        if head.question != question.to_string() {
            return Err(StoreError::damaged(&key, format!("it is the answer to {}", head.question)));
        }
        if head.size != body.len() {
            return Err(StoreError::damaged(&key, "it is not whole"));
        }
        let Status::Present = head.status;
        Ok(StoredAnswer { at: head.at, source: head.source.into(), validator: head.validator, body })
    }

    /// The file that holds it.
    pub fn to_bytes(&self, question: &Question) -> Vec<u8> {
        let head = Head {
            question: question.to_string(),
            status: Status::Present,
            at: self.at,
            source: self.source.to_string(),
            validator: self.validator.clone(),
            size: self.body.len(),
        };
        sealed::seal(WHAT, FORMAT, &head, &self.body)
    }
}

const WHAT: &str = "answer";
const FORMAT: u32 = 1;
