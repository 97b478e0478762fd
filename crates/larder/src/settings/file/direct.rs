//! `[direct]`, and what routes say about it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use toml::Spanned;

use super::{Number, Text};

/// `[direct]`: fetching from repositories.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::settings) struct Direct {
    pub(in crate::settings) git: Option<Text>,
    pub(in crate::settings) size: Option<Text>,
    pub(in crate::settings) repository: Option<Text>,
    pub(in crate::settings) time: Option<Text>,
    pub(in crate::settings) at_once: Option<Number>,
    pub(in crate::settings) allow_private_hosts: Option<Spanned<PrivateHosts>>,
    pub(in crate::settings) insecure: Option<Spanned<Vec<Text>>>,
}

/// `allow_private_hosts = true`, or a list of hosts.
pub(in crate::settings) enum PrivateHosts {
    /// All, or none.
    All(bool),
    /// These.
    These(Vec<String>),
}

impl<'de> Deserialize<'de> for PrivateHosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AllOrThese)
    }
}

struct AllOrThese;

impl<'de> Visitor<'de> for AllOrThese {
    type Value = PrivateHosts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or a list of hosts")
    }

    fn visit_bool<E>(self, all: bool) -> Result<PrivateHosts, E> {
        Ok(PrivateHosts::All(all))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut hosts: A) -> Result<PrivateHosts, A::Error> {
        let mut these = Vec::new();
        while let Some(host) = hosts.next_element()? {
            these.push(host);
        }
        Ok(PrivateHosts::These(these))
    }
}
