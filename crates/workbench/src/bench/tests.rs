//! The forms of a comparison, from fixed numbers, and what is recommended.

use std::time::Duration;

use super::{advice::advise, comparison::rank, *};

fn ms(milliseconds: f64) -> Duration {
    Duration::from_secs_f64(milliseconds / 1e3)
}

fn quantiles(p50: f64, p95: f64, p99: f64) -> Quantiles {
    Quantiles { p50: ms(p50), p95: ms(p95), p99: ms(p99) }
}

fn series(asked: u32, good: u32, times: Option<Quantiles>) -> Series {
    Series { asked, good, times }
}

/// A proxy that works, so many times slower than the fastest.
fn works(url: &str, place: Place, slower: f64) -> Measured {
    let of = |p50: f64| Some(quantiles(p50 * slower, p50 * slower * 1.5, p50 * slower * 2.25));
    let level = |at_once, p50| Level {
        at_once,
        series: series(at_once, at_once, of(p50)),
        per_second: 2000.0 / slower,
    };
    let zips = |milliseconds: f64| Throughput {
        asked: 3,
        good: 3,
        bytes: 12_345_678,
        time: ms(milliseconds * slower),
    };
    Measured {
        url: url.to_owned(),
        named_by: "GOPROXY".to_owned(),
        place: Some(place),
        http2: place == Place::Public,
        relays: Some(place == Place::Loopback),
        sent: 428,
        connecting: Connecting { dns: of(1.2), tcp: of(8.0), tls: of(17.5), first_byte: of(36.0) },
        cold: series(12, 12, of(37.0)),
        warm: series(60, 60, of(9.0)),
        levels: vec![level(50, 20.0), level(100, 40.0), level(200, 80.0)],
        zip_cold: zips(900.0),
        zip_warm: zips(600.0),
        ..nothing(url)
    }
}

fn nothing(url: &str) -> Measured {
    Measured {
        url: url.to_owned(),
        named_by: "the command line".to_owned(),
        place: None,
        http2: false,
        relays: None,
        sent: 3,
        connecting: Connecting::default(),
        cold: Series::default(),
        warm: Series::default(),
        levels: Vec::new(),
        zip_cold: Throughput::default(),
        zip_warm: Throughput::default(),
        errors: [].into(),
        evidence: [].into(),
        absent: Vec::new(),
    }
}

fn failing(mut proxy: Measured, trouble: Trouble, count: u32, words: &str) -> Measured {
    proxy.warm.good = proxy.warm.good.saturating_sub(count);
    proxy.warm.asked = proxy.warm.asked.max(count);
    proxy.errors.insert(trouble, count);
    proxy.evidence.insert(trouble, words.to_owned());
    proxy
}

/// One of every sort, in no order.
fn comparison() -> Comparison {
    let unreliable = works("https://proxy.example.com/go", Place::Public, 1.5);
    let unreliable = failing(unreliable, Trouble::Status(503), 30, "503 Service Unavailable");
    let wrong = works("https://***@wrong.example.com", Place::Public, 1.0);
    let words = "example.com/a/@v/v1.0.0.mod: it has h1:aaa=, go.sum says h1:bbb=";
    let mut far = works("https://far.example.com", Place::Public, 4.0);
    far.absent.push("example.com/b/@v/v1.0.0.mod".to_owned());
    let mut proxies = vec![
        failing(nothing("https://dead.example.com"), Trouble::Connect, 3, "connection refused"),
        unreliable,
        far,
        failing(wrong, Trouble::Wrong, 2, words),
        works("http://127.0.0.1:4873", Place::Loopback, 0.1),
    ];
    rank(&mut proxies);
    Comparison {
        advice: advise(&proxies, Tail::Direct),
        proxies,
        modules: ["a", "b", "c", "d"].map(|name| format!("example.com/{name}@v1.0.0")).to_vec(),
        most: 500,
        notes: vec!["no <Larder> answers at 127.0.0.1:4874".to_owned()],
    }
}

#[test]
fn people_read_a_table() {
    let plain = comparison().text(Look { color: false, width: 100 });
    insta::assert_snapshot!("table", plain);
    assert!(plain.lines().all(|line| line.chars().count() <= 150 && line == line.trim_end()), "{plain}");
    let painted = comparison().text(Look { color: true, width: 100 });
    let mut bare = String::new();
    for (n, part) in painted.split('\u{1b}').enumerate() {
        bare.push_str(if n == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&bare), lines(&plain));
}

#[test]
fn programs_read_json() {
    let json = comparison().json();
    insta::assert_snapshot!("json", json);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Whatever it says is explained.
    let docs = include_str!("../../../../docs/BENCH.md");
    let mut keys = Vec::new();
    collect(&value, &mut keys);
    keys.retain(|key| !key.contains('-') && !["connect", "wrong"].contains(&key.as_str()));
    for key in keys {
        assert!(docs.contains(&format!("`{key}`")), "docs/BENCH.md does not say what {key} is");
    }
}

