//! Everything that can be found, by the step in which it is looked for.

pub(crate) mod binary;
pub(crate) mod cache;
pub(crate) mod gosum;
pub(crate) mod layout;
pub(crate) mod network;
pub(crate) mod places;
pub(crate) mod privacy;
pub(crate) mod proxy;
pub(crate) mod settings;
pub(crate) mod source;
pub(crate) mod state;

use crate::Diagnosis;

/// Everything that can be found, in order of cause.
pub fn all() -> impl Iterator<Item = &'static Diagnosis> {
    [
        settings::value::ALL,
        settings::ALL,
        settings::risk::ALL,
        privacy::ALL,
        network::ALL,
        proxy::ALL,
        gosum::ALL,
        source::ALL,
        places::ALL,
        layout::ALL,
        state::ALL,
        cache::ALL,
        binary::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_told_from_all_others() {
        let all: Vec<_> = all().collect();
        assert!(all.len() >= 60);
        let codes: BTreeSet<_> = all.iter().map(|d| d.code).collect();
        let said: BTreeSet<_> = all.iter().map(|d| (d.cause, d.cure)).collect();
        assert_eq!((codes.len(), said.len()), (all.len(), all.len()));
    }

    #[test]
    fn no_cure_switches_a_check_off() {
        const NEVER: [&str; 9] = [
            "GOSUMDB=off",
            "GONOSUMDB=*",
            "GONOSUMCHECK",
            "GOINSECURE=",
            "GOFLAGS=-insecure",
            "-insecure",
            "sslVerify",
            "StrictHostKeyChecking",
            "curl -k",
        ];
        for diagnosis in all() {
            let texts = [diagnosis.cure].into_iter().chain(diagnosis.commands.iter().copied());
            for text in texts {
                let found = NEVER.iter().find(|never| text.to_lowercase().contains(&never.to_lowercase()));
                assert_eq!(found, None, "{}: {text}", diagnosis.code);
            }
        }
    }

    #[test]
    fn texts_are_sentences() {
        for diagnosis in all() {
            for text in [diagnosis.cause, diagnosis.cure] {
                assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", diagnosis.code);
            }
            assert!(!diagnosis.title.ends_with('.'), "{}", diagnosis.code);
        }
    }
}
