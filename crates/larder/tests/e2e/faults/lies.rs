//! Sources that answer 200 with something else than what was asked, and paths around what they dislike.

use testkit::{Act, At, Link, Module, Reply};

use super::{
    row::{Row, Story, rows},
    run::{modules, zip_len},
    sides::{always, good, links, once},
};

fn page() -> Reply {
    Reply::html()
}

fn empty() -> Reply {
    Reply::ok("")
}

fn body(text: &str) -> Reply {
    Reply::natural().edit({
        let text = text.to_owned();
        move |body| *body = text.clone().into()
    })
}

/// The zip of another module version.
fn another_zip() -> Reply {
    Reply::ok(modules().module("example.com/Upper", "v1.0.0").zip.clone())
}

/// One bit of the content is another one.
fn bit() -> Reply {
    Reply::natural().edit(|zip| {
        let middle = zip.len() / 2;
        zip[middle] ^= 1;
    })
}

/// A zip of the right name with another content.
fn forged() -> Reply {
    Reply::ok(Module::of_noise("example.com/m", "v1.0.0", 200_000).zip)
}

/// Right, but for 2 MiB of spaces.
fn large_info() -> Reply {
    let spaces = " ".repeat(2 << 20);
    body(&format!(r#"{{"Version":"v1.0.0",{spaces}"Time":"2024-01-02T03:04:05Z"}}"#))
}

fn short() -> Reply {
    Reply::natural().until_close().edit(|zip| zip.truncate(zip.len() / 2))
}

fn gzip() -> Reply {
    Reply::natural().header("Content-Encoding", "gzip")
}

pub(super) fn rows() -> Vec<Row> {
    let mid = zip_len() / 2;
    let mut rows = rows! {
        Lies     "a page"                                 One   List   [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 One   Latest [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 One   Query  [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 One   Info   [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 One   Mod    [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 One   Zip    [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 Comma Zip    [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 Comma List   [always(page())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "a page"                                 Pipe  List   [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "a page"                                 Pipe  Latest [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "a page"                                 Pipe  Query  [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "a page"                                 Pipe  Info   [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "a page"                                 Pipe  Mod    [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "a page"                                 Pipe  Zip    [always(page())] [good()] => Right, 1..=2, 1, 5000;
        Lies     "nothing"                                One   Info   [always(empty())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "nothing"                                Pipe  Info   [always(empty())] [good()] => Right, 1..=3, 1, 5000;
        Lies     "nothing"                                Pipe  Mod    [always(empty())] [good()] => Right, 1..=3, 1, 5000;
        Lies     "nothing"                                Pipe  Zip    [always(empty())] [good()] => Right, 1..=3, 1, 5000;
        Lies     "another version"                        One   Info   [always(body(r#"{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}"#))] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "another version"                        Comma Info   [always(body(r#"{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}"#))] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "another version"                        Pipe  Info   [always(body(r#"{"Version":"v1.0.1","Time":"2024-01-02T03:04:05Z"}"#))] [good()] => Right, 1..=3, 1, 5000;
        Lies     "no JSON"                                Pipe  Latest [always(body("v1.0.0"))] [good()] => Right, 1..=3, 1, 5000;
        ZipCheck "another module"                         One   Zip    [always(another_zip())] [good()] => Fails(502), 1..=3, 0, 5000;
        ZipCheck "another module"                         Pipe  Zip    [always(another_zip())] [good()] => Right, 1..=3, 1, 5000;
        ZipCheck "one bit"                                One   Zip    [always(bit())] [good()] => Fails(502), 1..=3, 0, 5000;
        ZipCheck "one bit"                                Comma Zip    [always(bit())] [good()] => Fails(502), 1..=3, 0, 5000;
        ZipCheck "one bit"                                Pipe  Zip    [always(bit())] [good()] => Right, 1..=3, 1, 5000;
        ZipCheck "one byte on the wire"                   Pipe  Zip    [links(Link::good().response(At::Byte(mid), Act::Corrupt))] [good()] => Right, 1..=3, 1, 5000;
        ZipCheck "half of it, length unknown"             One   Zip    [always(short())] [good()] => Fails(502), 1..=3, 0, 5000;
        ZipCheck "half of it, length unknown"             Pipe  Zip    [always(short())] [good()] => Right, 1..=3, 1, 5000;
        ZipCheck "a text"                                 Pipe  Zip    [always(body("not a zip"))] [good()] => Right, 1..=3, 1, 5000;
        Lies     "more than an .info may be"              One   Info   [always(large_info())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "more than an .info may be"              Comma Info   [always(large_info())] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "more than an .info may be"              Pipe  Info   [always(large_info())] [good()] => Right, 1..=3, 1, 5000;
        Size     "more than a .mod may be"                One   Mod    [good()] [good()] => Fails(502), 1..=3, 0, 5000, set("bodies.mod", "\"10 B\"");
        Size     "more than a list may be"                Pipe  List   [good()] [always(Reply::status(503))] => Fails(502), 1..=3, 1..=3, 5000, set("bodies.list", "\"3 B\"");
        Size     "more than a zip may be"                 One   Zip    [good()] [good()] => Fails(502), 1..=3, 0, 5000, set("bodies.zip", "\"100 KiB\"");
        Size     "more than a zip may be, length unknown" One   Zip    [always(Reply::natural().chunked())] [good()] => Fails(502), 1..=3, 0, 5000, set("bodies.zip", "\"100 KiB\"");
        Lies     "says 600 MiB"                           One   Zip    [always(Reply::natural().claim_length(600 << 20))] [good()] => Fails(502), 1..=3, 0, 5000;
        Lies     "says 600 MiB"                           Pipe  Zip    [always(Reply::natural().claim_length(600 << 20))] [good()] => Right, 1..=3, 1, 5000;
        Encoding "a zip said to be gzip"                  One   Zip    [always(gzip())] [good()] => Fails(502), 1..=3, 0, 5000;
        Encoding "a zip said to be gzip"                  Pipe  Zip    [always(gzip())] [good()] => Right, 1..=3, 1, 5000;
        Encoding "a .mod said to be gzip"                 Pipe  Mod    [always(gzip())] [good()] => Right, 1..=3, 1, 5000;
        Encoding "an unknown encoding"                    Pipe  Mod    [always(Reply::natural().header("Content-Encoding", "zstd"))] [good()] => Right, 1..=3, 1, 5000;
        Redirect "to a place without http"                One   Mod    [always(Reply::redirect(302, "ftp://example.com/"))] [good()] => Fails(502), 1..=3, 0, 5000;
        Redirect "to a place without http"                Pipe  Mod    [always(Reply::redirect(302, "ftp://example.com/"))] [good()] => Right, 1..=3, 1, 5000;
        Redirect "in a circle"                            One   Mod    [always(Reply::redirect(302, "/example.com/m/@v/v1.0.0.mod"))] [good()] => Fails(502), 2..=40, 0, 5000;
        Redirect "in a circle"                            Pipe  Mod    [always(Reply::redirect(301, "/example.com/m/@v/v1.0.0.mod"))] [good()] => Right, 2..=40, 1, 5000;
        Redirect "to nowhere"                             Pipe  Zip    [always(Reply::status(302))] [good()] => Right, 1..=3, 1, 5000;
        Redirect "once, to itself"                        One   Zip    [once(Reply::redirect(307, "/example.com/m/@v/v1.0.0.zip"))] [good()] => Right, 2, 0, 5000;
    };
    rows.extend(later());
    rows.extend(spelling());
    rows
}

/// Sources that change their mind about what was seen before.
fn later() -> Vec<Row> {
    let mut rows = rows! {
        Pin "another content, later" One   Zip [always(forged())] [good()] => Fails(502), 1..=3, 0, 5000, says("SECURITY");
        Pin "another content, later" Comma Zip [always(forged())] [good()] => Fails(502), 1..=3, 0, 5000, says("SECURITY");
        Pin "another content, later" Pipe  Zip [always(forged())] [good()] => Right, 1..=3, 1, 5000;
        Pin "another .mod, later"    One   Mod [always(body("module evil\n"))] [good()] => Fails(502), 1..=3, 0, 5000, says("SECURITY");
        Pin "another .mod, later"    Pipe  Mod [always(body("module evil\n"))] [good()] => Right, 1..=3, 1, 5000;
    };
    for row in &mut rows {
        let row_of_disk = row.clone().set("memory.small", "\"0 KiB\"").set("memory.zips", "\"0 KiB\"");
        *row = row_of_disk.story(Story::Evicted);
    }
    rows
}

/// A middlebox that dislikes `@` or `!` in a path.
fn spelling() -> Vec<Row> {
    rows! {
        Spelling "a page for @" One   List  [once(page())] [good()] => Right, 2, 0, 5000;
        Spelling "400 for @"    One   Mod   [once(Reply::status(400))] [good()] => Right, 2, 0, 5000;
        Spelling "403 for !"    One   Upper [once(Reply::status(403))] [good()] => Right, 2, 0, 5000;
        Spelling "a page for !" Comma Upper [once(page())] [good()] => Right, 2, 0, 5000;
    }
}
