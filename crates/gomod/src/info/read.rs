//! Go's way of reading JSON into a struct. Objects are visited field by field in their order, because Go lets
//! the later of two spellings of one name win, which a map would not keep.

use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::Origin;
use crate::calendar;
use crate::excerpt::Excerpt;

#[derive(Default)]
pub(super) struct Fields {
    pub(super) version: Option<String>,
    pub(super) time: Option<String>,
    pub(super) origin: Origin,
}

pub(super) fn fields(json: &[u8]) -> serde_json::Result<Fields> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let fields = reader.deserialize_map(Fields::default())?;
    reader.end()?;
    Ok(fields)
}

impl<'de> Visitor<'de> for Fields {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with Version, Time and Origin")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            if name.eq_ignore_ascii_case("Version") {
                self.version = map.next_value::<Option<String>>()?.or(self.version);
            } else if name.eq_ignore_ascii_case("Time") {
                if let Some(time) = map.next_value::<Option<String>>()? {
                    let utc = calendar::utc(&time);
                    let wrong = || A::Error::custom(format!("{} is no time in RFC 3339", Excerpt::of(&time)));
                    self.time = Some(utc.ok_or_else(wrong)?);
                }
            } else if name.eq_ignore_ascii_case("Origin") {
                self.origin = map.next_value_seed(Nullable(self.origin))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(self)
    }
}

/// An origin that is added to, or, for `null`, dropped.
struct Nullable(Origin);

impl<'de> serde::de::DeserializeSeed<'de> for Nullable {
    type Value = Origin;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Origin, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nullable {
    type Value = Origin;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that says where the version was found")
    }

    fn visit_unit<E>(self) -> Result<Origin, E> {
        Ok(Origin::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Origin, A::Error> {
        let mut origin = self.0;
        while let Some(name) = map.next_key::<String>()? {
            let field = match name.to_ascii_lowercase().as_str() {
                "vcs" => &mut origin.vcs,
                "url" => &mut origin.url,
                "subdir" => &mut origin.subdir,
                "hash" => &mut origin.hash,
                "tagprefix" => &mut origin.tag_prefix,
                "tagsum" => &mut origin.tag_sum,
                "ref" => &mut origin.r#ref,
                "reposum" => &mut origin.repo_sum,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if let Some(value) = map.next_value::<Option<String>>()? {
                *field = value;
            }
        }
        Ok(origin)
    }
}
