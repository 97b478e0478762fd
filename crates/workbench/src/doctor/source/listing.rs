//! Lists a repository's references as `go` does, and says why that fails.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use vcs::git::Config;

use super::{
    credential,
    netrc::Netrc,
    pages::Asking,
    remote::{self, Remote},
    ssh::Ssh,
    straight::Straight,
    token,
};
use crate::{
    Diagnosis, Explainer, Finding,
    diagnoses::{
        network,
        source::{
            GIT_PROXY, HELPER_MISSING, HELPER_WAITS, INSTEAD_OF, INSTEAD_OF_PLAIN, NETRC_NOT_GIT, NETRC_PORT,
            NO_PASSWORD, NO_SSH, REPOSITORY_ABSENT, SSH_CONFIG, SSH_KEY, TOKEN_EXPIRED, UNKNOWN_REVISION,
            UNREACHABLE, VCS_FAILS, WRONG_PASSWORD,
        },
    },
    doctor::{
        Patient, Seen, modules,
        program::{Program, Said, Silent},
    },
};

/// What is asked of repositories, and with what.
pub(super) struct Listing<'a> {
    pub(super) patient: &'a Patient,
    pub(super) config: &'a Config,
    pub(super) netrc: &'a Netrc,
    pub(super) asking: &'a Asking,
    /// When all has to be said.
    pub(super) until: Instant,
}

/// One repository that is to be listed.
struct Asked<'a> {
    module: &'a Straight,
    /// The URL as `go` writes it, and as git's settings write it.
    url: &'a str,
    target: String,
    remote: Remote,
}

