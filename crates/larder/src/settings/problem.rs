//! What keeps Larder from starting with the settings it was given.

use std::{ops::Range, path::Path, sync::Arc};

use workbench::masked;

use super::{
    origin::{Origin, Place},
    wrong::Wrong,
};

/// One thing that is wrong. None of its texts holds a secret.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    message: String,
    help: Option<String>,
    origin: Option<Origin>,
    span: Option<Range<usize>>,
}

/// The configuration file's text.
#[derive(Clone)]
pub(crate) struct SourceFile {
    pub(crate) path: Arc<Path>,
    pub(crate) text: String,
}

/// Everything that is wrong, and what a report needs to show it.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) problems: Vec<Problem>,
    /// The file's name and its text without secrets.
    pub(crate) file: Option<(Arc<Path>, String)>,
}

impl Problem {
    /// Something that no single value is to blame for.
    pub(crate) fn general(wrong: Wrong) -> Self {
        Problem {
            message: masked(&wrong.what),
            help: wrong.help.map(|h| masked(&h)),
            origin: None,
            span: None,
        }
    }

    /// A value from anywhere but the file.
    pub(crate) fn of(origin: Origin, wrong: Wrong) -> Self {
        let wrong = Wrong { what: format!("{}: {}", origin, wrong.what), ..wrong };
        Problem { origin: Some(origin), ..Problem::general(wrong) }
    }

    /// A place in the file. `name` is the key's.
    pub(crate) fn in_file(file: &SourceFile, name: &str, span: Range<usize>, wrong: Wrong) -> Self {
        let what = if name.is_empty() { wrong.what } else { format!("{name}: {}", wrong.what) };
        Problem {
            origin: Some(Origin::File(file.place(span.start))),
            span: Some(span),
            ..Problem::general(Wrong { what, ..wrong })
        }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Bytes of the file.
    pub(crate) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }
}

impl SourceFile {
    /// The place of a byte of the text.
    pub(crate) fn place(&self, offset: usize) -> Place {
        Place::at(&self.path, &self.text, offset)
    }

    /// The path that a path in the file means: relative ones begin where the file lies.
    pub(crate) fn resolve(&self, path: &str) -> std::path::PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

impl Invalid {
    /// Sorts the problems: those of the file stand last, in its order.
    pub(crate) fn new(mut problems: Vec<Problem>, file: Option<&SourceFile>) -> Self {
        problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        Invalid { problems, file: file.map(|file| (Arc::clone(&file.path), masked(&file.text))) }
    }
}
