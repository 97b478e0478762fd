//! The own checksum database.

use insta::assert_snapshot;

use super::{Machine, value};

/// The private key of sum.corp.example: the seed is 32 times 7.
pub(super) const KEY: &str =
    "PRIVATE+KEY+sum.corp.example+70428cd9+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\n";

fn wrong(machine: Machine, text: &str) -> String {
    let err = machine.wrong(text);
    assert!(!err.contains("AQcHBwcH"), "{err}");
    err
}

fn with_key() -> Machine {
    Machine::with_upstream().secret("etc/sum.key", KEY)
}

#[test]
fn two_ways_to_write_the_public_one() {
    for text in ["sumdb = \"off\"\n", "[sumdb]\nuse = \"off\"\n", "sumdb = { use = \"off\" }\n"] {
        let shown = Machine::with_upstream().file("etc/larder.toml", text).show(&[]);
        assert_eq!(value(&shown, "sumdb"), ("off".to_owned(), "file"), "{text}");
    }
}

#[test]
fn the_own_one_has_a_key_and_beside_it_a_head() {
    let machine = with_key().file("etc/larder.toml", "[sumdb.own]\nkey = \"sum.key\"\n");
    let shown = machine.show(&[]);
    for (name, want, origin) in [
        ("sumdb", "sum.golang.org", "default"),
        ("sumdb.own.name", "sum.corp.example", "default"),
        ("sumdb.own.key", "DIR/etc/sum.key", "file"),
        ("sumdb.own.head", "DIR/etc/sum.key.head", "default"),
    ] {
        assert_eq!(value(&shown, name), (want.to_owned(), origin), "{name}");
    }
    let text = "[sumdb]\nuse = \"off\"\n[sumdb.own]\nname = \"sum.corp.example\"\nkey = \"sum.key\"\nhead = \"/var/h\"\n";
    let shown = with_key().file("etc/larder.toml", text).show(&[]);
    assert_eq!(value(&shown, "sumdb"), ("off".to_owned(), "file"));
    assert_eq!(value(&shown, "sumdb.own.name"), ("sum.corp.example".to_owned(), "file"));
    assert_eq!(value(&shown, "sumdb.own.head"), ("/var/h".to_owned(), "file"));
    assert_eq!(shown["warnings"], serde_json::json!([]));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    for mode in [0o640, 0o604, 0o660, 0o610, 0o677, 0o644] {
        let machine = with_key().mode("etc/sum.key", mode);
        let err = wrong(machine, "[sumdb.own]\nkey = \"sum.key\"\n");
        assert!(
            err.contains(&format!("(mode 0{mode:o})")) && err.contains("chmod 600 DIR/etc/sum.key"),
            "{err}"
        );
    }
    for mode in [0o600, 0o400, 0o700] {
        let machine = with_key().mode("etc/sum.key", mode);
        let machine = machine.file("etc/larder.toml", "[sumdb.own]\nkey = \"sum.key\"\n");
        assert_eq!(value(&machine.show(&[]), "sumdb.own.name").0, "sum.corp.example", "{mode:o}");
    }
    let machine = with_key().mode("etc/sum.key", 0o644);
    assert_snapshot!(wrong(machine, "[sumdb.own]\nkey = \"sum.key\"\n"), @r#"
     × sumdb.own.key: DIR/etc/sum.key is open to others (mode 0644), and who has the key can sign for you
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "sum.key"
      ·       ─────────
      ╰────
     help: chmod 600 DIR/etc/sum.key
    "#);
}

#[test]
fn a_key_that_is_none() {
    assert_snapshot!(wrong(with_key(), "[sumdb.own]\nname = \"x\"\n"), @r#"
     × sumdb.own: `key` is missing
      ╭─[DIR/etc/larder.toml:1:1]
    1 │ [sumdb.own]
      · ───────────
    2 │ name = "x"
      ╰────
     help: make one with `larder sumdb keygen NAME`, and set key = "FILE"
    "#);
    assert_snapshot!(wrong(with_key(), "[sumdb.own]\nkey = \"none.key\"\n"), @r#"
     × sumdb.own.key: DIR/etc/none.key cannot be read: No such file or directory (os error 2)
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "none.key"
      ·       ──────────
      ╰────
     help: `larder sumdb keygen NAME` makes a key file; a relative path begins where this file lies
    "#);
    assert_snapshot!(wrong(with_key(), "[sumdb.own]\nkey = \".\"\n"), @r#"
     × sumdb.own.key: DIR/etc/. is not a file
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "."
      ·       ───
      ╰────
     help: name the file with the private key
    "#);
    let altered = Machine::with_upstream().secret("etc/sum.key", &KEY.replace("BwcH\n", "BwcI\n"));
    assert_snapshot!(wrong(altered, "[sumdb.own]\nkey = \"sum.key\"\n"), @r#"
     × sumdb.own.key: DIR/etc/sum.key holds no private key of a checksum database
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "sum.key"
      ·       ─────────
      ╰────
     help: name the file that `larder sumdb keygen` wrote, unaltered
    "#);
    let inline = format!("[sumdb.own]\nkey = \"{}\"\n", KEY.trim_end());
    assert_snapshot!(wrong(with_key(), &inline), @r#"
     × sumdb.own.key: DIR/etc/PRIVATE+KEY+********************************************************************** cannot be read: No such file or directory (os error 2)
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "PRIVATE+KEY+**********************************************************************"
      ·       ────────────────────────────────────────────────────────────────────────────────────
      ╰────
     help: `larder sumdb keygen NAME` makes a key file; a relative path begins where this file lies
    "#);
}

#[test]
fn names_that_do_not_fit() {
    let own = "[sumdb.own]\nkey = \"sum.key\"\n";
    assert_snapshot!(wrong(with_key(), &format!("{own}name = \"sum.other.example\"\n")), @r#"
     × sumdb.own.name: "sum.other.example" is not the name in the key, which is "sum.corp.example"
      ╭─[DIR/etc/larder.toml:3:8]
    2 │ key = "sum.key"
    3 │ name = "sum.other.example"
      ·        ───────────────────
      ╰────
     help: take the line out, or make a key with this name: `larder sumdb keygen NAME`
    "#);
    let same = format!(
        "[sumdb]\nuse = \"sum.corp.example+70428cd9+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs\"\n{own}"
    );
    assert_snapshot!(wrong(with_key(), &same), @r#"
     × sumdb.own.key: its name is sum.corp.example, and so is that of the public database
      ╭─[DIR/etc/larder.toml:4:7]
    3 │ [sumdb.own]
    4 │ key = "sum.key"
      ·       ─────────
      ╰────
     help: make a key with another name: `larder sumdb keygen NAME`
    "#);
    let known = Machine::with_upstream().secret(
        "etc/sum.key",
        "PRIVATE+KEY+sum.golang.org+b348069d+AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH",
    );
    assert_snapshot!(wrong(known, own), @r#"
     × sumdb.own.key: the go command knows sum.golang.org with another key
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb.own]
    2 │ key = "sum.key"
      ·       ─────────
      ╰────
     help: take a name of your own, like sum.corp.example
    "#);
}

#[test]
fn the_shape_of_the_table() {
    assert_snapshot!(wrong(with_key(), "[sumdb]\nuse = 1\n"), @r"
     × invalid type: integer `1`, expected a string
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb]
    2 │ use = 1
      ·       ─
      ╰────
    ");
    assert_snapshot!(wrong(with_key(), "sumdb = 1\n"), @r"
     × invalid type: integer `1`, expected a string or a table
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = 1
      ·         ─
      ╰────
    ");
    assert_snapshot!(wrong(with_key(), "[sumdb]\nspec = \"off\"\n"), @r#"
     × unknown field `spec`, expected `use` or `own`
      ╭─[DIR/etc/larder.toml:2:1]
    1 │ [sumdb]
    2 │ spec = "off"
      · ────
      ╰────
     help: `larder config example` prints every setting
    "#);
    assert_snapshot!(wrong(with_key(), "[sumdb.own]\nkey = \"sum.key\"\nseed = \"x\"\n"), @r#"
     × unknown field `seed`, expected one of `name`, `key`, `head`
      ╭─[DIR/etc/larder.toml:3:1]
    2 │ key = "sum.key"
    3 │ seed = "x"
      · ────
      ╰────
     help: `larder config example` prints every setting
    "#);
    assert_snapshot!(wrong(with_key(), "[sumdb]\nuse = \"nonsense\"\n"), @r#"
     × sumdb: "nonsense" is neither a known checksum database nor a key of the form NAME+HASH+KEY
      ╭─[DIR/etc/larder.toml:2:7]
    1 │ [sumdb]
    2 │ use = "nonsense"
      ·       ──────────
      ╰────
     help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB
    "#);
}

#[test]
fn a_key_beside_the_modules_is_not_wise() {
    let machine = Machine::with_upstream().secret("var/sum.key", KEY);
    let text = "data = \"../var\"\n[sumdb.own]\nkey = \"../var/sum.key\"\n";
    let machine = machine.file("etc/larder.toml", text);
    let printed = machine.config(&["check", machine.path("etc/larder.toml").to_str().unwrap()]);
    assert_eq!(printed.code, 0);
    assert_snapshot!(printed.err, @r"
    warning: sumdb.own.key lies in the data directory: who gets a copy of that gets it too, and a backup that is older than the log goes unnoticed; keep it elsewhere
    warning: sumdb.own.head lies in the data directory: who gets a copy of that gets it too, and a backup that is older than the log goes unnoticed; keep it elsewhere
    ");
}
