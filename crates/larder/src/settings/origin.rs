//! Where a value came from.

use std::{fmt, path::Path};

use serde::Serialize;
use workbench::{GoPlace, GoVariable};

/// A value in force, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Valued<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Origin {
    /// This flag of the command line.
    Flag {
        /// With its dashes.
        name: &'static str,
    },
    /// This environment variable.
    Environment {
        /// Its name.
        name: &'static str,
    },
    /// The configuration file.
    File(Place),
    /// This machine's own Go settings.
    Go {
        /// The variable's name.
        variable: &'static str,
        /// The settings file's path; none for the environment.
        file: Option<String>,
    },
    /// Of the situation that `larder run` was told.
    Profile {
        /// As it is typed.
        name: &'static str,
    },
    /// Built in, or derived from the platform.
    Default,
}

/// A place in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// The path, for people and JSON: lossy where it is not UTF-8.
    file: String,
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
}

impl<T> Valued<T> {
    /// A value that nobody set.
    pub(crate) fn default(value: T) -> Self {
        Valued { value, origin: Origin::Default }
    }

    /// Takes the value of a profile, unless somebody has set another one.
    pub(crate) fn unless_set(&mut self, value: T, profile: &'static str) {
        if self.origin == Origin::Default {
            *self = Valued { value, origin: Origin::Profile { name: profile } };
        }
    }
}

impl Origin {
    pub(crate) fn go(variable: GoVariable, place: &GoPlace) -> Self {
        let file = place.file().map(|file| file.to_string_lossy().into_owned());
        Origin::Go { variable: variable.name(), file }
    }
}

impl Place {
    /// The place at a byte offset of the file's text.
    pub(crate) fn at(file: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.get(line_start..).unwrap_or_default().chars().count();
        Place { file: file.to_string_lossy().into_owned(), line, column }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag { name } => f.write_str(name),
            Origin::Environment { name } => write!(f, "{name} in the environment"),
            Origin::File(place) => place.fmt(f),
            Origin::Go { variable, file: None } => write!(f, "{variable} in the environment"),
            Origin::Go { variable, file: Some(file) } => write!(f, "{variable} in {file}"),
            Origin::Profile { name } => write!(f, "--profile {name}"),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// `FILE:LINE:COLUMN`, which editors and terminals can follow.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a = 1\n\"ü\" = 2\n";
        for (offset, want) in [(0, "f:1:1"), (4, "f:1:5"), (6, "f:2:1"), (13, "f:2:7"), (99, "f:3:1")] {
            assert_eq!(Place::at(Path::new("f"), text, offset).to_string(), want);
        }
    }
}
