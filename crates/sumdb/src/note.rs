//! Signed notes: a text, an empty line, and one or more lines that sign the text.
//!
//! The format is that of the checksum database's client. Only Ed25519 keys exist in it (algorithm byte 1).

use std::fmt;

use aws_lc_rs::rand;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// A public key under a name: what a note must be signed with to count.
///
/// Written `NAME+HHHHHHHH+BASE64`, the form that GOSUMDB takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    hash: u32,
    key: [u8; KEY_LEN],
}

impl Verifier {
    /// Reads a key in its text form. The hash in the text must be that of name and key, so that a typing error shows.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, rest) = text.split_once('+').ok_or(KeyError::Form)?;
        let (hash, key) = rest.split_once('+').ok_or(KeyError::Form)?;
        let hash = parse_hash(hash)?;
        let key = parse_key(name, key)?;
        let verifier = Self { name: name.to_owned(), hash: key_hash(name, &key), key };
        if verifier.hash == hash { Ok(verifier) } else { Err(KeyError::Hash) }
    }

    /// The database's name. It is part of what the key's hash covers.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(text, signature).is_ok()
    }
}

/// `NAME+HHHHHHHH+BASE64`; parses back to the same key.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{:08x}+{}", self.name, self.hash, BASE64.encode(tagged(&self.key)))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

/// A private key under a name: what signs notes. It is never printed; `Debug` shows the public half.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

/// The text of a private key, `PRIVATE+KEY+NAME+HHHHHHHH+BASE64`: what [`Signer::parse`] reads. It is never printed;
/// whoever stores it asks for it.
pub struct PrivateKey(String);

impl PrivateKey {
    /// Makes a new key under a name, from the system's randomness.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = [0; KEY_LEN];
        rand::fill(&mut seed).map_err(|_| KeyError::Randomness)?;
        let signer = Signer::from_seed(name, &seed)?;
        let hash = signer.verifier.hash;
        Ok(Self(format!("PRIVATE+KEY+{name}+{hash:08x}+{}", BASE64.encode(tagged(&seed)))))
    }

    /// The text, for the one file that it is written to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(hidden)")
    }
}

impl Signer {
    /// Makes the key pair of a name and a 32-byte seed. The same seed gives the same key for ever.
    pub fn from_seed(name: &str, seed: &[u8; KEY_LEN]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Form)?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Form)?;
        let verifier = Verifier { name: name.to_owned(), hash: key_hash(name, &key), key };
        Ok(Self { pair, verifier })
    }

    /// Reads `PRIVATE+KEY+NAME+HHHHHHHH+BASE64`. The hash is that of the public half.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or(KeyError::Form)?;
        let (name, rest) = rest.split_once('+').ok_or(KeyError::Form)?;
        let (hash, key) = rest.split_once('+').ok_or(KeyError::Form)?;
        let hash = parse_hash(hash)?;
        let signer = Self::from_seed(name, &parse_key(name, key)?)?;
        if signer.verifier.hash == hash { Ok(signer) } else { Err(KeyError::Hash) }
    }

    /// The public half.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Signs a text, which must end in a newline, and returns the whole note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        if !text.ends_with('\n') || has_control(text) {
            return Err(NoteError::Malformed(
                "the text must end in a newline and hold no control characters",
            ));
        }
        let mut signature = self.verifier.hash.to_be_bytes().to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        Ok(format!("{text}\n{SIGNATURE_START}{} {}\n", self.verifier.name, BASE64.encode(signature)))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer(key hidden, {})", self.verifier)
    }
}

/// A note whose text is signed by the key it was opened with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    /// The line of the key that it was opened with.
    line: &'a str,
}

