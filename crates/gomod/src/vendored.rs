//! Files of vendored packages, which are not part of a module.

use crate::go_version::GoVersion;

/// How much of a vendor directory stays out of a module, which the module's own go line decides.
///
/// The rule changed with language version 1.24; old modules keep the old rule so that their sums stay true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorRule {
    /// No go line, one that cannot be read, or one below 1.24.
    Before124,
    /// A go line of 1.24 or more, `1.24rc1` included.
    Since124,
}

impl VendorRule {
    /// The rule for a module whose root has this go line, as [`GoMod::language_version`](crate::GoMod::language_version)
    /// reads it.
    pub fn of(go: Option<&GoVersion>) -> Self {
        if go.is_some_and(|go| go.is_at_least(1, 24)) { Self::Since124 } else { Self::Before124 }
    }

    /// Whether the file at `path`, relative to the root of the module, belongs to a vendored package.
    ///
    /// Only the first `/vendor/` counts. Files directly inside a vendor directory are kept.
    ///
    /// Rule: `isVendoredPackage` of golang.org/x/mod/zip.
    pub(crate) fn leaves_out(self, path: &[u8]) -> bool {
        if self == Self::Since124 && path == b"vendor/modules.txt" {
            return true;
        }
        let rest = if path.starts_with(TOP) {
            TOP.len()
        } else {
            match (path.windows(INNER.len()).position(|part| part == INNER), self) {
                (None, _) => return false,
                (Some(at), Self::Since124) => at + INNER.len(),
                // The old rule counts from the beginning of the path: a mistake that became part of sums.
                (Some(_), Self::Before124) => INNER.len(),
            }
        };
        path.get(rest..).is_some_and(|rest| rest.contains(&b'/'))
    }
}

const TOP: &[u8] = b"vendor/";
const INNER: &[u8] = b"/vendor/";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trap_45_the_go_line_of_the_module_decides() {
        let rule = |gomod: &str| VendorRule::of(crate::GoMod::language_version(gomod.as_bytes()).as_ref());
        for gomod in ["go 1.24", "go 1.24rc1", "go 1.24.x", "go 1.24-suffix", "go 1.100", "go 2.0"] {
            assert_eq!(rule(gomod), VendorRule::Since124, "{gomod}");
        }
        for gomod in
            ["", "go 1.23.9", "go 1.9", "go 1.24\ngo 1.24", "go go1.24", "go ( 1.24 )", "toolchain go1.24"]
        {
            assert_eq!(rule(gomod), VendorRule::Before124, "{gomod}");
        }
    }

    #[test]
    fn traps_44_45_46_the_table_of_vendored_files() {
        let table = [
            ("vendor/modules.txt", false, true),
            ("vendor/x.go", false, false),
            ("vendor/README", false, false),
            ("vendor/a/b.go", true, true),
            ("pkg/vendor/vendor.go", true, false),
            ("pkg/vendor/foo/foo.go", true, true),
            ("pkg/vendor", false, false),
            ("vendor", false, false),
            ("vendored/a/b.go", false, false),
            ("pkg/vendor/modules.txt", true, false),
            ("vendor/vendor/x.go", true, true),
            // The first inner vendor directory decides, not the second.
            ("a/vendor/b.go", true, false),
            ("a/vendor/vendor/b.go", true, true),
            // With the old rule even the part before the vendor directory can hold the slash that counts.
            ("long-name/vendor/x.go", true, false),
        ];
        for (path, before, since) in table {
            assert_eq!(VendorRule::Before124.leaves_out(path.as_bytes()), before, "before 1.24: {path}");
            assert_eq!(VendorRule::Since124.leaves_out(path.as_bytes()), since, "since 1.24: {path}");
        }
    }
}
