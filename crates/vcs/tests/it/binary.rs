//! What reading through the `git` binary promises, whatever lies in the cache.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use testkit::{GitFixture, require};
use vcs::{
    Cause, EntryKind, Oid, Repo, VcsError,
    git::{Binary, Cache, CacheConfig, Git, Limits, Remote},
};

use crate::{binary, cache};

struct Scene {
    fixture: GitFixture,
    dir: tempfile::TempDir,
    cache: Arc<Cache>,
}

/// A repository `r` with the tags v1.0.0 and v1.1.0, one behind the other, and a commit above.
fn scene() -> Option<Scene> {
    if !require("git", GitFixture::is_possible()) {
        return None;
    }
    let fixture = GitFixture::empty();
    fixture.init("r", &[]);
    fixture.commit("r", &[("go.mod", "module example.com/r\n"), ("a.go", "package a\n")]);
    fixture.git("r", &["tag", "v1.0.0"]);
    fixture.commit("r", &[("a.go", "package a // two\n"), ("d/e/f", "f")]);
    fixture.git("r", &["tag", "-a", "-m", "x", "v1.1.0"]);
    fixture.commit("r", &[("a.go", "package a // three\n")]);
    let dir = tempfile::tempdir().unwrap();
    let cache = cache(dir.path());
    Some(Scene { fixture, dir, cache })
}

impl Scene {
    fn repo(&self) -> Binary {
        binary(&self.cache, &self.fixture.url("r"))
    }

    fn oid(&self, rev: &str) -> Oid {
        self.fixture.git("r", &["rev-parse", &format!("{rev}^{{commit}}")]).stdout.trim().parse().unwrap()
    }

    /// The one repository that the cache has for content.
    fn kept(&self) -> PathBuf {
        self.kept_for(|name| !name.ends_with("-history"))
    }

    /// The one that it has for history.
    fn kept_history(&self) -> PathBuf {
        self.kept_for(|name| name.ends_with("-history"))
    }

    fn kept_for(&self, which: fn(&str) -> bool) -> PathBuf {
        let entries = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut repositories = entries.filter(|path| path.is_dir() && which(path.to_str().unwrap()));
        let one = repositories.next().unwrap();
        assert_eq!(repositories.next(), None);
        one
    }
}

fn text(repo: &Binary, commit: Oid, path: &str) -> String {
    String::from_utf8(repo.blob(commit, path, 1 << 20).unwrap().unwrap().bytes).unwrap()
}

fn exported(repo: &Binary, commit: Oid, dir: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut sink = |path: &[u8], content: &mut dyn std::io::Read| {
        let content =
            std::io::read_to_string(content).map_err(|error| VcsError::failed(Cause::Local, "t", error))?;
        files.push((String::from_utf8_lossy(path).into_owned(), content));
        Ok(())
    };
    repo.export(commit, dir, &|_| true, &mut sink).unwrap();
    files.sort();
    files
}

fn cause(error: &VcsError) -> Option<Cause> {
    match error {
        VcsError::Failed { cause, .. } => Some(*cause),
        VcsError::Absent(_) => None,
    }
}

