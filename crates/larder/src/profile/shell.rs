//! The languages in which variables are set.

use std::fmt::Write as _;

use anyhow::bail;
use clap::ValueEnum;

use super::Line;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh: `eval "$(larder env)"`
    Sh,
    /// fish: `larder env --shell fish | source`
    Fish,
    /// PowerShell: `larder env --shell powershell | Out-String | Invoke-Expression`
    Powershell,
    /// GitHub Actions: `larder env --shell github >> "$GITHUB_ENV"`
    Github,
    /// GitLab: the `variables` of .gitlab-ci.yml
    Gitlab,
    /// A file of variables, as containers and editors read it
    Dotenv,
}

impl Shell {
    /// The lines with their reasons: what is for standard output, and what is for people beside it where the language
    /// knows no comments.
    pub(crate) fn write(self, lines: &[Line]) -> anyhow::Result<(String, String)> {
        let (mut out, mut beside) = (String::new(), String::new());
        if self == Shell::Gitlab {
            out.push_str("variables:\n");
        }
        for Line { variable, value, why } in lines {
            if value.contains(char::is_control) {
                bail!("the value of {variable} has a line feed or another control character");
            }
            let _ = match self {
                Shell::Sh => writeln!(out, "# {why}\nexport {variable}={}", single(value, r"'\''")),
                Shell::Fish => {
                    writeln!(
                        out,
                        "# {why}\nset -gx {variable} {}",
                        single(&value.replace('\\', r"\\"), r"\'")
                    )
                }
                Shell::Powershell => {
                    writeln!(out, "# {why}\n$env:{variable} = '{}'", value.replace('\'', "''"))
                }
                Shell::Github => {
                    let _ = writeln!(beside, "{variable}: {why}");
                    writeln!(out, "{variable}={value}")
                }
                Shell::Gitlab => writeln!(out, "  # {why}\n  {variable}: {}", gitlab(value)),
                Shell::Dotenv => writeln!(out, "# {why}\n{variable}={}", dotenv(value)),
            };
        }
        Ok((out, beside))
    }
}

/// A word that is quoted only where it must be.
fn single(value: &str, mark: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', mark))
}

/// In GitLab a dollar begins another variable, in YAML's single quotes a quote is written twice.
fn gitlab(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''").replace('$', "$$"))
}

/// Readers differ in what they do with quotes, so that there are some only where they must be.
fn dotenv(value: &str) -> String {
    if !value.contains([' ', '#', '"', '\'', '$', '\\', '`']) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shell: Shell, value: &str) -> (String, String) {
        shell.write(&[Line { variable: "GOPROXY", value: value.into(), why: "because" }]).unwrap()
    }

    #[test]
    fn every_language_has_its_quotes() {
        let odd = "http://a|b c's $x \\ \"q\"";
        for (shell, plain, quoted) in [
            (Shell::Sh, "export GOPROXY=http://a,off", r#"export GOPROXY='http://a|b c'\''s $x \ "q"'"#),
            (Shell::Fish, "set -gx GOPROXY http://a,off", r#"set -gx GOPROXY 'http://a|b c\'s $x \\ "q"'"#),
            (
                Shell::Powershell,
                "$env:GOPROXY = 'http://a,off'",
                r#"$env:GOPROXY = 'http://a|b c''s $x \ "q"'"#,
            ),
            (Shell::Gitlab, "  GOPROXY: 'http://a,off'", r#"  GOPROXY: 'http://a|b c''s $$x \ "q"'"#),
            (Shell::Dotenv, "GOPROXY=http://a,off", r#"GOPROXY="http://a|b c's \$x \\ \"q\"""#),
            (Shell::Github, "GOPROXY=http://a,off", r#"GOPROXY=http://a|b c's $x \ "q""#),
        ] {
            assert_eq!(written(shell, "http://a,off").0.lines().last(), Some(plain), "{shell:?}");
            assert_eq!(written(shell, odd).0.lines().last(), Some(quoted), "{shell:?}");
        }
    }

    #[test]
    fn a_reason_stands_where_it_does_no_harm() {
        assert_eq!(written(Shell::Sh, "x").0, "# because\nexport GOPROXY=x\n");
        // A line without = makes GitHub refuse the file.
        assert_eq!(written(Shell::Github, "x"), ("GOPROXY=x\n".into(), "GOPROXY: because\n".into()));
        assert!(Shell::Github.write(&[Line { variable: "A", value: "x\nB=y".into(), why: "" }]).is_err());
    }
}
