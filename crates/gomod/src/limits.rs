//! Sizes that the go command refuses to exceed. Rule: golang.org/x/mod/zip.

/// Bytes of a module zip, and of all its files together once they are unpacked.
pub const MAX_ZIP: u64 = 500 << 20;

/// Bytes of the go.mod at the root of a module.
pub const MAX_GOMOD: u64 = 16 << 20;

/// Bytes of the LICENSE at the root of a module.
pub const MAX_LICENSE: u64 = 16 << 20;
