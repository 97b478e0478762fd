//! Snapshots that were altered on their way: each is refused, and the data directory stays as it was.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use snapshot::Digest;
use testkit::{Larder, ModuleTree};

use super::{MODULES, Site, restore};

/// A snapshot, taken apart into its entries.
#[derive(Clone)]
struct Parts(Vec<Part>);

#[derive(Clone)]
struct Part {
    name: String,
    kind: u8,
    content: Vec<u8>,
}

impl Parts {
    fn of(file: &Path) -> Self {
        let tar = zstd::decode_all(fs::File::open(file).unwrap()).unwrap();
        let mut parts = Vec::new();
        let mut at = 0;
        while tar[at] != 0 {
            let text = |from: usize, to: usize| {
                let field = &tar[at + from..at + to];
                String::from_utf8(field.split(|b| *b == 0).next().unwrap().to_vec()).unwrap()
            };
            assert_eq!(text(345, 500), "", "the names of this test are short");
            let size = usize::from_str_radix(text(124, 135).trim(), 8).unwrap();
            let content = tar[at + 512..at + 512 + size].to_vec();
            parts.push(Part { name: text(0, 100), kind: tar[at + 156], content });
            at += 512 + size.next_multiple_of(512);
        }
        Parts(parts)
    }

    fn tar(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        for Part { name, kind, content } in &self.0 {
            let mut header = [0; 512];
            let mut put =
                |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
            put(0, name);
            put(100, "0000644\0");
            put(108, "0000000\0");
            put(116, "0000000\0");
            put(124, &format!("{:011o}\0", content.len()));
            put(136, "00000000000\0");
            put(148, "        ");
            put(257, "ustar\x0000");
            put(329, "0000000\0");
            put(337, "0000000\0");
            header[156] = *kind;
            let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
            header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            tar.extend_from_slice(&header);
            tar.extend_from_slice(content);
            tar.resize(tar.len().next_multiple_of(512), 0);
        }
        tar.resize(tar.len() + 1024, 0);
        tar
    }

    fn at(&self, name: &str) -> usize {
        let at = self.0.iter().position(|part| part.name.ends_with(name));
        at.unwrap_or_else(|| panic!("no {name}"))
    }

    fn content(&mut self, name: &str) -> &mut Vec<u8> {
        let at = self.at(name);
        &mut self.0[at].content
    }

    fn manifest(&mut self) -> Value {
        serde_json::from_slice(self.content("snapshot.json")).unwrap()
    }

    /// Says in manifest and seal what is in the entries now, as who makes a snapshot would: in the order of the
    /// entries.
    fn seal(&mut self, change: impl FnOnce(&mut Value)) {
        let mut manifest = self.manifest();
        let mut given: BTreeMap<String, Value> = BTreeMap::new();
        for file in manifest["files"].as_array().unwrap() {
            given.insert(file["name"].as_str().unwrap().to_owned(), file.clone());
        }
        let files = self.0[2..].iter().map(|part| {
            let mut file = given.remove(&part.name).unwrap_or_else(|| serde_json::json!({"name": part.name}));
            file["size"] = part.content.len().into();
            file["sha256"] = Digest::of(&part.content).to_string().into();
            file
        });
        manifest["files"] = files.collect();
        change(&mut manifest);
        let json = serde_json::to_vec_pretty(&manifest).unwrap();
        *self.content("snapshot.note") = format!("larder snapshot\n1\n{}\n", Digest::of(&json)).into_bytes();
        *self.content("snapshot.json") = json;
    }
}

/// Where a refused snapshot must not leave anything.
struct Far<'a> {
    site: &'a Site,
    larder: Larder,
    file: PathBuf,
}

impl Far<'_> {
    /// Refused by itself, whoever looks at it.
    fn refuses(&self, what: &str, bytes: &[u8], why: &str) {
        self.is_not_restored(what, bytes, why);
        let verified = self.site.far().run(["snapshot", "verify", self.file.to_str().unwrap()]);
        assert_eq!(verified.code(), Some(1), "{what}: {verified}");
    }

    fn is_not_restored(&self, what: &str, bytes: &[u8], why: &str) {
        fs::write(&self.file, bytes).unwrap();
        let before = listing(&self.larder.data());
        let ran = restore(&self.larder, &self.file, &[]);
        assert_eq!(ran.code(), Some(1), "{what}: {ran}");
        assert!(ran.stdout.contains(why), "{what}: {why:?} is not in {ran}");
        assert_eq!(listing(&self.larder.data()), before, "{what}");
    }

    fn refuses_parts(&self, what: &str, parts: &Parts, why: &str) {
        self.refuses(what, &compressed(&parts.tar()), why);
    }
}

