//! Who Larder is for servers: a real `git http-backend` over TLS that wants a name and a password, a private authority,
//! and everything that may know them.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use testkit::{Authority, GitFixture, Reply, ScriptedUpstream, require, run};
use tokio::runtime::Runtime;
use upstream::{Door, DoorConfig, Env, Guard, Logins, Refusal, Web};
use vcs::{
    Cause, Credentials, CredentialsConfig, Repo, Token, TokenKind, TokenSource, VcsError,
    git::{Binary, Cache, CacheConfig, Git, Limits, Remote},
};

const SECRET: &str = "hunter2-is-secret";

/// A server for `robot` alone, and a user's home.
struct World {
    fixture: GitFixture,
    server: ScriptedUpstream,
    home: tempfile::TempDir,
    runtime: Runtime,
}

/// What the user has set.
#[derive(Default)]
struct User<'a> {
    config: &'a str,
    env: &'a [(&'a str, &'a str)],
    tokens: Vec<Token>,
    goauth: Option<&'a str>,
    without_git: bool,
}

/// What came of both ways of asking.
struct Asked {
    within: Result<(), VcsError>,
    program: Result<(), VcsError>,
    /// Everything that could be shown.
    shown: String,
}

impl World {
    fn new() -> Option<Self> {
        if !require("git", GitFixture::is_possible()) {
            return None;
        }
        let fixture = GitFixture::empty();
        fixture.init("team/lib", &[]);
        fixture.commit("team/lib", &[("go.mod", "module example.com/lib\n")]);
        let authority = Authority::new();
        let server = ScriptedUpstream::of_git(&fixture, &authority);
        server.demand("team/*", "robot", SECRET);
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("ca.pem"), authority.ca()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Some(Self { fixture, server, home, runtime })
    }

