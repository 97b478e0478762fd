//! Which names files may have.

use gomod::{FilePathFault, check_file_path};

use crate::vectors::section;

#[test]
fn trap_58_names_are_judged_as_go_judges_them() {
    for case in section("files") {
        let file = case["file"].as_str().unwrap();
        let ours = match check_file_path(file) {
            Ok(()) => None,
            Err(FilePathFault::Empty) => Some("empty string"),
            Err(FilePathFault::EmptyElement) if file.contains("//") => Some("double slash"),
            Err(FilePathFault::EmptyElement) if file.ends_with('/') => Some("trailing slash"),
            Err(FilePathFault::EmptyElement) => Some("empty path element"),
            Err(FilePathFault::Dots) => Some("invalid path element"),
            Err(FilePathFault::TrailingDot) => Some("trailing dot in path element"),
            Err(FilePathFault::Character(_)) => Some("invalid char"),
            Err(FilePathFault::WindowsDevice(_)) => Some("disallowed as path element component on Windows"),
            Err(FilePathFault::NotUtf8) => Some("invalid UTF-8"),
        };
        match (case["err"].as_str(), ours) {
            (None, None) => {}
            (Some(go), Some(ours)) => assert!(go.contains(ours), "{file:?}: {go}, and here {ours}"),
            (go, ours) => panic!("{file:?}: {go:?}, and here {ours:?}"),
        }
    }
}
