//! Whose request it is: a module's or a checksum database's, or a page of the server itself.
//!
//! Modules are decided by looking at the path alone, before any router: a hit must not pay for one.

use gomod::{BadRequest, Request};
use http::HeaderMap;
use mirror::Reach;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A page of the server.
    Page,
    /// Something the mirror answers.
    Module(Request, Reach),
    /// A path that can name nothing.
    Nowhere(BadRequest),
}

/// Decides by path and headers. The query is ignored: `go` repeats the one of its GOPROXY in every request.
pub(crate) fn route(path: &str, headers: &HeaderMap) -> Route {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (path, reach) = match path.strip_prefix(CACHED_ONLY) {
        Some(rest) => (rest, Reach::Stored),
        None if stored_only(headers) => (path, Reach::Stored),
        None => (path, Reach::Anywhere),
    };
    let first = path.split('/').next().unwrap_or_default();
    // The first element of a module path has a dot. Some clients encode even that.
    if !first.contains(['.', '%']) && first != "sumdb" {
        return Route::Page;
    }
    match Request::parse(path) {
        Ok(request) => Route::Module(request, reach),
        Err(bad) => Route::Nowhere(bad),
    }
}

fn stored_only(headers: &HeaderMap) -> bool {
    headers.get("disable-module-fetch").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

const CACHED_ONLY: &str = "cached-only/";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &str) -> Route {
        route(path, &HeaderMap::new())
    }

    fn module(path: &str) -> (String, Reach) {
        match at(path) {
            Route::Module(request, reach) => (request.path(), reach),
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn trap_17_both_spellings_of_an_upper_case_letter_are_one_resource() {
        let canonical = ("github.com/!burnt!sushi/toml/@v/v1.4.0.zip".to_owned(), Reach::Anywhere);
        assert_eq!(module("/github.com/!burnt!sushi/toml/@v/v1.4.0.zip"), canonical);
        assert_eq!(module("/github.com/%21burnt%21sushi/toml/%40v/v1.4.0.zip"), canonical);
        assert_eq!(module("/%67ithub%2ecom/!burnt!sushi/toml/@v/v1.4.0.zip"), canonical);
    }

    #[test]
    fn trap_19_a_plus_is_a_plus() {
        for path in
            ["/example.com/a/@v/v2.0.0+incompatible.mod", "/example.com/a/@v/v2.0.0%2Bincompatible.mod"]
        {
            assert_eq!(module(path).0, "example.com/a/@v/v2.0.0+incompatible.mod");
        }
    }

    #[test]
    fn a_closed_world_is_asked_for_by_prefix_or_header() {
        let closed = ("example.com/a/@v/list".to_owned(), Reach::Stored);
        assert_eq!(module("/cached-only/example.com/a/@v/list"), closed);
        assert_eq!(module("/cached-only/sumdb/sum.golang.org/latest").1, Reach::Stored);
        for (value, reach) in [("true", Reach::Stored), ("True", Reach::Stored), ("false", Reach::Anywhere)] {
            let headers =
                HeaderMap::from_iter([("disable-module-fetch".parse().unwrap(), value.parse().unwrap())]);
            let Route::Module(_, got) = route("/example.com/a/@v/list", &headers) else { panic!() };
            assert_eq!(got, reach, "{value}");
        }
    }

    #[test]
    fn pages_and_modules_do_not_hide_each_other() {
        for path in
            ["/", "/healthz", "/metrics", "/api/v1/x", "/ui/", "/sumdbx", "*", "", "/cached-only/healthz"]
        {
            assert_eq!(at(path), Route::Page, "{path}");
        }
        assert_eq!(module("/sumdb/sum.golang.org/supported").0, "sumdb/sum.golang.org/supported");
        for path in
            ["/example.com/a", "/example.com/../etc/passwd", "/sumdb/x", "/example.com/A/@v/list", "/%zz"]
        {
            assert!(matches!(at(path), Route::Nowhere(_)), "{path}");
        }
    }
}
