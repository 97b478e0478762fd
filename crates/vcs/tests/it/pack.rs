//! Trees that somebody brings, and the zips they become.

use std::{fs, io::Cursor, os::unix::fs::symlink, path::Path, process::Command};

use gomod::{H1, ModulePath, ModuleVersion, ModuleZip, Version, ZipCheck};
use vcs::{Archive, Directory, PackError, Tree, pack};

fn of() -> ModuleVersion {
    ModuleVersion::new(ModulePath::new("example.com/m").unwrap(), Version::new("v1.0.0").unwrap()).unwrap()
}

fn write(root: &Path, name: &str, content: &str) {
    let file = root.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

/// Packs, and gives the hash and the names in the zip.
fn packed(tree: &mut dyn Tree) -> Result<(H1, Vec<String>), PackError> {
    let zip = pack(tree, ModuleZip::new(&of(), Cursor::new(Vec::new())))?.into_inner();
    let facts = ZipCheck::new(&of()).finish(zip.as_slice(), zip.len() as u64).expect("go takes it");
    let zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let top = format!("{}/", of());
    let mut names: Vec<_> =
        zip.file_names().map(|name| name.unwrap().strip_prefix(&top).unwrap().to_owned()).collect();
    names.sort();
    Ok((facts.h1, names))
}

fn tar(args: &[&str], dir: &Path) -> Vec<u8> {
    let made = Command::new("tar").args(args).args(["-c", "-f", "-", "."]).current_dir(dir).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// A tree with one of everything that is decided about.
fn everything(root: &Path) {
    let long = format!("{}/file.go", "directory-with-a-long-name/".repeat(6));
    for name in
        ["m.go", "LICENSE", "vendor/modules.txt", "vendor/a/b.go", "pkg/vendor/v.go", "sub/s.go", &long]
    {
        write(root, name, "package x\n");
    }
    write(root, "go.mod", "module example.com/m\n\ngo 1.24\n");
    write(root, "nested/go.mod", "module example.com/m/nested\n");
    write(root, "nested/n.go", "package n\n");
    write(root, ".git/config", "[core]\n");
    write(root, ".github/workflow.yml", "on: push\n");
    symlink("m.go", root.join("link.go")).unwrap();
}

#[test]
fn a_directory_and_archives_of_it_give_one_hash() {
    let dir = tempfile::tempdir().unwrap();
    everything(dir.path());
    let (h1, names) = packed(&mut Directory::new(dir.path())).unwrap();
    let long = format!("{}/file.go", "directory-with-a-long-name/".repeat(6)).replace("//", "/");
    let want = [".github/workflow.yml", "LICENSE", &long, "go.mod", "m.go", "pkg/vendor/v.go", "sub/s.go"];
    assert_eq!(names, want);
    for format in ["ustar", "gnu", "pax"] {
        let archive = tar(&[&format!("--format={format}")], dir.path());
        let (same, _) = packed(&mut Archive::new(|| &*archive)).unwrap();
        assert_eq!(same, h1, "{format}");
    }
    // With an older go line more of what is vendored belongs to the module, and less.
    write(dir.path(), "go.mod", "module example.com/m\n\ngo 1.23\n");
    let (_, names) = packed(&mut Directory::new(dir.path())).unwrap();
    assert!(
        names.contains(&"vendor/modules.txt".to_owned()) && !names.contains(&"pkg/vendor/v.go".to_owned())
    );
}

#[test]
fn what_go_refuses_is_refused_in_its_words() {
    for (name, why) in [
        ("a:b.go", "malformed file path \"a:b.go\": invalid char ':'"),
        ("M.GO", "case-insensitive file name collision"),
        ("con.go", "\"con\" disallowed as path element component on Windows"),
        ("GO.MOD", "go.mod files must have lowercase names"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "go.mod", "module example.com/m\n");
        write(dir.path(), "m.go", "package m\n");
        write(dir.path(), name, "x");
        let Err(PackError::Refused(words)) = packed(&mut Directory::new(dir.path())) else {
            panic!("{name}")
        };
        assert!(words.contains(why), "{name}: {words}");
    }
}

#[test]
fn an_archive_that_is_none_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    everything(dir.path());
    let whole = tar(&[], dir.path());
    for (archive, why) in [
        (&b"not an archive"[..], "cut short"),
        (&[1; 1024], "no tar archive"),
        (&whole[..whole.len() / 3], "cut short"),
        (b"", "cut short"),
    ] {
        let Err(PackError::Refused(words)) = packed(&mut Archive::new(|| archive)) else { panic!("{why}") };
        assert!(words.contains(why), "{words}");
    }
    let climbing = tar(&["--transform=s,^./m.go,../../m.go,", "-P"], dir.path());
    let Err(PackError::Refused(words)) = packed(&mut Archive::new(|| &*climbing)) else { panic!() };
    assert!(words.contains("invalid path element \"..\""), "{words}");
    fs::hard_link(dir.path().join("m.go"), dir.path().join("n.go")).unwrap();
    let linked = tar(&[], dir.path());
    let Err(PackError::Refused(words)) = packed(&mut Archive::new(|| &*linked)) else { panic!() };
    assert!(words.contains("hard link"), "{words}");
    let twice = [&whole[..whole.len() - 10240], &whole].concat();
    assert!(matches!(packed(&mut Archive::new(|| &*twice)), Err(PackError::Refused(_))));
}
