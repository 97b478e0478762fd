//! The checksum database's formats, held to what the field's own tools write.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation)]

mod advisories;
mod growing;
mod model;
mod notes;
mod proofs;
mod records;
mod sums;
mod tlog;
mod tree;

/// The key made of the seed bytes 00 01 … 1f.
fn signer() -> sumdb::Signer {
    sumdb::Signer::parse("PRIVATE+KEY+sum.example.test+4365c489+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
        .unwrap()
}
