//! What holds for every input.

use std::cmp::Ordering;

use gomod::{
    DbName, GoMod, GoSum, Info, ModulePath, ModuleVersion, Patterns, ProxyList, Request, Rev, SumdbPath,
    TileId, Version, VersionList, auto_quote, scan_module_line,
};
use proptest::prelude::*;
use proptest::sample::select;

fn module_path() -> impl Strategy<Value = ModulePath> {
    let host = "[a-z0-9][a-z0-9-]{0,6}\\.(test|example\\.com)";
    let element = "[A-Za-z0-9_~][A-Za-z0-9_.~-]{0,6}[A-Za-z_]";
    let major = prop_oneof![3 => Just(String::new()), 1 => (2..20_u32).prop_map(|n| format!("/v{n}"))];
    let plain = (host, prop::collection::vec(element, 0..4), major).prop_map(|(host, elements, major)| {
        let mut path = host;
        for element in elements {
            path.extend(["/", &element]);
        }
        path + &major
    });
    let gopkg = ("[A-Za-z]{1,5}", 0..5_u32, select(vec!["", "-unstable"]))
        .prop_map(|(name, major, unstable)| format!("gopkg.in/{name}.v{major}{unstable}"));
    prop_oneof![4 => plain, 1 => gopkg].prop_filter_map("not a path", |path| ModulePath::new(&path).ok())
}

/// Texts near semantic versions, valid or not.
fn version_text() -> impl Strategy<Value = String> {
    let prerelease = "(-(0|[1-9][0-9]?|[0-9]?[A-Za-z-]{1,2}|00)(\\.(0|1|10|9|a|B|-|rc)){0,2})?";
    let pseudo = "(-|-0\\.|-pre\\.0\\.)20240101(000000|99999)-[0-9a-f]{1,12}";
    let build = "(\\+incompatible|\\+meta)?";
    let regex = |regex: String| prop::string::string_regex(&regex).unwrap();
    prop_oneof![
        4 => regex(format!("v(0|1|2|3|10|01)\\.(0|1|9|10)\\.(0|1|9|10){prerelease}{build}")),
        1 => regex(format!("v(0|1|2)\\.(0|1)\\.(0|1){pseudo}{build}")),
        1 => "v?[0-9]{1,3}(\\.[0-9]{1,3}){0,3}[-+.]?[a-z0-9]{0,3}",
    ]
}

fn version() -> impl Strategy<Value = Version> {
    version_text().prop_filter_map("not a version", |text| Version::canonical(&text).ok())
}

fn module_version() -> impl Strategy<Value = ModuleVersion> {
    (module_path(), version()).prop_filter_map("does not fit", |(path, version)| {
        let major = path.major().trim_start_matches(['/', '.']).trim_end_matches("-unstable").to_owned();
        let rest = version
            .as_str()
            .split_once('.')
            .map(|(_, rest)| rest.trim_end_matches("+incompatible").to_owned())?;
        let version =
            if major.is_empty() { version } else { Version::new(&format!("{major}.{rest}")).ok()? };
        ModuleVersion::new(path, version).ok()
    })
}

fn rev() -> impl Strategy<Value = Rev> {
    "[A-Za-z0-9#$%&()+,.=@\\[\\]^_{}~ -]{1,12}".prop_filter_map("not a revision", |text| Rev::new(&text).ok())
}

fn tile() -> impl Strategy<Value = TileId> {
    let level = prop_oneof![Just(None), (0..8_u8).prop_map(Some)];
    let n = prop_oneof![0..3_u64, 990..1010_u64, 0..2_000_000_000_u64, any::<u64>()];
    let width = prop_oneof![Just(256), 1..=256_u16];
    (level, n, width).prop_filter_map("no such tile", |(level, n, width)| TileId::new(level, n, width).ok())
}

