//! What the door to the `git` binary promises: nothing hangs, nothing is left behind, and every failure has its cause.

use std::{
    ffi::OsString,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use testkit::{BlackHole, GitFixture, ModuleTree, Reply, ScriptedUpstream, require};
use vcs::{
    Cause, Repo, VcsError,
    git::{Binary, Cache, CacheConfig, Git, Limits, Remote},
};

/// A program `git` of a test's own.
fn fake(dir: &Path, script: &str, limits: Limits) -> Git {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin).unwrap();
    fs::write(dir.join("script"), script).unwrap();
    // Not written here: what has just been written cannot always be run.
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fake-git.sh");
    let _ = std::os::unix::fs::symlink(program, bin.join("git"));
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path))).unwrap();
    Git::with_environment([(OsString::from("PATH"), path)], limits)
}

fn over(git: Git, dir: &Path, url: &str) -> Binary {
    let cache = Arc::new(Cache::open(dir.join("cache"), git, CacheConfig::default()).unwrap());
    Binary::new(cache, Remote::new(url).unwrap(), Arc::new(|_| false))
}

#[track_caller]
fn failure(error: &VcsError) -> (Cause, String) {
    match error {
        VcsError::Failed { cause, .. } => (*cause, error.to_string()),
        VcsError::Absent(_) => panic!("absent: {error}"),
    }
}

const URL: &str = "https://token:secret@git.example.com/r";
const SHORT: Limits = Limits {
    time: Duration::from_millis(500),
    listing: Duration::from_millis(500),
    silence: Duration::from_millis(500),
    output: 1 << 20,
    disk: 1 << 20,
};

/// Whether the process that wrote its id there is gone, and not even a zombie.
fn is_gone(file: &Path) -> bool {
    let pid = fs::read_to_string(file).unwrap();
    !Path::new("/proc").join(pid.trim()).exists()
}

#[test]
fn what_hangs_is_killed_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let script = "echo $$ > $T/one; sleep 1000 & echo $! > $T/two; (trap '' TERM; sleep 1000); echo late";
    let repo = over(fake(dir.path(), script, SHORT), dir.path(), URL);
    let (cause, text) = failure(&repo.refs().unwrap_err());
    assert_eq!(cause, Cause::Timeout);
    assert_eq!(text, "git ls-remote https://git.example.com/r: took longer than 500ms");
    assert!(is_gone(&dir.path().join("one")));
    // Init takes over what is left of the group, and may need a moment for it.
    for _ in 0..500 {
        if is_gone(&dir.path().join("two")) || is_zombie(&dir.path().join("two")) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("a child lives on");
}

fn is_zombie(file: &Path) -> bool {
    let pid = fs::read_to_string(file).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.contains(") Z ")
}

#[test]
fn output_without_end_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    for script in ["yes", "yes >&2", "yes '97478c8d5642484ebe2a13b82dae7804bfab7e5e\trefs/tags/v1'"] {
        let repo = over(fake(dir.path(), script, SHORT), dir.path(), URL);
        let (cause, text) = failure(&repo.refs().unwrap_err());
        assert!(matches!(cause, Cause::Limit | Cause::Timeout), "{text}");
        assert!(text.len() < 1000, "{text}");
    }
}

#[test]
fn a_repository_that_grows_too_large_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let script = "id=97478c8d5642484ebe2a13b82dae7804bfab7e5e\n\
        for word; do case $word in\n\
        ls-remote) printf '%s\\trefs/tags/v1.0.0\\n' $id; exit;;\n\
        init) mkdir -p \"$GIT_DIR/objects\"; exit;;\n\
        cat-file) while read id; do echo $id missing; done; exit;;\n\
        fetch) while :; do head -c 100000 /dev/zero >> \"$GIT_DIR/objects/x\"; sleep 0.01; done;;\n\
        esac; done";
    let limits = Limits { time: testkit::LIMIT, listing: testkit::LIMIT, ..SHORT };
    let repo = over(fake(dir.path(), script, limits), dir.path(), URL);
    let id = repo.refs().unwrap().tags["v1.0.0"].target;
    let (cause, text) = failure(&repo.commit(id).unwrap_err());
    assert_eq!(
        (cause, &*text),
        (Cause::Limit, "git fetch https://git.example.com/r: the repository is larger than allowed")
    );
}