impl<'a> Note<'a> {
    /// Opens a note: it must be well-formed as a whole, and `key` must have signed it.
    ///
    /// Lines of unknown signers must have the right form and are otherwise ignored. A line under the name and hash
    /// of `key` whose signature is wrong refuses the note, also beside a right one of another signer.
    pub fn open(message: &'a [u8], key: &Verifier) -> Result<Self, NoteError> {
        let message = std::str::from_utf8(message).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        if has_control(message) {
            return Err(NoteError::Malformed("it holds control characters"));
        }
        let split =
            message.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, signatures) = (&message[..=split], &message[split + 2..]);
        let signatures = signatures
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("it does not end in a signature line"))?;

        let mut signed = None;
        for (i, whole) in signatures.split('\n').enumerate() {
            if i == MAX_SIGNATURES {
                return Err(NoteError::Malformed("more than 100 signatures"));
            }
            let line = SignatureLine::parse(whole)?;
            if line.name != key.name || line.hash != key.hash || signed.is_some() {
                continue;
            }
            if !key.signed(text.as_bytes(), &line.signature) {
                return Err(NoteError::BadSignature(key.name.clone()));
            }
            signed = Some(whole);
        }
        let line = signed.ok_or_else(|| NoteError::Unsigned(key.to_string()))?;
        Ok(Self { text, line })
    }

    /// The signed text with its final newline.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The note less the signatures of others, which anybody may add in any length.
    pub fn alone(&self) -> String {
        format!("{}\n{}\n", self.text, self.line)
    }
}

/// Why a text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Not of the form `NAME+HHHHHHHH+BASE64` with 32 bytes behind the algorithm byte.
    #[error("not of the form NAME+HASH+KEY; copy the whole key")]
    Form,
    /// The name is empty or holds white space or `+`.
    #[error("the key's name is empty or holds white space or '+'")]
    Name,
    /// The hash in the text is not that of name and key.
    #[error("the key's hash does not fit its name and key; it was altered, copy it again")]
    Hash,
    /// The system gives no random bytes, so that no key can be made.
    #[error("the system gives no random bytes")]
    Randomness,
    /// The algorithm byte names no known algorithm.
    #[error("unknown key algorithm {0}; only Ed25519 (1) is known")]
    Algorithm(u8),
}

/// Why a note was not opened or not signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// The form is wrong, whoever signed it.
    #[error("malformed note: {0}")]
    Malformed(&'static str),
    /// The known key's own line does not sign this text: the text or the line was altered.
    #[error("wrong signature of {0} on this text")]
    BadSignature(String),
    /// No line is of the known key, which is shown whole.
    #[error("not signed by {0}")]
    Unsigned(String),
}

struct SignatureLine<'a> {
    name: &'a str,
    hash: u32,
    signature: Vec<u8>,
}

impl<'a> SignatureLine<'a> {
    fn parse(line: &'a str) -> Result<Self, NoteError> {
        const BAD: NoteError = NoteError::Malformed("bad signature line");
        let (name, encoded) =
            line.strip_prefix(SIGNATURE_START).and_then(|l| l.split_once(' ')).ok_or(BAD)?;
        let decoded = BASE64.decode(encoded).map_err(|_| BAD)?;
        let (hash, signature) = decoded.split_first_chunk::<4>().ok_or(BAD)?;
        if !is_name(name) || signature.is_empty() {
            return Err(BAD);
        }
        Ok(Self { name, hash: u32::from_be_bytes(*hash), signature: signature.to_vec() })
    }
}

fn parse_hash(text: &str) -> Result<u32, KeyError> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(KeyError::Form);
    }
    u32::from_str_radix(text, 16).map_err(|_| KeyError::Form)
}

/// The 32 bytes behind the algorithm byte, of a public key or a seed.
fn parse_key(name: &str, encoded: &str) -> Result<[u8; KEY_LEN], KeyError> {
    if !is_name(name) {
        return Err(KeyError::Name);
    }
    let bytes = BASE64.decode(encoded).map_err(|_| KeyError::Form)?;
    match bytes.split_first() {
        None => Err(KeyError::Form),
        Some((&ALGORITHM, key)) => key.try_into().map_err(|_| KeyError::Form),
        Some((&other, _)) => Err(KeyError::Algorithm(other)),
    }
}

fn key_hash(name: &str, key: &[u8; KEY_LEN]) -> u32 {
    let sum = Sha256::new().chain_update(name).chain_update(b"\n").chain_update(tagged(key)).finalize();
    let mut first = [0; 4];
    first.copy_from_slice(&sum[..4]);
    u32::from_be_bytes(first)
}

fn tagged(key: &[u8; KEY_LEN]) -> [u8; KEY_LEN + 1] {
    let mut out = [ALGORITHM; KEY_LEN + 1];
    out[1..].copy_from_slice(key);
    out
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace())
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && b != b'\n')
}

/// Standard alphabet, padded. Bits behind the last byte are ignored, as the client of the database does.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

const KEY_LEN: usize = 32;
const ALGORITHM: u8 = 1;
const MAX_SIGNATURES: usize = 100;
const SIGNATURE_START: &str = "\u{2014} ";
