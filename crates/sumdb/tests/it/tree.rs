use sumdb::{Hash, Head};

const ROOT: &str = "i621H+31c8FZlFIYCQLzLaprGTf36Nl4yoHOxJmfVNo=";

#[test]
fn lines_after_the_third_are_ignored() {
    let head = Head::parse(&format!("go.sum database tree\n2\n{ROOT}\nlater\n")).unwrap();
    assert_eq!((head.size, head.root.to_string().as_str()), (2, ROOT));
}

#[test]
fn only_the_one_spelling_is_a_head() {
    let title = "go.sum database tree";
    for text in [
        String::new(),
        format!("{title}\n"),
        format!("{title}\n2\n"),
        format!("{title}\n2\n{ROOT}"),
        format!("{title}\n+2\n{ROOT}\n"),
        format!("{title}\n-2\n{ROOT}\n"),
        format!("{title}\n02\n{ROOT}\n"),
        format!("{title}\n\n{ROOT}\n"),
        format!("{title}\n9223372036854775808\n{ROOT}\n"),
        format!("{title}\n2\nAAAA\n"),
        format!("{title}\n2\n{}\n", ROOT.trim_end_matches('=')),
        format!("go.sum database  tree\n2\n{ROOT}\n"),
        format!("{title}\n2\n{ROOT}\n{}", "x".repeat(1_000_000)),
    ] {
        assert!(Head::parse(&text).is_err(), "{}", text.get(..60).unwrap_or(&text));
    }
}

#[test]
fn an_empty_tree_has_the_root_of_nothing() {
    let head = Head { size: 0, root: Hash::empty() };
    assert_eq!(head.to_string(), "go.sum database tree\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    assert_eq!(Head::parse(&head.to_string()), Ok(head));
}
