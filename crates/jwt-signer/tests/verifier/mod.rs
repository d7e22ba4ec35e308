//! Takes tokens apart without the crate's help.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// Decodes base64url (RFC 4648 section 5), strictly: no padding, no spare bits.
pub(crate) fn base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for character in text.chars() {
        let value = ALPHABET.find(character).expect("a character of the alphabet");
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).unwrap());
            held &= (1 << bits) - 1;
        }
    }
    assert!(bits < 6 && held == 0, "spare bits in {text}");
    bytes
}

/// A token's parts, after its signature was checked.
pub(crate) struct Parts {
    pub(crate) header: String,
    pub(crate) payload: Vec<u8>,
}

/// Checks the signature of `token` and takes it apart.
pub(crate) fn verify(token: &str, key: &VerifyingKey) -> Result<Parts, p256::ecdsa::Error> {
    let (signing_input, signature) = token.rsplit_once('.').expect("a signature");
    let (header, payload) = signing_input.split_once('.').expect("a payload");
    let signature = Signature::from_slice(&base64url(signature))?;
    key.verify_prehash(&Sha256::digest(signing_input), &signature)?;
    Ok(Parts {
        header: String::from_utf8(base64url(header)).expect("a header in UTF-8"),
        payload: base64url(payload),
    })
}
