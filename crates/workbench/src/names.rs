//! What a finding is about.

use std::collections::BTreeMap;

/// The names that fill the places in a diagnosis' texts: `{host}` becomes the host that a message named. Where nothing
/// is known, the place becomes a word in capitals, for people to replace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Names(BTreeMap<&'static str, String>);

impl Names {
    /// Sets the name at a place, unless one is there already. An empty one is none.
    pub fn set(&mut self, place: &'static str, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.0.entry(place).or_insert_with(|| name.to_owned());
        }
    }

    /// The name at a place.
    pub fn get(&self, place: &str) -> Option<&str> {
        self.0.get(place).map(String::as_str)
    }

    /// A text with its places filled.
    pub fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((place, behind)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            match self.get(place) {
                Some(name) => out.push_str(name),
                None => out.push_str(&place.to_uppercase()),
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        let mut names = Names::default();
        names.set("host", " git.example.com ");
        names.set("host", "other.example.com");
        names.set("module", "");
        assert_eq!(
            names.fill("ssh -T git@{host}; go get {module}; {"),
            "ssh -T git@git.example.com; go get MODULE; {"
        );
    }
}
