//! From a build log to what went wrong in it.

mod about;
mod dressing;
mod learned;
mod pattern;
mod patterns;
mod speech;

use std::mem;

use crate::{Diagnosis, Finding, Report, checks_of, diagnoses};

/// The longest line that is looked at, in bytes; the rest of a longer one is not.
pub const MAX_LINE: usize = 64 << 10;
/// How many different findings are kept.
const MAX_FINDINGS: usize = 200;
/// How many lines show one finding.
const MAX_EVIDENCE: usize = 3;
/// How long a line may be that shows something, in characters.
const MAX_SHOWN: usize = 400;
/// How many lines may belong to one message.
const MAX_BLOCK: usize = 60;

/// Reads a log as it comes, and says what it shows. Its memory is bounded, however long the log is.
#[derive(Debug, Default)]
pub struct Explainer {
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    prefix: learned::Prefix,
    /// The lines of a message to which more may come.
    block: Vec<String>,
    found: Vec<(Finding, usize)>,
    /// How many lines were errors of a compiler, and how many told of a failed test.
    compiler: usize,
    tests: usize,
}

impl Explainer {
    /// Reads more of the log.
    pub fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room.min(piece.len())).unwrap_or_default());
            if piece.ends_with(b"\n") {
                let line = mem::take(&mut self.line);
                self.take(&String::from_utf8_lossy(&line));
            }
        }
    }

    /// What the log shows.
    pub fn finish(mut self) -> Report {
        let line = mem::take(&mut self.line);
        self.take(&String::from_utf8_lossy(&line));
        self.end_block();
        let order = |finding: &Finding| diagnoses::all().position(|d| d == finding.diagnosis);
        self.found.sort_by_key(|(finding, _)| order(finding));
        let verdict = self.verdict();
        let findings = self.found.into_iter().map(|(mut finding, times)| {
            let more = times.saturating_sub(finding.evidence.len());
            if more > 0 {
                finding.evidence.push(format!("({more} more of the kind)"));
            }
            finding
        });
        Report { verdict, findings: findings.collect(), ..Report::default() }
    }

    fn verdict(&self) -> String {
        let others = match (self.compiler, self.tests) {
            (0, 0) => String::new(),
            (errors, 0) => {
                format!(" {} of the compiler: for that, look at the code.", count(errors, "error"))
            }
            (0, tests) => format!(" {}: for that, look at the code.", count(tests, "failed test")),
            (errors, tests) => format!(
                " {} of the compiler, {}: for these, look at the code.",
                count(errors, "error"),
                count(tests, "failed test")
            ),
        };
        match self.found.first() {
            None => format!("Nothing in it is known as a fault of modules, network or caches.{others}"),
            Some((finding, _)) => {
                let title = finding.names.fill(finding.diagnosis.title);
                let further = match self.found.len() - 1 {
                    0 => String::new(),
                    more => format!(" And {} below.", count(more, "other thing")),
                };
                format!("{title}.{further}{others}")
            }
        }
    }

    /// Takes a line. What its program printed may be several.
    fn take(&mut self, line: &str) {
        let line = dressing::undress(line);
        match dressing::texts(&line) {
            Some(texts) => {
                for text in texts.iter().flat_map(|text| text.lines()) {
                    self.take_dressed(&dressing::undress(text));
                }
            }
            None => self.take_dressed(&line),
        }
    }

    fn take_dressed(&mut self, line: &str) {
        let line = self.prefix.strip(line).to_owned();
        self.take_plain(&line);
    }

    fn take_plain(&mut self, line: &str) {
        // A tab says that the line goes on with the message before, and so does a colon at that one's end.
        let announced = self.block.last().is_some_and(|last| last.starts_with("go: ") && last.ends_with(':'));
        let goes_on =
            line.starts_with('\t') && !self.block.is_empty() || announced && !line.starts_with("go: ");
        if !goes_on {
            self.end_block();
        }
        if self.block.len() < MAX_BLOCK && !line.trim().is_empty() {
            self.block.push(line.to_owned());
        }
    }

    fn end_block(&mut self) {
        let block = mem::take(&mut self.block);
        let Some(head) = block.first() else { return };
        let text = block.join("\n");
        let speaker = speech::speaker(&text);
        let pattern = match speaker {
            speech::Speaker::Trace => None,
            speech::Speaker::Go => patterns::find(&text, true),
            speech::Speaker::Other => patterns::find(&text, false),
        };
        let Some(pattern) = pattern else {
            self.compiler += usize::from(speech::is_compiler(head));
            self.tests += usize::from(head.trim_start().starts_with("--- FAIL: "));
            return;
        };
        let [diagnosis, alternatives @ ..] = pattern.means else { return };
        let names = about::names(&text);
        let evidence = block.iter().map(|line| about::shown(line, MAX_SHOWN));
        let room = self.found.len() < MAX_FINDINGS;
        let same = self.found.iter_mut().find(|(finding, _)| {
            finding.diagnosis == *diagnosis && about::is_same(diagnosis.layer, &finding.names, &names)
        });
        match same {
            Some((finding, times)) => {
                *times += 1;
                if finding.evidence.len() < MAX_EVIDENCE
                    && !finding.evidence.contains(&about::shown(head, MAX_SHOWN))
                {
                    finding.evidence.push(about::shown(head, MAX_SHOWN));
                }
            }
            None if room => {
                let mut alternatives = alternatives.to_vec();
                alternatives.extend(speech::behind(&text).filter(|d| !pattern.means.contains(d)));
                let evidence = evidence.take(6).collect();
                let checks = checks(diagnosis, &alternatives);
                let finding = Finding { evidence, names, alternatives, checks, ..Finding::new(diagnosis) };
                self.found.push((finding, 1));
            }
            None => {}
        }
    }
}

