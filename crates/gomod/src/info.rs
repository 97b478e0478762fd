//! The answer of `@v/VERSION.info` and `@latest`.

mod read;

use crate::calendar;
use crate::version::{Version, VersionError};

/// What a proxy says about a version: its canonical name, the time of its commit, where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    version: Version,
    time: Option<String>,
    origin: Origin,
}

/// Where a version was found, as `go list -m -json` shows it (cmd/go `codehost.Origin`). Every field may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What keeps the code: `git`.
    pub vcs: String,
    /// The repository, without credentials.
    pub url: String,
    /// The module's directory in it, without the one of its major version.
    pub subdir: String,
    /// The commit.
    pub hash: String,
    /// What the tags begin with that the version depends on.
    pub tag_prefix: String,
    /// Stands for these tags and their commits: `t1:` and a hash.
    pub tag_sum: String,
    /// The reference that led to the commit: `refs/tags/v1.0.0`, `refs/heads/main`, `HEAD`.
    pub r#ref: String,
    /// Stands for all references of the repository: `r1:` and a hash.
    pub repo_sum: String,
}

impl Info {
    /// The largest answer that is read, in bytes.
    pub const LARGEST: usize = 1 << 20;

    /// Reads an answer as Go's JSON decoder does: names in any case of letters, unknown fields ignored, `null`
    /// for absent, the last of several wins. A byte order mark, text after the object, a version that is not
    /// canonical or a time that is not RFC 3339 is an error.
    pub fn parse(json: &[u8]) -> Result<Self, InfoError> {
        if json.len() > Self::LARGEST {
            return Err(InfoError::TooLarge);
        }
        let read::Fields { version, time, origin } = read::fields(json).map_err(InfoError::json)?;
        let version = Version::new(&version.ok_or(InfoError::NoVersion)?)?;
        Ok(Self { version, time, origin })
    }

    /// What is known of a commit of this time, in seconds since 1970 (UTC). A time whose year is not one of four digits
    /// is left out.
    pub fn of_commit(version: Version, time: i64, origin: Origin) -> Self {
        Self { version, time: calendar::of_unix(time), origin }
    }

    /// The canonical version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// When it was committed: RFC 3339, UTC, whole seconds (`2024-01-02T03:04:05Z`).
    pub fn time(&self) -> Option<&str> {
        self.time.as_deref()
    }

    /// Where it was found; empty fields where nothing is said.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The same without what depends on the repository's other tags and branches, which change: what may be
    /// kept under the version for ever. A tag's name stays, a branch's does not.
    #[must_use]
    pub fn immutable(mut self) -> Self {
        self.origin.tag_prefix.clear();
        self.origin.tag_sum.clear();
        self.origin.repo_sum.clear();
        if self.version.is_pseudo() {
            self.origin.r#ref.clear();
        }
        self
    }

    /// The canonical JSON: Go's names in Go's order, nothing empty, no line feed at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut json = format!("{{\"Version\":{}", quoted(self.version.as_str()));
        if let Some(time) = &self.time {
            json.push_str(",\"Time\":");
            json.push_str(&quoted(time));
        }
        let origin = &self.origin;
        let fields: Vec<String> = [
            ("VCS", &origin.vcs),
            ("URL", &origin.url),
            ("Subdir", &origin.subdir),
            ("Hash", &origin.hash),
            ("TagPrefix", &origin.tag_prefix),
            ("TagSum", &origin.tag_sum),
            ("Ref", &origin.r#ref),
            ("RepoSum", &origin.repo_sum),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("\"{name}\":{}", quoted(value)))
        .collect();
        if !fields.is_empty() {
            json.push_str(",\"Origin\":{");
            json.push_str(&fields.join(","));
            json.push('}');
        }
        json.push('}');
        json.into_bytes()
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Bytes that are no answer about a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InfoError {
    /// More than [`Info::LARGEST`].
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// Not one JSON object with fields of the right types, or a time that is none.
    #[error("it is no JSON object of the right form: {0}")]
    Json(Box<str>),
    /// Without a version.
    #[error("it names no version")]
    NoVersion,
    /// With something that is no canonical version.
    #[error(transparent)]
    Version(#[from] VersionError),
}

impl InfoError {
    /// The decoder's words may quote what was sent, at any length.
    #[expect(clippy::needless_pass_by_value, reason = "it is what map_err passes")]
    fn json(error: serde_json::Error) -> Self {
        Self::Json(error.to_string().chars().take(200).flat_map(char::escape_debug).collect())
    }
}
