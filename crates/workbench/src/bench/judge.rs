//! Is an answer what was asked for?

use gomod::{H1, Info, Request, VersionList, ZipCheck, scan_module_line};

use super::subject::Subject;

/// One file of a module, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Info,
    Mod,
    List,
    Zip,
}

/// The small ones.
pub(super) const SMALL: [Part; 3] = [Part::Info, Part::Mod, Part::List];

/// Where a part is, below the URL of a proxy.
pub(super) fn path(subject: &Subject, part: Part) -> String {
    let module = subject.module.clone();
    match part {
        Part::Info => Request::Info(module),
        Part::Mod => Request::Mod(module),
        Part::List => Request::List(module.path().clone()),
        Part::Zip => Request::Zip(module),
    }
    .path()
}

/// The hash of an answer that has one, or why it cannot be what was asked for, without secrets and in a few words.
pub(super) fn judge(subject: &Subject, part: Part, body: &[u8]) -> Result<Option<H1>, String> {
    let module = &subject.module;
    match part {
        Part::Info => {
            let info = Info::parse(body).map_err(|_| "not the JSON of a version".to_owned())?;
            if info.version() == module.version() {
                Ok(None)
            } else {
                Err(format!("it is about {}", info.version()))
            }
        }
        Part::List => {
            let text = std::str::from_utf8(body).map_err(|_| "not text".to_owned())?;
            let no_version = VersionList::parse(module.path(), text).is_empty();
            if no_version && text.trim_start().starts_with('<') {
                Err("a page, not a list".to_owned())
            } else {
                Ok(None)
            }
        }
        Part::Mod => {
            let h1 = H1::of_gomod(body);
            known(subject.gomod.as_ref(), h1)?;
            match scan_module_line(body) {
                Some(_) => Ok(Some(h1)),
                None => Err("no go.mod: it has no module line".to_owned()),
            }
        }
        Part::Zip => {
            let facts =
                ZipCheck::new(module).finish(body, body.len() as u64).map_err(|fault| fault.to_string())?;
            known(subject.zip.as_ref(), facts.h1)?;
            Ok(Some(facts.h1))
        }
    }
}

fn known(recorded: Option<&H1>, h1: H1) -> Result<(), String> {
    match recorded {
        Some(recorded) if *recorded != h1 => Err(format!("it has {h1}, go.sum says {recorded}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Project;

    #[test]
    fn what_was_not_asked_for_is_no_answer() {
        let mut subject = Project::well_known().remove(0);
        let good = |subject: &Subject, part, body: &[u8]| judge(subject, part, body).is_ok();
        let portal = b"<!DOCTYPE html><html>Please log in.</html>";
        for part in [Part::Info, Part::Mod, Part::List, Part::Zip] {
            assert!(!good(&subject, part, portal), "{part:?}");
        }
        assert!(good(&subject, Part::Info, br#"{"Version":"v1.6.0","Time":"2024-01-23T18:54:04Z"}"#));
        assert!(!good(&subject, Part::Info, br#"{"Version":"v1.5.0","Time":"2024-01-23T18:54:04Z"}"#));
        assert!(good(&subject, Part::List, b"") && good(&subject, Part::List, b"v1.0.0\nv1.6.0\n"));
        let gomod = b"module github.com/google/uuid\n";
        let why = judge(&subject, Part::Mod, b"module example.com/other\n").unwrap_err();
        assert!(why.contains("go.sum says h1:TIyPZe4M"), "{why}");
        assert!(good(&subject, Part::Mod, gomod));
        subject.gomod = None;
        assert!(good(&subject, Part::Mod, b"module example.com/other\n"));
    }
}
