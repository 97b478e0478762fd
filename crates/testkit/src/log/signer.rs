//! The key of a log, and the notes it signs (PROTOCOL 4.1 and 4.2).

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

#[derive(Debug)]
pub(super) struct Signer {
    name: String,
    key: Ed25519KeyPair,
}

impl Signer {
    /// The key is the same for the same name.
    pub(super) fn new(name: &str) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&Sha256::digest(name)).unwrap();
        Self { name: name.to_owned(), key }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The public key, as GOSUMDB takes it.
    pub(super) fn vkey(&self) -> String {
        let hash = u32::from_be_bytes(self.key_hash());
        format!("{}+{hash:08x}+{}", self.name, STANDARD.encode(self.public()))
    }

    /// A text, which ends in a newline, with the signature below it.
    pub(super) fn sign(&self, text: &str) -> String {
        self.seal(text, self.key.sign(text.as_bytes()).as_ref())
    }

    /// The same with a signature that is wrong by one bit.
    pub(super) fn missign(&self, text: &str) -> String {
        let mut signature = self.key.sign(text.as_bytes()).as_ref().to_vec();
        signature[20] ^= 1;
        self.seal(text, &signature)
    }

    fn seal(&self, text: &str, signature: &[u8]) -> String {
        let signed = STANDARD.encode([&self.key_hash(), signature].concat());
        format!("{text}\n\u{2014} {} {signed}\n", self.name)
    }

    fn public(&self) -> Vec<u8> {
        [&[1], self.key.public_key().as_ref()].concat()
    }

    fn key_hash(&self) -> [u8; 4] {
        let hash =
            Sha256::new().chain_update(&self.name).chain_update(b"\n").chain_update(self.public()).finalize();
        [hash[0], hash[1], hash[2], hash[3]]
    }
}
