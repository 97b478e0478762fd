//! What an operator sees of faults that clients do not notice: metrics, `/readyz`, `Retry-After`.

use std::collections::BTreeMap;

use testkit::{Gate, Larder, Module, ModuleTree, Reply, ScriptedUpstream, TestServer};

use crate::world::{configured, larder, tree};

const INFO: &str = "/example.com/app/@v/v1.0.0.info";
const MOD: &str = "/example.com/app/@v/v1.0.0.mod";
const LIST: &str = "/example.com/app/@v/list";
const NOISE: &str = "/example.com/noise/@v/v1.0.0.zip";

/// Sums of all metrics over their labels.
fn metrics(server: &TestServer) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for line in server.get("/metrics").expect(200).text().lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.split('{').next().unwrap();
        *sums.entry(name.to_owned()).or_default() += value.parse::<f64>().unwrap();
    }
    sums
}

/// A server in front of two sources with the same modules.
fn behind(a: &ScriptedUpstream, joined: &str, b: &ScriptedUpstream, config: &str) -> TestServer {
    let larder = larder();
    let file = larder.home().join("larder.toml");
    std::fs::write(&file, config).unwrap();
    larder.serve(&format!("{}{joined}{}", a.url(), b.url())).flag("--config", file).start()
}

fn noise() -> ModuleTree {
    let mut tree = ModuleTree::default();
    tree.add(Module::of_noise("example.com/noise", "v1.0.0", 1 << 20));
    tree
}

#[track_caller]
fn shows(server: &TestServer, want: &[(&str, f64)]) {
    let metrics = metrics(server);
    for (name, value) in want {
        assert_eq!(metrics.get(*name), Some(value), "{name} in {metrics:#?}");
    }
}

#[test]
fn a_further_try_is_counted() {
    let (upstream, server) = configured(tree(), "");
    upstream.script("*.info", [Reply::status(503)]);
    server.get(INFO).expect(200);
    shows(&server, &[("larder_upstream_retries_total", 1.0), ("larder_mirror_faults_absorbed_total", 1.0)]);
}

#[test]
fn a_body_that_goes_on_is_counted_and_the_bytes_that_were_saved() {
    let (upstream, server) = configured(noise(), "");
    upstream.script("*.zip", [Reply::natural().reset_after(600_000)]);
    server.get(NOISE).expect(200);
    let saved = metrics(&server)["larder_upstream_resume_saved_bytes_total"];
    assert!((500_000.0..=600_000.0).contains(&saved), "{saved}");
    shows(&server, &[("larder_upstream_resumes_total", 1.0), ("larder_mirror_faults_absorbed_total", 1.0)]);
}

#[test]
fn a_hedge_is_counted_with_its_winner() {
    let (a, b) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    let silent = Gate::new();
    a.always("*", Reply::natural().hold(&silent));
    let server = behind(&a, "|", &b, "");
    server.get(INFO).expect(200);
    silent.open();
    shows(
        &server,
        &[
            ("larder_mirror_hedges_total", 1.0),
            ("larder_mirror_hedges_won_total", 1.0),
            ("larder_mirror_hedges_lost_total", 0.0),
            ("larder_mirror_faults_absorbed_total", 1.0),
        ],
    );
}

#[test]
fn a_share_of_nothing_turns_hedging_off() {
    let (a, b) = (ScriptedUpstream::serving(tree()), ScriptedUpstream::serving(tree()));
    let gate = Gate::new();
    a.always("*", Reply::natural().hold(&gate));
    let config = "[hedge]\nshare = \"0 %\"\nafter = \"1ms\"\n[limits]\nfirst_byte = \"1s\"\n";
    let server = behind(&a, "|", &b, config);
    server.get(INFO).expect(200);
    gate.open();
    shows(&server, &[("larder_mirror_hedges_total", 0.0), ("larder_mirror_faults_absorbed_total", 1.0)]);
    assert_eq!(b.asked("*"), 1);
}

#[test]
fn a_source_that_is_left_alone_is_shown_by_name_and_the_server_is_ready_all_the_same() {
    let (mut upstream, server) = configured(tree(), "freshness = \"0s\"\nfreshness_behind = \"0s\"\n");
    server.get(LIST).expect(200);
    let name = upstream.address().to_string();
    assert_eq!(server.get("/readyz").expect(200).text(), "ready\n");
    upstream.take_down();
    for version in 0..5 {
        let path = format!("/example.com/none/@v/v1.0.{version}.info");
        let answer = server.get(&path).expect(503);
        let again: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=5).contains(&again), "{again}");
    }
    let ready = server.get("/readyz").expect(200).text();
    assert!(ready.starts_with("ready\n"), "{ready}");
    assert!(ready.contains(&format!("degraded: the source {name} is left alone for a while")), "{ready}");
    assert_eq!(server.get(LIST).expect(200).header("x-cache"), Some("STALE"));
    let shown = metrics(&server);
    assert!(shown["larder_upstream_trips_total"] >= 1.0, "{shown:#?}");
    assert!(shown["larder_upstream_breaker"] >= 1.0, "{shown:#?}");
    assert!(shown["larder_mirror_stale_answers_total"] >= 1.0, "{shown:#?}");
}

