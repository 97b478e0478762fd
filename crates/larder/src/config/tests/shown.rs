//! What `config show` and `config check` print when all is well.

use insta::assert_snapshot;

use super::Machine;

const FILE: &str = r#"
upstream = "https://robot:hunter2@proxy.corp.example/go?token=x|https://proxy.example.com,direct"
sumdb = "off"

[[source]]
host = "*.corp.example"
ca = "ca.pem"

[[source]]
url = "https://elsewhere.example.com"
ca = "ca.pem"

[[route]]
modules = ["git.corp.example/*", "corp.example"]
chain = "https://modules.corp.example|direct"
sumdb = "ledger"

[[route]]
modules = ["open.example/*"]
order = "fastest"
fallback = "any"

[[route]]
modules = ["closed.example"]
sumdb = "off"
fallback = "any"

[[route]]
modules = ["corp.example"]
chain = "direct"
sumdb = "ledger"
allow_private_hosts = true
insecure = ["corp.example/old"]
"#;

fn machine() -> Machine {
    let machine = Machine::new().file("etc/larder.toml", FILE).file("etc/ca.pem", "");
    let machine = machine.file("home/env", "GOPRIVATE=corp.example, other.example\n");
    let (config, env) = (machine.path("etc/larder.toml"), machine.path("home/env"));
    machine.var("LARDER_CONFIG", config).var("GOENV", env)
}

