//! Where bytes and facts live: blobs in the GOPROXY layout, receipts, answers, the catalog.
//!
//! [`Data`] is an opened data directory and [`Store`] what is done with it: [`Store::stage`] bytes as they
//! arrive, [`Store::publish`] them when they were checked, [`Store::load`] them for ever. [`Blobs`] is the
//! trait behind which a directory, a bucket or a test's memory lies; [`Catalog`] the index for people, which
//! may be lost at any time.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod blob;
mod blobs;
mod blocking;
mod catalog;
mod checksum;
#[cfg(feature = "testing")]
pub mod conformance;
mod data;
mod durable;
mod error;
mod foreign;
mod journal;
mod key;
mod local;
mod meters;
mod pin;
mod read;
mod receipt;
#[cfg(feature = "testing")]
mod referee;
mod scrub;
mod seal;
mod sealed;
mod staging;
mod store;

pub use answer::{StoredAnswer, Validator};
pub use blob::{Blob, Damage, Rot};
pub use blobs::{Blobs, BoxFuture, Content, Listing, Pair, Prefix, Put, Stored, Tag, When};
pub use catalog::{
    Act, BadToken, Catalog, CatalogError, Deed, Event, Lease, NoCatalog, Offence, Refused, Scope,
    SqliteCatalog, Token, TokenHash, TokenName, TokenSecret, Totals, Used,
};
pub use checksum::BLOCK;
pub use data::{Data, MinFree, OpenError, OpenOptions};
pub use durable::replace_file;
pub use error::{Shortage, StoreError};
pub use foreign::Foreign;
pub use journal::Journal;
pub use key::{Key, Kind, Mutability, QuarantineId, Question};
pub use local::LocalBlobs;
pub use meters::Meters;
pub use receipt::{Evidence, FileFact, Receipt, State};
#[cfg(feature = "testing")]
pub use referee::Referee;
pub use scrub::{Done, Finding, Scrub, ScrubError, ScrubOptions, Tally, Walked};
pub use seal::{SealError, SealFile, SealRoot, SealRow, SealedFile};
pub use staging::{Growth, Staged, Staging, StagingArea};
pub use store::{Copies, Glance, Import, Loaded, PublishError, SignedHead, Store, Whole, Withdrawal};
