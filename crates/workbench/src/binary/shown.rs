//! What was found of a program, for people and for programs.

use std::{fmt::Write as _, path::Path};

use serde_json::{Value, json};

use super::{Audit, Binary, Listed, Program, Stamp, audit::Compared};
use crate::report::plain;

/// A program and its audit.
#[derive(Clone, Debug)]
pub struct AuditedBinary {
    lines: String,
    json: Value,
}

impl AuditedBinary {
    /// What is said of one program of a file.
    pub fn new(binary: &Binary, program: &Program, audit: &Audit) -> Self {
        AuditedBinary { lines: lines(binary, program, audit), json: object(binary, program, audit) }
    }

    /// A few lines for people, the last one with a line feed: what it is, how it is stamped, and which modules are not
    /// what they seem.
    pub fn text(&self) -> &str {
        &self.lines
    }

    /// The same with every module, for programs.
    pub fn json(&self) -> &Value {
        &self.json
    }
}

fn lines(binary: &Binary, program: &Program, audit: &Audit) -> String {
    let mut out = String::new();
    let _ = write!(out, "{}: {}", plain(&binary.path().display().to_string()), program.kind());
    let Ok(info) = program.info() else {
        out.push('\n');
        return out;
    };
    let main = info.main().map_or_else(|| info.package().to_owned(), ToString::to_string);
    let modules = match info.deps().len() {
        0 => "no other module".to_owned(),
        1 => "1 module".to_owned(),
        more => format!("{more} modules"),
    };
    let _ = writeln!(out, ", {}, {}, {modules}", plain(info.go()), plain(&main));
    let _ = writeln!(out, "    stamp      {}", plain(&stamp(&Stamp::of(info))));
    for one in &audit.compared {
        if let Some(replacement) = one.listed.replacement() {
            let _ = writeln!(
                out,
                "    replaced   {} => {}",
                plain(&one.listed.to_string()),
                plain(&replacement.to_string())
            );
        }
        if one.private {
            let _ = writeln!(out, "    private    {}", plain(&one.listed.to_string()));
        }
        if let Some(why) = &one.retracted {
            let _ = writeln!(out, "    retracted  {}{}", plain(&one.listed.to_string()), because(why));
        }
    }
    out
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {}", plain(why)) }
}

fn stamp(stamp: &Stamp) -> String {
    let Some(revision) = &stamp.revision else { return "none of a repository".to_owned() };
    let system = stamp.system.as_deref().unwrap_or("vcs");
    let time = stamp.time.as_deref().map(|time| format!(" of {time}")).unwrap_or_default();
    let state = match stamp.modified {
        Some(false) => ", unchanged",
        Some(true) => ", with changes that were not committed",
        None => "",
    };
    format!("{system} {revision}{time}{state}")
}

fn object(binary: &Binary, program: &Program, audit: &Audit) -> Value {
    let file = path(binary.path());
    let Ok(info) = program.info() else {
        return json!({"file": file, "kind": program.kind(), "go": null, "package": null, "main": null, "stamp": null, "settings": {}, "modules": []});
    };
    let stamp = Stamp::of(info);
    let settings: serde_json::Map<_, _> =
        info.settings().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
    json!({
        "file": file,
        "kind": program.kind(),
        "go": info.go(),
        "package": info.package(),
        "main": info.main().map(listed),
        "stamp": {"vcs": stamp.system, "revision": stamp.revision, "time": stamp.time, "modified": stamp.modified},
        "settings": settings,
        "modules": audit.compared.iter().map(compared).collect::<Vec<_>>(),
    })
}

fn compared(one: &Compared) -> Value {
    json!({
        "path": one.listed.path(),
        "version": one.listed.version(),
        "sum": sum(one.listed.built()),
        "replaced_by": one.listed.replacement().map(listed),
        "gosum": one.gosum.as_str(),
        "ledger": one.ledger.as_str(),
        "database": one.database.as_str(),
        "private": one.private,
        "retracted": one.retracted,
    })
}

fn listed(one: &Listed) -> Value {
    json!({"path": one.path(), "version": one.version(), "sum": sum(one)})
}

fn sum(one: &Listed) -> Option<&str> {
    Some(one.sum()).filter(|sum| !sum.is_empty())
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
