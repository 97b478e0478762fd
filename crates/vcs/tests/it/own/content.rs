//! What reading in process promises, whatever lies in the cache.

use std::{
    fs,
    path::{Path, PathBuf},
};

use testkit::{GitFixture, require};
use vcs::{
    Cause, EntryKind, Oid, Repo, VcsError,
    git::{Gix, Limits},
};

use super::{World, cause};

pub(super) struct Scene {
    pub(super) fixture: GitFixture,
    pub(super) world: World,
}

/// A repository `r` with the tags v1.0.0 and v1.1.0, one behind the other, and a commit above.
pub(super) fn scene() -> Option<Scene> {
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
    let world = World::with(&fixture, Limits::default());
    Some(Scene { fixture, world })
}

impl Scene {
    pub(super) fn repo(&self) -> Gix {
        self.world.repo("r")
    }

    pub(super) fn oid(&self, rev: &str) -> Oid {
        self.fixture.git("r", &["rev-parse", &format!("{rev}^{{commit}}")]).stdout.trim().parse().unwrap()
    }

    fn kept(&self, suffix: &str) -> PathBuf {
        let mut kept = self.world.kept(suffix);
        assert_eq!(kept.len(), 1);
        kept.remove(0)
    }
}

pub(super) fn text(repo: &dyn Repo, commit: Oid, path: &str) -> String {
    String::from_utf8(repo.blob(commit, path, 1 << 20).unwrap().unwrap().bytes).unwrap()
}

pub(super) fn exported(repo: &dyn Repo, commit: Oid, dir: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut sink = |path: &[u8], content: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(|error| VcsError::failed(Cause::Local, "t", error))?;
        files.push((String::from_utf8_lossy(path).into_owned(), bytes));
        Ok(())
    };
    repo.export(commit, dir, &|_| true, &mut sink).unwrap();
    files.sort();
    files
}

#[test]
fn a_commit_is_fetched_alone_and_history_without_files() {
    let Some(scene) = scene() else { return };
    let (first, second, third) = (scene.oid("v1.0.0"), scene.oid("v1.1.0"), scene.oid("main"));
    let repo = scene.repo();
    assert_eq!(text(&repo, second, "a.go"), "package a // two\n");
    assert_eq!(text(&repo, third, "a.go"), "package a // three\n");
    let shallow = fs::read_to_string(scene.kept("-own").join("shallow")).unwrap();
    assert_eq!(shallow.lines().count(), 2);
    assert_eq!(repo.tags_behind(third).unwrap(), ["v1.0.0", "v1.1.0"]);
    assert_eq!(repo.tags_behind(first).unwrap(), ["v1.0.0"]);
    assert!(repo.is_ancestor(first, third).unwrap() && !repo.is_ancestor(third, first).unwrap());
    assert_eq!(repo.find(&first.to_string()[..7]).unwrap(), first);
    let history = scene.kept("-own-history");
    let objects = testkit::run(std::process::Command::new("git").arg("-C").arg(&history).args([
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objecttype)",
    ]));
    assert!(!objects.ok().stdout.contains("tree"));

    assert_eq!(repo.blob(second, "d", 9).unwrap(), None);
    assert_eq!(repo.blob(second, "d/e/f/g", 9).unwrap(), None);
    assert_eq!(cause(&repo.blob(second, "a.go", 3).unwrap_err()), Some(Cause::Limit));
    assert_eq!(text(&repo, second, "d/e/f"), "f");
    let names = |dir| repo.tree(second, dir).unwrap().into_iter().map(|entry| entry.path).collect::<Vec<_>>();
    assert_eq!(names(""), [&b"a.go"[..], b"d/e/f", b"go.mod"]);
    assert_eq!(names("d"), [b"e/f"]);
    assert_eq!(names("a.go"), Vec::<Vec<u8>>::new());
    assert_eq!(exported(&repo, second, "d"), [("e/f".to_owned(), b"f".to_vec())]);
    let asked = scene.world.server.asked("r/git-upload-pack");
    // A listing, two commits, the history; nothing twice.
    assert_eq!((asked, scene.world.server.asked("r/info/refs")), (4, 1));
}

