//! What of a module cache goes and what stays.

use std::{
    fs::{self, File, FileTimes},
    path::Path,
    time::{Duration, SystemTime},
};

use gomod::{ModulePath, ModuleVersion};
use tempfile::TempDir;
use workbench::{
    cache::{
        Chosen, Inventory, Outcome, Reason, Selector, Stays, VersionLock, Wish, choose, remove,
        remove_remains,
    },
    modcache::{ModCache, Part},
};

/// A cache with versions whose files were used so many hours ago.
struct World {
    dir: TempDir,
    cache: ModCache,
    now: SystemTime,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = ModCache::new(dir.path());
        World { cache, dir, now: SystemTime::now() }
    }

    /// A version: 1000 bytes of zip, 500 in its tree, 20 of facts.
    fn with(self, module: &str, content_hours: u64, facts_hours: u64) -> Self {
        let of = version(module);
        let tree = self.cache.tree(&of);
        for (path, bytes, hours) in [
            (self.cache.file(&of, Part::Zip), 1000, content_hours),
            (self.cache.file(&of, Part::Mod), 15, facts_hours),
            (self.cache.file(&of, Part::Info), 5, facts_hours),
            (self.cache.file(&of, Part::ZipHash), 0, 0),
            (tree.join("go.mod"), 200, content_hours),
            (tree.join("sub/file.go"), 300, content_hours),
        ] {
            self.put(&path, bytes, hours);
        }
        // As `go` leaves it.
        read_only(&tree);
        self
    }

    fn put(&self, path: &Path, bytes: usize, hours: u64) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![b'x'; bytes]).unwrap();
        let time = self.now - Duration::from_hours(hours);
        let times = FileTimes::new().set_accessed(time).set_modified(time);
        File::options().write(true).open(path).unwrap().set_times(times).unwrap();
    }

    fn inventory(&self) -> Inventory {
        Inventory::take(&self.cache, |_| ()).unwrap()
    }

    /// What goes, as text: the module, with `-` before it where its facts stay.
    fn chosen(&self, wish: &Wish) -> Vec<String> {
        let chosen = choose(&self.inventory(), wish, self.now);
        let sign = |chosen: &Chosen| match (chosen.content, chosen.facts) {
            (true, true) => "",
            (true, false) => "-",
            (false, _) => "+",
        };
        chosen.iter().map(|chosen| format!("{}{}", sign(chosen), chosen.module)).collect()
    }

    /// Takes the version out that was named.
    fn remove(&self, module: &str) -> Outcome {
        let wish = Wish { modules: vec![module.parse().unwrap()], ..Wish::default() };
        let [chosen] = choose(&self.inventory(), &wish, self.now).try_into().unwrap();
        remove(&self.cache, &chosen, self.now).unwrap()
    }

    fn has(&self, module: &str) -> Vec<Part> {
        let parts = [Part::Info, Part::Mod, Part::Zip, Part::ZipHash, Part::Partial];
        parts.into_iter().filter(|part| self.cache.file(&version(module), *part).exists()).collect()
    }
}

fn read_only(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for dir in [dir.join("sub"), dir.to_owned()] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o555)).unwrap();
    }
}

fn version(module: &str) -> ModuleVersion {
    let (path, version) = module.split_once('@').unwrap();
    ModuleVersion::new(ModulePath::new(path).unwrap(), version.parse().unwrap()).unwrap()
}

#[test]
fn age_size_and_module_choose() {
    let world = World::new()
        .with("example.com/old@v1.0.0", 100, 100)
        .with("example.com/old@v1.1.0", 90, 1)
        .with("example.com/new@v1.0.0", 1, 1)
        .with("other.example/x@v0.1.0", 50, 50);
    let selector = |text: &str| text.parse::<Selector>().unwrap();
    let each = 1520;
    for (wish, want) in [
        (Wish::default(), &[][..]),
        (
            Wish { older_than: Some(Duration::from_hours(60)), ..Wish::default() },
            &["example.com/old@v1.0.0", "-example.com/old@v1.1.0"],
        ),
        (Wish { older_than: Some(Duration::from_hours(101)), ..Wish::default() }, &[]),
        (
            Wish { most_bytes: Some(2 * each + 100), ..Wish::default() },
            &["-example.com/old@v1.0.0", "-example.com/old@v1.1.0"],
        ),
        (Wish { most_bytes: Some(4 * each), ..Wish::default() }, &[]),
        // What goes by age counts.
        (
            Wish {
                older_than: Some(Duration::from_hours(95)),
                most_bytes: Some(3 * each),
                ..Wish::default()
            },
            &["example.com/old@v1.0.0"],
        ),
        (
            Wish { modules: vec![selector("example.com")], ..Wish::default() },
            &["example.com/old@v1.0.0", "example.com/old@v1.1.0", "example.com/new@v1.0.0"],
        ),
        (
            Wish {
                modules: vec![selector("*.com/old@v1.1.0"), selector("other.example/x")],
                ..Wish::default()
            },
            &["example.com/old@v1.1.0", "other.example/x@v0.1.0"],
        ),
        (
            Wish {
                modules: vec![selector("example.com/*")],
                older_than: Some(Duration::from_hours(95)),
                most_bytes: None,
            },
            &["example.com/old@v1.0.0"],
        ),
        (
            Wish { modules: vec![selector("other.example")], older_than: None, most_bytes: Some(0) },
            &["-other.example/x@v0.1.0"],
        ),
    ] {
        assert_eq!(world.chosen(&wish), want, "{wish:?}");
    }
}

