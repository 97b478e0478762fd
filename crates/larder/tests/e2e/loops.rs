//! A mirror that asks itself, at once or through others, notices it at the first round.

use std::time::{Duration, Instant};

use testkit::{Connection, Response, ScriptedUpstream, Serve, TestServer};

use crate::world::{larder, tree};

const INFO: &str = "/example.com/app/@v/v1.0.0.info";
const MOD: &str = "/example.com/app/@v/v1.0.0.mod";
const LIST: &str = "/example.com/app/@v/list";

/// A server on a port that is known before it has its upstream.
struct Place {
    serve: Serve,
    url: String,
}

impl Place {
    fn new() -> Self {
        let first = larder().serve("off").start();
        let (url, address) = (first.url(), first.address().to_string());
        Place { serve: first.kill().flag("--listen", address), url }
    }

    fn start(self, upstream: &str) -> TestServer {
        self.serve.flag("--upstream", upstream).start()
    }
}

/// The answer, which must be there at once.
fn soon(server: &TestServer, path: &str) -> Response {
    let began = Instant::now();
    let answer = server.get(path);
    assert!(began.elapsed() < Duration::from_secs(1), "{path}: {:?}", began.elapsed());
    answer
}

/// How many requests for a module came so far.
fn asked(server: &TestServer, kind: &str) -> u64 {
    let text = server.get("/metrics").text();
    let counts = text.lines().filter(|line| line.starts_with("larder_http_requests_total{"));
    let counts = counts.filter(|line| line.contains(&format!("kind=\"{kind}\"")));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn one_that_is_its_own_upstream_says_so() {
    let place = Place::new();
    let itself = place.url.clone();
    let server = place.start(&itself);
    for (path, kind) in [(INFO, "info"), (LIST, "list")] {
        let text = soon(&server, path).expect(508).text();
        assert!(text.contains("a loop of proxies: this mirror asks itself"), "{text}");
        assert_eq!(asked(&server, kind), 2, "the client, and it itself once");
    }
}

#[test]
fn two_that_ask_each_other_are_cut_at_the_first_round() {
    let (a, b) = (Place::new(), Place::new());
    let (to_a, to_b) = (a.url.clone(), b.url.clone());
    let (a, b) = (a.start(&to_b), b.start(&to_a));
    let text = soon(&a, INFO).expect(508).text();
    assert!(text.contains("508 Loop Detected"), "{text}");
    assert_eq!((asked(&a, "info"), asked(&b, "info")), (2, 1), "a, b, and a again");
}

#[test]
fn a_loop_is_a_failure_and_behind_a_pipe_the_next_source_is_asked() {
    let upstream = ScriptedUpstream::serving(tree());
    let (a, b) = (Place::new(), Place::new());
    let (to_b, from_b) = (b.url.clone(), format!("{}|{}", a.url, upstream.url()));
    let (a, b) = (a.start(&to_b), b.start(&from_b));
    soon(&a, INFO).expect(200);
    soon(&b, MOD).expect(200);
    let via = upstream.seen().iter().map(|seen| seen.header("via").unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(via.iter().map(|via| via.matches("1.1 larder-").count()).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn whoever_sends_the_name_of_an_instance_back_is_told_of_the_loop_even_for_what_is_stored() {
    let upstream = ScriptedUpstream::serving(tree());
    let server = larder().serve(&upstream.url()).start();
    server.get(INFO).expect(200);
    let via = upstream.seen().first().unwrap().header("via").unwrap().to_owned();
    let with = |via: &str| Connection::open(server.address()).request("GET", INFO, &[("Via", via)]).status;
    assert_eq!(with(&via), 508);
    assert_eq!(with(&format!("1.0 cache.example, {via} (x)")), 508);
    assert_eq!(with("1.1 larder-another"), 200);
    assert_eq!(upstream.asked("*"), 1);
}
