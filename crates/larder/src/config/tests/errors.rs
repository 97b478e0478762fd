//! Every text that says what is wrong.

use insta::assert_snapshot;

use super::Machine;

#[test]
fn values() {
    let text = Machine::with_upstream().wrong(
        r#"
listen = "localhost"
data = "~/larder"
upstream = ","
sumdb = "sums.example.com"
min_free = "110 %"
patience = "10"
freshness = "-1s"
absence = "2h"
"#,
    );
    assert_snapshot!(text, @r#"
      × listen: "localhost" has no port
       ╭─[DIR/etc/larder.toml:2:10]
     1 │ 
     2 │ listen = "localhost"
       ·          ───────────
     3 │ data = "~/larder"
       ╰────
      help: write HOST:PORT, like 127.0.0.1:4873, 0.0.0.0:4873 for every address, or [::1]:4873

      × data: `~` is not replaced by the home directory here
       ╭─[DIR/etc/larder.toml:3:8]
     2 │ listen = "localhost"
     3 │ data = "~/larder"
       ·        ──────────
     4 │ upstream = ","
       ╰────
      help: write the whole path

      × upstream: "," has no entry
       ╭─[DIR/etc/larder.toml:4:12]
     3 │ data = "~/larder"
     4 │ upstream = ","
       ·            ───
     5 │ sumdb = "sums.example.com"
       ╰────
      help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY

      × sumdb: "sums.example.com" is neither a known checksum database nor a key of the form NAME+HASH+KEY
       ╭─[DIR/etc/larder.toml:5:9]
     4 │ upstream = ","
     5 │ sumdb = "sums.example.com"
       ·         ──────────────────
     6 │ min_free = "110 %"
       ╰────
      help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB

      × min_free: "110 %" is neither a percentage from 0 % to 99 % nor a number of bytes
       ╭─[DIR/etc/larder.toml:6:12]
     5 │ sumdb = "sums.example.com"
     6 │ min_free = "110 %"
       ·            ───────
     7 │ patience = "10"
       ╰────
      help: write a part of the disk, like 5 %, or an amount, like 10 GiB

      × patience: "10" is not a length of time
       ╭─[DIR/etc/larder.toml:7:12]
     6 │ min_free = "110 %"
     7 │ patience = "10"
       ·            ────
     8 │ freshness = "-1s"
       ╰────
      help: write a number and a unit, like 500ms, 10s, 2m or 1h

      × freshness: "-1s" is negative
       ╭─[DIR/etc/larder.toml:8:13]
     7 │ patience = "10"
     8 │ freshness = "-1s"
       ·             ─────
     9 │ absence = "2h"
       ╰────
      help: write a number and a unit, like 500ms, 10s, 2m or 1h

      × absence: "2h" is out of range
       ╭─[DIR/etc/larder.toml:9:11]
     8 │ freshness = "-1s"
     9 │ absence = "2h"
       ·           ────
       ╰────
      help: write a time from 0s to 1h

    8 problems
    "#);
}

#[test]
fn values_in_tables() {
    let text = Machine::with_upstream().wrong(
        r#"
[limits]
connect = "0s"

[clients]
connections = 0

[memory]
small = "32"

[log]
format = "xml"
access = "none"
"#,
    );
    assert_snapshot!(text, @r#"
      × limits.connect: "0s" is out of range
       ╭─[DIR/etc/larder.toml:3:11]
     2 │ [limits]
     3 │ connect = "0s"
       ·           ────
     4 │ 
       ╰────
      help: write a time from 1ms to 1h

      × clients.connections: 0 is out of range
       ╭─[DIR/etc/larder.toml:6:15]
     5 │ [clients]
     6 │ connections = 0
       ·               ─
     7 │ 
       ╰────
      help: write a number from 1 to 1000000

      × memory.small: "32" is not a number of bytes
        ╭─[DIR/etc/larder.toml:9:9]
      8 │ [memory]
      9 │ small = "32"
        ·         ────
     10 │ 
        ╰────
      help: write a whole number and a unit, like 512 KiB, 64 MiB or 2 GiB; 0 needs none

      × log.format: "xml" is not known
        ╭─[DIR/etc/larder.toml:12:10]
     11 │ [log]
     12 │ format = "xml"
        ·          ─────
     13 │ access = "none"
        ╰────
      help: write "text" or "json"

      × log.access: "none" is not known
        ╭─[DIR/etc/larder.toml:13:10]
     12 │ format = "xml"
     13 │ access = "none"
        ·          ──────
        ╰────
      help: write "misses" or "all"

    5 problems
    "#);
}

#[test]
fn chains() {
    let chain = |text: &str| Machine::with_upstream().wrong(&format!("upstream = \"{text}\"\n"));
    assert_snapshot!(chain("https://a.example,localhost"), @r#"
     × upstream: an entry of "https://a.example,localhost" is not a URL: missing scheme: it must begin with https://, http:// or file:///
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ upstream = "https://a.example,localhost"
      ·            ─────────────────────────────
      ╰────
     help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY
    "#);
    assert_snapshot!(chain("ftp://user:hunter2@a.example"), @r#"
     × upstream: an entry of "ftp://************@a.example" is not a URL: the scheme must be https, http or file
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ upstream = "ftp://************@a.example"
      ·            ──────────────────────────────
      ╰────
     help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY
    "#);
    assert_snapshot!(chain("https://a.example|http://user:hunter2@b.example"), @r#"
     × upstream: entry 2: refusing to pass credentials over http to b.example; use https, or take user and password out of the URL
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ upstream = "https://*****************************@b.example"
      ·            ─────────────────────────────────────────────────
      ╰────
    "#);
    assert_snapshot!(chain("https://a.example:x"), @r#"
     × upstream: an entry of "https://a.example:x" is not a URL: the port is not a number up to 65535
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ upstream = "https://a.example:x"
      ·            ─────────────────────
      ╰────
     help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY
    "#);
    assert_snapshot!(chain("file://server/srv"), @r#"
     × upstream: an entry of "file://server/srv" is not a URL: a file URL must be file:///PATH, without host, user, query or fragment
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ upstream = "file://server/srv"
      ·            ───────────────────
      ╰────
     help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY
    "#);
}

#[test]
fn databases() {
    let sumdb = |text: &str| Machine::with_upstream().wrong(&format!("sumdb = \"{text}\"\n"));
    assert_snapshot!(sumdb("https://a.example"), @r#"
     × sumdb: it begins with a URL
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = "https://a.example"
      ·         ───────────────────
      ╰────
     help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB
    "#);
    assert_snapshot!(sumdb("a b c"), @r#"
     × sumdb: it is neither one word nor two
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = "a b c"
      ·         ───────
      ╰────
     help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB
    "#);
    assert_snapshot!(sumdb("sum.example.com+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"), @r#"
     × sumdb: the key of the checksum database is damaged: its hash is e06a3811, not 00000000; copy it again
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = "sum.example.com+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
      ·         ───────────────────────────────────────────────────────────────────────
      ╰────
     help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB
    "#);
    assert_snapshot!(sumdb("sum.golang.org ftp://a.example"), @r#"
     × sumdb: the second word is not a URL: the scheme must be https, http or file
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = "sum.golang.org ftp://a.example"
      ·         ────────────────────────────────
      ╰────
     help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB
    "#);
    assert_snapshot!(sumdb("sum.golang.org http://user:hunter2@a.example"), @r#"
     × sumdb: refusing to pass credentials over http to a.example; use https, or take user and password out of the URL
      ╭─[DIR/etc/larder.toml:1:9]
    1 │ sumdb = "sum.golang.org http://************@a.example"
      ·         ──────────────────────────────────────────────
      ╰────
    "#);
}

#[test]
fn sources() {
    let text = Machine::with_upstream().file("etc/pem/x", "").wrong(
        r#"
[[source]]
ca = "none.pem"

[[source]]
url = "http://a.example"
host = "a.example"
ca = "pem"

[[source]]
url = "http://a.example"
client_key = "pem/x"

[[source]]
host = "*"

[[source]]
host = "a.example:x"
ca = "~/ca.pem"
"#,
    );
    assert_snapshot!(text, @r#"
      × source: it does not say which source it is about
       ╭─[DIR/etc/larder.toml:2:1]
     1 │ 
     2 │ [[source]]
       · ──────────
     3 │ ca = "none.pem"
       ╰────
      help: set url = "https://proxy.example.com" or host = "*.example.com"

      × source.ca: DIR/etc/none.pem cannot be read: No such file or directory (os error 2)
       ╭─[DIR/etc/larder.toml:3:6]
     2 │ [[source]]
     3 │ ca = "none.pem"
       ·      ──────────
     4 │ 
       ╰────
      help: name a readable PEM file; a relative path begins where this file lies

      × source: `url` and `host` are both set
       ╭─[DIR/etc/larder.toml:7:8]
     6 │ url = "http://a.example"
     7 │ host = "a.example"
       ·        ───────────
     8 │ ca = "pem"
       ╰────
      help: keep one of them

      × source.ca: DIR/etc/pem is not a file
       ╭─[DIR/etc/larder.toml:8:6]
     7 │ host = "a.example"
     8 │ ca = "pem"
       ·      ─────
     9 │ 
       ╰────

      × source.url: certificates need an https URL
        ╭─[DIR/etc/larder.toml:11:7]
     10 │ [[source]]
     11 │ url = "http://a.example"
        ·       ──────────────────
     12 │ client_key = "pem/x"
        ╰────

      × source.client_key: a key without its certificate
        ╭─[DIR/etc/larder.toml:12:14]
     11 │ url = "http://a.example"
     12 │ client_key = "pem/x"
        ·              ───────
     13 │ 
        ╰────
      help: set client_cert too

      × source: it sets nothing
        ╭─[DIR/etc/larder.toml:14:1]
     13 │ 
     14 │ [[source]]
        · ──────────
     15 │ host = "*"
        ╰────
      help: set ca, client_cert, or client_cert and client_key

      × source.host: "*" is not a host
        ╭─[DIR/etc/larder.toml:15:8]
     14 │ [[source]]
     15 │ host = "*"
        ·        ───
     16 │ 
        ╰────
      help: write a host like proxy.example.com, all below a domain like *.example.com, perhaps with :PORT

      × source.host: "a.example:x" has a port that is not a number from 0 to 65535
        ╭─[DIR/etc/larder.toml:18:8]
     17 │ [[source]]
     18 │ host = "a.example:x"
        ·        ─────────────
     19 │ ca = "~/ca.pem"
        ╰────
      help: write a host like proxy.example.com, all below a domain like *.example.com, perhaps with :PORT

      × source.ca: `~` is not replaced by the home directory here
        ╭─[DIR/etc/larder.toml:19:6]
     18 │ host = "a.example:x"
     19 │ ca = "~/ca.pem"
        ·      ──────────
        ╰────
      help: write the whole path

    10 problems
    "#);
}

#[test]
fn routes() {
    let text = Machine::with_upstream().wrong(
        r#"
[[route]]
chain = "direct"

[[route]]
modules = []
sumdb = "maybe"
fallback = "verified"
on_unverifiable = "serve-pending"
allow_private_hosts = ["git.corp.example", "https://git.corp.example"]
insecure = ["a b"]

[[route]]
modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
fallback = "sometimes"
on_unverifiable = "x"
allow_private_hosts = ["a.example:443"]
"#,
    );
    assert_snapshot!(text, @r#"
      × route: `modules` is missing
       ╭─[DIR/etc/larder.toml:2:1]
     1 │ 
     2 │ [[route]]
       · ─────────
     3 │ chain = "direct"
       ╰────
      help: set modules = ["corp.example/*"]

      × route.modules: the list is empty
       ╭─[DIR/etc/larder.toml:6:11]
     5 │ [[route]]
     6 │ modules = []
       ·           ──
     7 │ sumdb = "maybe"
       ╰────
      help: name the modules, like ["corp.example/*"]

      × route.sumdb: "maybe" is not known
       ╭─[DIR/etc/larder.toml:7:9]
     6 │ modules = []
     7 │ sumdb = "maybe"
       ·         ───────
     8 │ fallback = "verified"
       ╰────
      help: write "public", "ledger" or "off"

      × route.allow_private_hosts: "https://git.corp.example" is not a host
        ╭─[DIR/etc/larder.toml:10:23]
      9 │ on_unverifiable = "serve-pending"
     10 │ allow_private_hosts = ["git.corp.example", "https://git.corp.example"]
        ·                       ────────────────────────────────────────────────
     11 │ insecure = ["a b"]
        ╰────
      help: write its name or address alone, like "git.corp.example" or "10.0.0.7"

      × route.insecure: "a b" holds a space, which no module path has
        ╭─[DIR/etc/larder.toml:11:13]
     10 │ allow_private_hosts = ["git.corp.example", "https://git.corp.example"]
     11 │ insecure = ["a b"]
        ·             ─────
     12 │ 
        ╰────
      help: write one like "corp.example/*"

      × route.modules: "a.example, b.example" holds a comma: write one pattern per text
        ╭─[DIR/etc/larder.toml:14:12]
     13 │ [[route]]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
        ·            ──────────────────────
     15 │ fallback = "sometimes"
        ╰────
      help: write one like "corp.example/*"

      × route.modules: "c d" holds a space, which no module path has
        ╭─[DIR/etc/larder.toml:14:36]
     13 │ [[route]]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
        ·                                    ─────
     15 │ fallback = "sometimes"
        ╰────
      help: write one like "corp.example/*"

      × route.modules: "[" is malformed: a `[` needs its `]`, and a `\` something after it
        ╭─[DIR/etc/larder.toml:14:43]
     13 │ [[route]]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
        ·                                           ───
     15 │ fallback = "sometimes"
        ╰────
      help: write one like "corp.example/*"

      × route.modules: "" is empty
        ╭─[DIR/etc/larder.toml:14:48]
     13 │ [[route]]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
        ·                                                ──
     15 │ fallback = "sometimes"
        ╰────
      help: write one like "corp.example/*"

      × route.modules: "https://e.example" is a URL or holds a version: write the beginning of module paths alone
        ╭─[DIR/etc/larder.toml:14:52]
     13 │ [[route]]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
        ·                                                    ───────────────────
     15 │ fallback = "sometimes"
        ╰────
      help: write one like "corp.example/*"

      × route.fallback: "sometimes" is not known
        ╭─[DIR/etc/larder.toml:15:12]
     14 │ modules = ["a.example, b.example", "c d", "[", "", "https://e.example"]
     15 │ fallback = "sometimes"
        ·            ───────────
     16 │ on_unverifiable = "x"
        ╰────
      help: write "verified", "strict" or "any"

      × route.on_unverifiable: "x" is not known
        ╭─[DIR/etc/larder.toml:16:19]
     15 │ fallback = "sometimes"
     16 │ on_unverifiable = "x"
        ·                   ───
     17 │ allow_private_hosts = ["a.example:443"]
        ╰────
      help: write "hold" or "serve-pending"

      × route.allow_private_hosts: "a.example:443" is not a host
        ╭─[DIR/etc/larder.toml:17:23]
     16 │ on_unverifiable = "x"
     17 │ allow_private_hosts = ["a.example:443"]
        ·                       ─────────────────
        ╰────
      help: write its name or address alone, like "git.corp.example" or "10.0.0.7"

    13 problems
    "#);
}

#[test]
fn the_shape_of_the_file() {
    let wrong = |text: &str| Machine::with_upstream().wrong(text);
    assert_snapshot!(wrong("listne = \"127.0.0.1:0\"\n"), @r#"
     × unknown field `listne`, expected one of `listen`, `data`, `upstream`, `sumdb`, `offline`, `min_free`, `fallback`, `order`, `on_unverifiable`, `patience`, `freshness`, `freshness_behind`, `freshness_wait`, `absence`, `failure`, `limits`, `bodies`, `retry`, `breaker`, `hedge`, `fetches`, `clients`, `publish`, `memory`, `quarantine`, `log`, `direct`, `source`, `credential`, `route`
      ╭─[DIR/etc/larder.toml:1:1]
    1 │ listne = "127.0.0.1:0"
      · ──────
      ╰────
     help: `larder config example` prints every setting
    "#);
    assert_snapshot!(wrong("[limits]\nstal = \"1s\"\n"), @r#"
     × unknown field `stal`, expected one of `resolve`, `resolve_patience`, `resolve_memory`, `connect`, `tls`, `first_byte`, `stall`, `trickle`, `trickle_over`, `small`, `begin`
      ╭─[DIR/etc/larder.toml:2:1]
    1 │ [limits]
    2 │ stal = "1s"
      · ────
      ╰────
     help: `larder config example` prints every setting
    "#);
    assert_snapshot!(wrong("patience = 10\n"), @r"
     × invalid type: integer `10`, expected a string
      ╭─[DIR/etc/larder.toml:1:12]
    1 │ patience = 10
      ·            ──
      ╰────
    ");
    assert_snapshot!(wrong("offline = \"yes\"\n"), @r#"
     × invalid type: string "yes", expected a boolean
      ╭─[DIR/etc/larder.toml:1:11]
    1 │ offline = "yes"
      ·           ─────
      ╰────
    "#);
    assert_snapshot!(wrong("listen = \"127.0.0.1:0\nsumdb = \"off\"\n"), @r#"
     × invalid basic string, expected `"`
      ╭─[DIR/etc/larder.toml:1:22]
    1 │ listen = "127.0.0.1:0
      ·                      ▲
    2 │ sumdb = "off"
      ╰────
    "#);
    assert_snapshot!(wrong("[route]\nmodules = [\"x\"]\n"), @r#"
     × invalid type: map, expected a sequence
      ╭─[DIR/etc/larder.toml:1:1]
    1 │ [route]
      · ───────
    2 │ modules = ["x"]
      ╰────
     help: there may be several: write its name in two brackets, like [[route]]
    "#);
}

#[test]
fn the_file_itself() {
    let machine = Machine::with_upstream().file("binary", "x").file("huge", &"#".repeat(1 << 21));
    std::fs::write(machine.path("binary"), b"\xff").unwrap();
    let check = |name: &str| machine.config(&["check", machine.path(name).to_str().unwrap()]).err;
    assert_snapshot!(check("none.toml"), @r"
    × cannot read the configuration file DIR/none.toml: No such file or directory (os error 2)
    help: `larder config example` prints one with every setting
    ");
    assert_snapshot!(check("binary"), @r"
    × cannot read the configuration file DIR/binary: it is not UTF-8 text
    help: `larder config example` prints one with every setting
    ");
    assert_snapshot!(check("huge"), @r"
    × cannot read the configuration file DIR/huge: it is larger than 1 MiB
    help: `larder config example` prints one with every setting
    ");
    assert_snapshot!(check("go"), @r"
    × cannot read the configuration file DIR/go: Is a directory (os error 21)
    help: `larder config example` prints one with every setting
    ");
}

#[test]
fn flags_and_variables() {
    let machine = Machine::with_upstream().var("LARDER_OFFLINE", "maybe").var("LARDER_MIN_FREE", "lots");
    let printed = machine.config(&["check", "--listen=nowhere", "--upstream=,", "--sumdb=x", "--data=~/x"]);
    assert_eq!(printed.code, 2);
    assert_snapshot!(printed.err, @r#"
      × --listen: "nowhere" has no port
      help: write HOST:PORT, like 127.0.0.1:4873, 0.0.0.0:4873 for every address, or [::1]:4873

      × --data: `~` is not replaced by the home directory here
      help: write the whole path

      × LARDER_OFFLINE in the environment: "maybe" is neither yes nor no
      help: write 1 or true, 0 or false

      × LARDER_MIN_FREE in the environment: "lots" is neither a percentage from 0 % to 99 % nor a number of bytes
      help: write a part of the disk, like 5 %, or an amount, like 10 GiB

      × --upstream: "," has no entry
      help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY

      × --sumdb: "x" is neither a known checksum database nor a key of the form NAME+HASH+KEY
      help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB

    6 problems
    "#);
    let printed = machine.config(&["check", "--json", "--min-free=1%"]);
    assert_eq!((printed.code, printed.err.as_str()), (2, ""));
    assert_snapshot!(printed.out, @r#"
    {
      "errors": [
        {
          "help": "write 1 or true, 0 or false",
          "message": "LARDER_OFFLINE in the environment: \"maybe\" is neither yes nor no",
          "origin": {
            "kind": "environment",
            "name": "LARDER_OFFLINE"
          }
        }
      ],
      "ok": false,
      "warnings": []
    }
    "#);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text() {
    use std::os::unix::ffi::OsStringExt;
    let machine = Machine::with_upstream().var("LARDER_LISTEN", std::ffi::OsString::from_vec(vec![0xff]));
    assert_snapshot!(machine.config(&["check"]).err, @r"  × LARDER_LISTEN in the environment: it is not UTF-8 text");
}

#[test]
fn the_settings_of_go() {
    let check = |machine: Machine| machine.config(&["check"]).err;
    assert_snapshot!(check(Machine::new()), @r"
    × there is no upstream: it is not set, and GOPROXY is not set in the environment, nor in DIR/home/.config/go/env or DIR/go/go.env
    help: set --upstream https://proxy.example.com, LARDER_UPSTREAM, or `upstream` in the configuration file
    ");
    assert_snapshot!(check(Machine::new().file("go/go.env", "GOPROXY=,\nGOSUMDB=a.example\n")), @r#"
      × GOPROXY in DIR/go/go.env: "," has no entry
      help: write URLs joined by `,` or `|`, then perhaps `direct` or `off`, as in GOPROXY

      × GOSUMDB in DIR/go/go.env: "a.example" is neither a known checksum database nor a key of the form NAME+HASH+KEY
      help: write NAME or NAME+HASH+KEY, perhaps followed by a space and a URL, or `off`, as in GOSUMDB

    2 problems
    "#);
    let lost = Machine::new().without("HOME").without("GOROOT");
    assert_snapshot!(check(lost), @r"
      × there is no directory for the data: it is not set, and HOME is not either
      help: set --data DIR, LARDER_DATA, or `data` in the configuration file

      × there is no upstream: it is not set, and GOPROXY is not set in the environment
      help: set --upstream https://proxy.example.com, LARDER_UPSTREAM, or `upstream` in the configuration file

    2 problems
    ");
    assert_snapshot!(check(Machine::with_upstream().var("XDG_CACHE_HOME", "cache")), @r"
    × there is no directory for the data: it is not set, and XDG_CACHE_HOME is a relative path
    help: set --data DIR, LARDER_DATA, or `data` in the configuration file
    ");
}