#[test]
fn what_comes_to_a_history_is_all_that_is_sent() {
    let Some(scene) = scene() else { return };
    assert_eq!(scene.repo().tags_behind(scene.oid("main")).unwrap().len(), 2);
    let before: u64 = sizes(&scene.kept("-own-history"));
    for number in 0..50 {
        scene.fixture.commit("r", &[("a.go", &format!("package a // {number} more\n"))]);
    }
    scene.fixture.git("r", &["tag", "v1.2.0"]);
    let last = scene.oid("v1.2.0");
    assert_eq!(scene.repo().tags_behind(last).unwrap(), ["v1.0.0", "v1.1.0", "v1.2.0"]);
    let packs = fs::read_dir(scene.kept("-own-history").join("objects/pack")).unwrap();
    assert_eq!(packs.filter(|pack| is_pack(&pack.as_ref().unwrap().path())).count(), 2);
    assert!(sizes(&scene.kept("-own-history")) > before);
    // Not every tag is at a commit.
    scene.fixture.git("r", &["tag", "v0.1.0", "main^{tree}"]);
    scene.fixture.git("r", &["tag", "-a", "-m", "x", "v0.2.0", "main:a.go"]);
    let repo = scene.repo();
    assert_eq!(repo.tags_behind(last).unwrap(), ["v1.0.0", "v1.1.0", "v1.2.0"]);
    for tag in ["v0.1.0", "v0.2.0"] {
        let error = repo.commit(repo.refs().unwrap().tags[tag].target).unwrap_err();
        assert_eq!(cause(&error), None, "{error}");
    }
}

fn sizes(repository: &Path) -> u64 {
    walk(&repository.join("objects")).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
}

fn is_pack(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pack")
}

#[test]
fn commits_that_nothing_leads_to_are_unknown() {
    let Some(scene) = scene() else { return };
    let tree = scene.fixture.git("r", &["rev-parse", "main^{tree}"]).stdout.trim().to_owned();
    let stray = scene.fixture.git("r", &["commit-tree", "-m", "x", &tree]).stdout.trim().to_owned();
    scene.fixture.git("r", &["update-ref", "refs/pull/1/head", &stray]);
    let repo = scene.repo();
    for unknown in [&*stray, &stray[..12], &tree, "0123456", "HEAD"] {
        let error = repo.find(unknown).unwrap_err();
        assert_eq!(error.to_string(), format!("unknown revision {unknown}"));
        assert_eq!(cause(&error), None);
    }
    let nowhere: Oid = "0123456789012345678901234567890123456789".parse().unwrap();
    assert_eq!(repo.commit(nowhere).unwrap_err().to_string(), format!("unknown revision {nowhere}"));
}

#[test]
fn what_the_server_takes_back_is_gone_here_too() {
    let Some(scene) = scene() else { return };
    let third = scene.oid("main");
    assert_eq!(scene.repo().find(&third.to_string()[..9]).unwrap(), third);
    scene.fixture.git("r", &["reset", "-q", "--hard", "HEAD~1"]);
    scene.fixture.git("r", &["tag", "-d", "v1.0.0"]);
    let repo = scene.repo();
    assert!(matches!(repo.find(&third.to_string()[..9]), Err(VcsError::Absent(_))));
    assert_eq!(repo.tags_behind(scene.oid("main")).unwrap(), ["v1.1.0"]);
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
    let files = [("id.txt", "$Id$\n"), (".gitattributes", "id.txt ident\n")];
    let id: Oid = scene.fixture.commit("s", &files).parse().unwrap();
    scene.fixture.git("s", &["tag", "v1.0.0"]);
    let repo = scene.world.repo("s");
    assert_eq!(repo.find(&id.to_string()[..40]).unwrap(), id);
    assert_eq!(repo.commit(id).unwrap().time, 1_704_067_200);
    let blob = repo.tree(id, "").unwrap()[1].id;
    assert_eq!(exported(&repo, id, "")[1], ("id.txt".to_owned(), format!("$Id: {blob} $\n").into_bytes()));
    assert_eq!(repo.tags_behind(id).unwrap(), ["v1.0.0"]);
}