fn collect(value: &serde_json::Value, keys: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                keys.push(key.clone());
                collect(value, keys);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

#[test]
fn spreadsheets_read_csv() {
    let csv = comparison().csv();
    insta::assert_snapshot!("csv", csv);
    assert!(csv.lines().all(|line| line.split(',').count() == 13), "{csv}");
}

#[test]
fn the_picture_needs_nothing_from_elsewhere() {
    let html = comparison().html();
    insta::assert_snapshot!("html", html);
    for never in ["<script", "src=", "href=", "url(", "@import", "<Larder>"] {
        assert!(!html.contains(never), "{never}");
    }
    // Every element that is opened is closed.
    for element in ["svg", "text", "table", "tr", "td", "ul", "li", "h2", "p", "pre"] {
        let opened =
            html.matches(&format!("<{element}>")).count() + html.matches(&format!("<{element} ")).count();
        assert_eq!(opened, html.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn what_works_is_recommended_best_first() {
    let Comparison { proxies, advice, .. } = comparison();
    let order: Vec<_> = proxies.iter().map(Measured::standing).collect();
    assert_eq!(
        order,
        [Standing::Works, Standing::Works, Standing::Unreliable, Standing::Wrong, Standing::Fails]
    );
    assert_eq!(advice.goproxy.unwrap(), "http://127.0.0.1:4873|https://far.example.com,direct");
}

#[test]
fn a_proxy_of_this_place_stays_before_public_ones() {
    let near = works("https://proxy.corp.example", Place::Private, 9.0);
    let mut proxies = vec![near, works("https://fast.example.com", Place::Public, 1.0)];
    rank(&mut proxies);
    assert_eq!(proxies[0].url, "https://fast.example.com");
    let advice = advise(&proxies, Tail::Off);
    assert_eq!(advice.goproxy.unwrap(), "https://proxy.corp.example|https://fast.example.com,off");
    assert!(
        advice.reasons.iter().any(|reason| reason.contains("stays before public proxies")),
        "{:?}",
        advice.reasons
    );
}

#[test]
fn of_proxies_that_cost_the_same_one_that_passes_the_database_on_comes_first() {
    let of = |name: &str, slower: f64, relays| {
        let proxy = works(&format!("https://{name}.example.com"), Place::Public, slower);
        Measured { relays, ..proxy }
    };
    let order = |mut proxies: Vec<Measured>| {
        rank(&mut proxies);
        let names: Vec<_> =
            proxies.iter().map(|proxy| proxy.url.trim_end_matches(".example.com")[8..].to_owned()).collect();
        (names.join(" "), advise(&proxies, Tail::None))
    };
    let (names, advice) =
        order(vec![of("a", 1.0, Some(false)), of("b", 1.05, Some(true)), of("c", 1.2, Some(true))]);
    assert_eq!(names, "b a c");
    assert!(
        advice.reasons[0].contains("the first one passes the checksum database on"),
        "{:?}",
        advice.reasons
    );
    // A real difference counts more, and what nobody asked decides nothing.
    assert_eq!(order(vec![of("a", 1.0, Some(false)), of("b", 1.3, Some(true))]).0, "a b");
    assert_eq!(order(vec![of("b", 1.05, None), of("a", 1.0, None)]).0, "a b");
    let (_, advice) = order(vec![of("a", 1.0, Some(false))]);
    assert!(advice.reasons[1].contains("go asks it directly"), "{:?}", advice.reasons);
}

#[test]
fn where_nothing_works_well_the_best_of_it_is_named() {
    let often = failing(
        works("https://often.example.com", Place::Public, 5.0),
        Trouble::Timeout,
        10,
        "no answer within 10s",
    );
    let seldom = failing(
        works("https://seldom.example.com", Place::Public, 1.0),
        Trouble::Timeout,
        50,
        "no answer within 10s",
    );
    let mut proxies = vec![seldom, often];
    rank(&mut proxies);
    let advice = advise(&proxies, Tail::None);
    assert_eq!(advice.goproxy.unwrap(), "https://often.example.com|https://seldom.example.com");
    assert!(advice.reasons[0].starts_with("No proxy works well"), "{:?}", advice.reasons);
    let nobody = advise(
        &[failing(nothing("https://dead.example.com"), Trouble::Connect, 3, "connection refused")],
        Tail::Direct,
    );
    assert_eq!(nobody.goproxy, None);
}

#[test]
fn one_failure_in_a_hundred_is_no_finding() {
    let steady = works("https://proxy.example.com", Place::Public, 1.0);
    let one = failing(steady.clone(), Trouble::Reset, 1, "connection reset by the other side");
    assert_eq!(one.standing(), Standing::Works);
    assert_eq!(
        failing(steady, Trouble::Reset, 9, "connection reset by the other side").standing(),
        Standing::Unreliable
    );
}