fn database() -> impl Strategy<Value = DbName> {
    "[a-z]{1,5}\\.(test|example\\.com:8080)(/[A-Za-z0-9_~-]{1,5}){0,2}"
        .prop_filter_map("not a name", |name| DbName::new(&name).ok())
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        module_path().prop_map(Request::List),
        module_path().prop_map(Request::Latest),
        (module_path(), rev())
            .prop_filter("is a version", |(module, rev)| {
                Version::new(rev.as_str()).is_ok_and(|v| !v.fits_major(module.major()))
                    || Version::new(rev.as_str()).is_err()
            })
            .prop_map(|(module, rev)| Request::Query(module, rev)),
        module_version().prop_map(Request::Info),
        module_version().prop_map(Request::Mod),
        module_version().prop_map(Request::Zip),
        (database(), sumdb_path()).prop_map(|(name, path)| Request::Sumdb(name, path)),
    ]
}

fn sumdb_path() -> impl Strategy<Value = SumdbPath> {
    prop_oneof![
        Just(SumdbPath::Supported),
        Just(SumdbPath::Latest),
        module_version().prop_map(SumdbPath::Lookup),
        tile().prop_map(SumdbPath::Tile),
    ]
}

/// Pieces of which texts with traps are made.
fn near(pieces: &'static [&'static str], longest: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![9 => select(pieces).prop_map(String::from), 1 => any::<char>().prop_map(String::from)],
        0..longest,
    )
    .prop_map(|pieces| pieces.concat())
}

const PATH_PIECES: &[&str] = &[
    "example.com",
    "/",
    "/@v/",
    "/@latest",
    "list",
    "v1.0.0",
    ".info",
    ".mod",
    ".zip",
    "!",
    "%21",
    "%",
    "%2F",
    "A",
    "a",
    "+incompatible",
    "sumdb/",
    "/lookup/",
    "/tile/",
    "8/0/",
    "x001/",
    "001",
    ".p/",
    "/supported",
    "/latest",
    "@",
    "..",
    "gopkg.in",
    ".v2",
    "/v2",
    "~1",
    "con",
    "\u{e9}",
];

const GO_MOD_PIECES: &[&str] = &[
    "module",
    "go",
    "require",
    "retract",
    "replace",
    "exclude",
    "tool",
    "ignore",
    "toolchain",
    " ",
    "\n",
    "\t",
    "\r\n",
    "(",
    ")",
    "[",
    "]",
    ",",
    "\"",
    "`",
    "'",
    "\\",
    "//",
    "/*",
    "=>",
    "./d",
    "a.b/c",
    "v1.0.0",
    "v2.0.0",
    "1.24",
    "indirect",
    "Deprecated: x",
    "\u{a0}",
    "\u{feff}",
    "// c\n",
    "(\n",
    ")\n",
];

const URL_PIECES: &[&str] = &[
    "https://", "http:", "ftp://", "file:///", "user:", "@", "a.test", "/", ":8080", "?", "#", "[::1]", "%40",
];

