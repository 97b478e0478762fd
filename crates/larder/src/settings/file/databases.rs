//! `sumdb`: the specification of one database, or a table that names the own one too.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use toml::Spanned;

use super::Text;

/// `sumdb = "SPEC"`, or `[sumdb]`.
pub(in crate::settings) enum Sumdb {
    /// The public database alone.
    Spec(String),
    /// More than that.
    Table(Databases),
}

/// `[sumdb]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::settings) struct Databases {
    #[serde(rename = "use")]
    public: Option<Text>,
    own: Option<Spanned<Own>>,
}

/// `[sumdb.own]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::settings) struct Own {
    pub(in crate::settings) name: Option<Text>,
    pub(in crate::settings) key: Option<Text>,
    pub(in crate::settings) head: Option<Text>,
}

impl Sumdb {
    /// The specification of the public database, with its own place in the file.
    pub(in crate::settings) fn spec(entry: &Spanned<Self>) -> Option<Text> {
        match entry.get_ref() {
            Sumdb::Spec(spec) => Some(Spanned::new(entry.span(), spec.clone())),
            Sumdb::Table(databases) => databases.public.clone(),
        }
    }

    /// The own database.
    pub(in crate::settings) fn own(&self) -> Option<&Spanned<Own>> {
        match self {
            Sumdb::Spec(_) => None,
            Sumdb::Table(databases) => databases.own.as_ref(),
        }
    }
}

impl<'de> Deserialize<'de> for Sumdb {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrTable)
    }
}

struct TextOrTable;

impl<'de> Visitor<'de> for TextOrTable {
    type Value = Sumdb;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a table")
    }

    fn visit_str<E>(self, spec: &str) -> Result<Sumdb, E> {
        Ok(Sumdb::Spec(spec.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sumdb, A::Error> {
        Databases::deserialize(MapAccessDeserializer::new(map)).map(Sumdb::Table)
    }
}