#[test]
fn a_tag_is_fetched_alone_and_history_when_it_is_asked_for() {
    let Some(scene) = scene() else { return };
    let (first, second, third) = (scene.oid("v1.0.0"), scene.oid("v1.1.0"), scene.oid("main"));
    let repo = scene.repo();
    assert_eq!(text(&repo, second, "a.go"), "package a // two\n");
    assert!(scene.kept().join("shallow").exists());
    assert_eq!(repo.tags_behind(third).unwrap(), ["v1.0.0", "v1.1.0"]);
    assert_eq!(repo.tags_behind(first).unwrap(), ["v1.0.0"]);
    assert!(scene.kept().join("shallow").exists() && !scene.kept_history().join("shallow").exists());
    assert!(repo.is_ancestor(first, third).unwrap() && !repo.is_ancestor(third, first).unwrap());

    assert_eq!(repo.blob(second, "d", 9).unwrap(), None);
    assert_eq!(repo.blob(second, "d/e/f/g", 9).unwrap(), None);
    assert_eq!(cause(&repo.blob(second, "a.go", 3).unwrap_err()), Some(Cause::Limit));
    assert_eq!(text(&repo, second, "d/e/f"), "f");
    let names = |dir| repo.tree(second, dir).unwrap().into_iter().map(|entry| entry.path).collect::<Vec<_>>();
    assert_eq!(names(""), [&b"a.go"[..], b"d/e/f", b"go.mod"]);
    assert_eq!(names("d"), [b"e/f"]);
    assert_eq!(names("a.go"), Vec::<Vec<u8>>::new());
    assert_eq!(exported(&repo, second, "d"), [("e/f".to_owned(), "f".to_owned())]);
}

#[test]
fn commits_that_nothing_leads_to_are_unknown() {
    let Some(scene) = scene() else { return };
    let tree = scene.fixture.git("r", &["rev-parse", "main^{tree}"]).stdout.trim().to_owned();
    let stray = scene.fixture.git("r", &["commit-tree", "-m", "x", &tree]).stdout.trim().to_owned();
    scene.fixture.git("r", &["update-ref", "refs/pull/1/head", &stray]);
    let first = scene.oid("v1.0.0").to_string();
    let repo = scene.repo();
    assert_eq!(repo.find(&first[..7]).unwrap().to_string(), first);
    for unknown in [&*stray, &stray[..12], &tree, "0123456", "HEAD"] {
        let error = repo.find(unknown).unwrap_err();
        assert_eq!(error.to_string(), format!("unknown revision {unknown}"));
        assert_eq!(cause(&error), None);
    }
}

#[test]
fn what_the_server_takes_back_is_gone_here_too() {
    let Some(scene) = scene() else { return };
    let third = scene.oid("main");
    assert_eq!(scene.repo().find(&third.to_string()[..9]).unwrap(), third);
    scene.fixture.git("r", &["reset", "-q", "--hard", "HEAD~1"]);
    scene.fixture.git("r", &["tag", "-d", "v1.0.0"]);
    scene.fixture.git("r", &["branch", "dir"]);
    let repo = scene.repo();
    assert!(matches!(repo.find(&third.to_string()[..9]), Err(VcsError::Absent(_))));
    assert_eq!(repo.tags_behind(scene.oid("main")).unwrap(), ["v1.1.0"]);
    // A name that was a branch becomes a directory of branches.
    scene.fixture.git("r", &["branch", "-D", "dir"]);
    scene.fixture.git("r", &["branch", "dir/one", "HEAD~1"]);
    let one = scene.oid("dir/one");
    assert_eq!(text(&scene.repo(), one, "a.go"), "package a\n");
}

#[test]
fn a_detached_head_counts() {
    let Some(scene) = scene() else { return };
    scene.fixture.git("r", &["checkout", "-q", "--detach"]);
    let id: Oid = scene.fixture.commit("r", &[("a.go", "package detached\n")]).parse().unwrap();
    let repo = scene.repo();
    let refs = repo.refs().unwrap();
    assert_eq!((refs.head, refs.default_branch.as_deref()), (Some(id), None));
    assert_eq!(text(&repo, id, "a.go"), "package detached\n");
    assert_eq!(scene.repo().tags_behind(id).unwrap(), ["v1.0.0", "v1.1.0"]);
}

