//! Which value counts.

use super::{Machine, value};

/// A setting with a value for each place: flag, environment, file; and the default.
const LAYERED: [(&str, &str, &str, &str, &str, &str); 6] = [
    ("listen", "--listen=127.0.0.1:1", "127.0.0.1:2", "\"127.0.0.1:3\"", "127.0.0.1:4873", "127.0.0.1:1"),
    ("data", "--data=/by/flag", "/by/variable", "\"/by/file\"", "DIR/home/.cache/larder", "/by/flag"),
    (
        "upstream",
        "--upstream=a.example",
        "https://b.example",
        "\"https://c.example\"",
        "https://go.example",
        "https://a.example",
    ),
    (
        "sumdb",
        "--sumdb=off",
        "sum.golang.org https://b.example",
        "\"sum.golang.org https://c.example\"",
        "sum.golang.org",
        "off",
    ),
    ("offline", "--offline", "0", "true", "false", "true"),
    ("min_free", "--min-free=1%", "2 %", "\"3 %\"", "5 %", "1 %"),
];

/// A setting that only the file has: its default, another value as it is written, and as it is shown.
const IN_FILE: &[(&str, &str, &str, &str)] = &[
    ("patience", "1s", "\"250ms\"", "250ms"),
    ("freshness", "1m", "\"0s\"", "0s"),
    ("fallback", "verified", "\"any\"", "any"),
    ("order", "chain", "\"fastest\"", "fastest"),
    ("on_unverifiable", "hold", "\"serve-pending\"", "serve-pending"),
    ("freshness_behind", "10m", "\"0s\"", "0s"),
    ("freshness_wait", "300ms", "\"1s\"", "1s"),
    ("absence", "15s", "\"1 min\"", "1m"),
    ("failure", "1s", "\"0s\"", "0s"),
    ("limits.resolve", "3s", "\"1s\"", "1s"),
    ("limits.resolve_patience", "300ms", "\"1s\"", "1s"),
    ("limits.resolve_memory", "1h", "\"0s\"", "0s"),
    ("limits.connect", "3s", "\"1s\"", "1s"),
    ("limits.tls", "5s", "\"1s\"", "1s"),
    ("limits.first_byte", "10s", "\"1s\"", "1s"),
    ("limits.stall", "5s", "\"2m\"", "2m"),
    ("limits.trickle", "4 KiB", "\"0\"", "0 B"),
    ("limits.trickle_over", "20s", "\"1s\"", "1s"),
    ("limits.small", "30s", "\"1s\"", "1s"),
    ("limits.begin", "14s", "\"1s\"", "1s"),
    ("bodies.info", "1 MiB", "\"2 KiB\"", "2 KiB"),
    ("bodies.mod", "16 MiB", "\"2 KiB\"", "2 KiB"),
    ("bodies.list", "32 MiB", "\"2 KiB\"", "2 KiB"),
    ("bodies.zip", "500 MiB", "\"2 GiB\"", "2 GiB"),
    ("bodies.sumdb", "1 MiB", "\"2 KiB\"", "2 KiB"),
    ("retry.tries", "3", "1", "1"),
    ("retry.pause", "50ms", "\"1s\"", "1s"),
    ("retry.resume_pause", "250ms", "\"1s\"", "1s"),
    ("retry.resumes", "1000", "0", "0"),
    ("retry.server_pause", "2s", "\"0s\"", "0s"),
    ("retry.share", "20 %", "\"100 %\"", "100 %"),
    ("retry.reserve", "10", "0", "0"),
    ("retry.refill", "5s", "\"1s\"", "1s"),
    ("breaker.failures", "5", "50", "50"),
    ("breaker.rate", "50 %", "\"10%\"", "10 %"),
    ("breaker.least", "20", "2", "2"),
    ("breaker.window", "30s", "\"1s\"", "1s"),
    ("breaker.open", "30s", "\"1s\"", "1s"),
    ("breaker.longest", "5m", "\"1h\"", "1h"),
    ("breaker.probe_wait", "1s", "\"0s\"", "0s"),
    ("hedge.after", "500ms", "\"1s\"", "1s"),
    ("hedge.share", "10 %", "\"0%\"", "0 %"),
    ("hedge.burst", "20", "0", "0"),
    ("fetches.total", "256", "1", "1"),
    ("fetches.queue", "1024", "0", "0"),
    ("fetches.wait", "10s", "\"0s\"", "0s"),
    ("fetches.per_source", "64", "1", "1"),
    ("fetches.queue_per_source", "1024", "0", "0"),
    ("fetches.wait_per_source", "10s", "\"0s\"", "0s"),
    ("fetches.ahead", "16", "0", "0"),
    ("clients.connections", "4096", "10", "10"),
    ("clients.head", "10s", "\"1s\"", "1s"),
    ("clients.idle", "1m 30s", "\"1s\"", "1s"),
    ("clients.stall", "1m", "\"1s\"", "1s"),
    ("clients.grace", "10s", "\"0s\"", "0s"),
    ("clients.trusted_proxies", "none", "[\"10.0.0.0/8\", \"::1\"]", "10.0.0.0/8, ::1/128"),
    ("publish.at_once", "8", "1", "1"),
    ("publish.time", "10m", "\"1s\"", "1s"),
    ("memory.small", "32 MiB", "\"1 GiB\"", "1 GiB"),
    ("memory.zips", "64 MiB", "\"0\"", "0 B"),
    ("memory.staging", "64 MiB", "\"0\"", "0 B"),
    ("quarantine.files", "1000", "1", "1"),
    ("quarantine.size", "1 GiB", "\"1 MB\"", "1 MB"),
    ("log.format", "text", "\"json\"", "json"),
    ("log.access", "misses", "\"all\"", "all"),
    ("direct.git", "the one in PATH", "\"/opt/git\"", "/opt/git"),
    ("direct.size", "20 GiB", "\"1 GiB\"", "1 GiB"),
    ("direct.repository", "8 GiB", "\"100 MB\"", "100 MB"),
    ("direct.time", "10m", "\"1m\"", "1m"),
    ("direct.at_once", "16", "2", "2"),
    ("direct.allow_private_hosts", "false", "[\"a.example\", \"10.0.0.7\"]", "a.example,10.0.0.7"),
    ("direct.insecure", "", "[\"a.example/*\"]", "a.example/*"),
];