/// What the doctor would look at to tell these causes from each other, the likeliest first.
fn checks(likeliest: &Diagnosis, others: &[&Diagnosis]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in [likeliest].iter().chain(others).flat_map(|one| checks_of(one)).map(|check| check.name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(log: &str) -> Report {
        let mut explainer = Explainer::default();
        // However it comes.
        for piece in log.as_bytes().chunks(7) {
            explainer.feed(piece);
        }
        explainer.finish()
    }

    fn codes(log: &str) -> Vec<&'static str> {
        explain(log).findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn one_fault_that_shows_often_is_one_finding() {
        let line = |n| {
            format!(
                "go: example.com/m{n}@v1.0.0: Get \"https://proxy.example.com/m{n}/@v/v1.0.0.mod\": dial tcp 192.0.2.1:443: i/o timeout\n"
            )
        };
        let log = (0..500).map(line).collect::<Vec<_>>().concat();
        let report = explain(&log);
        assert_eq!(report.findings.len(), 1);
        let [finding] = report.findings.as_slice() else { unreachable!() };
        assert_eq!(finding.code(), "L2-CONNECT-TIMEOUT");
        assert_eq!(finding.names.get("host"), Some("proxy.example.com"));
        assert_eq!(finding.evidence.last().map(String::as_str), Some("(497 more of the kind)"));
    }

    #[test]
    fn what_is_no_message_of_go_is_left_alone() {
        for log in [
            "",
            "--- FAIL: TestDial (0.00s)\n    dial_test.go:9: dial tcp 127.0.0.1:5432: connect: connection refused\nFAIL\n",
            "./main.go:3:2: undefined: x\n",
            "npm ERR! network request to https://registry.example.com failed, reason: connect ECONNREFUSED\n",
            "# get https://proxy.example.com/example.com/m/@v/list: 404 Not Found (0.1s)\n",
            "go: downloading example.com/m v1.0.0\ngo: added example.com/m v1.0.0\n",
            "panic: x509: certificate has expired\n",
        ] {
            assert_eq!(codes(log), [""; 0], "{log}");
        }
        let report = explain("./main.go:3:2: undefined: x\n--- FAIL: TestA (0.00s)\n");
        assert_eq!(
            report.verdict,
            "Nothing in it is known as a fault of modules, network or caches. 1 error of the compiler, 1 failed test: for these, look at the code."
        );
    }

    #[test]
    fn lines_that_belong_together_are_read_together() {
        assert_eq!(
            codes(
                "go: example.com/m@v1.0.0: invalid version: git ls-remote -q origin in /c/vcs/1: exit status 128:\n\tfatal: could not read Username for 'https://git.example.com': terminal prompts disabled\nConfirm the import path was entered correctly.\n"
            ),
            ["L4-NO-PASSWORD"]
        );
        let dressed = "#9 1.234 verifying example.com/m@v1.0.0: checksum mismatch\n#9 1.234 \tdownloaded: h1:a\n#9 1.235 \tgo.sum:     h1:b\n#9 1.235 \n#9 1.235 SECURITY ERROR\n";
        assert_eq!(codes(dressed), ["L3-SUM-MISMATCH-GOSUM"]);
    }

    #[test]
    fn causes_come_before_what_follows_from_them() {
        let log = "main.go:4:2: no required module provides package example.com/a; to add it:\n\tgo get example.com/a\ngo: example.com/m@v1.0.0: Get \"https://proxy.example.com/x\": tls: failed to verify certificate: x509: certificate signed by unknown authority\n";
        assert_eq!(codes(log), ["L2-TLS-INTERCEPTED", "L5-NOT-REQUIRED"]);
    }

    #[test]
    fn passwords_are_not_repeated() {
        let log = "go: example.com/m@v1.0.0: reading https://u:s3cret@proxy.example.com/example.com/m/@v/v1.0.0.mod?token=s3cret: 403 Forbidden\n";
        let report = explain(log);
        assert_eq!(report.findings.len(), 1);
        assert!(!(report.text() + &report.json()).contains("s3cret"), "{}", report.text());
    }
}
