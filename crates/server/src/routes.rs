//! Whose request it is: a module's or a checksum database's, or a page of the server itself.
//!
//! Modules are decided by looking at the path alone, before any router: a hit must not pay for one.

use gomod::{BadRequest, DbName, Request};
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
///
/// `own` is the database that is at the root too: its paths are those below `/sumdb/NAME/`, and nothing else.
pub(crate) fn route(path: &str, headers: &HeaderMap, own: Option<&DbName>) -> Route {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (path, reach) = match path.strip_prefix(CACHED_ONLY) {
        Some(rest) => (rest, Reach::Stored),
        None if stored_only(headers) => (path, Reach::Stored),
        None => (path, Reach::Anywhere),
    };
    let first = path.split('/').next().unwrap_or_default();
    if let Some(own) = own
        && let Some(route) = at_root(path, first, own, reach)
    {
        return route;
    }
    // The first element of a module path has a dot. Some clients encode even that.
    if !first.contains(['.', '%']) && first != "sumdb" {
        return Route::Page;
    }
    match Request::parse(path) {
        Ok(request) => Route::Module(request, reach),
        Err(bad) => Route::Nowhere(bad),
    }
}

/// What a path is below the own database's URL; nothing for a path that has nothing to do with it.
fn at_root(path: &str, first: &str, own: &DbName, reach: Reach) -> Option<Route> {
    let plain = matches!(first, "lookup" | "tile" | "latest" | "supported");
    if !plain && !first.contains('%') {
        return None;
    }
    match Request::parse(&format!("sumdb/{own}/{path}")) {
        Ok(Request::Sumdb(name, resource)) if name == *own => {
            Some(Route::Module(Request::Sumdb(name, resource), reach))
        }
        Err(bad) if plain => Some(Route::Nowhere(bad)),
        _ => None,
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
        route(path, &HeaderMap::new(), None)
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
            let Route::Module(_, got) = route("/example.com/a/@v/list", &headers, None) else { panic!() };
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

    #[test]
    fn the_own_database_is_at_the_root_too() {
        let own = DbName::new("sum.example.com/db").unwrap();
        let at = |path: &str, headers: &HeaderMap| route(path, headers, Some(&own));
        for path in [
            "/lookup/example.com/!m@v1.0.0",
            "/lookup/example.com/%21m%40v1.0.0",
            "/%6cookup/example.com/!m@v1.0.0",
            "/tile/8/0/000",
            "/tile/8/data/x001/000.p/12",
            "/latest",
            "/supported",
            "/cached-only/latest",
        ] {
            let (root, reach) = match path.strip_prefix("/cached-only") {
                Some(root) => (root, Reach::Stored),
                None => (path, Reach::Anywhere),
            };
            let below = at(&format!("/sumdb/{own}{root}"), &HeaderMap::new());
            let Route::Module(what, Reach::Anywhere) = below else { panic!("{path}: {below:?}") };
            assert_eq!(at(path, &HeaderMap::new()), Route::Module(what, reach), "{path}");
            // Without such a database these are pages that are not there, or no module.
            assert!(!matches!(route(path, &HeaderMap::new(), None), Route::Module(..)), "{path}");
        }
        for path in
            ["/lookup", "/lookup/example.com/m", "/tile/8/0/0", "/latest/x", "/supported/", "/tile/../latest"]
        {
            assert!(matches!(at(path, &HeaderMap::new()), Route::Nowhere(_)), "{path}");
        }
        for path in ["/", "/healthz", "/lookups/x", "/api/v1/sumdb"] {
            assert_eq!(at(path, &HeaderMap::new()), Route::Page, "{path}");
        }
        for path in
            ["/example.com/lookup/@v/list", "/%65xample.com/lookup/@v/list", "/sumdb/sum.golang.org/latest"]
        {
            assert_eq!(at(path, &HeaderMap::new()), route(path, &HeaderMap::new(), None), "{path}");
        }
        let odd = at("/%65xample.com/lookup/example.com/m@v1.0.0", &HeaderMap::new());
        assert!(matches!(odd, Route::Nowhere(_)), "{odd:?}");
    }
}