#[test]
fn text() {
    let printed = machine().config(&["show", "--offline"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    // The width of a column depends on the temporary directory's name.
    let lines = printed.out.lines().map(|line| line.split("  ").filter(|part| !part.is_empty()));
    let lines = lines.map(|parts| parts.map(str::trim).collect::<Vec<_>>().join("  "));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    listen  127.0.0.1:4873  default
    data  DIR/home/.cache/larder  default
    upstream  https://***@proxy.corp.example/go?token=***|https://proxy.example.com,direct  DIR/etc/larder.toml:2:12
    sumdb  off  DIR/etc/larder.toml:3:9
    offline  true  --offline
    min_free  5 %  default
    fallback  verified  default
    order  chain  default
    on_unverifiable  hold  default
    patience  1s  default
    freshness  1m  default
    freshness_behind  10m  default
    freshness_wait  300ms  default
    absence  15s  default
    failure  1s  default
    limits.resolve  3s  default
    limits.resolve_patience  300ms  default
    limits.resolve_memory  1h  default
    limits.connect  3s  default
    limits.tls  5s  default
    limits.first_byte  10s  default
    limits.stall  5s  default
    limits.trickle  4 KiB  default
    limits.trickle_over  20s  default
    limits.small  30s  default
    limits.begin  14s  default
    bodies.info  1 MiB  default
    bodies.mod  16 MiB  default
    bodies.list  32 MiB  default
    bodies.zip  500 MiB  default
    bodies.sumdb  1 MiB  default
    retry.tries  3  default
    retry.pause  50ms  default
    retry.resume_pause  250ms  default
    retry.resumes  1000  default
    retry.server_pause  2s  default
    retry.share  20 %  default
    retry.reserve  10  default
    retry.refill  5s  default
    breaker.failures  5  default
    breaker.rate  50 %  default
    breaker.least  20  default
    breaker.window  30s  default
    breaker.open  30s  default
    breaker.longest  5m  default
    breaker.probe_wait  1s  default
    hedge.after  500ms  default
    hedge.share  10 %  default
    hedge.burst  20  default
    fetches.total  256  default
    fetches.queue  1024  default
    fetches.wait  10s  default
    fetches.per_source  64  default
    fetches.queue_per_source  1024  default
    fetches.wait_per_source  10s  default
    fetches.ahead  16  default
    clients.connections  4096  default
    clients.head  10s  default
    clients.idle  1m 30s  default
    clients.stall  1m  default
    clients.grace  10s  default
    clients.trusted_proxies  none  default
    publish.at_once  8  default
    publish.time  10m  default
    memory.small  32 MiB  default
    memory.zips  64 MiB  default
    memory.staging  64 MiB  default
    quarantine.files  1000  default
    quarantine.size  1 GiB  default
    log.format  text  default
    log.access  misses  default
    direct.git  the one in PATH  default
    direct.size  20 GiB  default
    direct.repository  8 GiB  default
    direct.time  10m  default
    direct.at_once  16  default
    direct.allow_private_hosts  false  default
    direct.insecure  default
    private.no_proxy  corp.example, other.example  GOPRIVATE in DIR/home/env
    private.no_sumdb  corp.example, other.example  GOPRIVATE in DIR/home/env
    route 1  git.corp.example/*,corp.example: chain https://modules.corp.example|direct, sumdb ledger  DIR/etc/larder.toml:13:1
    route 2  open.example/*: chain as upstream, sumdb public, fallback any, order fastest  DIR/etc/larder.toml:18:1
    route 3  closed.example: chain as upstream, sumdb off, fallback any  DIR/etc/larder.toml:23:1
    route 4  corp.example: chain direct, sumdb ledger, allow_private_hosts true, insecure corp.example/old  DIR/etc/larder.toml:28:1
    source 1  *.corp.example: ca DIR/etc/ca.pem  DIR/etc/larder.toml:5:1
    source 2  https://elsewhere.example.com/: ca DIR/etc/ca.pem  DIR/etc/larder.toml:9:1
    warning: GOPRIVATE in DIR/home/env: " other.example" holds a space, which no module path has; it makes nothing private
    warning: DIR/etc/larder.toml:9:1: no https source of any chain matches https://elsewhere.example.com/
    warning: DIR/etc/larder.toml:13:1: corp.example is private by GOPRIVATE in DIR/home/env, which comes first: its chain is not asked; set GONOPROXY=none to use the route
    warning: DIR/etc/larder.toml:26:12: "any" has no effect: a route that the public checksum database does not vouch for is private, and always "strict"
    "#);
}

#[test]
fn json() {
    let mut shown = machine().show(&[]);
    let settings = shown["settings"].as_array_mut().unwrap();
    settings.retain(|row| ["data", "upstream"].contains(&row["name"].as_str().unwrap()));
    assert_snapshot!(format!("{shown:#}"), @r#"
    {
      "config": {
        "file": "DIR/etc/larder.toml",
        "origin": {
          "kind": "flag",
          "name": "--config"
        }
      },
      "credentials": [],
      "goauth": {
        "origin": {
          "kind": "default"
        },
        "value": "netrc"
      },
      "private": {
        "no_proxy": {
          "modules": [
            "corp.example",
            " other.example"
          ],
          "origin": {
            "file": "DIR/home/env",
            "kind": "go",
            "variable": "GOPRIVATE"
          }
        },
        "no_sumdb": {
          "modules": [
            "corp.example",
            " other.example"
          ],
          "origin": {
            "file": "DIR/home/env",
            "kind": "go",
            "variable": "GOPRIVATE"
          }
        }
      },
      "routes": [
        {
          "allow_private_hosts": null,
          "chain": "https://modules.corp.example|direct",
          "fallback": "strict",
          "insecure": null,
          "modules": [
            "git.corp.example/*",
            "corp.example"
          ],
          "on_unverifiable": "hold",
          "order": "chain",
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 13
          },
          "sumdb": "ledger"
        },
        {
          "allow_private_hosts": null,
          "chain": null,
          "fallback": "any",
          "insecure": null,
          "modules": [
            "open.example/*"
          ],
          "on_unverifiable": "hold",
          "order": "fastest",
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 18
          },
          "sumdb": "public"
        },
        {
          "allow_private_hosts": null,
          "chain": null,
          "fallback": "strict",
          "insecure": null,
          "modules": [
            "closed.example"
          ],
          "on_unverifiable": "hold",
          "order": "chain",
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 23
          },
          "sumdb": "off"
        },
        {
          "allow_private_hosts": "true",
          "chain": "direct",
          "fallback": "strict",
          "insecure": "corp.example/old",
          "modules": [
            "corp.example"
          ],
          "on_unverifiable": "hold",
          "order": "chain",
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 28
          },
          "sumdb": "ledger"
        }
      ],
      "settings": [
        {
          "name": "data",
          "origin": {
            "kind": "default"
          },
          "value": "DIR/home/.cache/larder"
        },
        {
          "name": "upstream",
          "origin": {
            "column": 12,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 2
          },
          "value": "https://***@proxy.corp.example/go?token=***|https://proxy.example.com,direct"
        }
      ],
      "sources": [
        {
          "ca": "DIR/etc/ca.pem",
          "client_cert": null,
          "client_key": null,
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 5
          },
          "which": "*.corp.example"
        },
        {
          "ca": "DIR/etc/ca.pem",
          "client_cert": null,
          "client_key": null,
          "origin": {
            "column": 1,
            "file": "DIR/etc/larder.toml",
            "kind": "file",
            "line": 9
          },
          "which": "https://elsewhere.example.com/"
        }
      ],
      "warnings": [
        "GOPRIVATE in DIR/home/env: \" other.example\" holds a space, which no module path has; it makes nothing private",
        "DIR/etc/larder.toml:9:1: no https source of any chain matches https://elsewhere.example.com/",
        "DIR/etc/larder.toml:13:1: corp.example is private by GOPRIVATE in DIR/home/env, which comes first: its chain is not asked; set GONOPROXY=none to use the route",
        "DIR/etc/larder.toml:26:12: \"any\" has no effect: a route that the public checksum database does not vouch for is private, and always \"strict\""
      ]
    }
    "#);
}

#[test]
fn a_good_file_is_ok_and_warnings_go_aside() {
    let printed = machine().config(&["check"]);
    assert_eq!((printed.code, printed.out.as_str()), (0, "ok\n"));
    assert_eq!(
        printed.err.lines().filter(|line| line.starts_with("warning: ")).count(),
        4,
        "{}",
        printed.err
    );
    let quiet = Machine::with_upstream().config(&["check"]);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("ok\n", ""));
    let json = Machine::with_upstream().config(&["check", "--json"]);
    assert_snapshot!(json.out, @r#"
    {
      "errors": [],
      "ok": true,
      "warnings": []
    }
    "#);
}
