//! Everything that `vectors-git.json` says: queries that a go command answered, and what became of them.

use std::io::Cursor;

use crate::own::World;
use gomod::{H1, ModulePath, ModuleVersion, Rev, ZipCheck};
use serde_json::Value;
use testkit::{GitFixture, require};
use vcs::{Code, Place, Repo, VcsError};

const VECTORS: &str = include_str!("../vectors/vectors-git.json");

#[test]
fn the_binary_gives_what_go_gives() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let fixture = GitFixture::golden();
    let dir = tempfile::tempdir().unwrap();
    let cache = crate::cache(dir.path());
    check(&|name| Box::new(crate::binary(&cache, &fixture.url(name))));
    // From a server that leaves out what is not asked for, the same.
    for name in std::fs::read_dir(fixture.path("")).unwrap() {
        let name = name.unwrap().file_name();
        fixture.git(name.to_str().unwrap(), &["config", "uploadpack.allowFilter", "true"]);
    }
    let dir = tempfile::tempdir().unwrap();
    let cache = crate::cache(dir.path());
    check(&|name| Box::new(crate::binary(&cache, &fixture.url(name))));
}

#[test]
fn what_is_read_in_process_is_what_go_gives() {
    if !require("git", GitFixture::is_possible()) {
        return;
    }
    let fixture = GitFixture::golden();
    let world = World::of(&fixture);
    check(&|name| Box::new(world.repo(name)));
    assert!(!world.kept("-own-history").is_empty());
}

/// Checks all vectors over the repositories of these names.
pub(crate) fn check(open: &dyn Fn(&str) -> Box<dyn Repo>) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut wrong = Vec::new();
    let (mut number, mut slashes) = (0, 0);
    for (module, versions) in vectors["versions"].as_object().unwrap() {
        let (repo, place) = at(open, module);
        let found = Code::new(&*repo, &place).versions().unwrap();
        let found: Vec<_> = found.iter().map(|version| version.to_string()).collect();
        let versions: Vec<_> =
            versions.as_array().unwrap().iter().map(|version| version.as_str().unwrap()).collect();
        if found != versions {
            wrong.push(format!("{module}: list {found:?}, go: {versions:?}"));
        }
        number += 1;
    }
    for vector in vectors["queries"].as_array().unwrap() {
        let query = vector["query"].as_str().unwrap();
        let (module, asked) = query.split_once('@').unwrap();
        if asked.contains('/') {
            // Not to be asked of a proxy: the go command refuses to put it into a path.
            assert!(Rev::new(asked).is_err(), "{asked}");
            slashes += 1;
            continue;
        }
        let (repo, place) = at(open, module);
        if let Err(why) = answer(Code::new(&*repo, &place), &place, asked, vector) {
            wrong.push(format!("{query}: {why}"));
        }
        number += 1;
    }
    assert!(wrong.is_empty(), "{} of {number} disagree:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!((number, slashes), (113, 3));
}

fn at(open: &dyn Fn(&str) -> Box<dyn Repo>, module: &str) -> (Box<dyn Repo>, Place) {
    let end = module.find(".git").unwrap();
    let name = module[..end].strip_prefix("vcs.lab.test/").unwrap();
    let place = Place::new(ModulePath::new(module).unwrap(), &module[..end + ".git".len()], "").unwrap();
    (open(name), place)
}

/// Whether a query gives what go gave.
fn answer(code: Code<'_>, place: &Place, asked: &str, vector: &Value) -> Result<(), String> {
    let go = |field: &str| vector[field].as_str();
    let version = match resolve(code, place, asked) {
        Ok(version) => version,
        Err(error) => return refused(&error, go("error")),
    };
    let Some(info) = go("info_file") else { return Err(format!("gives {version}, go: {:?}", go("error"))) };
    let info: Value = serde_json::from_str(info).unwrap();
    let same = |what: &str, ours: &str, go: Option<&str>| {
        if Some(ours) == go { Ok(()) } else { Err(format!("{what} {ours:?}, go: {go:?}")) }
    };
    same("version", &version, info["Version"].as_str())?;
    let found =
        code.stat(&Rev::new(&version).unwrap()).map_err(|error| format!("stat of {version}: {error}"))?;
    same("version again", found.version.as_str(), Some(&version))?;
    same("time", &in_words(found.commit.time), info["Time"].as_str())?;
    same("hash", &found.commit.id.to_string(), info["Origin"]["Hash"].as_str())?;
    same("ref", found.reference.as_deref().unwrap_or_default(), info["Origin"]["Ref"].as_str().or(Some("")))?;

    let of = ModuleVersion::new(place.path().clone(), found.version).unwrap();
    let go_mod = code.go_mod(&of).map_err(|error| format!("go.mod: {error}"))?;
    same("go.mod", &String::from_utf8_lossy(&go_mod), go("mod_file"))?;
    same("h1 of go.mod", &H1::of_gomod(&go_mod).to_string(), go("h1_gomod"))?;
    match code.zip(&of, Cursor::new(Vec::new())) {
        Err(error) => refused(&error, go("error")),
        Ok(zip) => {
            let zip = zip.into_inner();
            let mut check = ZipCheck::new(&of);
            check.feed(&zip).map_err(|fault| format!("zip: {fault}"))?;
            let facts = check.finish(&zip, zip.len() as u64).map_err(|fault| format!("zip: {fault}"))?;
            same("h1", &facts.h1.to_string(), go("h1_zip"))
        }
    }
}

/// What a query stands for. The go command itself works prefixes of versions out, from the list.
fn resolve(code: Code<'_>, place: &Place, asked: &str) -> Result<String, VcsError> {
    if asked == "latest" {
        return Ok(code.latest()?.version.to_string());
    }
    let is_prefix = asked.strip_prefix('v').is_some_and(|rest| {
        rest.split('.').count() < 3 && rest.split('.').all(|part| part.parse::<u32>().is_ok())
    });
    if is_prefix {
        let versions = code.versions()?;
        let highest = versions.iter().rfind(|version| version.as_str().starts_with(&format!("{asked}.")));
        return highest.map(|version| version.to_string()).ok_or_else(|| {
            VcsError::absent(format!("module {}: no matching versions for query \"{asked}\"", place.path()))
        });
    }
    Ok(code.stat(&Rev::new(asked).unwrap())?.version.to_string())
}

/// Whether a refusal is go's, and says at its end what go says.
fn refused(error: &VcsError, go: Option<&str>) -> Result<(), String> {
    let Some(go) = go else { return Err(format!("fails: {error:?}")) };
    let VcsError::Absent(text) = error else { return Err(format!("fails: {error:?}, go: {go}")) };
    if go.contains("no matching versions for query") {
        // The client's words, whatever a proxy says.
        return Ok(());
    }
    let tail = go.split_once(": ").map_or(go, |(_, tail)| tail);
    if text.ends_with(tail) { Ok(()) } else { Err(format!("says {text:?}, go: {go:?}")) }
}

/// Seconds since 1970 as go writes them, for the days of the fixtures.
fn in_words(seconds: i64) -> String {
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    let date = match day {
        19_722 => "2023-12-31",
        19_723 => "2024-01-01",
        _ => panic!("no fixture was committed on day {day}"),
    };
    format!("{date}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}
