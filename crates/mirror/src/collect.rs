//! A small body, whole. `upstream` holds each kind to its limit while it arrives.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use upstream::{Fault, Incoming, Piece};

/// All bytes of a small body.
pub(crate) async fn collect(mut incoming: Incoming) -> Result<Bytes, Fault> {
    let (mut first, mut more) = (Bytes::new(), BytesMut::new());
    while let Some(piece) = incoming.bytes.next().await.transpose()? {
        match piece {
            Piece::Anew(_) => {
                first = Bytes::new();
                more.clear();
            }
            // Most small bodies are one piece, and are not copied.
            Piece::Bytes(bytes) if first.is_empty() => first = bytes,
            Piece::Bytes(bytes) => {
                if more.is_empty() {
                    more.extend_from_slice(&first);
                }
                more.extend_from_slice(&bytes);
            }
        }
    }
    Ok(if more.is_empty() { first } else { more.freeze() })
}
