//! Every name has one escaped form, and every escaped form one name.
#![no_main]

use gomod::{DbName, ModulePath, Rev, Version};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(path) = ModulePath::new(text) {
        assert_eq!(ModulePath::from_escaped(&path.escaped()).as_ref(), Ok(&path));
        assert_eq!(format!("{}{}", path.prefix(), path.major()), text);
    }
    if let Ok(path) = ModulePath::from_escaped(text) {
        assert_eq!(path.escaped(), text);
    }
    if let Ok(version) = Version::new(text) {
        assert_eq!(Version::from_escaped(&version.escaped()).as_ref(), Ok(&version));
        assert!(Rev::new(text).is_ok(), "every version can be asked for");
        if let Some(pseudo) = version.pseudo() {
            assert!(text.contains(pseudo.stamp()) && text.contains(pseudo.rev()));
            assert!(pseudo.base().ok().flatten().is_none_or(|base| Version::new(&base).is_ok()));
        }
    }
    if let Ok(version) = Version::from_escaped(text) {
        assert_eq!(version.escaped(), text);
    }
    if let Ok(rev) = Rev::new(text) {
        assert_eq!(Rev::from_escaped(&rev.escaped()).as_ref(), Ok(&rev));
    }
    if let Ok(rev) = Rev::from_escaped(text) {
        assert_eq!(rev.escaped(), text);
    }
    if let Ok(name) = DbName::new(text) {
        assert!(!name.as_str().split('/').any(|element| matches!(element, "" | "." | "..")));
    }
});
