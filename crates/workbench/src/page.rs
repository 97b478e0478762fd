//! The page of a diagnosis in the documentation.

use std::fmt::Write as _;

use crate::{Diagnosis, Names, Severity};

/// The page of a diagnosis, in Markdown.
pub fn page(diagnosis: &Diagnosis) -> String {
    let names = Names::default();
    let fill = |text| names.fill(text);
    let Diagnosis { code, layer, severity, title, cause, cure, commands } = diagnosis;
    let mut page = format!("# {code}: {}\n\n", fill(title));
    let severity = match severity {
        Severity::Error => "`go` fails of it",
        Severity::Risk => "it works, and should not stay so",
    };
    let _ = writeln!(
        page,
        "Layer: {layer}. Severity: {severity}.\n\n## Why\n\n{}\n\n## Cure\n\n{}",
        fill(cause),
        fill(cure)
    );
    if !commands.is_empty() {
        let commands: Vec<_> = commands.iter().map(|command| fill(command)).collect();
        let _ = writeln!(page, "\n```sh\n{}\n```", commands.join("\n"));
    }
    page
}
