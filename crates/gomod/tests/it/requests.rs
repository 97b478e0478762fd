//! URL paths and the requests they are.

use gomod::{BadRequest, ModulePath, ModuleVersion, Request, Rev, SumdbPath, TileId, Version};

fn parse(path: &str) -> Request {
    Request::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn version(path: &str, version: &str) -> ModuleVersion {
    ModuleVersion::new(ModulePath::new(path).unwrap(), Version::new(version).unwrap()).unwrap()
}

#[track_caller]
fn refused(path: &str, malformed: bool) -> BadRequest {
    let error = Request::parse(path).expect_err(path);
    assert_eq!(error.status_is_malformed(), malformed, "{path}: {error}");
    let text = error.to_string();
    assert!(text.len() < 400 && !text.contains('\n'), "{text}");
    assert!(malformed || text.starts_with("not found: ") || text.contains("tile"), "{text}");
    error
}

#[test]
fn one_of_each_kind() {
    let toml = version("github.com/BurntSushi/toml", "v1.4.0");
    let module = toml.path().clone();
    let cases = [
        ("github.com/!burnt!sushi/toml/@v/list", Request::List(module.clone())),
        ("github.com/!burnt!sushi/toml/@latest", Request::Latest(module.clone())),
        ("github.com/!burnt!sushi/toml/@v/v1.4.0.info", Request::Info(toml.clone())),
        ("github.com/!burnt!sushi/toml/@v/v1.4.0.mod", Request::Mod(toml.clone())),
        ("github.com/!burnt!sushi/toml/@v/v1.4.0.zip", Request::Zip(toml.clone())),
        (
            "github.com/!burnt!sushi/toml/@v/main.info",
            Request::Query(module.clone(), Rev::new("main").unwrap()),
        ),
        (
            "sumdb/sum.golang.org/lookup/github.com/!burnt!sushi/toml@v1.4.0",
            Request::Sumdb("sum.golang.org".parse().unwrap(), SumdbPath::Lookup(toml)),
        ),
        (
            "sumdb/sum.golang.org/supported",
            Request::Sumdb("sum.golang.org".parse().unwrap(), SumdbPath::Supported),
        ),
        ("sumdb/sum.golang.org/latest", Request::Sumdb("sum.golang.org".parse().unwrap(), SumdbPath::Latest)),
        (
            "sumdb/sum.golang.org/tile/8/0/x001/234.p/5",
            Request::Sumdb(
                "sum.golang.org".parse().unwrap(),
                SumdbPath::Tile(TileId::new(Some(0), 1234, 5).unwrap()),
            ),
        ),
    ];
    for (path, request) in cases {
        assert_eq!(parse(path), request);
        assert_eq!(request.path(), path);
        assert_eq!(request.module().is_some(), path.contains("toml"), "{path}");
    }
}

#[test]
fn trap_17_an_encoded_exclamation_mark_is_one() {
    for (encoded, plain) in [
        ("%21upper/%21case", "!upper/!case"),
        ("example.com/%21upper/@v/v1.0.0-%21r%21c1.info", "example.com/!upper/@v/v1.0.0-!r!c1.info"),
        (
            "sumdb/sum.golang.org/lookup/example.com/%21upper@v1.0.0-%21r%21c1",
            "sumdb/sum.golang.org/lookup/example.com/!upper@v1.0.0-!r!c1",
        ),
        ("example.com/m/%40v/list", "example.com/m/@v/list"),
        ("example.com/m/@v/v2.0.0%2Bincompatible.zip", "example.com/m/@v/v2.0.0+incompatible.zip"),
        ("example.com/m/@v/v2.0.0%2bincompatible.zip", "example.com/m/@v/v2.0.0+incompatible.zip"),
        ("%65xample.com/m/@latest", "example.com/m/@latest"),
    ] {
        assert_eq!(Request::parse(encoded), Request::parse(plain), "{encoded}");
    }
}

#[test]
fn trap_18_one_name_for_each_module() {
    for path in [
        "github.com/Azure/x/@v/list",
        "github.com/!!a/x/@v/list",
        "github.com/!1/x/@v/list",
        "github.com/a!/@v/list",
        "github.com/!Azure/@v/list",
        "github.com/ü/@v/list",
        "github.com/%C3%BC/@v/list",
        "github.com/azure/x/@v/v1.0.0-RC1.info",
        "github.com/azure/x/@v/v1.0.0-RC1.zip",
        "github.com/azure/x/@v/HEAD.info",
        "github.com/azure/x/@v/v1.0.0-rc!.mod",
    ] {
        refused(path, false);
    }
    refused("sumdb/sum.golang.org/lookup/github.com/Azure/x@v1.0.0", true);
}

#[test]
fn trap_19_a_plus_sign_is_no_space() {
    let request = parse("example.com/m/@v/v2.0.0+incompatible.info");
    assert_eq!(request, Request::Info(version("example.com/m", "v2.0.0+incompatible")));
    assert_eq!(request.path(), "example.com/m/@v/v2.0.0+incompatible.info");
}

#[test]
fn trap_20_capital_letters_in_versions() {
    let request = parse("example.com/m/@v/v1.0.0-!r!c1.info");
    assert_eq!(request, Request::Info(version("example.com/m", "v1.0.0-RC1")));
    let Request::Query(_, rev) = parse("example.com/m/@v/!h!e!a!d.info") else { panic!("no query") };
    assert_eq!(rev.as_str(), "HEAD");
}

#[test]
fn trap_21_a_branch_with_a_slash_cannot_be_asked_for() {
    refused("example.com/m/@v/feature/x.info", false);
    refused("example.com/m/@v/feature%2Fx.info", true);
    refused("example.com/m/@v/feature%2fx.info", true);
}

#[test]
fn trap_22_words_of_the_go_command_are_no_files() {
    for word in ["latest", "upgrade", "patch"] {
        refused(&format!("example.com/m/@v/{word}.info"), false);
    }
    for file in [
        "v1.0.0.ziphash",
        "v1.0.0.lock",
        "v1.0.0.partial",
        "v1.0.0",
        "",
        "list/",
        "list.info/x",
        ".info",
        "x.",
    ] {
        refused(&format!("example.com/m/@v/{file}"), false);
    }
}

#[test]
fn trap_23_invalid_module_paths_end_here() {
    for module in [
        "!ex.test/a",
        "nodot/a",
        "ex.test/a/v1",
        "ex.test/a~1",
        "ex.test/con",
        "ex.test/../a",
        "ex.test/./a",
        "ex.test//a",
        "ex.test/a%20b",
        "ex.test/a%00b",
        "ex.test/a%5Cb",
        "/ex.test/a",
        "",
        ".",
        "..",
    ] {
        refused(&format!("{module}/@v/list"), false);
        refused(&format!("{module}/@latest"), false);
        refused(&format!("{module}/@v/v1.0.0.zip"), false);
    }
}

#[test]
fn trap_36_what_does_not_fit_the_path_is_a_query() {
    for (path, rev) in [
        ("example.com/m/@v/v2.0.0.info", "v2.0.0"),
        ("example.com/m/v2/@v/v1.0.0.info", "v1.0.0"),
        ("example.com/m/@v/v1.2.3+meta.info", "v1.2.3+meta"),
        ("example.com/m/@v/v1.2.info", "v1.2"),
        ("example.com/m/@v/v01.2.3.info", "v01.2.3"),
        ("example.com/m/@v/abcdef123456.info", "abcdef123456"),
        ("gopkg.in/yaml.v3/@v/v2.4.0.info", "v2.4.0"),
    ] {
        let Request::Query(_, found) = parse(path) else { panic!("{path} is no query") };
        assert_eq!(found.as_str(), rev);
        assert_eq!(parse(path).path(), path);
        refused(&path.replace(".info", ".mod"), false);
        refused(&path.replace(".info", ".zip"), false);
    }
}

#[test]
fn versions_that_do_fit_are_none() {
    for path in [
        "example.com/m/v2/@v/v2.0.0.zip",
        "gopkg.in/yaml.v3/@v/v3.0.1.zip",
        "gopkg.in/check.v1/@v/v0.0.0-20161208181325-20d25e280405.zip",
        "golang.org/toolchain/@v/v0.0.1-go1.22.3.linux-amd64.zip",
        "example.com/m/@v/v0.0.0-20240101000000-abcdefabcdef.zip",
    ] {
        assert!(matches!(parse(path), Request::Zip(_)), "{path}");
        assert_eq!(parse(path).path(), path);
    }
}

#[test]
fn queries_are_encoded_where_a_url_needs_it() {
    for (path, rev) in [
        ("example.com/m/@v/a%25b.info", "a%b"),
        ("example.com/m/@v/a%20b.info", "a b"),
        ("example.com/m/@v/a%23%5B%5D%5E%7B%7D.info", "a#[]^{}"),
        ("example.com/m/@v/$&()+,=@~_-.x.info", "$&()+,=@~_-.x"),
    ] {
        let Request::Query(_, found) = parse(path) else { panic!("{path} is no query") };
        assert_eq!(found.as_str(), rev);
        assert_eq!(parse(path).path(), path);
    }
}

#[test]
fn percent_encoding_is_undone_once() {
    for path in
        ["example.com/m/@v/%", "example.com/m/@v/%2", "example.com/%zz/@v/list", "example.com/%+1/@v/list"]
    {
        refused(path, true);
    }
    refused("example.com/%2521a/@v/list", false);
    refused("example.com/m%2F@v/list", true);
    assert_eq!(refused("example.com/€%€/@v/list", true), BadRequest::Percent);
}

#[test]
fn trap_89_misspelled_tiles_are_malformed() {
    for tile in
        ["8/0/x000/001", "8/0/1", "8/0/001.p/0", "8/0/001.p/256", "8/0/001.p/05", "8/0", "8/0/", "", "x"]
    {
        refused(&format!("sumdb/sum.golang.org/tile/{tile}"), true);
    }
    for tile in ["7/0/000", "8/9/000", "8/300/000", "8/7/001", "8/0/x999/x999/x999/x999/x999/x999/999"] {
        // Either a tile of no possible tree, or a number beyond all limits.
        assert!(Request::parse(&format!("sumdb/sum.golang.org/tile/{tile}")).is_err());
    }
    let Request::Sumdb(_, SumdbPath::Tile(tile)) = parse("sumdb/sum.golang.org/tile/8/0/x001/x234/067")
    else {
        panic!("no tile")
    };
    assert_eq!((tile.n(), tile.width(), tile.is_full()), (1_234_067, 256, true));
    let partial = TileId::new(Some(0), 1_234_067, 7).unwrap();
    assert_eq!((partial.full(), partial.is_full()), (tile, false));
    assert!(TileId::new(Some(0), 0, 0).is_err());
    assert!(TileId::new(Some(0), 0, 257).is_err());
    assert!(TileId::new(None, u64::MAX, 1).is_err());
    assert!(TileId::new(Some(255), 0, 1).is_err());
}

#[test]
fn trap_91_a_database_name_may_hold_slashes() {
    for (path, name) in [
        ("sumdb/example.com/db/supported", "example.com/db"),
        ("sumdb/example.com/a/b/c/latest", "example.com/a/b/c"),
        ("sumdb/localhost:8080/tile/8/data/000", "localhost:8080"),
        // The module's path may hold the same words.
        ("sumdb/example.com/db/lookup/example.com/tile/lookup@v1.0.0", "example.com/db"),
    ] {
        let Request::Sumdb(found, _) = parse(path) else { panic!("{path}") };
        assert_eq!(found.as_str(), name);
        assert_eq!(parse(path).path(), path);
    }
    for path in [
        "sumdb/",
        "sumdb/sum.golang.org",
        "sumdb/sum.golang.org/",
        "sumdb/sum.golang.org/other",
        "sumdb/sum.golang.org/supported/",
        "sumdb/sum.golang.org/latest/x",
        "sumdb/sum.golang.org/lookup",
        "sumdb/sum.golang.org/tile",
        "sumdb//latest",
        "sumdb/../latest",
        "sumdb/example.com/../latest",
        "sumdb/example.com//latest",
        "sumdb/user@example.com/latest",
        "sumdb/example.com%3Fx/latest",
        "sumdb/ex%20ample.com/latest",
    ] {
        refused(path, false);
    }
}

#[test]
fn lookups_have_a_syntax_of_their_own() {
    for asked in [
        "",
        "@",
        "example.com/m",
        "example.com/m@",
        "example.com/m@master",
        "example.com/m@v1.0",
        "m@v1.0.0@v1",
    ] {
        refused(&format!("sumdb/sum.golang.org/lookup/{asked}"), true);
    }
    for asked in ["@v1.0.0", "nodot/m@v1.0.0", "example.com/m@v2.0.0", "example.com/m/v2@v1.0.0"] {
        refused(&format!("sumdb/sum.golang.org/lookup/{asked}"), false);
    }
}

#[test]
fn other_paths_are_no_requests() {
    for path in [
        "",
        "/",
        "favicon.ico",
        "example.com/m",
        "example.com/m/@v",
        "example.com/m/@latest/",
        "@latest",
        "@v/list",
    ] {
        refused(path, false);
    }
}

#[test]
fn lengths_are_bounded() {
    let version = "0".repeat(Request::LONGEST_VERSION);
    for path in [
        "a".repeat(Request::LONGEST_PATH + 1),
        format!("example.com/{}/@v/list", "a".repeat(Request::LONGEST_ELEMENT + 1)),
        format!("example.com/m/@v/1{version}.info"),
        format!("sumdb/sum.golang.org/lookup/example.com/m@v1.0.1{version}"),
    ] {
        assert!(matches!(refused(&path, true), BadRequest::TooLong { .. }));
    }
    let elements = "/aaaaaaaaa".repeat(400);
    assert!(Request::parse(&format!("example.com{elements}/@v/list")).is_ok());
}
