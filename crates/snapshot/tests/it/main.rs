//! What a manifest may say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod manifest;
