//! Source repositories: from a module path to its versions and zips, as the go command makes them.
//!
//! Everything here blocks; callers use a thread for it. [`Repo`] is what the rules need of a repository, whoever
//! reads it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod code;
mod credentials;
mod direct;
mod error;
pub mod git;
mod go_tool;
mod oid;
mod pack;
mod refs;
mod refusal;
mod repo;
mod root;
mod tar;

pub use code::{Code, Found, Place, zip_of};
pub use credentials::{
    BadGoAuth, BadToken, Credentials, CredentialsConfig, GoAuth, Token, TokenKind, TokenSource,
};
pub use direct::{Direct, DirectConfig, PrivateHosts, Rules, Way};
pub use error::{Cause, VcsError};
pub use oid::{BadOid, Oid};
pub use pack::{Archive, Directory, Offered, PackError, Taker, Tree, pack};
pub use refs::{Refs, Tag};
pub use repo::{Blob, Commit, Entry, EntryKind, Repo, Sink};
pub use root::{Page, Pages, Root, Vcs, WebPages};