proptest! {
    #[test]
    fn escaping_is_undone(module in module_path(), version in version(), rev in rev()) {
        prop_assert_eq!(ModulePath::from_escaped(&module.escaped()).unwrap(), module.clone());
        prop_assert_eq!(Version::from_escaped(&version.escaped()).unwrap(), version.clone());
        prop_assert_eq!(Rev::from_escaped(&rev.escaped()).unwrap(), rev.clone());
        for escaped in [module.escaped(), version.escaped(), rev.escaped()] {
            prop_assert!(!escaped.bytes().any(|b| b.is_ascii_uppercase()), "{}", escaped);
        }
    }

    #[test]
    fn different_modules_stay_different_where_case_is_ignored(a in module_path(), b in module_path()) {
        prop_assert_eq!(a == b, a.escaped().eq_ignore_ascii_case(&b.escaped()));
    }

    #[test]
    fn a_request_is_read_back_from_its_path(request in request()) {
        let path = request.path();
        prop_assert_eq!(Request::parse(&path), Ok(request.clone()), "{}", path);
        let as_go_sends_it = path.replace('!', "%21");
        prop_assert_eq!(Request::parse(&as_go_sends_it), Ok(request));
    }

    #[test]
    fn any_path_is_a_request_with_one_spelling_or_an_error(path in near(PATH_PIECES, 12)) {
        match Request::parse(&path) {
            Ok(request) => prop_assert_eq!(Request::parse(&request.path()), Ok(request)),
            Err(error) => prop_assert!(error.to_string().len() < 600),
        }
    }

    #[test]
    fn a_tile_is_read_back_from_its_path(tile in tile(), text in near(&["8/", "0/", "x", "001", "/", ".p/", "5", "data"], 8)) {
        prop_assert_eq!(tile.to_string().parse::<TileId>(), Ok(tile));
        if let Ok(tile) = text.parse::<TileId>() {
            prop_assert_eq!(tile.to_string(), text);
        }
    }

    #[test]
    fn versions_are_ordered_by_semantic_precedence(a in version(), b in version(), c in version()) {
        prop_assert_eq!(a.cmp(&b), model(a.as_str(), b.as_str()), "{} and {}", a, b);
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn a_version_text_is_canonical_or_becomes_so(text in version_text()) {
        let canonical = Version::canonical(&text);
        prop_assert_eq!(canonical.is_ok(), Version::is_semver(&text));
        if let Ok(canonical) = canonical {
            prop_assert_eq!(Version::new(canonical.as_str()), Ok(canonical.clone()));
            prop_assert_eq!(Version::new(&text).is_ok(), canonical.as_str() == text);
        }
    }

    #[test]
    fn a_list_is_sorted_and_reading_it_changes_nothing(
        module in module_path(),
        versions in prop::collection::vec(version_text(), 0..12),
    ) {
        let list = VersionList::parse(&module, &versions.join("\n"));
        let text = String::from_utf8(list.to_bytes()).unwrap();
        prop_assert_eq!(VersionList::parse(&module, &text), list.clone());
        let listed: Vec<Version> = list.iter().collect();
        prop_assert!(listed.is_sorted_by(|a, b| a < b));
        prop_assert!(listed.iter().all(|v| v.fits_major(module.major()) && !v.is_pseudo()));
        prop_assert_eq!(VersionList::of(listed.into_iter().rev()), list);
    }

    #[test]
    fn a_list_of_proxies_is_read_back_from_its_display(
        urls in prop::collection::vec("(https|http)://[a-z]{1,5}\\.test(:[1-9][0-9]{1,3})?(/[a-z]{1,5}){0,2}", 1..5),
        separators in prop::collection::vec(select(vec![",", "|", " , ", "| ,"]), 5),
        end in select(vec!["", "direct", "off", "direct,https://x.test"]),
    ) {
        let pieces = urls.iter().zip(&separators).flat_map(|(url, separator)| [url.as_str(), separator]);
        let text = pieces.chain([end]).collect::<String>();
        let list: ProxyList = text.parse().unwrap();
        prop_assert_eq!(list.to_string().parse(), Ok(list));
    }

    #[test]
    fn no_list_of_proxies_shows_a_password(
        before in near(URL_PIECES, 4),
        separator in select(vec!["@", "?"]),
        behind in near(URL_PIECES, 4),
    ) {
        let text = match separator {
            "@" => format!("{before}hunter2@{behind},direct"),
            _ => format!("{before}?hunter2{behind},direct"),
        };
        let list = text.parse::<ProxyList>();
        let shown = list.as_ref().map_or_else(ToString::to_string, ToString::to_string);
        prop_assert!(!format!("{shown} {list:?}").contains("hunter2"), "{} as {}", text, shown);
    }

    #[test]
    fn a_go_sum_is_read_back_as_written(
        lines in prop::collection::vec((module_version(), any::<bool>(), "h[12]:[A-Za-z0-9+/]{4}="), 0..20),
    ) {
        let line = |(module, go_mod, hash): &(ModuleVersion, bool, String)| {
            let ending = if *go_mod { "/go.mod" } else { "" };
            format!("{} {}{ending} {hash}\n", module.path(), module.version())
        };
        let text: String = lines.iter().map(line).collect();
        let written = GoSum::parse(text.as_bytes()).unwrap().to_bytes();
        prop_assert_eq!(GoSum::parse(&written).unwrap().to_bytes(), written.clone());
        let mut expected: Vec<&str> = text.lines().collect();
        expected.sort_unstable();
        expected.dedup();
        let written = String::from_utf8(written).unwrap();
        let mut found: Vec<&str> = written.lines().collect();
        prop_assert!(GoSum::parse(text.as_bytes()).unwrap().lines().all(|line| line.module_version().is_some()));
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_quoted_word_is_one_word_of_a_go_mod(word in near(&["a", " ", "\"", "'", "`", "//", "/*", "(", ",", "\\", "\n", "\u{7f}", "é"], 6)) {
        // A parenthesis at the end of a line opens a block, for Go too.
        prop_assume!(word != "(");
        let line = format!("module {}\n", auto_quote(&word));
        let go_mod = GoMod::parse(line.as_bytes()).unwrap();
        prop_assert_eq!(go_mod.module().unwrap().path(), word.clone());
        if !word.contains("//") && !word.is_empty() {
            prop_assert_eq!(scan_module_line(line.as_bytes()), Some(word));
        }
    }

    #[test]
    fn requirements_are_read_back(
        lines in prop::collection::vec((module_version(), any::<bool>()), 0..8),
        block in any::<bool>(),
    ) {
        let line = |(module, indirect): &(ModuleVersion, bool)| {
            let comment = if *indirect { " // indirect" } else { "" };
            format!("{} {}{comment}\n", auto_quote(module.path().as_str()), module.version())
        };
        let text = if block {
            format!("require (\n{})\n", lines.iter().map(line).collect::<String>())
        } else {
            lines.iter().flat_map(|entry| ["require ".to_owned(), line(entry)]).collect()
        };
        let go_mod = GoMod::parse(text.as_bytes()).unwrap();
        let found: Vec<_> =
            go_mod.require().iter().map(|r| (r.module_version().unwrap(), r.is_indirect())).collect();
        prop_assert_eq!(found, lines);
    }

    #[test]
    fn nothing_makes_a_parser_panic(text in near(GO_MOD_PIECES, 20), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = (GoMod::parse(text.as_bytes()), GoMod::parse(&bytes), GoSum::parse(&bytes), Info::parse(&bytes));
        let _ = (scan_module_line(&bytes), Patterns::new(&text).matches("a.b/c"), text.parse::<ProxyList>());
        let _ = text.parse::<gomod::SumdbSpec>();
    }
}

/// Semantic precedence as its specification words it, written down a second time: numbers as numbers, the rest
/// as keys that sort by themselves.
fn model(a: &str, b: &str) -> Ordering {
    fn key(text: &str) -> (Vec<u128>, Vec<(u8, u128, String)>) {
        let text = text.trim_end_matches("+incompatible");
        let (numbers, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let numbers = numbers.trim_start_matches('v').split('.').map(|n| n.parse().unwrap()).collect();
        let identifier = |text: &str| match text.parse() {
            Ok(number) if !text.starts_with('+') => (1, number, String::new()),
            _ => (2, 0, text.to_owned()),
        };
        // A release is higher than all its pre-releases, a shorter list of identifiers lower than a longer one.
        let mut identifiers: Vec<_> = prerelease.split('.').map(identifier).collect();
        match prerelease {
            "" => identifiers = vec![(3, 0, String::new())],
            _ => identifiers.push((0, 0, String::new())),
        }
        (numbers, identifiers)
    }
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}
