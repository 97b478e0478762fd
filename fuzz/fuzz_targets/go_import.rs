//! Whatever a page says, it leads to a repository that may be asked, or to a short refusal.
#![no_main]

use gomod::ModulePath;
use libfuzzer_sys::fuzz_target;
use vcs::{Page, Pages, Root, Vcs, VcsError};

struct One<'a>(&'a [u8]);

impl Pages for One<'_> {
    fn get(&self, import: &str) -> Result<Page, VcsError> {
        Ok(Page {
            url: format!("https://{import}?go-get=1"),
            status: 200,
            reason: "OK".to_owned(),
            body: self.0.to_vec(),
            words: None,
            cut: None,
        })
    }
}

fuzz_target!(|page: &[u8]| {
    let path = ModulePath::new("e.test/a/b").expect("a path");
    match Root::find(&path, &One(page), false) {
        Ok(root) => {
            assert!(path.as_str().starts_with(root.prefix()));
            assert!(!root.subdir().starts_with(['/', '-']));
            let [url] = root.urls() else { panic!("one page names one URL") };
            let ssh = matches!(root.vcs(), Vcs::Git | Vcs::Hg | Vcs::Svn);
            let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
            assert!(matches!(scheme.as_str(), "https" | "http") || ssh);
        }
        Err(VcsError::Absent(text)) => assert!(text.len() < 4000),
        Err(failed) => panic!("a page that came is no failure: {failed}"),
    }
});
