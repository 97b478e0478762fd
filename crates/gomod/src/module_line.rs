//! Finding the module path of a go.mod without parsing it (x/mod `modfile/read.go`, `ModulePath`).

use crate::quote;

/// The path on the first `module` line. Other lines may hold anything; a block `module ( … )` gives `(`.
/// `None` without such a line, or if its quotes are wrong. The path is not checked.
pub fn scan_module_line(go_mod: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(go_mod);
    for line in text.split('\n') {
        let line = line.split_once("//").map_or(line, |(code, _)| code).trim();
        let Some(rest) = line.strip_prefix("module") else { continue };
        let path = rest.trim_start();
        if path.len() == rest.len() || path.is_empty() {
            continue;
        }
        if path.starts_with(['"', '`']) {
            return quote::unquote(path).filter(|path| !path.is_empty());
        }
        return Some(path.to_owned());
    }
    None
}
