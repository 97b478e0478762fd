//! Lists of patterns, of sources and of versions, and which checksum database is meant.

use gomod::{
    ModulePath, Patterns, ProxyList, ProxyListError, ProxyTarget, Separator, SourceUrlFault, SumdbSpec,
    SumdbSpecError, Version, VersionList,
};

fn matches(list: &str, path: &str) -> bool {
    Patterns::new(list).matches(path)
}

#[test]
fn trap_99_patterns_are_prefixes_of_elements() {
    for (list, path, expected) in [
        ("example.com", "example.com/a/b", true),
        ("example.com", "example.com", true),
        ("example.com", "example.com.evil/a", false),
        ("*.corp.example.com", "corp.example.com/x", false),
        ("*.corp.example.com", "git.corp.example.com/x", true),
        ("github.com/org/*", "github.com/org/repo/sub", true),
        ("github.com/org/*", "github.com/org", false),
        ("github.com/org/", "github.com/org/r", true),
        ("github.com/org//", "github.com/org/r", false),
        ("a.test, b.test", "b.test/x", false),
        ("a.test, b.test", "a.test/x", true),
        (" a.test", "a.test/x", false),
        ("a.test,b.test", "b.test/x", true),
        (",,a.test,", "a.test", true),
        ("GitHub.com/org", "github.com/org/r", false),
        ("[", "[", false),
        ("[,a.test", "a.test", true),
        ("none", "example.com/x", false),
        ("*", "example.com/x", true),
        ("", "example.com/x", false),
        ("/", "example.com/x", false),
    ] {
        assert_eq!(matches(list, path), expected, "{list:?} and {path}");
    }
}

/// Answered by Go's `path.Match`.
#[test]
fn patterns_are_those_of_path_match() {
    for (pattern, path, expected) in [
        ("abc", "abc", true),
        ("*", "abc", true),
        ("*c", "abc", true),
        ("a*", "a", true),
        ("a*", "abc", true),
        ("a*b*c*d*e*", "axbxcxdxe", true),
        ("a*b*c*d*e*", "axbxcxdxexxx", true),
        ("a*b?c*x", "abxbbxdbxebxczzx", true),
        ("a*b?c*x", "abxbbxdbxebxczzy", false),
        ("ab[c]", "abc", true),
        ("ab[b-d]", "abc", true),
        ("ab[e-g]", "abc", false),
        ("ab[^c]", "abc", false),
        ("ab[^b-d]", "abc", false),
        ("ab[^e-g]", "abc", true),
        ("a\\*b", "a*b", true),
        ("a\\*b", "ab", false),
        ("a?b", "a☺b", true),
        ("a[^a]b", "a☺b", true),
        ("a???b", "a☺b", false),
        ("[a-ζ]*", "α", true),
        ("*[a-ζ]", "A", false),
        ("[\\]a]", "]", true),
        ("[\\-]", "-", true),
        ("[x\\-]", "x", true),
        ("[x\\-]", "z", false),
        ("[]a]", "]", false),
        ("[-]", "-", false),
        ("[x-]", "x", false),
        ("[-x]", "x", false),
        ("\\", "a", false),
        ("[a-b-c]", "a", false),
        ("[", "a", false),
        ("[^", "a", false),
        ("[^bc", "a", false),
        ("a[", "a", false),
        ("a[", "ab", false),
        ("*x", "xxx", true),
        ("**", "abc", true),
        ("a]", "a]", true),
        ("[[*]", "*", true),
    ] {
        assert_eq!(matches(pattern, path), expected, "{pattern:?} and {path}");
    }
    assert!(matches("a/*[^x]c", "a/bc"));
    assert!(!matches("*[^x]*c", "q/c"), "a star is never moved again once the piece behind it is placed");
}

#[test]
fn malformed_patterns_are_named() {
    let patterns = Patterns::new("a.test,[,b[a-],c\\,*[x");
    assert_eq!(patterns.malformed().collect::<Vec<_>>(), ["[", "b[a-]", "c\\", "*[x"]);
    assert_eq!(patterns.to_string(), "a.test,[,b[a-],c\\,*[x");
    assert!(Patterns::new(",/,").is_empty());
    assert!(Patterns::default().is_empty());
    assert!(!patterns.is_empty());
}

#[test]
fn hostile_patterns_take_no_time() {
    let pattern = "*a".repeat(1000);
    assert!(!matches(&pattern, &"a".repeat(4000).replace("aaaa", "aaab")));
}