#[test]
fn a_selector_is_a_pattern_and_perhaps_a_version() {
    for text in ["", "@v1.0.0", "[", "example.com/m@latest", "example.com/m@"] {
        assert!(text.parse::<Selector>().is_err(), "{text}");
    }
    let is = |selector: &str, module: &str| selector.parse::<Selector>().unwrap().names(&version(module));
    assert!(is("example.com/m@v1.0.0", "example.com/m@v1.0.0"));
    assert!(!is("example.com/m@v1.0.0", "example.com/m@v1.0.1"));
    assert!(!is("example.com/m", "example.com/mm@v1.0.0"));
}

#[test]
fn what_goes_goes_whole_and_leaves_the_rest() {
    let world = World::new().with("example.com/a@v1.0.0", 1, 1).with("example.com/a@v1.1.0", 1, 1);
    let list = world.cache.versions(version("example.com/a@v1.0.0").path()).join("list");
    fs::write(&list, "v1.0.0\nv1.1.0\n").unwrap();
    assert_eq!(world.remove("example.com/a@v1.0.0"), Outcome::Removed);
    assert_eq!(world.has("example.com/a@v1.0.0"), []);
    assert!(!world.cache.tree(&version("example.com/a@v1.0.0")).exists());
    assert_eq!(fs::read_to_string(&list).unwrap(), "v1.1.0\n");
    assert_eq!(world.has("example.com/a@v1.1.0"), [Part::Info, Part::Mod, Part::Zip, Part::ZipHash]);
    assert_eq!(world.remove("example.com/a@v1.1.0"), Outcome::Removed);
    // The directory above the trees was empty then.
    let left: Vec<_> =
        fs::read_dir(world.dir.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["cache"]);
}

#[test]
fn a_version_whose_lock_is_held_stays_as_it_is() {
    let world = World::new().with("example.com/a@v1.0.0", 1, 1);
    let all = world.has("example.com/a@v1.0.0");
    let lock = VersionLock::take(&world.cache, &version("example.com/a@v1.0.0")).unwrap();
    assert_eq!(world.remove("example.com/a@v1.0.0"), Outcome::Kept(Stays::Locked));
    assert_eq!(world.has("example.com/a@v1.0.0"), all);
    drop(lock);
    assert_eq!(world.remove("example.com/a@v1.0.0"), Outcome::Removed);
}

#[test]
fn what_was_used_since_it_was_looked_at_stays() {
    let world = World::new().with("example.com/a@v1.0.0", 100, 100);
    let chosen = |wish: &Wish| choose(&world.inventory(), wish, world.now).pop().unwrap();
    let old = chosen(&Wish { older_than: Some(Duration::from_hours(50)), ..Wish::default() });
    assert!(matches!(old.reason, Reason::Age(age) if age >= Duration::from_hours(100)));
    let file = world.cache.tree(&version("example.com/a@v1.0.0")).join("sub/file.go");
    let later = FileTimes::new().set_accessed(world.now + Duration::from_secs(5));
    File::open(&file).unwrap().set_times(later).unwrap();
    assert_eq!(remove(&world.cache, &old, world.now).unwrap(), Outcome::Kept(Stays::Used));
    // The mark went too: nobody unpacks it anew.
    assert_eq!(world.has("example.com/a@v1.0.0"), [Part::Info, Part::Mod, Part::Zip, Part::ZipHash]);
}

#[test]
fn what_a_crash_has_left_is_taken_away_by_the_next() {
    let world = World::new().with("example.com/a@v1.0.0", 1, 1);
    let of = version("example.com/a@v1.0.0");
    // Broken off in the middle of the tree.
    fs::write(world.cache.file(&of, Part::Partial), "").unwrap();
    fs::remove_file(world.cache.file(&of, Part::ZipHash)).unwrap();
    fs::remove_file(world.cache.file(&of, Part::Zip)).unwrap();
    assert_eq!(world.remove("example.com/a@v1.0.0"), Outcome::Removed);
    assert_eq!(world.has("example.com/a@v1.0.0"), []);
    assert!(!world.cache.tree(&of).exists());
}

#[test]
fn remains_go_when_nobody_can_be_writing_them() {
    let world = World::new();
    let of = version("example.com/a@v1.0.0");
    let versions = world.cache.versions(of.path());
    let (fresh, old) = (versions.join("v1.0.0.zip1.tmp"), versions.join("v1.0.0.info22.tmp"));
    world.put(&fresh, 10, 0);
    world.put(&old, 10, 2);
    let tree = world.dir.path().join("example.com/a@v1.0.0.tmp-5");
    world.put(&tree.join("x"), 10, 2);
    let inventory = world.inventory();
    let lock = VersionLock::take(&world.cache, &of).unwrap();
    for remains in inventory.remains() {
        assert!(matches!(remove_remains(&world.cache, remains, world.now).unwrap(), Outcome::Kept(_)));
    }
    drop(lock);
    for remains in inventory.remains() {
        remove_remains(&world.cache, remains, world.now).unwrap();
    }
    assert_eq!((fresh.exists(), old.exists(), tree.exists()), (true, false, false));
}
