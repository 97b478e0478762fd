//! What the user's git configuration means, against what the real git makes of it.

use std::{
    ffi::OsString,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use testkit::{GitFixture, require};
use vcs::{
    Cause, Repo, VcsError,
    git::{Binary, Cache, CacheConfig, Config, Git, Limits, Remote},
};

/// A home directory with configurations.
struct Home {
    dir: tempfile::TempDir,
    env: Vec<(OsString, OsString)>,
}

impl Home {
    fn new(files: &[(&str, &str)], env: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = dir.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text.replace("$HOME", dir.path().to_str().unwrap())).unwrap();
        }
        let home = [("HOME".into(), dir.path().into()), ("GIT_CONFIG_NOSYSTEM".into(), "1".into())];
        let path = std::env::var_os("PATH").map(|path| ("PATH".into(), path));
        let more = env.iter().map(|(name, value)| {
            (OsString::from(name), value.replace("$HOME", dir.path().to_str().unwrap()).into())
        });
        let env = home.into_iter().chain(path).chain(more).collect();
        Self { dir, env }
    }

    fn config(&self) -> Config {
        Config::read(self.env.clone())
    }

    /// What git says; nothing if it refuses.
    fn git(&self, args: &[&str]) -> Option<String> {
        let mut command = Command::new("git");
        command.env_clear().envs(self.env.iter().cloned()).current_dir(self.dir.path()).args(args);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then(|| text.trim_end_matches(['\n', '\0']).to_owned())
    }

    fn binary(&self, url: &str) -> Binary {
        let git = Git::with_environment(self.env.clone(), Limits::default());
        let remote = Remote::new(url).unwrap().resolved(git.config()).unwrap();
        let cache = Cache::open(self.dir.path().join("cache"), git, CacheConfig::default()).unwrap();
        Binary::new(Arc::new(cache), remote, Arc::new(|_| false))
    }
}

const URLS: [&str; 14] = [
    "https://a.example",
    "https://a.example/",
    "https://A.example:443/x",
    "https://a.example/x/y.git",
    "https://a.example/xy",
    "https://a.example/%7Ex/./y/../z",
    "https://u@a.example/x",
    "https://u:p@a.example/x/y",
    "https://git.a.example/x",
    "https://a.git.a.example/x",
    "https://a.example:8443/x",
    "http://a.example/x",
    "http://a.example:80/x",
    "ssh://git@a.example/x",
];

const PATTERNS: [&str; 18] = [
    "https://a.example",
    "https://a.example/",
    "https://a.example/x",
    "https://a.example/x/",
    "https://a.example/x/y.git",
    "https://a.example/~x",
    "https://a.example/%7ex/z",
    "https://u@a.example",
    "https://v@a.example",
    "https://*.example",
    "https://*.a.example",
    "https://git.*.example",
    "https://a.example:443",
    "https://a.example:8443",
    "http://a.example",
    "HTTPS://A.EXAMPLE/x",
    "a.example",
    "https://*",
];

#[test]
fn the_same_settings_are_about_the_same_urls() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    // Orders matter: of two that are as exact, the last counts.
    let orders = [(1, 0), (5, 3), (7, 1), (11, 9), (13, 4), (17, 2)];
    for (step, from) in orders {
        let mut text = String::from("[http]\n\tuserAgent = general\n");
        for i in 0..PATTERNS.len() {
            let i = (i * step + from) % PATTERNS.len();
            writeln!(text, "[http \"{}\"]\n\tuserAgent = agent {i}", PATTERNS[i]).unwrap();
        }
        let home = Home::new(&[(".gitconfig", &text)], &[]);
        let config = home.config();
        for url in URLS {
            let wanted = home.git(&["config", "--get-urlmatch", "http.userAgent", url]);
            let got = config.http(url).unwrap();
            assert_eq!(got.agent(), wanted.as_deref(), "{url} with {text}");
        }
    }
    for pattern in PATTERNS {
        let home = Home::new(&[(".gitconfig", &format!("[http \"{pattern}\"]\nuserAgent = x\n"))], &[]);
        for url in URLS {
            let wanted = home.git(&["config", "--get-urlmatch", "http.userAgent", url]);
            assert_eq!(home.config().http(url).unwrap().agent(), wanted.as_deref(), "{pattern} {url}");
        }
    }
}

