//! The checksum database, in the grammar of GOSUMDB.

use std::fmt;

use gomod::{DbName, SumdbSpec, SumdbSpecError};
use upstream::{SafeUrl, SourceConfig};

use super::{chain, source_rule::SourceRules, wrong::Wrong};

/// Which checksum database is passed on to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sumdb {
    /// None.
    Off,
    /// One.
    On(Box<Database>),
}

/// A checksum database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    /// Its name, as in URLs.
    pub(crate) name: DbName,
    /// Its verifier key, `NAME+HASH+KEY`.
    pub(crate) key: String,
    /// Where alone it is asked; otherwise through each upstream, then at `https://NAME`.
    pub(crate) source: Option<SourceConfig>,
    shown: String,
}

impl Sumdb {
    /// Parses a specification. What `rules` say about its URL is put with it.
    pub(crate) fn parse(text: &str, rules: &SourceRules) -> Result<Self, Wrong> {
        let spec: SumdbSpec = text.parse().map_err(|error| spec_wrong(text, &error))?;
        let SumdbSpec::On { name, key, url } = spec else { return Ok(Sumdb::Off) };
        let url = url.map(|url| SafeUrl::parse(url.as_str())).transpose();
        let url = url.map_err(|error| Wrong::new(error.to_string()))?;
        let mut shown = SumdbSpec::On { name: name.clone(), key: key.clone(), url: None }.to_string();
        if let Some(url) = &url {
            shown = format!("{shown} {}", chain::shown(url));
        }
        let source = url.map(|url| rules.config(url));
        Ok(Sumdb::On(Box::new(Database { name, key, source, shown })))
    }
}

impl Sumdb {
    /// The name of the database.
    pub(crate) fn name(&self) -> Option<&DbName> {
        match self {
            Sumdb::Off => None,
            Sumdb::On(database) => Some(&database.name),
        }
    }
}

impl fmt::Display for Sumdb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sumdb::Off => f.write_str("off"),
            Sumdb::On(database) => database.fmt(f),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

fn spec_wrong(text: &str, error: &SumdbSpecError) -> Wrong {
    match error {
        SumdbSpecError::Key(_) if text.split_whitespace().next().is_some_and(|word| word.contains("://")) => {
            Wrong::new("it begins with a URL")
        }
        SumdbSpecError::Url(error) => Wrong::new(format!("the second word is not a URL: {}", error.fault())),
        SumdbSpecError::Words => Wrong::new("it is neither one word nor two"),
        SumdbSpecError::Key(_)
        | SumdbSpecError::Algorithm
        | SumdbSpecError::Hash { .. }
        | SumdbSpecError::Name(_) => Wrong::new(error.to_string()),
    }
    .help("write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Sumdb, Wrong> {
        Sumdb::parse(text, &SourceRules::default())
    }

    const KEY: &str = "sum.example.test+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

    #[test]
    fn databases_print_as_they_were_written() {
        let with_url = format!("{KEY} https://u:pw@sums.example/db");
        for (text, printed) in [
            ("off", "off"),
            ("sum.golang.org", "sum.golang.org"),
            (" sum.golang.org  https://sums.example ", "sum.golang.org https://sums.example"),
            (KEY, KEY),
            (&with_url, &format!("{KEY} https://***@sums.example/db")),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), printed);
        }
    }
}
