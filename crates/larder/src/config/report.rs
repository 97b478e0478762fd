//! What is wrong with the settings, for people and for programs.

use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use serde_json::{Value, json};

use crate::settings::{Invalid, Problem};

/// How a report may look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    /// Colours, for terminals.
    pub(crate) color: bool,
    /// Break lines here; otherwise they stay whole, for logs.
    pub(crate) width: Option<usize>,
}

/// All problems, each with the place it is about.
pub(crate) fn text(invalid: &Invalid, look: Look) -> String {
    let theme = if look.color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
    let handler = match look.width {
        Some(width) => handler.with_width(width),
        None => handler.with_wrap_lines(false),
    };
    let mut text = String::new();
    for problem in &invalid.problems {
        text.push('\n');
        let diagnostic =
            diagnostic(problem, invalid.file.as_ref().map(|(path, text)| (&**path, text.as_str())));
        if handler.render_report(&mut text, diagnostic.as_ref()).is_err() {
            text.push_str(problem.message());
        }
    }
    let text = text.trim_start_matches('\n');
    match invalid.problems.len() {
        1 => text.to_owned(),
        count => format!("{text}\n{count} problems\n"),
    }
}

fn diagnostic(problem: &Problem, file: Option<(&Path, &str)>) -> Report {
    let mut diagnostic = MietteDiagnostic::new(problem.message());
    if let Some(help) = problem.help() {
        diagnostic = diagnostic.with_help(help);
    }
    match (problem.span(), file) {
        (Some(span), Some((path, text))) => Report::new(diagnostic.with_label(LabeledSpan::underline(span)))
            .with_source_code(NamedSource::new(path.to_string_lossy(), text.to_owned())),
        _ => Report::new(diagnostic),
    }
}

/// All problems.
pub(crate) fn json(invalid: &Invalid) -> Value {
    let errors = invalid.problems.iter().map(
        |problem| json!({"message": problem.message(), "help": problem.help(), "origin": problem.origin()}),
    );
    json!({"ok": false, "errors": errors.collect::<Vec<_>>(), "warnings": []})
}