#[test]
fn a_source_that_failed_last_is_shown_before_it_is_left_alone_and_forgotten_when_it_is_well() {
    let (upstream, server) = configured(tree(), "[retry]\ntries = 1\n");
    upstream.script("*.info", [Reply::status(500)]);
    server.get(INFO).expect(502);
    let ready = server.get("/readyz").expect(200).text();
    assert!(ready.contains("failed when it was asked last (modules): status: 500"), "{ready}");
    server.get(MOD).expect(200);
    assert_eq!(server.get("/readyz").expect(200).text(), "ready\n");
}

#[test]
fn who_is_turned_away_is_counted_and_told_when_to_come_back() {
    let config = "[fetches]\ntotal = 1\nqueue = 0\n";
    let (upstream, server) = configured(tree(), config);
    let gate = Gate::new();
    upstream.always("*.info", Reply::natural().hold(&gate));
    let mut first = server.connect();
    first.ask("GET", INFO, &[]).unwrap();
    gate.wait_for(1);
    let answer = server.get(MOD).expect(503);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 2);
    shows(&server, &[("larder_mirror_overloaded_total", 1.0), ("larder_mirror_fetching", 1.0)]);
    gate.open();
    first.response("GET").unwrap().expect(200);
}

#[test]
fn every_mechanism_has_its_metric_from_the_start() {
    let (_upstream, server) = configured(tree(), "");
    server.get(INFO).expect(200);
    let text = server.get("/metrics").expect(200).text();
    for name in [
        "larder_http_requests",
        "larder_mirror_contradictions",
        "larder_mirror_faults_absorbed",
        "larder_mirror_fetching",
        "larder_mirror_hedges",
        "larder_mirror_hedges_lost",
        "larder_mirror_hedges_won",
        "larder_mirror_overloaded",
        "larder_mirror_refreshes_behind",
        "larder_mirror_revalidated_answers",
        "larder_mirror_rotten_files",
        "larder_mirror_stale_answers",
        "larder_mirror_withdrawn_upstream",
        "larder_storage_quarantined",
        "larder_storage_refused",
        "larder_storage_spill_bytes",
        "larder_storage_trouble",
        "larder_upstream_breaker",
        "larder_upstream_dns_bridged",
        "larder_upstream_dns_held_back",
        "larder_upstream_first_byte_seconds",
        "larder_upstream_received_bytes",
        "larder_upstream_requests",
        "larder_upstream_resume_saved_bytes",
        "larder_upstream_resumes",
        "larder_upstream_retries",
        "larder_upstream_trips",
        "larder_upstream_waits",
    ] {
        assert!(text.lines().any(|line| line.starts_with(&format!("# TYPE {name} "))), "{name} in {text}");
    }
}

/// The manual for operators.
fn manual() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/FAULTS.md")).unwrap()
}

#[test]
fn the_manual_names_metrics_and_settings_that_there_are_with_their_defaults() {
    let (_upstream, server) = configured(tree(), "");
    server.get(INFO).expect(200);
    let metrics = server.get("/metrics").expect(200).text();
    let shown =
        larder().unset(Larder::MIN_FREE).run(["config", "show", "--json", "--upstream", "off"]).ok().stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let settings: BTreeMap<&str, String> = shown["settings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["value"].to_string().trim_matches('"').to_owned()))
        .collect();
    let (mut named, mut set) = (0, 0);
    for row in manual().lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [_, _, setting, metric] = cells.as_slice() else { continue };
        let words: Vec<&str> = metric.split('`').skip(1).step_by(2).collect();
        for metric in words.iter().filter(|word| word.starts_with("larder_")) {
            let name = metric.split('{').next().unwrap().trim_end_matches("_total");
            assert!(metrics.contains(&format!("# TYPE {name} ")), "{metric}");
            named += 1;
        }
        let parts: Vec<&str> = setting.split('`').skip(1).collect();
        for pair in parts.chunks(2) {
            let (name, default) = (pair[0], pair.get(1).unwrap_or(&"").trim().trim_end_matches(','));
            if name.starts_with('[') {
                let table = name.trim_matches(|c| "[] ca".contains(c));
                let inside = settings.keys().any(|key| key.starts_with(&format!("{table}.")));
                assert!(inside || name == "[[source]] ca", "{name}");
            } else {
                let value = settings.get(name).unwrap_or_else(|| panic!("{name} is no setting"));
                assert!(default.is_empty() || default == value, "{name}: {default}, not {value}");
            }
            set += 1;
        }
    }
    assert!(named > 30 && set > 30, "{named} metrics, {set} settings");
}
