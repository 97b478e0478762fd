//! Tokens: who may do what, by a secret of which only the hash is kept.

use std::{fmt, str::FromStr, sync::Arc};

use gomod::Patterns;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A token as it is kept. The secret is not in it, nor anything it could be guessed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What people call it; it stands in receipts and in the audit trail.
    pub name: TokenName,
    /// The modules it is for, as in GOPRIVATE.
    pub modules: Patterns,
    /// What it allows, in order, each once.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// Whether it is worth nothing any more.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// Something that a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To be given modules.
    Pull,
    /// To publish versions.
    Push,
    /// To withdraw versions.
    Delete,
}

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 3] = [Scope::Pull, Scope::Push, Scope::Delete];

    /// The word for it in commands and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Pull => "pull",
            Scope::Push => "push",
            Scope::Delete => "delete",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = BadToken;

    fn from_str(word: &str) -> Result<Self, BadToken> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(BadToken::Scope)
    }
}

/// Why something is no token, or no part of one. Never repeats what was given, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// No name.
    #[error("a token's name has 1 to 64 letters, digits, `.`, `-`, `_` or `@`")]
    Name,
    /// No action.
    #[error("an action is `pull`, `push` or `delete`")]
    Scope,
    /// No secret.
    #[error("a token begins with `larder_` and has 64 hexadecimal digits behind it")]
    Secret,
}

/// What people call a token: 1 to 64 ASCII letters, digits, `.`, `-`, `_` or `@`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenName(Arc<str>);

impl TokenName {
    /// Takes a name.
    pub fn new(text: &str) -> Result<Self, BadToken> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b".-_@".contains(&b);
        let good = (1..=64).contains(&text.len()) && text.bytes().all(fits);
        if good { Ok(TokenName(text.into())) } else { Err(BadToken::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the holder of a token shows: `larder_` and 256 random bits in hexadecimal digits. Nothing prints it by chance.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenSecret(String);

impl TokenSecret {
    /// The secret of these random bits.
    pub fn of(random: &[u8; 32]) -> Self {
        let digits = random.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16));
        TokenSecret(PREFIX.chars().chain(digits).collect())
    }

    /// The secret that a text is.
    pub fn parse(text: &str) -> Result<Self, BadToken> {
        let digits = text.strip_prefix(PREFIX).ok_or(BadToken::Secret)?;
        let hex = digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(TokenSecret(text.to_owned())) } else { Err(BadToken::Secret) }
    }

    /// The text, for the one time it is shown, and for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it. With so many random bits a plain hash cannot be searched for.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The SHA-256 of a secret.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The bytes, to be kept.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is the one that was kept, in a time that does not depend on where they differ.
    pub(super) fn is(&self, kept: &[u8]) -> bool {
        let differ = self.0.iter().zip(kept).fold(0, |differ, (one, other)| differ | (one ^ other));
        kept.len() == self.0.len() && std::hint::black_box(differ) == 0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

const PREFIX: &str = "larder_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_by_nothing_but_expose() {
        let secret = TokenSecret::of(&[0xa5; 32]);
        assert_eq!(secret.expose(), format!("larder_{}", "a5".repeat(32)));
        assert_eq!(TokenSecret::parse(secret.expose()), Ok(secret.clone()));
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "*** ***");
        for bad in ["", "larder_", &"a5".repeat(32), &format!("larder_{}", "A5".repeat(32))] {
            assert_eq!(TokenSecret::parse(bad), Err(BadToken::Secret), "{bad}");
        }
    }

    #[test]
    fn a_hash_is_itself_alone() {
        let (one, other) = (TokenSecret::of(&[1; 32]).hash(), TokenSecret::of(&[2; 32]).hash());
        assert!(one.is(one.as_bytes()) && !one.is(other.as_bytes()));
        assert!(!one.is(&[]) && !one.is(&one.as_bytes()[..31]));
    }

    #[test]
    fn names_and_actions_are_words() {
        for good in ["ci", "release-bot@team_1.2"] {
            assert_eq!(TokenName::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a\n", "ü", &"x".repeat(65)] {
            assert_eq!(TokenName::new(bad), Err(BadToken::Name), "{bad}");
        }
        assert_eq!(Scope::ALL.map(|scope| scope.as_str().parse()), Scope::ALL.map(Ok));
        assert_eq!("Push".parse::<Scope>(), Err(BadToken::Scope));
    }
}