#[test]
fn sha256_repositories_are_read() {
    let Some(scene) = scene() else { return };
    scene.fixture.init("s", &["--object-format=sha256"]);
    let id: Oid = scene
        .fixture
        .commit("s", &[("id.txt", "$Id$\n"), (".gitattributes", "id.txt ident\n")])
        .parse()
        .unwrap();
    scene.fixture.git("s", &["tag", "v1.0.0"]);
    let repo = binary(&scene.cache, &scene.fixture.url("s"));
    assert_eq!(repo.find(&id.to_string()[..40]).unwrap(), id);
    assert_eq!(repo.commit(id).unwrap().time, 1_704_067_200);
    let files = exported(&repo, id, "");
    let blob = repo.tree(id, "").unwrap()[1].id;
    assert_eq!(files[1], ("id.txt".to_owned(), format!("$Id: {blob} $\n")));
    assert_eq!(repo.tags_behind(id).unwrap(), ["v1.0.0"]);
}

#[test]
fn what_is_damaged_is_fetched_anew() {
    let Some(scene) = scene() else { return };
    let second = scene.oid("v1.1.0");
    let read = |repo: &Binary| {
        assert_eq!(repo.commit(second).unwrap().id, second);
        assert_eq!(text(repo, second, "d/e/f"), "f");
        assert_eq!(exported(repo, second, "").len(), 3);
        assert_eq!(repo.tags_behind(second).unwrap().len(), 2);
    };
    read(&scene.repo());
    for kept in [Scene::kept, Scene::kept_history] {
        let objects = walk(&kept(&scene).join("objects"));
        assert!(!objects.is_empty());
        for at in 0..objects.len() {
            // Every object in its turn, and by each damage.
            for damage in [&b""[..], b"rubbish", b"cut"] {
                let now = walk(&kept(&scene).join("objects"));
                let Some(victim) = now.get(at) else { continue };
                let content = fs::read(victim).unwrap();
                let spoilt = if damage == b"cut" { &content[..content.len() / 2] } else { damage };
                fs::remove_file(victim).unwrap();
                fs::write(victim, spoilt).unwrap();
                read(&scene.repo());
            }
        }
    }
    // While it is in use, and as a whole.
    let repo = scene.repo();
    read(&repo);
    fs::remove_dir_all(scene.kept().join("objects")).unwrap();
    assert_eq!(exported(&repo, second, "d").len(), 1);
    fs::write(scene.kept().join("config"), "rubbish").unwrap();
    read(&scene.repo());
}

/// All files below a directory, sorted.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|entry| if entry.is_dir() { walk(&entry) } else { vec![entry] }).collect()
}

#[test]
fn history_is_without_files_where_the_server_can_leave_them_out() {
    let Some(scene) = scene() else { return };
    scene.fixture.git("r", &["config", "uploadpack.allowFilter", "true"]);
    let between: Oid = scene.oid("main");
    scene.fixture.commit("r", &[("a.go", "package a // four\n")]);
    let repo = scene.repo();
    assert_eq!(repo.find(&between.to_string()[..8]).unwrap(), between);
    assert_eq!(repo.tags_behind(between).unwrap(), ["v1.0.0", "v1.1.0"]);
    assert_eq!(text(&repo, between, "a.go"), "package a // three\n");
    assert!(scene.kept().join("shallow").exists(), "a commit between tags is fetched alone");
    let list = |repository: &Path| {
        let mut command = std::process::Command::new("git");
        command.arg("-C").arg(repository).args([
            "cat-file",
            "--batch-all-objects",
            "--batch-check=%(objecttype)",
        ]);
        testkit::run(&mut command).ok().stdout
    };
    assert!(!list(&scene.kept_history()).contains("tree"));
    // More history comes to it.
    scene.fixture.git("r", &["tag", "v1.2.0"]);
    let last: Oid = scene.fixture.commit("r", &[("a.go", "package a // five\n")]).parse().unwrap();
    assert_eq!(scene.repo().tags_behind(last).unwrap(), ["v1.0.0", "v1.1.0", "v1.2.0"]);
    // Not every tag is at a commit.
    scene.fixture.git("r", &["tag", "v0.1.0", "main^{tree}"]);
    scene.fixture.git("r", &["tag", "-a", "-m", "x", "v0.2.0", "main:a.go"]);
    let repo = scene.repo();
    assert_eq!(repo.tags_behind(last).unwrap(), ["v1.0.0", "v1.1.0", "v1.2.0"]);
    for tag in ["v0.1.0", "v0.2.0"] {
        let error = repo.commit(repo.refs().unwrap().tags[tag].target).unwrap_err();
        assert_eq!(cause(&error), None, "{error}");
    }
    assert_eq!(text(&repo, last, "a.go"), "package a // five\n");
    let last: Oid = scene.fixture.commit("r", &[("a.go", "package a // six\n")]).parse().unwrap();
    assert_eq!(scene.repo().tags_behind(last).unwrap(), ["v1.0.0", "v1.1.0", "v1.2.0"]);
}

