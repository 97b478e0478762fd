//! What a build system puts before each line, learned from the lines of `go` themselves.

/// The longest name of a step that is learned, in bytes.
const MAX_PREFIX: usize = 160;
/// How the lines begin by which one is learned.
const SAID: [&str; 3] = ["go: ", "verifying ", "go get "];
/// How a name of a step ends.
const ENDS: [&str; 8] = [": ", "| ", "] ", "> ", ") ", "\t", "]", ">"];

/// What stands before each line of a step: `Step #2 - "build": `. Known dressing is gone by then; this is for the rest.
#[derive(Debug, Default)]
pub(super) struct Prefix(Option<Vec<u8>>);

impl Prefix {
    /// A line without what its system put before it, as far as that is known by now.
    pub(super) fn strip<'a>(&mut self, line: &'a str) -> &'a str {
        if let Some(length) = learn(line) {
            let (before, said) = line.split_at(length);
            self.0 = Some(shape(before).collect());
            return said;
        }
        let Some(known) = &self.0 else { return line };
        let is_same = line.len() >= known.len() && shape(line).take(known.len()).eq(known.iter().copied());
        if is_same { line.get(known.len()..).unwrap_or(line) } else { line }
    }
}

/// How long a name is before the first thing that `go` says in a line; nothing if there is none.
fn learn(line: &str) -> Option<usize> {
    let at = SAID.iter().filter_map(|said| line.find(said)).min()?;
    let before = line.get(..at)?;
    (at > 0 && at <= MAX_PREFIX && ENDS.iter().any(|end| before.ends_with(end))).then_some(at)
}

/// A text in which all numbers are the same: those of steps and times change from line to line.
fn shape(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_one_line_is_taken_from_the_next() {
        for before in
            ["Step #2 - \"build\": ", "[pod/builder-7/go] ", "web:build: ", "12  : [3.4s] | ", "é 00:01 > "]
        {
            let mut prefix = Prefix::default();
            let next = before.replace('7', "8").replace("3.4", "3.5");
            assert_eq!(prefix.strip(&format!("{before}go: a@v1.0.0: x:")), "go: a@v1.0.0: x:", "{before}");
            assert_eq!(prefix.strip(&format!("{next}\tfatal: early EOF")), "\tfatal: early EOF", "{before}");
            assert_eq!(prefix.strip("\tfatal: early EOF"), "\tfatal: early EOF");
        }
    }

    #[test]
    fn what_is_no_name_of_a_step_stays() {
        let mut prefix = Prefix::default();
        for line in ["main.go:3:8: x", "we let go: it was late", "go: a", "", "  a > b"] {
            assert_eq!(prefix.strip(line), line);
        }
    }
}