#[test]
fn flags_come_before_variables_and_those_before_the_file_and_that_before_defaults() {
    for (name, flag, variable, file, default, by_flag) in LAYERED {
        let variable_name: &'static str = match name {
            "listen" => "LARDER_LISTEN",
            "data" => "LARDER_DATA",
            "upstream" => "LARDER_UPSTREAM",
            "sumdb" => "LARDER_SUMDB",
            "offline" => "LARDER_OFFLINE",
            _ => "LARDER_MIN_FREE",
        };
        let by_variable = if variable == "0" { "false" } else { variable };
        let bare = Machine::with_upstream();
        let from_go = if name == "upstream" { "go" } else { "default" };
        assert_eq!(value(&bare.show(&[]), name), (default.to_owned(), from_go));
        let bare = bare.var(variable_name, "");
        assert_eq!(value(&bare.show(&[]), name), (default.to_owned(), from_go), "empty is not set");

        let machine = Machine::with_upstream().file("etc/larder.toml", &format!("{name} = {file}\n"));
        assert_eq!(value(&machine.show(&[]), name), (file.trim_matches('"').to_owned(), "file"));
        let machine = machine.var(variable_name, variable);
        assert_eq!(value(&machine.show(&[]), name), (by_variable.to_owned(), "environment"));
        assert_eq!(value(&machine.show(&[flag]), name), (by_flag.to_owned(), "flag"));
    }
}

#[test]
fn what_only_the_file_has_comes_before_its_default() {
    for &(key, default, written, shown) in IN_FILE {
        assert_eq!(value(&Machine::with_upstream().show(&[]), key), (default.to_owned(), "default"));
        let machine = Machine::with_upstream().file("etc/larder.toml", &format!("{key} = {written}\n"));
        assert_eq!(value(&machine.show(&[]), key), (shown.to_owned(), "file"));
    }
}

