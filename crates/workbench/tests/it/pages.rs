//! The documentation has a page for everything that can be found.

use std::{collections::BTreeMap, env, fs, path::Path};

use workbench::{all, page};

#[test]
fn there_is_a_page_for_each_code() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor");
    let wanted: BTreeMap<_, _> = all().map(|d| (format!("{}.md", d.code), page(d))).collect();
    if env::var_os("LARDER_WRITE_DOCS").is_some() {
        fs::create_dir_all(&dir).unwrap();
        for (name, text) in &wanted {
            fs::write(dir.join(name), text).unwrap();
        }
    }
    let there: BTreeMap<_, _> = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    for (name, text) in &wanted {
        assert!(
            there.get(name) == Some(text),
            "{name} is not as the table has it: run with LARDER_WRITE_DOCS=1"
        );
    }
    let left: Vec<_> = there.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(left.is_empty(), "pages of nothing: {left:?}");
}
