//! P-256 and SHA-256, as far as the commands need them.

use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier, RandomizedPrehashSigner};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::elliptic_curve::point::AffineCoordinates;
use p256::{PublicKey, SecretKey};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};

/// Where ECDSA takes its k from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureNonce {
    /// From the chip's random generator, as the silicon does.
    #[default]
    Random,
    /// From key and digest (RFC 6979), for golden vectors.
    Rfc6979,
}

pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let block = hmac_block(key);
    let inner = block.map(|byte| byte ^ 0x36);
    let outer = block.map(|byte| byte ^ 0x5C);
    let mut message = vec![&inner[..]];
    message.extend_from_slice(parts);
    sha256(&[&outer, &sha256(&message)])
}

/// Pads an HMAC key to a block; a longer one is hashed first.
pub(crate) fn hmac_block(key: &[u8]) -> [u8; 64] {
    let mut block = [0; 64];
    if key.len() > 64 {
        block[..32].copy_from_slice(&sha256(&[key]));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    block
}

pub(crate) fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(a, b)| a ^ b).collect()
}

/// Compares without an early exit.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// Draws a private key: 1 to n - 1.
pub(crate) fn generate(rng: &mut dyn CryptoRng) -> [u8; 32] {
    loop {
        let mut scalar = [0; 32];
        rng.fill_bytes(&mut scalar);
        if SecretKey::from_bytes(&scalar.into()).is_ok() {
            return scalar;
        }
    }
}

/// Computes X and Y of the public key; nothing when the scalar is no private key.
pub(crate) fn public_key(scalar: &[u8; 32]) -> Option<[u8; 64]> {
    let key = SigningKey::from_slice(scalar).ok()?;
    let point = key.verifying_key().to_sec1_point(false);
    point.as_bytes().get(1..)?.try_into().ok()
}

/// Signs a digest: R and S.
pub(crate) fn sign(
    scalar: &[u8; 32],
    digest: &[u8; 32],
    nonce: SignatureNonce,
    rng: &mut dyn CryptoRng,
) -> Option<[u8; 64]> {
    let key = SigningKey::from_slice(scalar).ok()?;
    let signature: Signature = match nonce {
        SignatureNonce::Random => key.sign_prehash_with_rng(rng, digest).ok()?,
        SignatureNonce::Rfc6979 => key.sign_prehash(digest).ok()?,
    };
    Some(signature.to_bytes().into())
}

/// Verifies R and S; nothing when X and Y are no point of the curve.
pub(crate) fn verify(public: &[u8; 64], digest: &[u8; 32], signature: &[u8]) -> Option<bool> {
    let key = VerifyingKey::from_sec1_bytes(&sec1(public)).ok()?;
    let Ok(signature) = Signature::from_slice(signature) else { return Some(false) };
    Some(key.verify_prehash(digest, &signature).is_ok())
}

/// Computes the X coordinate of the shared point; nothing when an operand is invalid.
pub(crate) fn shared_secret(scalar: &[u8; 32], public: &[u8; 64]) -> Option<[u8; 32]> {
    let secret = SecretKey::from_bytes(&(*scalar).into()).ok()?;
    let public = PublicKey::from_sec1_bytes(&sec1(public)).ok()?;
    let point = (public.to_projective() * *secret.to_nonzero_scalar().as_ref()).to_affine();
    Some(point.x().into())
}

fn sec1(public: &[u8; 64]) -> [u8; 65] {
    let mut point = [4; 65];
    point[1..].copy_from_slice(public);
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn hmac_vector() {
        let tag = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(tag[..4], [0x5B, 0xDC, 0xC1, 0x46]);
        assert_eq!(tag[28..], [0x64, 0xEC, 0x38, 0x43]);
    }
}
