//! What is wrong with one value.

/// Why a text is not a value of its setting. Where it stands is added by whoever read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// A clause about the value: `"x" is not a number`. It may repeat the value: [`Problem`](super::Problem)
    /// takes secrets out.
    pub(crate) what: String,
    /// What to write instead.
    pub(crate) help: Option<String>,
}

impl Wrong {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Wrong { what: what.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
