//! Which of several values counts: flag, environment, file, default, in this order.

use std::{ffi::OsStr, fmt, ops::RangeInclusive, path::PathBuf, time::Duration};

use toml::Spanned;
use workbench::Environment;

use super::{
    amount::{Amount, Percent},
    file::{Number, Text},
    origin::{Origin, Valued},
    problem::{Problem, SourceFile},
    span::Span,
    wrong::Wrong,
};

/// A setting that the command line and the environment know too.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) flag: &'static str,
    pub(super) variable: &'static str,
}

/// Picks values and collects what is wrong with them.
///
/// A value in the file is judged even when another one counts, so that `config check` speaks about the whole file.
pub(super) struct Pick<'a> {
    env: &'a Environment,
    file: Option<&'a SourceFile>,
    problems: Vec<Problem>,
}

impl<'a> Pick<'a> {
    pub(super) fn new(env: &'a Environment, file: Option<&'a SourceFile>) -> Self {
        Pick { env, file, problems: Vec::new() }
    }

    /// A text, from wherever it counts. `None` when it is set nowhere, or wrong: then a problem was noted.
    pub(super) fn text<T>(
        &mut self,
        setting: Setting,
        flag: Option<&str>,
        in_file: Option<&Text>,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Valued<T>> {
        let in_file = self.in_file(setting.key, in_file, |text| parse(text));
        if let Some(flag) = flag {
            return self.judge(Origin::Flag { name: setting.flag }, parse(flag));
        }
        if let Some(value) = self.env.get(setting.variable) {
            let value = value.to_str().ok_or_else(|| Wrong::new("it is not UTF-8 text"));
            return self.judge(Origin::Environment { name: setting.variable }, value.and_then(parse));
        }
        in_file
    }

    /// A path, from wherever it counts. In the file, a relative one begins where the file lies.
    pub(super) fn path(
        &mut self,
        setting: Setting,
        flag: Option<&OsStr>,
        in_file: Option<&Text>,
    ) -> Option<Valued<PathBuf>> {
        let file = self.file;
        let in_file = self.in_file(setting.key, in_file, |text| {
            let path = path(OsStr::new(text))?;
            Ok(file.map_or(path, |file| file.resolve(text)))
        });
        if let Some(flag) = flag {
            return self.judge(Origin::Flag { name: setting.flag }, path(flag));
        }
        if let Some(value) = self.env.get(setting.variable) {
            return self.judge(Origin::Environment { name: setting.variable }, path(value));
        }
        in_file
    }

    /// Yes or no. In the file it is TOML's own.
    pub(super) fn switch(
        &mut self,
        setting: Setting,
        flag: Option<&str>,
        in_file: Option<&Spanned<bool>>,
    ) -> Option<Valued<bool>> {
        let counts = self.text(setting, flag, None, |text| match text {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => {
                Err(Wrong::new(format!("{text:?} is neither yes nor no")).help("write 1 or true, 0 or false"))
            }
        });
        counts.or_else(|| in_file.map(|value| self.at(value, *value.get_ref())))
    }

    /// A value that only the file has.
    pub(super) fn in_file<V, T>(
        &mut self,
        name: &str,
        value: Option<&Spanned<V>>,
        parse: impl FnOnce(&V) -> Result<T, Wrong>,
    ) -> Option<Valued<T>> {
        let value = value?;
        match parse(value.get_ref()) {
            Ok(parsed) => Some(self.at(value, parsed)),
            Err(wrong) => {
                self.wrong_in_file(name, value, wrong);
                None
            }
        }
    }

    /// A length of time that only the file has.
    pub(super) fn span(
        &mut self,
        name: &str,
        text: Option<&Text>,
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Valued<Span> {
        let value = self.in_file(name, text, |text| Span::parse(text, &range));
        value.unwrap_or(Valued::default(Span(default)))
    }

    /// An amount that only the file has.
    pub(super) fn amount(&mut self, name: &str, text: Option<&Text>, default: u64) -> Valued<Amount> {
        let value = self.in_file(name, text, |text| text.parse());
        value.unwrap_or(Valued::default(Amount(default)))
    }

    /// A share that only the file has.
    pub(super) fn percent(&mut self, name: &str, text: Option<&Text>, default: u32) -> Valued<Percent> {
        let value = self.in_file(name, text, |text| text.parse());
        value.unwrap_or(Valued::default(Percent(default)))
    }

    /// A whole number that only the file has.
    pub(super) fn number<N>(
        &mut self,
        name: &str,
        number: Option<&Number>,
        range: RangeInclusive<N>,
        default: N,
    ) -> Valued<N>
    where
        N: TryFrom<i64> + PartialOrd + fmt::Display,
    {
        let value = self.in_file(name, number, |number| match N::try_from(*number) {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(Wrong::new(format!("{number} is out of range")).help(format!(
                "write a number from {} to {}",
                range.start(),
                range.end()
            ))),
        });
        value.unwrap_or(Valued::default(default))
    }

    /// A value with the place of something in the file.
    pub(super) fn at<V, T>(&self, place: &Spanned<V>, value: T) -> Valued<T> {
        let origin = self.file.map_or(Origin::Default, |file| Origin::File(file.place(place.span().start)));
        Valued { value, origin }
    }

    /// Notes what is wrong at a place of the file.
    pub(super) fn wrong_in_file<V>(&mut self, name: &str, place: &Spanned<V>, wrong: Wrong) {
        if let Some(file) = self.file {
            self.problems.push(Problem::in_file(file, name, place.span(), wrong));
        }
    }

    /// Notes a problem.
    pub(super) fn wrong(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Keeps a good value, or notes what is wrong with it.
    pub(super) fn judge<T>(&mut self, origin: Origin, value: Result<T, Wrong>) -> Option<Valued<T>> {
        match value {
            Ok(value) => Some(Valued { value, origin }),
            Err(wrong) => {
                self.problems.push(Problem::of(origin, wrong));
                None
            }
        }
    }

    /// How much is wrong so far.
    pub(super) fn count(&self) -> usize {
        self.problems.len()
    }

    /// The file that values come from.
    pub(super) fn file(&self) -> Option<&'a SourceFile> {
        self.file
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

/// A path as it was written. Shells replace `~` only at the beginning of a word, and nothing else does.
pub(super) fn path(text: &OsStr) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("the path is empty"));
    }
    if text == "~" || text.as_encoded_bytes().starts_with(b"~/") {
        return Err(Wrong::new("`~` is not replaced by the home directory here").help("write the whole path"));
    }
    if text.to_string_lossy().contains("://") {
        return Err(
            Wrong::new(format!("{} is a URL", text.display())).help("write the path of a file or directory")
        );
    }
    Ok(PathBuf::from(text))
}