#[test]
fn what_a_killed_git_left_is_cleared_away() {
    let Some(scene) = scene() else { return };
    let repo = scene.repo();
    repo.commit(scene.oid("v1.0.0")).unwrap();
    drop(repo);
    let kept = scene.kept();
    for left in [
        "larder-fetching",
        "shallow.lock",
        "packed-refs.lock",
        "refs/tags/v1.1.0.lock",
        "objects/pack/tmp_pack_x",
    ] {
        fs::create_dir_all(kept.join(left).parent().unwrap()).unwrap();
        fs::write(kept.join(left), "").unwrap();
    }
    scene.repo().commit(scene.oid("v1.1.0")).unwrap();
    assert_eq!(scene.kept(), kept);
    assert!(!kept.join("objects/pack/tmp_pack_x").exists() && !kept.join("larder-fetching").exists());
}

#[test]
fn many_at_once_share_one_repository() {
    let Some(scene) = scene() else { return };
    let ids = [scene.oid("v1.0.0"), scene.oid("v1.1.0"), scene.oid("main")];
    std::thread::scope(|scope| {
        for at in 0..12 {
            // Each as a process of its own would: nothing but the directory is shared.
            let cache = cache(scene.dir.path());
            let (scene, id) = (&scene, ids[at % 3]);
            scope.spawn(move || {
                let repo = binary(&cache, &scene.fixture.url("r"));
                assert!(text(&repo, id, "a.go").starts_with("package a"));
                assert_eq!(repo.tags_behind(id).unwrap().len(), 2.min(at % 3 + 1));
            });
        }
    });
    scene.kept();
}

#[test]
fn the_least_recently_used_goes_first_and_what_is_used_stays() {
    let Some(scene) = scene() else { return };
    let cache = Arc::new(
        Cache::open(scene.dir.path(), Git::new(Limits::default()), CacheConfig { size: 1 }).unwrap(),
    );
    for name in ["a", "b", "c"] {
        scene.fixture.init(name, &[]);
        scene.fixture.commit(name, &[("x", name)]);
    }
    let get = |name: &str| {
        let repo = binary(&cache, &scene.fixture.url(name));
        repo.commit(repo.refs().unwrap().head.unwrap()).unwrap();
        repo
    };
    let kept = || {
        fs::read_dir(scene.dir.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().is_dir())
            .count()
    };
    let a = get("a");
    drop(get("b"));
    assert_eq!(kept(), 2, "both were in use");
    let c = get("c");
    assert_eq!(kept(), 2, "b was not");
    assert_eq!(text(&a, a.refs().unwrap().head.unwrap(), "x"), "a");
    assert_eq!(text(&c, c.refs().unwrap().head.unwrap(), "x"), "c");
}

