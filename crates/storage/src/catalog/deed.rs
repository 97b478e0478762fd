//! What was changed here by somebody's wish: who has published and withdrawn what, and who was given the right to.

use std::sync::Arc;

use gomod::{H1, ModuleVersion};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// A change that somebody had the right to make.
///
/// As JSON one flat object: `at`, `act`, `who`, and of `from`, `token`, `module`, `version`, `h1`, `reason` those that
/// there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What was done.
    pub act: Act,
    /// The name of the token, or of what stands for the operator.
    pub who: Arc<str>,
    /// The address that it was asked from; nothing for commands on this machine.
    pub from: Option<Arc<str>>,
    /// When.
    pub at: Timestamp,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A version was published.
    Published {
        /// The version.
        version: ModuleVersion,
        /// The hash of its zip.
        h1: H1,
    },
    /// A version was taken out.
    Withdrawn {
        /// The version.
        version: ModuleVersion,
        /// Why.
        reason: String,
    },
    /// A token was made.
    TokenCreated {
        /// Its name.
        token: String,
    },
    /// A token was taken back.
    TokenRevoked {
        /// Its name.
        token: String,
    },
}

impl Act {
    /// The word for it in tables and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Act::Published { .. } => PUBLISHED,
            Act::Withdrawn { .. } => WITHDRAWN,
            Act::TokenCreated { .. } => CREATED,
            Act::TokenRevoked { .. } => REVOKED,
        }
    }

    /// The version that it is about.
    pub fn version(&self) -> Option<&ModuleVersion> {
        match self {
            Act::Published { version, .. } | Act::Withdrawn { version, .. } => Some(version),
            Act::TokenCreated { .. } | Act::TokenRevoked { .. } => None,
        }
    }

    /// What else belongs to it: a hash, a reason, or the name of a token.
    pub(super) fn detail(&self) -> String {
        match self {
            Act::Published { h1, .. } => h1.to_string(),
            Act::Withdrawn { reason, .. } => reason.clone(),
            Act::TokenCreated { token } | Act::TokenRevoked { token } => token.clone(),
        }
    }
}

impl Serialize for Deed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            at: Timestamp,
            act: &'static str,
            who: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            from: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            token: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            module: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            version: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            h1: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
        }
        let version = self.act.version();
        Flat {
            at: self.at,
            act: self.act.as_str(),
            who: &self.who,
            from: self.from.as_deref(),
            token: match &self.act {
                Act::TokenCreated { token } | Act::TokenRevoked { token } => Some(token),
                Act::Published { .. } | Act::Withdrawn { .. } => None,
            },
            module: version.map(|version| version.path().as_str()),
            version: version.map(|version| version.version().as_str()),
            h1: match &self.act {
                Act::Published { h1, .. } => Some(h1.to_string()),
                _ => None,
            },
            reason: match &self.act {
                Act::Withdrawn { reason, .. } => Some(reason),
                _ => None,
            },
        }
        .serialize(to)
    }
}

pub(super) const PUBLISHED: &str = "published";
pub(super) const WITHDRAWN: &str = "withdrawn";
pub(super) const CREATED: &str = "token created";
pub(super) const REVOKED: &str = "token revoked";
