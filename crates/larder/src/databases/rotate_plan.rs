//! `larder sumdb rotate-plan`: what it takes to change the key of the own database.
//!
//! The go command keeps what it has seen of a database under its name, signed with the key of that time. So a new key
//! under the old name is a forgery to every client that has seen the old one; a new name is a new database.

use gomod::DbName;
use serde_json::json;
use workbench::Environment;

use crate::{
    args::RotatePlanArgs,
    config::{Printed, report},
    settings::{Own, Settings},
};

/// Prints the steps; does nothing.
pub(super) fn rotate_plan(args: &RotatePlanArgs, env: &Environment) -> Printed {
    let settings = match Settings::resolve(&args.data.options(), None, env) {
        Ok(settings) => settings,
        Err(invalid) => {
            let err = report(&invalid, crate::look(env));
            return Printed { err, code: crate::FAILED, ..Printed::default() };
        }
    };
    let Some(own) = &settings.own else {
        return Printed { err: format!("larder: {NONE}\n"), code: crate::FAILED, ..Printed::default() };
    };
    let plan = Plan::new(own);
    let out = if args.json { format!("{:#}\n", plan.json()) } else { plan.text() };
    Printed { out, ..Printed::default() }
}

struct Plan<'a> {
    own: &'a Own,
    new_name: String,
    steps: Vec<String>,
    /// How the name can stay.
    same_name: String,
}

impl<'a> Plan<'a> {
    fn new(own: &'a Own) -> Self {
        let new_name = next_name(&own.name.value);
        let (old, key, head) = (&own.name.value, own.key.value.display(), own.head.value.display());
        let steps = vec![
            format!(
                "Make a key with a new name: larder sumdb keygen {new_name}. What a client keeps of {old} is signed \
                 with the old key, so a new key with the old name would be refused by each client until somebody \
                 deletes $(go env GOPATH)/pkg/sumdb/{old} and $(go env GOMODCACHE)/cache/download/sumdb/{old} there."
            ),
            "Check the old log once more: larder sumdb audit. Keep what it says with the date.".to_owned(),
            "Start a second `larder serve` on the same data directory at another address, with the new key file as \
             [sumdb.own] key. Its log begins empty and fills by itself: a public module is verified against the public \
             database again, a private one against the hash in its receipt, which stays."
                .to_owned(),
            "Give every client the new GOSUMDB, which keygen printed, with the new address. go.sum files stay as they \
             are: hashes do not depend on the database."
                .to_owned(),
            format!(
                "When nobody asks for /sumdb/{old}/ any more (larder's access log), stop the old one. Keep the old \
                 public key and modules/sumdb/{old} for as long as somebody may want to check what was signed."
            ),
            format!("Destroy the old private key {key} with all its copies, and remove {head}."),
        ];
        let same_name = format!(
            "The other way keeps the name and every record: larder sumdb keygen {old} --out NEW.key, then [sumdb.own] key = \
             \"NEW.key\" and head = \"{head}\", and a restart; the log is signed anew. From that moment each client \
             fails until it has the new GOSUMDB and is without the two directories of step 1, so it is for few clients, all \
             in your hands."
        );
        Plan { own, new_name, steps, same_name }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} is signed with {}. A new key means a new name, and a new GOSUMDB on every client.\n\n",
            self.own.name.value, self.own.verifier
        );
        for (number, step) in self.steps.iter().enumerate() {
            text += &wrapped(&format!("{}. {step}", number + 1), 3);
        }
        text + "\n" + &wrapped(&self.same_name, 0) + STOLEN
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "name": self.own.name.value.as_str(),
            "vkey": self.own.verifier.to_string(),
            "new_name": self.new_name,
            "steps": self.steps,
            "same_name": self.same_name,
        })
    }
}

/// Lines that fit a terminal; those after the first are indented.
fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        if width > 0 && width + 1 + long > WIDTH {
            lines += "\n";
            lines += &" ".repeat(indent);
            width = indent;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines += word;
        width += long;
    }
    lines.push('\n');
    lines
}

/// `sum.corp.example` is followed by `sum.corp.example/2`, and that by `sum.corp.example/3`.
fn next_name(old: &DbName) -> String {
    let numbered = old.as_str().rsplit_once('/').and_then(|(name, n)| Some((name, n.parse::<u32>().ok()?)));
    match numbered {
        Some((name, n)) => format!("{name}/{}", u64::from(n) + 1),
        None => format!("{old}/2"),
    }
}

/// Columns of a line.
const WIDTH: usize = 100;

/// What is missing where there is no own database.
pub(super) const NONE: &str = "there is no own checksum database: `larder sumdb keygen NAME` makes its key, and \
                    [sumdb.own] key = \"FILE\" in the configuration file names it";

const STOLEN: &str = "
If the key was stolen: who has it can sign another log, and show it to clients whose connections he controls. He cannot
change what is stored here. Stop the old log at once (take [sumdb.own] out), then do all steps; what clients verified
with the old key before the theft stays right.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        let long = "y".repeat(WIDTH - 4);
        assert_eq!(wrapped(&format!("1. {long} z"), 3), format!("1. {long}\n   z\n"));
        assert_eq!(wrapped(&format!("{long} zzz {long}"), 0), format!("{long} zzz\n{long}\n"));
        assert_eq!(wrapped("a b", 3), "a b\n");
    }

    #[test]
    fn names_go_on() {
        for (old, new) in [
            ("sum.corp.example", "sum.corp.example/2"),
            ("sum.corp.example/2", "sum.corp.example/3"),
            ("sum.corp.example/db", "sum.corp.example/db/2"),
        ] {
            assert_eq!(next_name(&DbName::new(old).unwrap()), new);
        }
    }
}
