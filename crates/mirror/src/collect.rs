//! A small body, whole. `upstream` holds each kind to its limit while it arrives.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use upstream::{Fault, Incoming};

/// All bytes of a small body.
pub(crate) async fn collect(mut incoming: Incoming) -> Result<Bytes, Fault> {
    let Some(first) = incoming.bytes.next().await.transpose()? else { return Ok(Bytes::new()) };
    let Some(second) = incoming.bytes.next().await.transpose()? else { return Ok(first) };
    let mut all = BytesMut::from(first);
    all.extend_from_slice(&second);
    while let Some(more) = incoming.bytes.next().await.transpose()? {
        all.extend_from_slice(&more);
    }
    Ok(all.freeze())
}