#[test]
fn configuration_that_leads_to_servers_acts_and_such_that_changes_content_does_not() {
    let Some(scene) = scene() else { return };
    let blobs = [
        (".gitattributes", "*.up filter=up\n*.txt text\n"),
        ("a.up", "small\n"),
        ("a.txt", "one\n"),
        ("b.go", "b\n"),
    ];
    scene.fixture.commit("r", &blobs);
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("attributes"), "*.go text eol=crlf\n* export-ignore\n").unwrap();
    let fixture = scene.fixture.url("");
    let config = format!(
        "[url \"{fixture}\"]\n\tinsteadOf = https://vcs.lab.test/\n[filter \"up\"]\n\tsmudge = tr a-z A-Z\n\trequired = true\n\
         [core]\n\tautocrlf = true\n\teol = crlf\n\tattributesFile = {0}/attributes\n\thooksPath = {0}/hooks\n",
        home.path().display()
    );
    fs::write(home.path().join(".gitconfig"), config).unwrap();
    let user = [
        ("HOME", home.path().as_os_str().to_owned()),
        ("PATH", std::env::var_os("PATH").unwrap()),
        ("GIT_DIR", "/nonexistent".into()),
        ("GIT_ATTR_SOURCE", "HEAD".into()),
        ("GIT_OBJECT_DIRECTORY", "/nonexistent".into()),
    ];
    let git = Git::with_environment(user.map(|(name, value)| (name.into(), value)), Limits::default());
    let cache = Arc::new(Cache::open(scene.dir.path(), git, CacheConfig::default()).unwrap());
    let repo = binary(&cache, "https://vcs.lab.test/r");
    let head = repo.refs().unwrap().head.unwrap();
    let files = exported(&repo, head, "");
    let content = |name: &str| files.iter().find(|(path, _)| path == name).map(|(_, content)| &**content);
    assert_eq!(content("a.up"), Some("small\n"));
    assert_eq!(content("a.txt"), Some("one\n"));
    assert_eq!(content("b.go"), Some("b\n"));
    assert_eq!(repo.url(), "https://vcs.lab.test/r");
}

#[test]
fn links_are_not_followed() {
    let Some(scene) = scene() else { return };
    std::os::unix::fs::symlink("d", scene.fixture.path("r").join("link")).unwrap();
    let id: Oid = scene.fixture.commit("r", &[]).parse().unwrap();
    let repo = scene.repo();
    let link = repo.blob(id, "link", 9).unwrap().unwrap();
    assert_eq!((link.kind, &*link.bytes), (EntryKind::Symlink, &b"d"[..]));
    assert_eq!(repo.blob(id, "link/e/f", 9).unwrap(), None);
    assert!(repo.tree(id, "link").unwrap().is_empty());
}

#[test]
fn names_of_every_sort_are_exported() {
    let Some(scene) = scene() else { return };
    let long = format!("{}/{}", "d".repeat(120), "e".repeat(150));
    let files = [
        ("-x", "1"),
        ("*", "2"),
        (":(top)y", "3"),
        ("a\nb", "4"),
        ("ünï", "5"),
        (&*long, "6"),
        ("empty", ""),
    ];
    let id: Oid = scene.fixture.commit("r", &files).parse().unwrap();
    let check = |repo: &Binary, id| {
        let exported = exported(repo, id, "");
        for (name, content) in files {
            assert!(exported.contains(&(name.to_owned(), content.to_owned())), "{name}");
        }
    };
    // Named to git one by one, and as a whole directory.
    check(&scene.repo(), id);
    let many: Vec<_> = (0..40).map(|n| (format!("many/{n}"), n.to_string())).collect();
    let many: Vec<_> = many.iter().map(|(name, content)| (&**name, &**content)).collect();
    let id = scene.fixture.commit("r", &many).parse().unwrap();
    check(&scene.repo(), id);
}

#[test]
fn urls_that_lead_nowhere_are_failures() {
    let Some(scene) = scene() else { return };
    let repo = binary(&scene.cache, &scene.fixture.url("nothing"));
    assert_eq!(cause(&repo.refs().unwrap_err()).unwrap(), Cause::Server);
    let error = Remote::new("ext::sh -c true").unwrap_err();
    assert_eq!(cause(&error), None);
}
