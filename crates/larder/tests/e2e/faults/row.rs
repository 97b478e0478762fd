//! What a row of the table is.

use std::{fmt, ops::RangeInclusive, time::Duration};

use super::{mechanism::Mechanism, sides::Plan};

/// One fault, and what comes of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) mechanism: Mechanism,
    pub(super) fault: &'static str,
    pub(super) chain: Chain,
    pub(super) ask: Ask,
    pub(super) plans: [Plan; 2],
    pub(super) story: Story,
    pub(super) gets: Gets,
    /// How often A and B may be asked.
    pub(super) asked: [Times; 2],
    /// How many of these may be for a part only. `None`: it does not matter.
    pub(super) ranges: Option<[Times; 2]>,
    /// How long the client may have to wait.
    pub(super) within: Duration,
    /// How long it has to wait at least.
    pub(super) not_before: Duration,
    /// Lines of the configuration.
    pub(super) settings: Vec<(&'static str, &'static str)>,
    /// A header that the answer must have.
    pub(super) header: Option<&'static str>,
    /// Words that the answer must have.
    pub(super) says: Option<&'static str>,
}

/// How the sources are chained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    /// `A`
    One,
    /// `A,B`
    Comma,
    /// `A|B`
    Pipe,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    List,
    Latest,
    Query,
    Info,
    Mod,
    Zip,
    /// A zip that fits into one window of HTTP/2.
    Small,
    /// A file of a module whose path has upper-case letters.
    Upper,
    /// What no source has.
    Nothing,
}

/// What happens around the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// The fault, then the request.
    Plain,
    /// The same request while all was well, then the fault, then the request.
    Warm,
    /// The same, and what was stored of it is gone from the disk; what was learnt about it is not.
    Evicted,
    /// This many requests of the same kind for other modules that the fault hits, then the request.
    After(usize),
    /// The same, and all is well again before the request.
    Healed(usize),
    /// This many requests, one after the other. All get the same.
    Row(usize),
    /// This many requests at once. All get the same.
    Burst(usize),
}

/// What the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gets {
    /// 200 with the right bytes.
    Right,
    /// The same, marked as old.
    Stale,
    /// 404.
    Absent,
    /// This status, which is 5xx.
    Fails(u16),
    /// 200, and an end that is no clean one.
    Aborted,
}

/// How often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times(RangeInclusive<usize>);

impl Times {
    pub(super) fn allow(&self, times: usize) -> bool {
        self.0.contains(&times)
    }
}

impl From<usize> for Times {
    fn from(exactly: usize) -> Self {
        Times(exactly..=exactly)
    }
}

impl From<RangeInclusive<usize>> for Times {
    fn from(range: RangeInclusive<usize>) -> Self {
        Times(range)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.start() == self.0.end() {
            write!(f, "{}", self.0.start())
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

impl Row {
    /// A row in its plain form. `ms`: how long the client may have to wait.
    #[expect(clippy::too_many_arguments, reason = "these are the columns of the table")]
    pub(super) fn new(
        mechanism: Mechanism,
        fault: &'static str,
        chain: Chain,
        ask: Ask,
        plans: [Plan; 2],
        gets: Gets,
        asked: [Times; 2],
        ms: u64,
    ) -> Self {
        Self {
            mechanism,
            fault,
            chain,
            ask,
            plans,
            story: Story::Plain,
            gets,
            asked,
            ranges: None,
            within: Duration::from_millis(ms),
            not_before: Duration::ZERO,
            settings: Vec::new(),
            header: None,
            says: None,
        }
    }

    pub(super) fn story(mut self, story: Story) -> Self {
        self.story = story;
        self
    }

    pub(super) fn ranges(mut self, a: impl Into<Times>, b: impl Into<Times>) -> Self {
        self.ranges = Some([a.into(), b.into()]);
        self
    }

    pub(super) fn not_before(mut self, ms: u64) -> Self {
        self.not_before = Duration::from_millis(ms);
        self
    }

    /// A setting, by its dotted name, and its value as the file has it.
    pub(super) fn set(mut self, name: &'static str, value: &'static str) -> Self {
        self.settings.push((name, value));
        self
    }

    pub(super) fn header(mut self, name: &'static str) -> Self {
        self.header = Some(name);
        self
    }

    pub(super) fn says(mut self, words: &'static str) -> Self {
        self.says = Some(words);
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { mechanism, fault, chain, ask, gets, story, asked: [a, b], within, .. } = self;
        write!(f, "{mechanism:?} | {fault} | {chain} | {ask:?}")?;
        if *story != Story::Plain {
            write!(f, " ({story:?})")?;
        }
        write!(f, " => {gets:?}, A asked {a}, B asked {b}, within {} ms", within.as_millis())
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Chain::One => "A",
            Chain::Comma => "A,B",
            Chain::Pipe => "A|B",
        })
    }
}

impl Ask {
    /// The path, without a slash in front.
    pub(super) fn path(self) -> &'static str {
        match self {
            Ask::List => "example.com/m/@v/list",
            Ask::Latest => "example.com/m/@latest",
            Ask::Query => "example.com/m/@v/main.info",
            Ask::Info => "example.com/m/@v/v1.0.0.info",
            Ask::Mod => "example.com/m/@v/v1.0.0.mod",
            Ask::Zip => "example.com/m/@v/v1.0.0.zip",
            Ask::Small => "example.com/small/@v/v1.0.0.zip",
            Ask::Upper => "example.com/!upper/@v/v1.0.0.mod",
            Ask::Nothing => "example.com/none/@v/v1.0.0.mod",
        }
    }

    /// The same of another module that nobody has.
    pub(super) fn other(self, number: usize) -> String {
        self.path().replace("example.com/", &format!("other{number}.example.com/"))
    }
}

/// Rows as a table: mechanism, what goes wrong, chain, request, what A and B do, what the client gets, how often A and B are
/// asked, and how many milliseconds it may take.
macro_rules! rows {
    ($($mechanism:ident $fault:literal $chain:ident $ask:ident [$a:expr] [$b:expr] => $gets:expr, $of_a:expr, $of_b:expr,
        $ms:literal $(, $($more:ident($($with:expr),*)),+)?;)*) => {{
        #[allow(clippy::enum_glob_use, reason = "a table names its columns' words bare")]
        use super::{mechanism::Mechanism, row::{Ask, Chain, Gets::*, Row}};
        vec![$(
            Row::new(
                Mechanism::$mechanism,
                $fault,
                Chain::$chain,
                Ask::$ask,
                [$a, $b],
                $gets,
                [$of_a.into(), $of_b.into()],
                $ms,
            )$($(.$more($($with),*))+)?
        ),*]
    }};
}
pub(super) use rows;