fn targets(list: &str) -> Vec<(String, Separator)> {
    let list: ProxyList = list.parse().unwrap_or_else(|error| panic!("{list}: {error}"));
    let show = |target: &ProxyTarget| match target {
        ProxyTarget::Url(url) => url.as_str().to_owned(),
        other => other.to_string(),
    };
    list.entries().iter().map(|entry| (show(&entry.target), entry.after)).collect()
}

#[test]
fn lists_of_proxies() {
    use Separator::{Comma, Pipe};
    for (list, expected) in [
        ("https://a.test", vec![("https://a.test", Comma)]),
        (" https://a.test | https://b.test ,", vec![("https://a.test", Pipe), ("https://b.test", Comma)]),
        (",,a.test:8080/x,,", vec![("https://a.test:8080/x", Comma)]),
        ("a.test|direct", vec![("https://a.test", Pipe), ("direct", Comma)]),
        ("file:///srv/proxy", vec![("file:///srv/proxy", Comma)]),
        ("HTTPS://a.test", vec![("https://a.test", Comma)]),
        ("https://a.test/p?token=x", vec![("https://a.test/p?token=x", Comma)]),
        ("http://[::1]:3000", vec![("http://[::1]:3000", Comma)]),
    ] {
        let expected: Vec<_> = expected.into_iter().map(|(url, after)| (url.to_owned(), after)).collect();
        assert_eq!(targets(list), expected, "{list}");
    }
}

#[test]
fn trap_6_nothing_follows_direct_or_off() {
    assert_eq!(targets("https://a.test,direct,https://b.test").len(), 2);
    assert_eq!(targets("off,https://a.test"), [("off".to_owned(), Separator::Comma)]);
    assert_eq!(targets("direct|nonsense"), [("direct".to_owned(), Separator::Comma)]);
}

#[test]
fn lists_of_proxies_that_are_none() {
    for list in ["", ",", " | ,"] {
        assert_eq!(list.parse::<ProxyList>(), Err(ProxyListError::Empty), "{list:?}");
    }
    for (list, fault) in [
        ("word", SourceUrlFault::NoScheme),
        ("/srv/proxy", SourceUrlFault::NoScheme),
        ("ftp://a.test", SourceUrlFault::Scheme),
        ("https://", SourceUrlFault::Host),
        ("http:/a.test", SourceUrlFault::Host),
        ("https://a.test:x", SourceUrlFault::Port),
        ("a.test:99999", SourceUrlFault::Port),
        ("https://a test", SourceUrlFault::Character),
        ("file://host/srv", SourceUrlFault::File),
        ("file:///srv?x", SourceUrlFault::File),
    ] {
        match list.parse::<ProxyList>() {
            Err(ProxyListError::Url(error)) => assert_eq!(error.fault(), fault, "{list}"),
            other => panic!("{list}: {other:?}"),
        }
    }
}