#[test]
fn empty_repositories_and_links_are_what_they_are() {
    let Some(scene) = scene() else { return };
    scene.fixture.init("empty", &[]);
    let repo = scene.world.repo("empty");
    assert_eq!(*repo.refs().unwrap(), vcs::Refs::default());
    assert_eq!(repo.find("0123456").unwrap_err().to_string(), "unknown revision 0123456");
    std::os::unix::fs::symlink("a.go", scene.fixture.path("r").join("link")).unwrap();
    let id: Oid = scene.fixture.commit("r", &[]).parse().unwrap();
    let repo = scene.repo();
    assert_eq!(repo.blob(id, "link", 9).unwrap().unwrap().kind, EntryKind::Symlink);
    let link = repo.tree(id, "").unwrap().into_iter().find(|entry| entry.path == b"link").unwrap();
    assert_eq!((link.kind, link.size), (EntryKind::Symlink, 4));
    assert!(exported(&repo, id, "").iter().all(|(name, _)| name != "link"));
}

#[test]
fn what_is_damaged_is_fetched_anew() {
    let Some(scene) = scene() else { return };
    let second = scene.oid("v1.1.0");
    let read = |repo: &Gix| {
        assert_eq!(repo.commit(second).unwrap().id, second);
        assert_eq!(text(repo, second, "d/e/f"), "f");
        assert_eq!(exported(repo, second, "").len(), 3);
        assert_eq!(repo.tags_behind(second).unwrap().len(), 2);
    };
    read(&scene.repo());
    for suffix in ["-own", "-own-history"] {
        let number = walk(&scene.kept(suffix).join("objects")).len();
        assert!(number >= 2);
        for at in 0..number {
            // Every file in its turn, and by each damage.
            for damage in [&b""[..], b"rubbish", b"cut", b"turned"] {
                let now = walk(&scene.kept(suffix).join("objects"));
                let Some(victim) = now.get(at) else { continue };
                let mut spoilt = fs::read(victim).unwrap();
                match damage {
                    b"cut" => spoilt.truncate(spoilt.len() / 2),
                    b"turned" => spoilt.iter_mut().skip(40).step_by(7).for_each(|byte| *byte ^= 0x55),
                    other => spoilt = other.to_vec(),
                }
                fs::remove_file(victim).unwrap();
                fs::write(victim, spoilt).unwrap();
                read(&scene.repo());
            }
        }
    }
    // While it is in use, and as a whole.
    let repo = scene.repo();
    read(&repo);
    fs::remove_dir_all(scene.kept("-own").join("objects")).unwrap();
    assert_eq!(exported(&scene.repo(), second, "d").len(), 1);
    for left in ["larder-fetching", "shallow.lock", "objects/pack/.tmpx"] {
        fs::write(scene.kept("-own").join(left), "").unwrap();
    }
    assert_eq!(text(&scene.repo(), scene.oid("main"), "a.go"), "package a // three\n");
    assert!(!scene.kept("-own").join("objects/pack/.tmpx").exists());
}

/// All files below a directory, sorted.
fn walk(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|entry| if entry.is_dir() { walk(&entry) } else { vec![entry] }).collect()
}

#[test]
fn many_at_once_share_one_repository() {
    let Some(scene) = scene() else { return };
    let ids = [scene.oid("v1.0.0"), scene.oid("v1.1.0"), scene.oid("main")];
    std::thread::scope(|scope| {
        for at in 0..12 {
            let (scene, id) = (&scene, ids[at % 3]);
            scope.spawn(move || {
                let repo = scene.repo();
                assert!(text(&repo, id, "a.go").starts_with("package a"));
                assert_eq!(repo.tags_behind(id).unwrap().len(), 2.min(at % 3 + 1));
            });
        }
    });
    // Twelve listings, three commits, one history.
    assert_eq!(scene.world.server.asked("r/git-upload-pack"), 12 + 3 + 1);
}
