//! Damage of what lies here, told apart from everything else.

use super::remote::Remote;
use crate::{Cause, VcsError};

/// Why reading what lies here failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is not what it should be; it is thrown away and fetched anew.
    Damaged(String),
    Vcs(VcsError),
}

impl From<VcsError> for Trouble {
    fn from(error: VcsError) -> Self {
        Trouble::Vcs(error)
    }
}

impl Trouble {
    /// What it is where fetching anew did not help.
    pub(super) fn into_failure(self, remote: &Remote) -> VcsError {
        match self {
            Trouble::Damaged(why) => {
                VcsError::failed(Cause::Local, format!("read the cache of {remote}"), why)
            }
            Trouble::Vcs(error) => error,
        }
    }
}
