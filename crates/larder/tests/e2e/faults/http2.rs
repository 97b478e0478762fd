//! What goes wrong with TLS and within HTTP/2.

use testkit::{Break, INTERNAL_ERROR, REFUSED_STREAM, Reply};

use super::{
    row::{Row, rows},
    sides::{Plan, good, h2},
};

fn stream(after: Option<usize>) -> Break {
    Break::Stream(after, INTERNAL_ERROR)
}

pub(super) fn rows() -> Vec<Row> {
    let refused = || Break::Stream(None, REFUSED_STREAM);
    let goaway = Break::Connection;
    let to_http = || Plan::Tls(vec![Reply::redirect(302, "http://127.0.0.1:1/")]);
    rows! {
        Chain    "HTTP/2, no fault"            One   Small [h2([])] [good()] => Right, 1, 0, 5000;
        Retry    "RST_STREAM before the head"  One   Small [h2([stream(None)])] [good()] => Right, 2, 0, 5000;
        Retry    "RST_STREAM before the head"  Comma Small [h2([stream(None)])] [good()] => Right, 2, 0, 5000;
        Retry    "REFUSED_STREAM"              One   Small [h2([refused()])] [good()] => Right, 2, 0, 5000;
        Anew     "RST_STREAM in the middle"    One   Small [h2([stream(Some(20_000))])] [good()] => Right, 2, 0, 5000;
        Anew     "RST_STREAM in the middle"    Comma Small [h2([stream(Some(20_000))])] [good()] => Right, 2, 0, 5000;
        Anew     "RST_STREAM in the middle"    Pipe  Small [h2([stream(Some(20_000))])] [good()] => Right, 2, 0, 5000;
        Retry    "GOAWAY before the head"      One   Small [h2([goaway(None)])] [good()] => Right, 2, 0, 5000;
        Anew     "GOAWAY in the middle"        One   Small [h2([goaway(Some(20_000))])] [good()] => Right, 2, 0, 5000;
        Anew     "GOAWAY before the last byte" One   Small [h2([goaway(Some(40_000))])] [good()] => Right, 2, 0, 5000;
        Chain    "GOAWAY when all is said"     One   Small [h2([Break::Goodbye])] [good()] => Right, 1, 0, 5000;
        Chain    "a certificate of a stranger" One   Zip   [Plan::Stranger] [good()] => Fails(502), 0, 0, 5000;
        Chain    "a certificate of a stranger" Comma Zip   [Plan::Stranger] [good()] => Fails(502), 0, 0, 5000;
        Chain    "a certificate of a stranger" Pipe  Zip   [Plan::Stranger] [good()] => Right, 0, 1, 5000;
        Redirect "from https to http"          One   Mod   [to_http()] [good()] => Fails(502), 1, 0, 5000;
        Redirect "from https to http"          Pipe  Mod   [to_http()] [good()] => Right, 0..=2, 1, 5000;
    }
}
