//! Content that leaves piece by piece.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use futures_util::stream;
use gomod::Request;
use mirror::{Follow, Mirror};
use storage::{BLOCK, Blob, Rot};

use crate::body::Cut;
use crate::cache::Memory;

/// A stored file, and who has to hear that it is rotten.
pub(crate) struct StoredFile {
    pub(crate) blob: Arc<Blob>,
    pub(crate) what: Request,
    pub(crate) mirror: Arc<Mirror>,
    pub(crate) memory: Memory,
}

/// The first piece of a range of a stored file, checked. It is read before the head of the answer is sent, so that a
/// rotten file can still be answered from elsewhere.
pub(crate) async fn first(blob: &Blob, range: &Range<u64>) -> Result<Bytes, Rot> {
    blob.read(range.start..piece_end(range)).await
}

/// A range of a stored file whose first piece was read. A block that fails its check ends it with an error, and the
/// mirror is told.
pub(crate) fn of_file(
    stored: StoredFile,
    range: Range<u64>,
    first: Bytes,
) -> BoxStream<'static, Result<Bytes, Cut>> {
    let next = range.start + first.len() as u64..range.end;
    let rest = stream::try_unfold((stored, next), |(stored, left)| async move {
        if left.is_empty() {
            return Ok(None);
        }
        let end = piece_end(&left);
        match stored.blob.read(left.start..end).await {
            Ok(piece) => Ok(Some((piece, (stored, end..left.end)))),
            Err(rot) => {
                stored.mirror.rotten(&stored.what, &rot).await;
                // Before the client learns of it and asks again, so that it does not get the same file once more.
                stored.memory.forget(&stored.what);
                Err(Cut(rot.to_string()))
            }
        }
    });
    stream::once(async { Ok(first) }).chain(rest).boxed()
}

/// A body that still arrives; it ends without an error only after its check.
pub(crate) fn of_follow(follow: Follow) -> BoxStream<'static, Result<Bytes, Cut>> {
    stream::try_unfold(follow, |mut follow| async move {
        match follow.next().await {
            Ok(piece) => Ok(piece.map(|piece| (piece, follow))),
            Err(refusal) => Err(Cut(refusal.to_string())),
        }
    })
    .boxed()
}

/// A piece is what lies in one block: then its bytes are read and checked once, and not copied.
fn piece_end(range: &Range<u64>) -> u64 {
    ((range.start / BLOCK + 1) * BLOCK).min(range.end)
}
