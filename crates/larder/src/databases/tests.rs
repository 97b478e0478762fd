//! The commands as a person types them.

use std::{fs, path::PathBuf};

use clap::Parser;
use gomod::DbName;
use insta::assert_snapshot;
use storage::{Data, Key, OpenOptions, Store};
use sumdb::{Hash, Head, Signer};
use workbench::Environment;

use super::run;
use crate::{
    args::{Cli, Command},
    config::Printed,
};

/// A directory for key, configuration and modules.
struct Machine(tempfile::TempDir);

const SEED: [u8; 32] = [7; 32];

impl Machine {
    fn new() -> Self {
        Machine(tempfile::tempdir().unwrap())
    }

    /// One with a key and a file that names it.
    fn with_own() -> Self {
        let machine = Machine::new();
        let signer = Signer::from_seed("sum.corp.example", &SEED).unwrap();
        let key = signer.verifier().to_string();
        let hash = key.split('+').nth(1).unwrap();
        // The algorithm, and then the seed.
        let seed = "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
        machine.write("sum.key", &format!("PRIVATE+KEY+sum.corp.example+{hash}+{seed}\n"), 0o600);
        machine.write("larder.toml", "data = \"data\"\n[sumdb.own]\nkey = \"sum.key\"\n", 0o644);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// `larder sumdb ...`; the directory is printed as `DIR`.
    fn sumdb(&self, args: &[&str]) -> Printed {
        let words = ["larder", "sumdb"].iter().chain(args);
        let Command::Sumdb(command) = Cli::try_parse_from(words).unwrap().command else { panic!("{args:?}") };
        let file = self.path("larder.toml");
        let mut vars = vec![("HOME", self.0.path().to_owned())];
        if file.exists() {
            vars.push(("LARDER_CONFIG", file));
        }
        let Printed { out, err, code } = run(command, &Environment::new(vars));
        let hide = |text: String| text.replace(&self.0.path().to_string_lossy().into_owned(), "DIR");
        Printed { out: hide(out), err: hide(err), code }
    }
}

#[test]
fn a_new_key_is_in_its_file_alone() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new();
    let file = machine.path("sum.key");
    let printed = machine.sumdb(&["keygen", "sum.corp.example", "--out", file.to_str().unwrap()]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    let private = fs::read_to_string(&file).unwrap();
    let signer = Signer::parse(private.trim_end()).unwrap();
    assert_eq!(printed.out, format!("{}\n", signer.verifier()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let secret = private.trim_end().splitn(5, '+').nth(4).unwrap();
    assert!(!printed.err.contains(secret) && !printed.err.contains("PRIVATE"), "{}", printed.err);
    assert_snapshot!(printed.err.replace(&signer.verifier().to_string(), "VKEY"), @r#"
    The private key of sum.corp.example is in DIR/sum.key. Keep a copy in a safe place.

    In Larder's configuration file:

      [sumdb.own]
      key = "DIR/sum.key"

    On clients, with the URL of your Larder:

      go env -w GOSUMDB='VKEY http://larder.example.com:4873'
    "#);

    let again = machine.sumdb(&["keygen", "sum.corp.example", "--out", file.to_str().unwrap()]);
    assert_eq!((again.code, again.out.as_str()), (2, ""));
    assert_snapshot!(again.err, @"larder: DIR/sum.key is there already, and a private key is never overwritten; name another file with --out");
    assert_eq!(fs::read_to_string(&file).unwrap(), private);
}

#[test]
fn a_new_key_for_programs() {
    let machine = Machine::new();
    let file = machine.path("k");
    let printed = machine.sumdb(&["keygen", "a.example/db", "--json", "--out", file.to_str().unwrap()]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    let signer = Signer::parse(fs::read_to_string(&file).unwrap().trim_end()).unwrap();
    assert_eq!(json["vkey"], signer.verifier().to_string());
    assert_eq!((&json["name"], &json["file"]), (&"a.example/db".into(), &"DIR/k".into()));
}

#[test]
fn names_that_no_own_database_may_have() {
    let machine = Machine::new();
    let err = |name| {
        let printed = machine.sumdb(&["keygen", name, "--out", machine.path("k").to_str().unwrap()]);
        assert_eq!((printed.code, printed.out.as_str()), (2, ""));
        assert!(!machine.path("k").exists());
        printed.err
    };
    assert_snapshot!(err("sum.golang.org"), @"larder: the go command knows sum.golang.org with another key; take a name of your own, like sum.corp.example");
    assert_snapshot!(err("https://sum.example"), @r#"larder: "https://sum.example" is no name of a checksum database: it must be a host, perhaps with a path, like sum.golang.org; take a name of your own, like sum.corp.example"#);
    assert_snapshot!(err("a b"), @r#"larder: "a b" is no name of a checksum database: it must be a host, perhaps with a path, like sum.golang.org; take a name of your own, like sum.corp.example"#);
}

#[test]
fn a_directory_that_is_not_there() {
    let machine = Machine::new();
    let printed = machine.sumdb(&["keygen", "a.example", "--out", machine.path("x/k").to_str().unwrap()]);
    assert_eq!(printed.code, 2);
    assert_snapshot!(printed.err, @"larder: DIR/x/k cannot be written: No such file or directory (os error 2)");
}

#[test]
fn the_plan_of_a_rotation() {
    let machine = Machine::with_own();
    let printed = machine.sumdb(&["rotate-plan", "--json"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let json: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    assert_snapshot!(printed.out, @r#"
    {
      "name": "sum.corp.example",
      "new_name": "sum.corp.example/2",
      "same_name": "The other way keeps the name and every record: larder sumdb keygen sum.corp.example --out NEW.key, then [sumdb.own] key = \"NEW.key\" and head = \"DIR/sum.key.head\", and a restart; the log is signed anew. From that moment each client fails until it has the new GOSUMDB and is without the two directories of step 1, so it is for few clients, all in your hands.",
      "steps": [
        "Make a key with a new name: larder sumdb keygen sum.corp.example/2. What a client keeps of sum.corp.example is signed with the old key, so a new key with the old name would be refused by each client until somebody deletes $(go env GOPATH)/pkg/sumdb/sum.corp.example and $(go env GOMODCACHE)/cache/download/sumdb/sum.corp.example there.",
        "Check the old log once more: larder sumdb audit. Keep what it says with the date.",
        "Start a second `larder serve` on the same data directory at another address, with the new key file as [sumdb.own] key. Its log begins empty and fills by itself: a public module is verified against the public database again, a private one against the hash in its receipt, which stays.",
        "Give every client the new GOSUMDB, which keygen printed, with the new address. go.sum files stay as they are: hashes do not depend on the database.",
        "When nobody asks for /sumdb/sum.corp.example/ any more (larder's access log), stop the old one. Keep the old public key and modules/sumdb/sum.corp.example for as long as somebody may want to check what was signed.",
        "Destroy the old private key DIR/sum.key with all its copies, and remove DIR/sum.key.head."
      ],
      "vkey": "sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
    }
    "#);

    // Where lines break depends on the name of the directory.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = words(&machine.sumdb(&["rotate-plan"]).out);
    for step in json["steps"].as_array().unwrap().iter().chain([&json["same_name"]]) {
        assert!(text.contains(&words(step.as_str().unwrap())), "{step}: {text}");
    }
    assert!(text.contains(" If the key was stolen: "), "{text}");
}

#[test]
fn no_plan_without_a_database() {
    let machine = Machine::new();
    let printed = machine.sumdb(&["rotate-plan"]);
    assert_eq!((printed.code, printed.out.as_str()), (2, ""));
    assert_snapshot!(printed.err, @r#"larder: there is no own checksum database: `larder sumdb keygen NAME` makes its key, and [sumdb.own] key = "FILE" in the configuration file names it"#);
}

/// The names of the databases that the tests below store something of.
const OTHER: &str = "sum.other.example";

/// A data directory with a head of the own database, and a record of one that is not configured.
fn stored(machine: &Machine, head: impl FnOnce(&Signer) -> String) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let data = Data::open(machine.path("data"), OpenOptions::default()).unwrap();
        let store = Store::open(&data);
        let signer = Signer::from_seed("sum.corp.example", &SEED).unwrap();
        let own = DbName::new("sum.corp.example").unwrap();
        store.move_head(&own, None, head(&signer).into()).await.unwrap();
        let other = DbName::new(OTHER).unwrap();
        let tile = Key::Tile(other, "8/0/000.p/1".parse().unwrap());
        store.put_small(&tile, vec![0; 32].into()).await.unwrap();
    });
}

fn empty_head(signer: &Signer) -> String {
    signer.sign(&Head { size: 0, root: Hash::empty() }.to_string()).unwrap()
}

/// What is shown, without the time.
fn shown(printed: &Printed) -> String {
    let lines = printed.out.lines().map(|line| match line.split_once("seen ") {
        Some((before, _)) => format!("{before}seen TIME"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn databases_of_which_nothing_is_stored() {
    let machine = Machine::new();
    let printed = machine.sumdb(&["show"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_snapshot!(shown(&printed), @r"
    sum.golang.org
      key      sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8
      size     no head is stored yet
      stored   0 records, 0 tiles
    ");
    let machine = Machine::with_own();
    let printed = machine.sumdb(&["show"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_snapshot!(shown(&printed), @r"
    sum.corp.example (your own)
      key      sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
      size     no head is stored yet
      stored   0 records, 0 tiles
      clients  go env -w GOSUMDB='sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs http://127.0.0.1:4873'

    sum.golang.org
      key      sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8
      size     no head is stored yet
      stored   0 records, 0 tiles
    ");
    assert!(!machine.path("data").exists(), "looking makes nothing");
}

#[test]
fn databases_of_which_something_is_stored() {
    let machine = Machine::with_own();
    stored(&machine, empty_head);
    let printed = machine.sumdb(&["show"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_snapshot!(shown(&printed), @r"
    sum.corp.example (your own)
      key      sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs
      size     0 records
      root     47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
      seen TIME
      stored   0 records, 0 tiles
      clients  go env -w GOSUMDB='sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs http://127.0.0.1:4873'

    sum.golang.org
      key      sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8
      size     no head is stored yet
      stored   0 records, 0 tiles

    sum.other.example (not configured; nothing of it is checked)
      size     no head is stored yet
      stored   0 records, 1 tiles
    ");

    let printed = machine.sumdb(&["show", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    let own = &json["databases"][0];
    assert_eq!(
        (&own["name"], &own["own"], &own["head"]["size"]),
        (&"sum.corp.example".into(), &true.into(), &0.into())
    );
    assert!(own["head"]["stored"].as_str().is_some_and(|at| at.starts_with("20")), "{own}");
    assert!(own["gosumdb"].as_str().is_some_and(|spec| spec.ends_with(" http://127.0.0.1:4873")), "{own}");
    let other = &json["databases"][2];
    assert_eq!((&other["name"], &other["key"]), (&OTHER.into(), &serde_json::Value::Null));
    assert_eq!((&other["stored"]["tiles"], &other["gosumdb"]), (&1.into(), &serde_json::Value::Null));
}

#[test]
fn what_is_wrong_with_a_database_is_a_finding() {
    let machine = Machine::with_own();
    stored(&machine, |signer| empty_head(signer).replace("\n0\n", "\n1\n"));
    let printed = machine.sumdb(&["show"]);
    assert_eq!(printed.code, 1);
    assert!(
        printed.out.contains("  TROUBLE  the stored head does not count: wrong signature"),
        "{}",
        printed.out
    );

    let machine = Machine::with_own();
    stored(&machine, empty_head);
    let mark = machine.path("data").join(Key::Misbehaviour(DbName::new(OTHER).unwrap()).path());
    fs::create_dir_all(mark.parent().unwrap()).unwrap();
    fs::write(&mark, "it signed two histories\nnotes follow\n").unwrap();
    let printed = machine.sumdb(&["show"]);
    assert_eq!(printed.code, 1);
    let lines: Vec<_> = printed.out.lines().skip_while(|line| !line.contains("SECURITY")).collect();
    assert_snapshot!(lines.join("\n"), @r"
    SECURITY it is not used any more: it signed two histories
             the evidence is DIR/data/answers/sumdb/sum.other.example/@misbehaviour; it is used again when that file is gone
    ");
}

#[test]
fn a_log_is_begun_once() {
    let machine = Machine::with_own();
    let printed = machine.sumdb(&["init"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    assert_snapshot!(printed.out, @"sum.corp.example is begun: an empty log, signed. Its newest head is in DIR/sum.key.head too; never put an older one there.");
    assert!(machine.path("sum.key.head").exists());
    let again = machine.sumdb(&["init"]);
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    assert_snapshot!(again.out, @"sum.corp.example was begun before, and has 0 records");
    let json = machine.sumdb(&["init", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["begun"], &json["size"]), (&false.into(), &0.into()));
    let shown = machine.sumdb(&["show"]);
    assert!(shown.out.contains("  size     0 records\n"), "{}", shown.out);
}

#[test]
fn a_log_whose_store_is_lost_is_not_begun_anew() {
    let machine = Machine::with_own();
    assert_eq!(machine.sumdb(&["init"]).code, 0);
    let size = |machine: &Machine| fs::read_to_string(machine.path("sum.key.head")).unwrap();
    let newer = size(&machine).replace("\n0\n", "\n7\n");
    machine.write("sum.key.head", &newer, 0o600);
    let printed = machine.sumdb(&["init"]);
    assert_eq!((printed.code, printed.out.as_str()), (2, ""));
    assert!(printed.err.contains("DIR/sum.key.head"), "{}", printed.err);
}

#[test]
fn no_log_without_a_key() {
    let printed = Machine::new().sumdb(&["init"]);
    assert_eq!((printed.code, printed.out.as_str()), (2, ""));
    assert!(printed.err.contains("there is no own checksum database"), "{}", printed.err);
}

#[test]
fn the_lines_of_witnesses_are_kept_with_the_head() {
    let machine = Machine::with_own();
    machine.sumdb(&["init"]);
    let signer = Signer::from_seed("sum.corp.example", &SEED).unwrap();
    let witness = Signer::from_seed("witness.example", &[8; 32]).unwrap();
    let text = Head { size: 0, root: Hash::empty() }.to_string();
    let witnessed = witness.sign(&text).unwrap();
    let line = witnessed.strip_prefix(&format!("{text}\n")).unwrap();
    let note = signer.sign(&text).unwrap() + line;
    machine.write("note", &note, 0o644);
    let file = machine.path("note");
    let printed = machine.sumdb(&["cosign", file.to_str().unwrap()]);
    assert_eq!((printed.code, printed.err.as_str(), printed.out), (0, "", note));
    let shown = machine.sumdb(&["show", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert!(json["databases"][0]["head"]["note"].as_str().unwrap().ends_with(line), "{json}");

    let older = signer.sign(&text.replace("\n0\n", "\n1\n")).unwrap() + line;
    for (note, why) in
        [(older.as_str(), "not of the current head"), (&witnessed, "not signed by"), ("", "malformed")]
    {
        machine.write("note", note, 0o644);
        let printed = machine.sumdb(&["cosign", file.to_str().unwrap()]);
        assert_eq!((printed.code, printed.out.as_str()), (2, ""), "{note}");
        assert!(printed.err.contains(why), "{}", printed.err);
    }
    let printed = machine.sumdb(&["cosign", machine.path("none").to_str().unwrap()]);
    assert!(printed.err.contains("cannot read the note DIR/none"), "{}", printed.err);
}

#[test]
fn a_new_key_may_take_over_the_log_under_its_old_name() {
    let machine = Machine::with_own();
    machine.sumdb(&["init"]);
    let new = machine.path("new.key");
    let made = machine.sumdb(&["keygen", "sum.corp.example", "--out", new.to_str().unwrap()]);
    let text = |head: &str| format!("data = \"data\"\n[sumdb.own]\nkey = \"new.key\"\n{head}");
    machine.write("larder.toml", &text(""), 0o644);
    let alone = machine.sumdb(&["init"]);
    assert_eq!((alone.code, alone.out.as_str()), (2, ""), "without the old head it is somebody else's log");
    machine.write("larder.toml", &text("head = \"sum.key.head\"\n"), 0o644);
    let printed = machine.sumdb(&["init"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let shown = machine.sumdb(&["show"]);
    assert_eq!(shown.code, 0, "{}", shown.out);
    assert!(shown.out.contains(&format!("  key      {}", made.out)), "{}", shown.out);
}