#[test]
fn the_same_url_is_put_in_the_place_of_another() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let text = "[url \"git@a.example:\"]\n\tinsteadOf = https://a.example/\n\
        [url \"https://m.example/a/x/\"]\n\tinsteadOf = https://a.example/x/\n\
        [url \"https://later.example/\"]\n\tinsteadOf = https://a.example/x/\n\
        [url \"ssh://git@b.example/\"]\n\tinsteadOf = b:\n\tinsteadOf = https://b.example/\n\
        [url \"https://u:p@c.example/\"]\n\tinsteadof = https://c.example/\n\
        [url \"https://never.example/\"]\n\tpushInsteadOf = https://d.example/\n\
        [url \"/srv/git/\"]\n\tinsteadOf = https://e.example/\n";
    let home = Home::new(&[(".gitconfig", text)], &[]);
    for url in [
        "https://a.example/r",
        "https://a.example/x/r",
        "https://a.example",
        "https://A.example/r",
        "https://b.example/r",
        "b:r",
        "https://c.example/r",
        "https://d.example/r",
        "https://e.example/r",
        "git@a.example:r",
    ] {
        let wanted = home.git(&["ls-remote", "--get-url", url]).unwrap();
        assert_eq!(home.config().rewritten(url).unwrap(), wanted, "{url}");
    }
}

type Pairs = &'static [(&'static str, &'static str)];