#[test]
fn nothing_is_asked_and_nothing_secret_is_an_argument() {
    let dir = tempfile::tempdir().unwrap();
    let script = "tr '\\0' ' ' < /proc/$$/cmdline > $T/args; env > $T/env; cat > $T/stdin; echo \"fatal: $1 'https://token:secret@git.example.com/r'\" >&2; exit 128";
    let repo = over(fake(dir.path(), script, SHORT), dir.path(), URL);
    let (_, text) = failure(&repo.refs().unwrap_err());
    assert!(!text.contains("secret"), "{text}");
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert!(read("args").contains("ls-remote") && !read("args").contains("secret"));
    assert_eq!(read("stdin"), "");
    let env = read("env");
    for set in [
        "GIT_TERMINAL_PROMPT=0",
        "GIT_ASKPASS=",
        "SSH_ASKPASS_REQUIRE=never",
        "LC_ALL=C",
        "GIT_ATTR_NOSYSTEM=1",
    ] {
        assert!(env.lines().any(|line| line == set), "{set} in {env}");
    }
}

#[test]
fn without_a_git_it_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let git = Git::with_environment([], SHORT);
    assert!(!git.is_there());
    let (cause, text) = failure(&over(git, dir.path(), URL).refs().unwrap_err());
    assert_eq!(
        (cause, &*text),
        (Cause::Local, "git ls-remote https://git.example.com/r: there is no git in PATH")
    );
}

#[test]
fn servers_that_refuse_are_told_apart_from_repositories_that_are_gone() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path(), Git::new(Limits::default()), CacheConfig::default()).unwrap();
    let cache = Arc::new(cache);
    let server = ScriptedUpstream::serving(ModuleTree::default());
    let elsewhere = ScriptedUpstream::serving(ModuleTree::default());
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = |gone: bool| {
        let asked = Arc::clone(&asked);
        let confirm = move |_: &str| {
            asked.fetch_add(1, Ordering::Relaxed);
            gone
        };
        let remote = Remote::new(&format!("{}/r", server.url())).unwrap();
        Binary::new(Arc::clone(&cache), remote, Arc::new(confirm)).refs().unwrap_err()
    };
    for (reply, cause) in [
        (Reply::status(401), Cause::Auth),
        (Reply::status(403), Cause::Auth),
        (Reply::status(500), Cause::Server),
        (Reply::status(502), Cause::Server),
        (Reply::status(404), Cause::Server),
        (Reply::ok(&b"rubbish"[..]), Cause::Server),
        (
            Reply::redirect(302, &format!("{}/r/info/refs?service=git-upload-pack", elsewhere.url())),
            Cause::Server,
        ),
        (Reply::reset(), Cause::Network),
    ] {
        server.always("*", reply);
        let error = ask(false);
        assert_eq!(failure(&error).0, cause, "{error}");
    }
    assert!(elsewhere.seen().is_empty(), "a redirect was followed");
    // Only a plain request's answer makes an absence of it.
    server.always("*", Reply::status(404));
    assert!(matches!(ask(true), VcsError::Absent(_)));
    let before = asked.load(Ordering::Relaxed);
    server.always("*", Reply::reset());
    assert_eq!(failure(&ask(true)).0, Cause::Network);
    assert_eq!(asked.load(Ordering::Relaxed), before, "a connection that breaks confirms nothing");
}

#[test]
fn a_server_that_never_answers_takes_no_longer_than_allowed() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let hole = BlackHole::new();
    for url in [hole.url(), format!("git://{}", hole.address())] {
        let error = over(Git::new(SHORT), dir.path(), &format!("{url}/r")).refs().unwrap_err().clone();
        assert_eq!(failure(&error).0, Cause::Timeout, "{error}");
    }
}