    fn host(&self) -> String {
        self.server.url().replace("https://", "")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A text whose places are those of this world.
    fn filled(&self, text: &str) -> String {
        text.replace("$HOME", self.home.path().to_str().unwrap())
            .replace("$HOST", &self.host())
            .replace("$SECRET", SECRET)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), self.filled(text)).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn env(&self, user: &User<'_>) -> Vec<(OsString, OsString)> {
        self.write(".gitconfig", user.config, 0o600);
        let mut env: Vec<(OsString, OsString)> = vec![
            ("HOME".into(), self.home.path().into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
            ("PATH".into(), std::env::var_os("PATH").unwrap()),
        ];
        if user.without_git {
            // A shell and little else.
            let bin = self.path("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in ["sh", "cat", "grep"] {
                let found =
                    run(std::process::Command::new("sh").args(["-c", &format!("command -v {program}")])).ok();
                let _ = std::os::unix::fs::symlink(found.stdout.trim(), bin.join(program));
            }
            env.retain(|(name, _)| name != "PATH");
            env.push(("PATH".into(), bin.into()));
        }
        env.extend(user.env.iter().map(|(name, value)| (OsString::from(name), self.filled(value).into())));
        env
    }

    fn credentials(&self, user: User<'_>) -> Credentials {
        let config = CredentialsConfig::new(self.env(&user));
        let goauth = user.goauth.map(|text| self.filled(text).parse().unwrap()).unwrap_or_default();
        Credentials::new(CredentialsConfig { tokens: user.tokens, goauth, ..config })
    }

    /// Asks for the repository's references in both ways.
    fn ask(&self, url: &str, user: User<'_>) -> Asked {
        let env = self.env(&user);
        let logins: Arc<dyn Logins> = Arc::new(self.credentials(user));
        self.ask_with(url, &env, &logins)
    }

    fn ask_with(&self, url: &str, env: &[(OsString, OsString)], logins: &Arc<dyn Logins>) -> Asked {
        let mut config =
            DoorConfig::new("test", Env::new(env.iter().map(|(name, value)| (name, value.clone()))));
        config.logins = Some(Arc::clone(logins));
        let door = Door::new(config).unwrap();
        let git =
            Git::with_environment(env.to_vec(), Limits::default()).with_logins(Some(Arc::clone(logins)));
        let dir = tempfile::tempdir().unwrap();
        let cache = Arc::new(Cache::open(dir.path(), git, CacheConfig::default()).unwrap());
        let remote = Remote::new(&self.filled(url)).unwrap().resolved(cache.git().config()).unwrap();
        let web = Arc::new(Web::open(&door, Guard::private()).unwrap());
        let handle = self.runtime.handle().clone();
        let first = vcs::git::open(&cache, remote.clone(), web, handle, Arc::new(|_| false));
        let within = first.and_then(|repo| repo.refs().map(drop));
        let binary = Binary::new(Arc::clone(&cache), remote, Arc::new(|_| false));
        let program = binary.refs().map(drop);
        let shown = format!("{within:?} {program:?} {logins:?} {:?} {binary:?} {door:?}", cache.git());
        for error in [&within, &program].into_iter().filter_map(|result| result.as_ref().err()) {
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
        Asked { within, program, shown }
    }

    fn token(&self, place: &str, kind: TokenKind, text: &str) -> Token {
        Token::new(&self.filled(place), kind, TokenSource::Text(text.to_owned())).unwrap()
    }
}

impl Asked {
    #[track_caller]
    fn both_are_let_in(&self) {
        assert!(self.within.is_ok() && self.program.is_ok(), "{:?} {:?}", self.within, self.program);
        self.shows_nothing();
    }

    #[track_caller]
    fn both_are_refused(&self) {
        for asked in [&self.within, &self.program] {
            assert!(matches!(asked, Err(VcsError::Failed { cause: Cause::Auth, .. })), "{asked:?}");
        }
        self.shows_nothing();
    }

    #[track_caller]
    fn shows_nothing(&self) {
        assert!(!self.shown.contains(SECRET), "{}", self.shown);
    }
}

const URL: &str = "https://$HOST/team/lib";
const CA: (&str, &str) = ("SSL_CERT_FILE", "$HOME/ca.pem");
const QUIET: (&str, &str) = ("NETRC", "/nowhere");

#[test]
fn whoever_knows_the_password_is_let_in() {
    let Some(world) = World::new() else { return };
    world.ask(URL, User { env: &[CA], ..User::default() }).both_are_refused();
    // The URL itself.
    let url = format!("https://robot:{SECRET}@$HOST/team/lib");
    world.ask(&url, User { env: &[CA], ..User::default() }).both_are_let_in();
    // A token of the configuration, for the host or a path of it; the longest path counts.
    let basic = || TokenKind::Basic("robot".to_owned());
    let wrong = world.token("$HOST", basic(), "wrong");
    let right = world.token("$HOST/team", basic(), SECRET);
    world.ask(URL, User { env: &[CA], tokens: vec![wrong, right], ..User::default() }).both_are_let_in();
    let elsewhere = world.token("$HOST/teams", basic(), SECRET);
    world.ask(URL, User { env: &[CA], tokens: vec![elsewhere], ..User::default() }).both_are_refused();
    let bearer = world.token("$HOST", TokenKind::Bearer, SECRET);
    world.ask(URL, User { env: &[CA], tokens: vec![bearer], ..User::default() }).both_are_refused();
    // Netrc, by host and port; not where GOAUTH=off.
    world.write("netrc", "machine $HOST login robot password $SECRET\n", 0o600);
    let netrc = ("NETRC", "$HOME/netrc");
    world.ask(URL, User { env: &[CA, netrc], ..User::default() }).both_are_let_in();
    world.ask(URL, User { env: &[CA, netrc], goauth: Some("off"), ..User::default() }).both_are_refused();
    world.write("netrc", "machine 127.0.0.1 login robot password $SECRET\n", 0o600);
    world.ask(URL, User { env: &[CA, netrc], ..User::default() }).both_are_refused();
}

#[test]
fn goauth_commands_are_asked_as_the_go_command_asks_them() {
    let Some(world) = World::new() else { return };
    let header = "Authorization: Basic $TOKEN\n";
    let token = {
        let text = world.path("plain");
        fs::write(&text, format!("robot:{SECRET}")).unwrap();
        run(std::process::Command::new("base64").args(["-w0"]).arg(&text)).ok().stdout.trim().to_owned()
    };
    // Static: says it at once.
    let says = format!(
        "#!/bin/sh\necho \"$# $*\" >> $HOME/static.log\nprintf 'https://$HOST/team\\n\\n{header}\\n'\n"
    );
    world.write("static", &says.replace("$TOKEN", &token), 0o700);
    let asked = world.ask(URL, User { env: &[CA, QUIET], goauth: Some("$HOME/static"), ..User::default() });
    asked.both_are_let_in();
    assert_eq!(fs::read_to_string(world.path("static.log")).unwrap(), "0 \n", "once, and with no URL");
    // Only when it is told the URL that was refused, and how.
    let says = format!(
        "#!/bin/sh\ncat > $HOME/stdin\n[ $# = 1 ] || exit 0\necho \"$1\" > $HOME/url\nprintf 'https://$HOST\\n\\n{header}\\n'\n"
    );
    world.write("asked", &says.replace("$TOKEN", &token), 0o700);
    world
        .ask(URL, User { env: &[CA, QUIET], goauth: Some("$HOME/asked"), ..User::default() })
        .both_are_let_in();
    assert!(fs::read_to_string(world.path("stdin")).unwrap().starts_with("HTTP/1.1 401 Unauthorized\n"));
    assert!(fs::read_to_string(world.path("url")).unwrap().starts_with(&world.filled(URL)));
    // One that fails, hangs up or talks nonsense is nobody.
    world.write("bad", "#!/bin/sh\necho $SECRET\necho $SECRET >&2\nexit 3\n", 0o700);
    world
        .ask(URL, User { env: &[CA, QUIET], goauth: Some("$HOME/bad"), ..User::default() })
        .both_are_refused();
    // `git credential` in a directory, whose configuration counts.
    let dir = world.path("project");
    run(std::process::Command::new("git").args(["init", "-q"]).arg(&dir)).ok();
    world.write("store", "https://robot:$SECRET@$HOST\n", 0o600);
    let helper = format!("store --file={}", world.path("store").display());
    run(std::process::Command::new("git").current_dir(&dir).args(["config", "credential.helper", &helper]))
        .ok();
    world
        .ask(URL, User { env: &[CA, QUIET], goauth: Some("git $HOME/project"), ..User::default() })
        .both_are_let_in();
}

const HELPER: &str = "#!/bin/sh\necho \"$1\" >> $HOME/helper.log\ncat >> $HOME/helper.log\n\
    [ \"$1\" = get ] && printf 'username=robot\\npassword=%s\\n' \"$(cat $HOME/password)\"\nexit 0\n";

#[test]
fn credential_helpers_are_asked_and_told_with_git_and_without() {
    let Some(world) = World::new() else { return };
    world.write("git-credential-lab", HELPER, 0o700);
    world.write("password", "$SECRET", 0o600);
    for (helper, without_git) in [
        ("$HOME/git-credential-lab", false),
        ("!sh $HOME/git-credential-lab", false),
        ("$HOME/git-credential-lab", true),
    ] {
        let _ = fs::remove_file(world.path("helper.log"));
        let config = format!("[credential \"https://$HOST\"]\n\thelper = {helper}\n\tuseHttpPath = true\n");
        let user = User { config: &config, env: &[CA, QUIET], without_git, ..User::default() };
        let env = world.env(&user);
        let logins: Arc<dyn Logins> = Arc::new(world.credentials(user));
        let asked = world.ask_with(URL, &env, &logins);
        assert!(asked.within.is_ok(), "{helper}: {:?}", asked.within);
        assert_eq!(asked.program.is_ok(), !without_git, "{:?}", asked.program);
        asked.shows_nothing();
        let log = || fs::read_to_string(world.path("helper.log")).unwrap();
        assert!(
            log().starts_with(&world.filled("get\nprotocol=https\nhost=$HOST\npath=team/lib\n")),
            "{}",
            log()
        );
        // It hears that it was right, in a while.
        while !log().contains("store\n") {
            std::thread::sleep(Duration::from_millis(10));
        }
        let gets = log().matches("get\n").count();
        assert!(world.ask_with(URL, &env, &logins).within.is_ok());
        assert_eq!(log().matches("get\n").count(), gets, "it is remembered");
    }
}

#[test]
fn a_helper_that_is_wrong_hears_it() {
    let Some(world) = World::new() else { return };
    world.write("helper", HELPER, 0o700);
    world.write("password", "wrong", 0o600);
    let config = "[credential]\n\thelper = $HOME/helper\n";
    let user = User { config, env: &[CA, QUIET], ..User::default() };
    let credentials = world.credentials(user);
    let url = world.filled("https://$HOST/team/lib/info/refs?service=git-upload-pack");
    let said = credentials.refused(&url, &Refusal::unauthorized(), None).unwrap();
    assert_eq!(credentials.known(&url), Some(said.clone()));
    assert_eq!(credentials.refused(&url, &Refusal::unauthorized(), Some(&said)), None);
    assert_eq!(credentials.known(&url), None, "it is forgotten");
    assert!(fs::read_to_string(world.path("helper.log")).unwrap().contains("erase\n"));
}

#[test]
fn a_token_that_was_renewed_is_read_again() {
    let Some(world) = World::new() else { return };
    world.write("token", "old", 0o600);
    let source = TokenSource::File(world.path("token"));
    let token = Token::new(&world.host(), TokenKind::Basic("robot".to_owned()), source).unwrap();
    world.write("token", "$SECRET\n", 0o600);
    world.ask(URL, User { env: &[CA], tokens: vec![token], ..User::default() }).both_are_let_in();
}

#[test]
fn a_private_authority_and_headers_of_the_git_configuration_act() {
    let Some(world) = World::new() else { return };
    let token = || vec![world.token("$HOST", TokenKind::Basic("robot".to_owned()), SECRET)];
    let fails = world.ask(URL, User { tokens: token(), ..User::default() });
    assert!(fails.within.is_err() && fails.program.is_err(), "nobody knows the authority");
    let config = "[http \"https://$HOST\"]\n\tsslCAInfo = ~/ca.pem\n";
    for (config, env) in [("", ("GIT_SSL_CAINFO", "$HOME/ca.pem")), ("", CA), (config, QUIET)] {
        let user = User { config, env: &[env], tokens: token(), ..User::default() };
        world.ask(URL, user).both_are_let_in();
    }
    let plain = world.path("plain");
    fs::write(&plain, format!("robot:{SECRET}")).unwrap();
    let basic = run(std::process::Command::new("base64").arg("-w0").arg(&plain)).ok().stdout;
    let header =
        format!("[http \"https://$HOST/\"]\n\textraHeader = Authorization: Basic {}\n", basic.trim());
    world.ask(URL, User { config: &header, env: &[CA], ..User::default() }).both_are_let_in();
    // What only the program can follow is left to it, and not passed over without one.
    let strict = "[http]\n\tpinnedPubkey = sha256//AAAA\n";
    let user = User { config: strict, env: &[CA], tokens: token(), ..User::default() };
    let asked = world.ask(URL, user);
    assert!(asked.within.is_err() && asked.program.is_err(), "the server's key is another one");
    let user = User { config: strict, env: &[CA], tokens: token(), without_git: true, ..User::default() };
    let text = world.ask(URL, user).within.unwrap_err().to_string();
    assert!(text.contains("http.pinnedPubkey"), "{text}");
    let lax = "[http \"https://$HOST\"]\n\tsslVerify = false\n";
    world.ask(URL, User { config: lax, tokens: token(), ..User::default() }).both_are_let_in();
}

#[test]
fn another_host_is_told_nothing() {
    let Some(world) = World::new() else { return };
    let token = || vec![world.token("$HOST", TokenKind::Basic("robot".to_owned()), SECRET)];
    let authority = Authority::new();
    let other = ScriptedUpstream::of_git(&GitFixture::empty(), &authority);
    let both = fs::read_to_string(world.path("ca.pem")).unwrap() + &authority.ca();
    fs::write(world.path("ca.pem"), both).unwrap();
    let to = format!(
        "{}/team/lib/info/refs?service=git-upload-pack",
        other.url().replace("127.0.0.1", "localhost")
    );
    world.server.always("moved/lib/info/refs", Reply::redirect(302, &to));
    let config = "[http \"https://$HOST/\"]\n\textraHeader = X-Token: $SECRET\n";
    for config in ["", config] {
        let asked = world
            .ask("https://$HOST/moved/lib", User { config, env: &[CA], tokens: token(), ..User::default() });
        assert!(asked.within.is_err());
        asked.shows_nothing();
    }
    let seen = other.seen();
    assert!(!seen.is_empty(), "the redirect is followed");
    for seen in seen {
        assert_eq!((seen.header("authorization"), seen.header("x-token")), (None, None));
    }
    assert!(world.server.seen().iter().any(|seen| seen.header("x-token") == Some(SECRET)));
}

/// A program `ssh` that runs what it is asked for on this machine.
const SSH: &str =
    "#!/bin/sh\nfor word; do command=$word; done\necho \"$*\" >> $HOME/ssh.log\nexec sh -c \"$command\"\n";

#[test]
fn ssh_is_the_users_own() {
    let Some(world) = World::new() else { return };
    world.write("fake-ssh", SSH, 0o700);
    let repository = world.fixture.path("team");
    let config = format!(
        "[core]\n\tsshCommand = $HOME/fake-ssh -i key\n[url \"git@code.example:{}/\"]\n\tinsteadOf = https://code.example/\n",
        repository.display()
    );
    let asked = world.ask("https://code.example/lib", User { config: &config, env: &[], ..User::default() });
    assert!(asked.within.is_ok() && asked.program.is_ok(), "{:?} {:?}", asked.within, asked.program);
    let log = fs::read_to_string(world.path("ssh.log")).unwrap();
    assert!(log.contains("-i key") && log.contains("git@code.example"), "{log}");
    assert!(Path::new(&repository).is_dir());
}

#[test]
fn ssh_asks_nobody_and_says_what_is_wrong() {
    let Some(world) = World::new() else { return };
    let ssh = |says: &str| {
        world.write(
            "ssh",
            &format!("#!/bin/sh\necho \"$*\" >> $HOME/ssh.log\ncat >&2 <<'END'\n{says}\nEND\nexit 255\n"),
            0o700,
        );
        let env = [("GIT_SSH_COMMAND", "$HOME/ssh"), ("GIT_SSH_VARIANT", "ssh")];
        world.ask("ssh://git@code.example/r", User { env: &env, ..User::default() }).program.unwrap_err()
    };
    for (says, tells) in [
        (
            "No ED25519 host key is known for code.example and you have requested strict checking.\nHost key verification failed.",
            "known_hosts",
        ),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "has changed",
        ),
        ("git@code.example: Permission denied (publickey).", "ssh agent"),
    ] {
        let error = ssh(says);
        assert!(matches!(error, VcsError::Failed { cause: Cause::Auth, .. }), "{error}");
        assert!(error.to_string().contains(tells), "{error}");
    }
    let log = fs::read_to_string(world.path("ssh.log")).unwrap();
    assert!(log.contains("BatchMode=yes"), "{log}");
}
