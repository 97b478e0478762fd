//! The form of the small files that Larder writes for itself: one line of JSON, then perhaps a body.
//!
//! ```text
//! {"larder":"receipt","format":1,"crc32c":"0a1b2c3d","content":{…}}
//! ```
//!
//! The checksum covers the content as it is written and the body, so that a flipped bit is noticed. Fields
//! beside the content may be added without a new format; the content is read strictly.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{Key, StoreError};

#[derive(Deserialize)]
struct Envelope<'a> {
    larder: &'a str,
    format: u32,
    crc32c: &'a str,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// A file with this content and body. A content without a JSON form, which no type here is, makes a file that
/// reads as damaged.
pub(crate) fn seal(what: &str, format: u32, content: &impl Serialize, body: &[u8]) -> Vec<u8> {
    let content = serde_json::to_string(content).unwrap_or_default();
    let sum = sum(&content, body);
    let mut file = format!(
        "{{\"larder\":\"{what}\",\"format\":{format},\"crc32c\":\"{sum:08x}\",\"content\":{content}}}\n"
    )
    .into_bytes();
    file.extend_from_slice(body);
    file
}

/// The content of a file, and where its body begins.
pub(crate) fn open<T: DeserializeOwned>(
    key: &Key,
    what: &str,
    format: u32,
    file: &[u8],
) -> Result<(T, usize), StoreError> {
    let damaged = |why: String| StoreError::damaged(key, why);
    let line = file.iter().position(|byte| *byte == b'\n');
    let line = line.ok_or_else(|| damaged("it has no complete first line".into()))?;
    let (head, body) = (file.get(..line).unwrap_or_default(), file.get(line + 1..).unwrap_or_default());
    let envelope: Envelope<'_> = serde_json::from_slice(head).map_err(|error| damaged(error.to_string()))?;
    if envelope.larder != what {
        return Err(damaged(format!("it is not a {what}")));
    }
    if envelope.format > format {
        return Err(StoreError::Newer { path: key.path(), format: envelope.format });
    }
    if envelope.crc32c != format!("{:08x}", sum(envelope.content.get(), body)) {
        return Err(damaged("its checksum does not fit".into()));
    }
    let content = serde_json::from_str(envelope.content.get()).map_err(|error| damaged(error.to_string()))?;
    Ok((content, line + 1))
}

fn sum(content: &str, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(content.as_bytes()), body)
}