#[test]
fn secrets_are_never_shown() {
    for list in [
        "https://user:hunter2@a.test/p?token=hunter2#hunter2",
        "user:hunter2@a.test",
        "https://hunter2@a.test|https://b.test",
    ] {
        let parsed: ProxyList = list.parse().unwrap();
        let shown = format!("{parsed} {parsed:?}");
        assert!(!shown.contains("hunter2") && shown.contains("a.test"), "{shown}");
    }
    // In what is no URL, a password cannot be told from the rest, so that more is hidden.
    for list in [
        "https://user:hunter2@",
        "https://user:hunter2/x@a.test:port",
        "ftp://user:hunter2@a.test",
        "https://a.test:port?token=hunter2",
        "user:hunter2@",
        "http:/user:hunter2@a.test",
    ] {
        let error = list.parse::<ProxyList>().unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let spec: SumdbSpec = "sum.golang.org https://u:hunter2@a.test".parse().unwrap();
    assert!(!format!("{spec} {spec:?}").contains("hunter2"));
}

const KEY: &str = "sum.example.test+4365c489+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

#[test]
fn trap_92_a_checksum_database_may_have_an_address_of_its_own() {
    assert_eq!("off".parse(), Ok(SumdbSpec::Off));
    let parts = |text: &str| match text.parse().unwrap_or_else(|error| panic!("{text}: {error}")) {
        SumdbSpec::On { name, key, url } => {
            (name.to_string(), key, url.map(|url| url.as_str().to_owned()).unwrap_or_default())
        }
        SumdbSpec::Off => panic!("{text} is off"),
    };
    let golang = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
    let expected = |name: &str, key: &str, url: &str| (name.to_owned(), key.to_owned(), url.to_owned());
    assert_eq!(parts("sum.golang.org"), expected("sum.golang.org", golang, ""));
    assert_eq!(parts(golang), expected("sum.golang.org", golang, ""));
    assert_eq!(
        parts("sum.golang.google.cn"),
        expected("sum.golang.org", golang, "https://sum.golang.google.cn")
    );
    assert_eq!(
        parts(" sum.golang.org\thttps://a.test/db "),
        expected("sum.golang.org", golang, "https://a.test/db")
    );
    assert_eq!(parts(KEY), expected("sum.example.test", KEY, ""));
    for (text, shown) in [
        ("off", "off"),
        ("sum.golang.google.cn", "sum.golang.org https://sum.golang.google.cn"),
        (golang, "sum.golang.org"),
        (KEY, KEY),
    ] {
        assert_eq!(text.parse::<SumdbSpec>().unwrap().to_string(), shown);
    }
}

#[test]
fn checksum_databases_that_are_none() {
    let fault = |text: &str| text.parse::<SumdbSpec>().expect_err(text);
    assert_eq!(fault(""), SumdbSpecError::Words);
    assert_eq!(fault("sum.golang.org https://a.test x"), SumdbSpecError::Words);
    assert!(matches!(fault("sum.example.test"), SumdbSpecError::Key(_)));
    assert!(matches!(fault("off https://a.test"), SumdbSpecError::Key(_)));
    assert!(matches!(fault("sum.golang.google.cn https://a.test"), SumdbSpecError::Key(_)));
    assert!(matches!(fault(&KEY.replace("4365c489", "4365c488")), SumdbSpecError::Hash { .. }));
    assert!(matches!(fault(&KEY.replace("VTG4", "VTG5")), SumdbSpecError::Hash { .. }));
    assert!(matches!(fault(&KEY.replace("+AQ", "+Ag")), SumdbSpecError::Algorithm));
    assert!(matches!(fault(&KEY.replace("VTG4", "")), SumdbSpecError::Key(_)));
    assert!(matches!(fault("sum.golang.org ftp://a.test"), SumdbSpecError::Url(_)));
}

fn list(module: &str, body: &str) -> String {
    let list = VersionList::parse(&ModulePath::new(module).unwrap(), body);
    String::from_utf8(list.to_bytes()).unwrap()
}

#[test]
fn traps_25_26_27_what_would_lead_go_astray_is_not_listed() {
    assert_eq!(
        list(
            "example.com/m",
            "v1.10.0\r\n  v1.9.0 2024-01-02T03:04:05Z\nv2.0.0\nv2.0.0+incompatible\nv3.0.0+meta\nv1.2\nmaster\n\n\
             v0.0.0-20240101000000-abcdefabcdef\nv1.1.0-rc.1\nv1.9.0\n\0\0\0\nv1.0.1-0.20240101000000-abcdefabcdef"
        ),
        "v1.1.0-rc.1\nv1.9.0\nv1.10.0\nv2.0.0+incompatible\n"
    );
    assert_eq!(list("example.com/m/v2", "v1.0.0\nv2.1.0\nv2.0.0\nv3.0.0\n"), "v2.0.0\nv2.1.0\n");
    assert_eq!(list("gopkg.in/yaml.v2", "v2.4.0\nv3.0.0\nv2.0.0\n"), "v2.0.0\nv2.4.0\n");
}

#[test]
fn trap_24_a_module_without_tags_has_an_empty_list() {
    assert_eq!(list("example.com/m", ""), "");
    assert!(VersionList::parse(&ModulePath::new("example.com/m").unwrap(), "\n").is_empty());
}

#[test]
fn lists_made_from_versions() {
    let version = |text: &&str| Version::new(text).unwrap();
    let given = ["v1.10.0", "v1.2.0", "v0.0.0-20240101000000-abcdefabcdef", "v1.2.0"];
    let list = VersionList::of(given.iter().map(version));
    assert_eq!(list.to_bytes(), b"v1.2.0\nv1.10.0\n");
    assert_eq!(list.iter().next_back(), Some(version(&"v1.10.0")));
    assert!(!list.is_empty());
}