impl Listing<'_> {
    /// Lists the repository of a module: the first of its URLs that answers counts.
    pub(super) fn look(&self, module: &Straight, root: &vcs::Root) -> Seen {
        let mut first = None;
        for url in root.urls() {
            let target = self.config.rewritten(url).unwrap_or_else(|_| url.clone());
            let asked = Asked { module, url, remote: Remote::of(&target), target };
            let (seen, reached) = self.list(&asked, root);
            if seen.findings.is_empty() {
                return seen;
            }
            // A server that was reached tells more than one that was not.
            if reached {
                return seen;
            }
            first.get_or_insert(seen);
        }
        first.unwrap_or_default()
    }

    /// Whether the server answered stands beside what was seen.
    fn list(&self, asked: &Asked<'_>, root: &vcs::Root) -> (Seen, bool) {
        let mut seen = Seen::default();
        let ssh = Ssh::new(&self.patient.env);
        match &asked.remote {
            Remote::Web { secure: false, .. } | Remote::Git(_)
                if asked.is_rewritten() && !asked.module.insecure =>
            {
                seen.found(asked.finding(&INSTEAD_OF_PLAIN));
            }
            Remote::Strange => {
                seen.found(asked.finding(&INSTEAD_OF));
                return (seen, true);
            }
            Remote::Ssh { .. } if !ssh.is_there() => {
                seen.found(asked.finding(&NO_SSH).name("program", ssh.program()));
                return (seen, true);
            }
            _ => {}
        }
        if self.patient.offline {
            let path = &asked.module.path;
            if let Remote::Ssh { host, port, .. } = &asked.remote
                && let Some((diagnosis, lines)) = ssh.offline(host, port.as_deref())
            {
                seen.found(asked.finding(diagnosis).name("host", host).with_all(lines));
            }
            seen.unchecked(format!("source: whether the repository of {path} can be read, with --offline"));
            return (seen, true);
        }
        let within = self.patient.patience.saturating_mul(3) / 2;
        if self.left() < within {
            seen.unchecked(format!("source: git ls-remote {}, for which there was no time", asked.shown()));
            return (seen, true);
        }
        match self.git(&ssh, within, &["ls-remote", "-q", "--", asked.url]) {
            Ok(said) if said.code == Some(0) => {
                Self::read(asked, root, &said, &mut seen);
                (seen, true)
            }
            Ok(said) => {
                let (finding, reached) = self.why(asked, &ssh, &said);
                seen.found(finding);
                (seen, reached)
            }
            Err(Silent::Late(within)) => {
                match self.why_late(asked, &ssh, within) {
                    Ok(finding) => seen.found(finding),
                    Err(late) => {
                        seen.unchecked(format!("source: {late}; whether a helper waits was not tried"));
                    }
                }
                (seen, false)
            }
            Err(error) => {
                seen.unchecked(format!("source: git ls-remote {}: {error}", asked.shown()));
                (seen, true)
            }
        }
    }

    /// How much time there is.
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn git(&self, ssh: &Ssh<'_>, within: Duration, args: &[&str]) -> Result<Said, Silent> {
        let git = Program::new("git", &self.patient.env)?.args(args);
        let git = match ssh.quiet() {
            Some(command) => git.env("GIT_SSH_COMMAND", command),
            None => git,
        };
        git.run(within)
    }

    /// A list came: whether the wanted version is in it.
    fn read(asked: &Asked<'_>, root: &vcs::Root, said: &Said, seen: &mut Seen) {
        let path = asked.module.path.as_str();
        let tags = said.stdout.matches("\trefs/tags/").count();
        if let Some(tag) = asked.tag(root)
            && !said.stdout.lines().any(|line| line.ends_with(&format!("\trefs/tags/{tag}")))
        {
            seen.found(
                asked
                    .finding(&UNKNOWN_REVISION)
                    .name("version", asked.module.version.as_ref().map_or("", gomod::Version::as_str))
                    .evidence(format!("{} has {tags} tags, and none is {tag}", asked.shown())),
            );
            return;
        }
        seen.passed(format!("source: the repository of {path} can be read"));
    }

    /// Why git failed, and whether a server answered.
    fn why(&self, asked: &Asked<'_>, ssh: &Ssh<'_>, said: &Said) -> (Finding, bool) {
        let meaning = meaning(&said.stderr);
        let unreachable = [
            &network::DNS_NO_NAME,
            &network::DNS_FAILS,
            &network::DNS_DEAD,
            &network::REFUSED,
            &network::NO_ROUTE,
            &network::CONNECT_TIMEOUT,
            &network::NO_ANSWER,
            &network::RESET,
            &network::HTTP_PROXY,
        ];
        let lines = telling(&said.stderr);
        if unreachable.contains(&meaning) {
            let diagnosis = self.unreachable(asked);
            return (asked.finding(diagnosis).with_all(lines), false);
        }
        let finding = match (meaning, &asked.remote) {
            (known, Remote::Web { authority, .. }) if known == &NO_PASSWORD => {
                self.no_password(asked, authority, &said.stderr)
            }
            (known, _) if known == &WRONG_PASSWORD => {
                if says_expired(&said.stderr) {
                    asked.finding(&TOKEN_EXPIRED)
                } else {
                    asked.finding(known)
                }
            }
            (known, Remote::Ssh { host, port, .. }) if known == &SSH_KEY => {
                let (diagnosis, shown) = ssh.why_refused(host, port.as_deref());
                asked.finding(diagnosis).with_all(shown)
            }
            (_, Remote::Ssh { .. }) if says_configuration(&said.stderr) => asked.finding(&SSH_CONFIG),
            (known, _) if known == &REPOSITORY_ABSENT && asked.is_rewritten() => asked.finding(&INSTEAD_OF),
            (known, _) => asked.finding(known),
        };
        (finding.with_all(lines), true)
    }

    fn unreachable(&self, asked: &Asked<'_>) -> &'static Diagnosis {
        let has_proxy = matches!(asked.remote, Remote::Web { .. })
            && self.config.http(&asked.target).is_ok_and(|http| http.beyond() == Some("http.proxy"));
        match () {
            () if has_proxy => &GIT_PROXY,
            () if asked.is_elsewhere() => &INSTEAD_OF,
            () => &UNREACHABLE,
        }
    }

    /// The server wants to know who asks, and git has nothing to say, or said something that did not help.
    fn no_password(&self, asked: &Asked<'_>, authority: &str, stderr: &str) -> Finding {
        let host = asked.remote.host().unwrap_or(authority);
        let home = self.patient.env.home().map(|home| Netrc::at(&home.join(".netrc"))).unwrap_or_default();
        let rules = self.config.credential(&asked.target).unwrap_or_default();
        if home.has(host) {
            // git does not know that the login it used came from there, and asks for another one.
            let expired = token::has_expired(&self.patient.env, host)
                || says_expired(stderr)
                || self
                    .asking
                    .answer(&format!("{}/info/refs?service=git-upload-pack", asked.shown()))
                    .is_some_and(|(status, body)| matches!(status, 401 | 403) && says_expired(&body));
            let diagnosis = if expired { &TOKEN_EXPIRED } else { &WRONG_PASSWORD };
            return asked
                .finding(diagnosis)
                .evidence(format!("{} has a login for {host}", home.path().display()));
        }
        if let Some((machine, line)) = home.nearly(host) {
            let file = home.path().display().to_string();
            return asked
                .finding(&NETRC_PORT)
                .name("machine", host)
                .name("file", &file)
                .evidence(format!("{file}:{line}: machine {machine}"));
        }
        if let Some(missing) = credential::missing(&rules.helpers, &self.patient.env) {
            let helper = credential::shown(missing);
            return asked
                .finding(&HELPER_MISSING)
                .name("helper", helper)
                .evidence(format!("credential.helper = {helper}"));
        }
        if self.netrc.has(authority) && home.path() != self.netrc.path() {
            let file = self.netrc.path().display().to_string();
            return asked
                .finding(&NETRC_NOT_GIT)
                .name("file", &file)
                .evidence(format!("{file} has a login for {authority}; NETRC names it"));
        }
        asked.finding(&NO_PASSWORD)
    }

    /// Nothing came in time: a helper that waits for somebody, or a server that is silent. An error says what was seen,
    /// where there is no time to tell one from the other.
    fn why_late(&self, asked: &Asked<'_>, ssh: &Ssh<'_>, within: Duration) -> Result<Finding, String> {
        let rules = self.config.credential(&asked.target).unwrap_or_default();
        let late = format!("git ls-remote {}: nothing within {} s", asked.shown(), within.as_secs());
        if let Some(last) = rules.helpers.last() {
            let again = self.left().min(within);
            if again < AGAIN {
                return Err(late);
            }
            let args = ["-c", "credential.helper=", "ls-remote", "-q", "--", asked.url];
            let alone = self.git(ssh, again, &args);
            if alone.is_ok() {
                let helper = credential::shown(last);
                return Ok(asked
                    .finding(&HELPER_WAITS)
                    .name("helper", helper)
                    .evidence(late)
                    .evidence(format!("without credential.helper = {helper} git ends at once")));
            }
        }
        Ok(asked.finding(self.unreachable(asked)).evidence(late))
    }
}