fn compressed(tar: &[u8]) -> Vec<u8> {
    zstd::encode_all(tar, 1).unwrap()
}

/// Every file below a directory that is more than a lock, with its content.
pub(super) fn listing(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if entry.file_type().unwrap().is_dir() {
                if name != "locks" && name != "leases" && name != "staging" {
                    todo.push(path);
                }
            } else if name != "lock" && name != "format" && !name.to_string_lossy().starts_with("catalog") {
                found.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

const ZIP: &str = "!lib/@v/v1.0.0.zip";
const MOD: &str = "app/@v/v1.2.0.mod";
const RECORD: &str = "lookup/example.com/!lib@v1.0.0";

fn with_site(test: impl FnOnce(&Far<'_>, &Parts)) {
    let site = Site::new();
    let parts = Parts::of(&site.create("s", &[]));
    let larder = site.far();
    let far = Far { site: &site, file: larder.home().join("altered"), larder };
    // As it was, taken apart and put together, it is fine.
    fs::write(&far.file, compressed(&parts.tar())).unwrap();
    let fine = site.far();
    restore(&fine, &far.file, &[]).ok();
    test(&far, &parts);
}

#[test]
fn whatever_was_altered_is_refused_and_named() {
    with_site(|far, whole| {
        let altered = |change: &dyn Fn(&mut Parts)| {
            let mut parts = whole.clone();
            change(&mut parts);
            parts
        };
        let digest = "its bytes are not those of the manifest";
        for name in [ZIP, MOD, "app/@v/v1.2.0.info", "app/@v/list", RECORD, "sum.example.test/latest"] {
            let parts = altered(&|parts| *parts.content(name).last_mut().unwrap() ^= 1);
            far.refuses_parts(name, &parts, &format!("{name}: {digest}"));
        }
        let tile = whole.0.iter().find(|part| part.name.contains("/tile/8/0/")).unwrap().name.clone();
        far.refuses_parts(
            "tile",
            &altered(&|parts| parts.content(&tile)[0] ^= 1),
            &format!("{tile}: {digest}"),
        );
        let flipped = altered(&|parts| parts.content("snapshot.json")[40] ^= 1);
        far.refuses_parts("manifest", &flipped, "the manifest is not the one that is sealed");
        let missing = altered(&|parts| drop(parts.0.remove(parts.at(ZIP))));
        far.refuses_parts("missing", &missing, &format!("{ZIP}: it is missing"));
        let last = altered(&|parts| drop(parts.0.pop()));
        far.refuses_parts("missing at the end", &last, "it is missing");
        let twice = altered(&|parts| {
            let part = parts.0[parts.at(MOD)].clone();
            parts.0.insert(parts.at(MOD) + 1, part);
        });
        far.refuses_parts("twice", &twice, &format!("{MOD}: it is there twice"));
        let swapped = altered(&|parts| {
            let (one, other) = (parts.at(ZIP), parts.at("app/@v/v1.2.0.zip"));
            parts.0.swap(one, other);
        });
        far.refuses_parts("swapped", &swapped, "it is missing");
        let exchanged = altered(&|parts| {
            let (one, other) = (parts.at("!lib/@v/v0.9.0.info"), parts.at("!lib/@v/v1.0.0.info"));
            let content = parts.0[one].content.clone();
            parts.0[one].content = std::mem::replace(&mut parts.0[other].content, content);
        });
        far.refuses_parts("exchanged", &exchanged, digest);
        for (name, kind, why) in [
            ("modules/example.com/evil/@v/v1.0.0.mod", b'0', "it is not in the manifest"),
            ("/etc/passwd", b'0', "its name leads elsewhere"),
            ("modules/../../evil", b'0', "its name leads elsewhere"),
            ("modules/example.com/app/@v/v1.2.0.mod", b'2', "it is a link"),
            ("modules/example.com/app/@v/v1.2.0.mod", b'1', "it is a link"),
            ("modules/", b'5', "it is no plain file"),
        ] {
            for end in [false, true] {
                let parts = altered(&|parts| {
                    let at = if end { parts.0.len() } else { parts.at(MOD) };
                    let content = if kind == b'0' { b"evil".to_vec() } else { Vec::new() };
                    parts.0.insert(at, Part { name: name.to_owned(), kind, content });
                });
                far.refuses_parts(name, &parts, why);
            }
        }
        let tar = whole.tar();
        let mut longer = compressed(&tar);
        longer.extend_from_slice(b"more");
        far.refuses("garbage behind", &longer, "something follows the end");
        let mut two = compressed(&tar);
        two.extend(compressed(&tar));
        far.refuses("a second frame", &two, "something follows the end");
        let mut padded = tar.clone();
        padded.resize(padded.len() + 512, 0);
        far.refuses("garbage in the archive", &compressed(&padded), "something follows the end");
        let file = compressed(&tar);
        for len in [0, 3, 100, file.len() / 2, file.len() - 1] {
            let why = if len < 4 { "it is not a snapshot" } else { "it is cut off" };
            far.refuses(&format!("cut at {len}"), &file[..len], why);
        }
        for len in [512, tar.len() / 2, tar.len() - 1024, tar.len() - 1] {
            far.refuses(&format!("the archive cut at {len}"), &compressed(&tar[..len]), "it is cut off");
        }
        let mut noise = file.clone();
        let middle = noise.len() / 2;
        noise[middle] ^= 0x55;
        far.refuses("noise", &noise, "");
        far.refuses("no snapshot", b"PK\x03\x04 a zip", "it is not a snapshot");
    });
}

#[test]
fn a_manifest_that_was_rewritten_with_the_modules_is_caught_by_the_records() {
    let evil = ModuleTree::parse(&MODULES.replace("const N = 1", "const N = 666"));
    let evil = Parts::of(&Site::of(&evil).create("s", &[]));
    with_site(|far, whole| {
        let zip = evil.0[evil.at(ZIP)].content.clone();
        let mut parts = whole.clone();
        *parts.content(ZIP) = zip;
        let hash_of = |parts: &mut Parts| -> Value {
            let manifest = parts.manifest();
            let modules = manifest["modules"].as_array().unwrap();
            let lib = |module: &&Value| module["path"] == "example.com/Lib" && module["version"] == "v1.0.0";
            modules.iter().find(lib).unwrap().clone()
        };
        let (ours, theirs) = (hash_of(&mut parts), hash_of(&mut evil.clone()));
        assert_ne!(ours["h1"], theirs["h1"]);
        let size = parts.content(ZIP).len();
        let as_theirs = |module: &mut Value| {
            module["h1"] = theirs["h1"].clone();
            module["size"] = size.into();
        };
        let rewrite = |manifest: &mut Value, change: &dyn Fn(&mut Value)| {
            for module in manifest["modules"].as_array_mut().unwrap() {
                if *module == ours {
                    change(module);
                }
            }
        };
        let sealed = |parts: &Parts, change: &dyn Fn(&mut Value)| {
            let mut parts = parts.clone();
            parts.seal(|manifest| rewrite(manifest, change));
            parts
        };
        let said = format!(
            "SECURITY: the zip of example.com/Lib@v1.0.0 is {} in the snapshot",
            theirs["h1"].as_str().unwrap()
        );
        far.refuses_parts("the hash too", &sealed(&parts, &as_theirs), &said);
        // The hash stays as it was: the zip itself tells.
        let size_alone = |module: &mut Value| module["size"] = size.into();
        far.refuses_parts("the hash not", &sealed(&parts, &size_alone), &format!("{ZIP}: its hash is"));
        // The record is rewritten too: it is no part of the signed tree then.
        let mut with_record = parts.clone();
        let record = String::from_utf8(with_record.content(RECORD).clone()).unwrap();
        let record = record.replace(ours["h1"].as_str().unwrap(), theirs["h1"].as_str().unwrap());
        *with_record.content(RECORD) = record.into_bytes();
        far.refuses_parts("the record too", &sealed(&with_record, &as_theirs), &format!("{RECORD}: "));
        // The record is left out.
        let mut without = parts.clone();
        without.0.remove(without.at(RECORD));
        far.refuses_parts(
            "no record",
            &sealed(&without, &as_theirs),
            "example.com/Lib@v1.0.0: the record of sum.example.test that should prove it is missing",
        );
        // The module is said to need none.
        let alone = |module: &mut Value| {
            as_theirs(module);
            module.as_object_mut().unwrap().remove("database");
        };
        far.refuses_parts(
            "no database",
            &sealed(&without, &alone),
            "example.com/Lib@v1.0.0 is proven by no checksum database",
        );
        // The database itself signs another history: whoever has seen the first one is told.
        restore(&far.larder, &far.site.create("honest", &[]), &[]).ok();
        far.is_not_restored(
            "another history",
            &compressed(&evil.tar()),
            "SECURITY: the zip of example.com/Lib@v1.0.0 is",
        );
        let mut without = evil.clone();
        without.0.retain(|part| !part.name.contains("!lib/@v/v1.0.0") && !part.name.contains("!lib@v1.0.0"));
        without.seal(|manifest| {
            let modules = manifest["modules"].as_array_mut().unwrap();
            modules.retain(|module| module["path"] != "example.com/Lib" || module["version"] != "v1.0.0");
        });
        far.is_not_restored("its head alone", &compressed(&without.tar()), "SECURITY: ");
    });
}