#[test]
fn every_setting_and_its_default_stand_in_a_table_here() {
    let shown = Machine::with_upstream().show(&[]);
    let mut names: Vec<_> =
        shown["settings"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let mut known: Vec<_> = LAYERED.iter().map(|row| row.0).chain(IN_FILE.iter().map(|row| row.0)).collect();
    names.sort_unstable();
    known.sort_unstable();
    assert_eq!(names, known);
}

#[test]
fn the_file_itself_is_named_by_flag_or_variable() {
    let machine =
        Machine::with_upstream().file("a.toml", "patience = \"2s\"").file("b.toml", "patience = \"3s\"");
    let a = machine.path("a.toml");
    let b = machine.path("b.toml").to_str().unwrap().to_owned();
    let machine = machine.var("LARDER_CONFIG", a);
    let shown = machine.show(&[]);
    assert_eq!(value(&shown, "patience").0, "2s");
    assert_eq!(shown["config"]["origin"]["kind"], "environment");
    assert_eq!(value(&machine.show(&["--config", &b]), "patience").0, "3s");
    assert_eq!(machine.config(&["check", &b]).code, 0);
}

#[test]
fn paths_in_the_file_begin_where_it_lies() {
    let machine = Machine::with_upstream().file("etc/larder.toml", "data = \"../var\"");
    assert_eq!(value(&machine.show(&[]), "data").0, "DIR/etc/../var");
    assert_eq!(value(&machine.show(&["--data=var"]), "data").0, "var");
}

#[test]
fn without_settings_of_its_own_larder_does_what_go_is_set_to() {
    let machine =
        |user: &str, installed: &str| Machine::new().file("home/env", user).file("go/go.env", installed);
    let installed = "GOPROXY=https://installed.example\nGOSUMDB=off\n";
    for (machine, upstream, sumdb) in [
        (machine("", installed), "https://installed.example", "off"),
        (machine("GOPROXY=https://user.example\n", installed), "https://user.example", "off"),
        (machine("GOSUMDB=sum.golang.org\n", installed), "https://installed.example", "sum.golang.org"),
        (
            machine("GOPROXY=https://user.example\n", installed).var("GOPROXY", "https://env.example|off"),
            "https://env.example|off",
            "off",
        ),
        (machine("", "GOPROXY=off\n"), "off", "sum.golang.org"),
    ] {
        let env = machine.path("home/env");
        let machine = machine.var("GOENV", env);
        let shown = machine.show(&[]);
        assert_eq!(value(&shown, "upstream"), (upstream.to_owned(), "go"));
        assert_eq!(value(&shown, "sumdb").0, sumdb);
        for own in [
            &["--upstream=https://own.example", "--sumdb=off"][..],
            &["--offline", "--upstream", "own.example"],
        ] {
            assert_eq!(value(&machine.show(own), "upstream"), ("https://own.example".to_owned(), "flag"));
        }
    }
}

#[test]
fn offline_needs_no_upstream() {
    assert_eq!(value(&Machine::new().show(&["--offline"]), "upstream"), ("off".to_owned(), "default"));
    assert_eq!(value(&Machine::with_upstream().show(&["--offline"]), "upstream").0, "https://go.example");
}

#[test]
fn offline_is_written_in_four_ways() {
    for (text, want) in [("1", "true"), ("true", "true"), ("0", "false"), ("false", "false")] {
        let machine = Machine::with_upstream().var("LARDER_OFFLINE", text);
        assert_eq!(value(&machine.show(&[]), "offline"), (want.to_owned(), "environment"));
        let flag = format!("--offline={text}");
        assert_eq!(value(&machine.show(&[&flag]), "offline"), (want.to_owned(), "flag"));
    }
}

#[test]
fn what_go_keeps_private_is_private_here() {
    let machine =
        Machine::with_upstream().var("GOPRIVATE", "corp.example,*.internal").var("GONOSUMDB", "none");
    let shown = machine.show(&[]);
    assert_eq!(shown["private"]["no_proxy"]["modules"], serde_json::json!(["corp.example", "*.internal"]));
    assert_eq!(shown["private"]["no_proxy"]["origin"]["variable"], "GOPRIVATE");
    assert_eq!(shown["private"]["no_sumdb"]["modules"], serde_json::json!(["none"]));
    assert_eq!(shown["private"]["no_sumdb"]["origin"]["variable"], "GONOSUMDB");
}
