//! How much is asked at most.

use testkit::Reply;

use super::{MODULE, good, json};
use crate::world::larder;

#[test]
fn no_proxy_gets_more_than_500_requests_redirects_included() {
    let (upstream, elsewhere) = (good(), good());
    for kind in ["info", "mod", "zip"] {
        let path = format!("example.com/app/@v/v1.0.0.{kind}");
        upstream.always(&path, Reply::redirect(302, &format!("{}/{path}", elsewhere.url())));
    }
    let (ran, value) = json(&larder(), &["--module", MODULE, "--timeout", "2s", &upstream.url()]);
    let seen = upstream.seen().len() + elsewhere.seen().len();
    assert!((300..=500).contains(&seen), "{seen}");
    assert!(value["notes"].to_string().contains("not all numbers of requests at once"), "{ran}");
    assert_eq!(value["proxies"][0]["sent"], seen, "{ran}");
    assert_eq!(ran.code(), Some(0), "what was not asked is no failure: {ran}");
}

#[test]
fn a_polite_run_asks_for_all_it_promises_and_no_more() {
    let upstream = good();
    let (ran, value) = json(&larder(), &["--module", MODULE, &upstream.url()]);
    let sent = upstream.seen().len();
    assert!((400..=500).contains(&sent), "{sent}");
    assert_eq!(value["proxies"][0]["sent"], sent, "{ran}");
    upstream.forget();
    let (ran, value) = json(&larder(), &["--module", MODULE, "--requests", "30", &upstream.url()]);
    assert_eq!((upstream.seen().len(), &value["requests"]), (30, &30.into()), "{ran}");
    assert_eq!(ran.code(), Some(0), "what was not asked is no failure: {ran}");
    assert_eq!(value["proxies"][0]["at_once"].as_array().unwrap().len(), 0, "{ran}");
}

#[test]
fn an_own_proxy_gets_as_many_as_somebody_says() {
    let upstream = good();
    let (ran, value) =
        json(&larder(), &["--module", MODULE, "--i-own-this", "--requests", "1000", &upstream.url()]);
    let sent = upstream.seen().len();
    assert!((501..=1000).contains(&sent), "{sent}");
    assert_eq!(value["proxies"][0]["at_once"][2]["asked"], 400, "{ran}");
}