/// Where settings may stand: files, variables. Each gives the name of an agent, or nothing where git refuses all of it.
const PLACES: &[(&str, Pairs, Pairs)] = &[
    ("nothing", &[], &[]),
    ("home", &[(".gitconfig", "[http]userAgent = home")], &[]),
    (
        "xdg, then home",
        &[(".config/git/config", "[http]userAgent = xdg"), (".gitconfig", "[http]userAgent = home")],
        &[],
    ),
    ("xdg elsewhere", &[("x/git/config", "[http]userAgent = xdg")], &[("XDG_CONFIG_HOME", "$HOME/x")]),
    (
        "another global one",
        &[("g", "[http]userAgent = global"), (".gitconfig", "[http]userAgent = home")],
        &[("GIT_CONFIG_GLOBAL", "$HOME/g")],
    ),
    ("none", &[(".gitconfig", "[http]userAgent = home")], &[("GIT_CONFIG_GLOBAL", "/dev/null")]),
    (
        "system",
        &[("s", "[http]userAgent = system")],
        &[("GIT_CONFIG_SYSTEM", "$HOME/s"), ("GIT_CONFIG_NOSYSTEM", "0")],
    ),
    (
        "no system",
        &[("s", "[http]userAgent = system")],
        &[("GIT_CONFIG_SYSTEM", "$HOME/s"), ("GIT_CONFIG_NOSYSTEM", "yes")],
    ),
    (
        "environment",
        &[(".gitconfig", "[http]userAgent = home")],
        &[
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "HTTP.userAgent"),
            ("GIT_CONFIG_VALUE_0", "first"),
            ("GIT_CONFIG_KEY_1", "http.https://a.example/.USERAGENT"),
            ("GIT_CONFIG_VALUE_1", "second # not a comment"),
        ],
    ),
    ("no pair", &[], &[("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "http.userAgent")]),
    ("no count", &[], &[("GIT_CONFIG_COUNT", "x")]),
    (
        "no key",
        &[],
        &[("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "userAgent"), ("GIT_CONFIG_VALUE_0", "x")],
    ),
    (
        "included",
        &[
            (".gitconfig", "[http]userAgent = home\n[include]path = more/one\n"),
            ("more/one", "[include]path=two\n[include]path=gone\n"),
            ("more/two", "[http]userAgent = two"),
        ],
        &[],
    ),
    ("included from home", &[(".gitconfig", "[include]path = ~/x"), ("x", "[http]userAgent = x")], &[]),
    ("around and around", &[(".gitconfig", "[include]path = .gitconfig")], &[]),
    (
        "included relative to nothing",
        &[],
        &[("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "include.path"), ("GIT_CONFIG_VALUE_0", "x")],
    ),
    (
        "not for this directory",
        &[(".gitconfig", "[includeIf \"gitdir:/nowhere/\"]path = x"), ("x", "[http]userAgent = x")],
        &[],
    ),
    ("broken", &[(".gitconfig", "[http]userAgent = home\n[http\n")], &[]),
    ("broken quotes", &[(".gitconfig", "[http]userAgent = \"home\n")], &[]),
    ("with a mark", &[(".gitconfig", "\u{feff}[http]\r\n  userAgent = \"a;\\t\\\"b\" c  ; d\r\n")], &[]),
    ("more lines", &[(".gitconfig", "# x\n[http] # y\n userAgent = a\\\n  b \\\n# c\n")], &[]),
    ("odd names", &[(".gitconfig", "[HTTP.https://a.example/]\nuserAgent = dotted\n")], &[]),
];

#[test]
fn settings_stand_where_git_looks_for_them() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    for (what, files, env) in PLACES {
        let home = Home::new(files, env);
        let got = home.config().http("https://a.example/x");
        let refused = home.git(&["config", "--list"]).is_none();
        assert_eq!(got.is_err(), refused, "{what}: {got:?}");
        if let Ok(got) = got {
            let wanted = home.git(&["config", "--get-urlmatch", "http.userAgent", "https://a.example/x"]);
            assert_eq!(got.agent(), wanted.as_deref(), "{what}");
        }
    }
}

#[test]
fn a_configuration_that_git_refuses_is_a_failure_that_names_the_place() {
    let home = Home::new(&[(".gitconfig", "[a]\nb = c\n[url \"x\n")], &[]);
    let failure = home.config().rewritten("https://a.example/").unwrap_err();
    let VcsError::Failed { cause: Cause::Local, .. } = &failure else { panic!("{failure}") };
    let text = failure.to_string();
    assert!(text.contains("line 3 of") && text.contains(".gitconfig"), "{text}");
    let many = "[include]\npath = .gitconfig\n";
    let error = Home::new(&[(".gitconfig", many)], &[]).config().http("https://a.example/").unwrap_err();
    assert!(error.to_string().contains("include each other"), "{error}");
}

#[test]
fn web_servers_are_asked_as_the_settings_say() {
    let text = "[http]\n\textraHeader = X-One: 1\n\tsslCAInfo = ~/ca.pem\n\tproxy = http://u:secret@p.example:1\n\
        [http \"https://a.example\"]\n\textraHeader = Authorization: Basic c2VjcmV0\n\tsslVerify = false\n\tproxy =\n\
        [http \"https://b.example\"]\n\textraHeader =\n\textraHeader = X-Two: 2\n\tsslCert = /c.pem\n\tsslKey = /k.pem\n\
        \tpinnedPubkey = sha256//x\n\
        [http \"https://d.example\"]\n\tproxy =\n";
    let home = Home::new(&[(".gitconfig", text)], &[]);
    let config = home.config();
    let at = |url: &str| config.http(url).unwrap();
    let general = at("https://c.example/");
    assert_eq!(general.headers(), [("X-One".to_owned(), "1".to_owned())]);
    assert_eq!(general.ca(), Some(&home.dir.path().join("ca.pem")));
    assert_eq!(general.beyond(), Some("http.proxy"));
    assert!(!general.is_unverified() && !general.authorizes());
    let a = at("https://a.example/r");
    assert!(a.authorizes() && a.is_unverified());
    assert_eq!((a.headers().len(), a.beyond()), (2, Some("http.sslVerify")));
    let b = at("https://b.example/r");
    assert_eq!(b.headers(), [("X-Two".to_owned(), "2".to_owned())]);
    assert_eq!(b.beyond(), Some("http.sslCert"));
    assert_eq!(at("https://d.example/r").beyond(), None);
    for shown in [format!("{general:?}"), format!("{a:?}"), format!("{config:?}")] {
        assert!(!shown.contains("secret") && !shown.contains("c2VjcmV0"), "{shown}");
    }
    let env = [("GIT_SSL_CAINFO", "/env.pem"), ("GIT_SSL_NO_VERIFY", "1")];
    let over = Home::new(&[(".gitconfig", text)], &env).config().http("https://c.example/").unwrap();
    assert_eq!(over.ca(), Some(&PathBuf::from("/env.pem")));
    assert!(over.is_unverified());
}

#[test]
fn helpers_are_those_that_git_asks() {
    let text = "[credential]\n\thelper = one\n\tusername = general\n\
        [credential \"https://a.example\"]\n\thelper =\n\thelper = two\n\tuseHttpPath = true\n\
        [credential \"b.example:8443\"]\n\thelper = three\n\tusername = b\n\
        [credential \"https://a.example/x\"]\n\thelper = !four\n";
    let config = Home::new(&[(".gitconfig", text)], &[]).config();
    for (url, helpers, user, with_path) in [
        ("https://c.example/r", &["one"][..], Some("general"), false),
        ("https://a.example/r", &["two"], Some("general"), true),
        ("https://me@a.example/x/r", &["two", "!four"], None, true),
        ("https://b.example:8443/r", &["one", "three"], Some("b"), false),
    ] {
        let rules = config.credential(url).unwrap();
        assert_eq!(rules.helpers, helpers, "{url}");
        assert_eq!((rules.user.as_deref(), rules.with_path), (user, with_path), "{url}");
    }
}

/// Settings that would change content, or start `touch`.
const HOSTILE: &str = "[core]\n\tautocrlf = true\n\teol = crlf\n\tattributesFile = ~/attributes\n\
    \thooksPath = ~/hooks\n\tfsmonitor = touch $HOME/touched\n\taskPass = touch $HOME/touched\n\
    \talternateRefsCommand = touch $HOME/touched;\n\tpager = touch $HOME/touched\n\tbigFileThreshold = 1\n\
    \tgitProxy = none\n\
    [filter \"lfs\"]\n\tsmudge = touch $HOME/touched\n\tclean = touch $HOME/touched\n\trequired = true\n\
    [uploadpack]\n\tpackObjectsHook = touch $HOME/touched;\n\
    [remote \"larder-source\"]\n\tuploadpack = touch $HOME/touched;\n\tvcs = x\n\tproxy = http://127.0.0.1:1\n\
    [trace2]\n\teventTarget = $HOME/touched\n\
    [fetch]\n\tfsckObjects = true\n[transfer]\n\thideRefs = refs/tags\n[tar \"tar\"]\n\tcommand = touch $HOME/touched\n\
    [tar]\n\tumask = 0777\n[i18n]\n\tcommitEncoding = UTF-16\n[alias]\n\tls-remote = !touch $HOME/touched\n\
    [extensions]\n\tobjectFormat = sha256\n[init]\n\tdefaultRefFormat = x\n\ttemplateDir = ~/template\n";

#[test]
fn nothing_changes_content_and_nothing_else_is_started() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let fixture = GitFixture::empty();
    fixture.init("r", &[]);
    fixture.commit("r", &[("go.mod", "module example.com/r\n"), ("a.txt", "one\ntwo\n"), ("$x", "$Id$ x\n")]);
    fixture.git("r", &["tag", "v1.0.0"]);
    let hook = "#!/bin/sh\ntouch \"$HOME/touched\"\n";
    let files = [
        (".gitconfig", HOSTILE),
        ("attributes", "* text eol=crlf ident filter=lfs export-ignore\n"),
        ("hooks/post-checkout", hook),
        ("hooks/reference-transaction", hook),
        ("template/hooks/reference-transaction", hook),
    ];
    let hostile = Home::new(&files, &[("GIT_ATTR_SOURCE", "HEAD"), ("GIT_TRACE", "$HOME/touched")]);
    for hook in ["hooks/reference-transaction", "template/hooks/reference-transaction"] {
        let mut mode = fs::metadata(hostile.dir.path().join(hook)).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(hostile.dir.path().join(hook), mode).unwrap();
    }
    let ordinary = Home::new(&[], &[]);
    let url = fixture.url("r");
    let read = |home: &Home| {
        let repo = home.binary(&url);
        let commit = repo.refs().unwrap().tags["v1.0.0"].target;
        let mut files = Vec::new();
        repo.export(commit, "", &|_| true, &mut |path, content| {
            let mut bytes = Vec::new();
            content.read_to_end(&mut bytes).unwrap();
            files.push((String::from_utf8_lossy(path).into_owned(), bytes));
            Ok(())
        })
        .unwrap();
        files
    };
    let wanted = read(&ordinary);
    assert_eq!(wanted.len(), 3);
    assert_eq!(read(&hostile), wanted);
    assert!(!hostile.dir.path().join("touched").exists(), "{}", touched(hostile.dir.path()));
}

fn touched(home: &Path) -> String {
    fs::read_to_string(home.join("touched")).unwrap_or_default()
}