impl Asked<'_> {
    fn is_rewritten(&self) -> bool {
        self.target != self.url
    }

    /// Whether git's settings lead to another host.
    fn is_elsewhere(&self) -> bool {
        self.is_rewritten() && self.remote.host() != Remote::of(self.url).host()
    }

    /// The URL that is asked, without credentials.
    fn shown(&self) -> String {
        remote::shown(&self.target)
    }

    fn finding(&self, diagnosis: &'static Diagnosis) -> Finding {
        let path = self.module.path.as_str();
        let host = self.remote.host().unwrap_or_else(|| modules::host(path));
        let mut line = format!("{path}: git ls-remote {}", remote::shown(self.url));
        if self.is_rewritten() {
            let _ = write!(line, ", which url.*.insteadOf makes {}", self.shown());
        }
        Finding::new(diagnosis).name("host", host).name("module", path).evidence(line)
    }

    /// The tag that the version of go.mod stands for. Nothing where it names a commit.
    fn tag(&self, root: &vcs::Root) -> Option<String> {
        let version = self.module.version.as_ref()?;
        let plain = version.as_str().strip_suffix("+incompatible").unwrap_or(version.as_str());
        if version.is_pseudo() || !root.subdir().is_empty() {
            return None;
        }
        let below = self.module.path.as_str().strip_prefix(root.prefix())?.trim_start_matches('/');
        let (dir, _) = below.rsplit_once("/v").filter(|(_, major)| is_major(major)).unwrap_or((below, ""));
        let dir = if dir.strip_prefix('v').is_some_and(is_major) { "" } else { dir };
        Some(if dir.is_empty() { plain.to_owned() } else { format!("{dir}/{plain}") })
    }
}

fn is_major(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl Finding {
    fn with_all(self, lines: Vec<String>) -> Self {
        lines.into_iter().fold(self, Finding::evidence)
    }
}

/// What git's words mean: the same that they mean in a build log.
fn meaning(stderr: &str) -> &'static Diagnosis {
    let mut explainer = Explainer::default();
    explainer.feed(b"go: git ls-remote -q origin: exit status 128:\n");
    for line in stderr.lines() {
        explainer.feed(format!("\t{}\n", line.trim_start()).as_bytes());
    }
    explainer.finish().findings.first().map_or(&VCS_FAILS, |finding| finding.diagnosis)
}

/// The lines that tell something, without credentials.
fn telling(stderr: &str) -> Vec<String> {
    let frame = ['@', '#'];
    let lines = stderr.lines().map(str::trim).filter(|line| {
        !line.is_empty()
            && !line.chars().all(|c| frame.contains(&c))
            && !["hint:", "Please make sure", "and the repository exists"]
                .iter()
                .any(|noise| line.starts_with(noise))
    });
    let masked = |line: &str| line.split(' ').map(remote::shown).collect::<Vec<_>>().join(" ");
    lines.take(SHOWN).map(masked).collect()
}

/// Whether `ssh` speaks of its own configuration.
fn says_configuration(stderr: &str) -> bool {
    [
        "Bad configuration option",
        "bad configuration options",
        "Bad owner or permissions on",
        "Bad number of arguments",
    ]
    .iter()
    .any(|text| stderr.contains(text))
}

fn says_expired(text: &str) -> bool {
    text.to_lowercase().contains("expired") && !text.contains("certificate has expired")
}

/// The least time in which a git that asks nobody shows that it ends.
const AGAIN: Duration = Duration::from_secs(2);
/// How many lines of a program a finding shows.
const SHOWN: usize = 4;
