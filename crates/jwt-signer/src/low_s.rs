//! Signatures with a small s, for verifiers that ask for it.

use crate::Es256Signer;

/// A signer whose s is at most half of the curve's order.
///
/// With (r, s) also (r, n - s) is a valid signature. ES256 takes either, and so does the secure element
/// give either; some verifiers accept the smaller one only.
#[derive(Clone, Debug)]
pub struct LowS<S>(S);

impl<S: Es256Signer> LowS<S> {
    /// Wraps `signer`.
    pub const fn new(signer: S) -> Self {
        Self(signer)
    }

    /// Gives the signer back.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S: Es256Signer> Es256Signer for LowS<S> {
    type Error = S::Error;

    fn sign_digest(&mut self, digest: &[u8; 32]) -> Result<[u8; 64], S::Error> {
        let mut signature = self.0.sign_digest(digest)?;
        let (_, s) = signature.split_at_mut(32);
        let mut other = [0; 32];
        let mut borrow = false;
        for ((other, n), s) in other.iter_mut().zip(ORDER).zip(&*s).rev() {
            let (difference, first) = n.overflowing_sub(*s);
            let (difference, second) = difference.overflowing_sub(u8::from(borrow));
            *other = difference;
            borrow = first || second;
        }
        if !borrow && other[..] < *s {
            s.copy_from_slice(&other);
        }
        Ok(signature)
    }
}

/// n, the order of P-256's base point (FIPS 186-4 section D.1.2.3).
const ORDER: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
    0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];

#[cfg(test)]
mod tests {
    use p256::ecdsa::{Signature, SigningKey};
    use proptest::prelude::*;

    use super::*;
    use crate::SoftwareSigner;

    proptest! {
        #[test]
        fn s_is_what_p256_normalises_it_to(digest: [u8; 32]) {
            let mut signer = SoftwareSigner::new(SigningKey::from_slice(&[5; 32]).unwrap());
            let signature = Signature::from_slice(&signer.sign_digest(&digest).unwrap()).unwrap();
            let low = LowS::new(signer).sign_digest(&digest).unwrap();
            prop_assert_eq!(&low[..], &signature.normalize_s().to_bytes()[..]);
        }
    }

    #[test]
    fn half_of_the_order_stays_and_one_more_does_not() {
        struct Fixed([u8; 64]);
        impl Es256Signer for Fixed {
            type Error = core::convert::Infallible;
            fn sign_digest(&mut self, _: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
                Ok(self.0)
            }
        }

        // n is odd: (n - 1) / 2 and (n + 1) / 2 are the two sides.
        let mut half = [0; 64];
        let mut carry = 0;
        for (half, n) in half[32..].iter_mut().zip(ORDER) {
            *half = carry << 7 | n >> 1;
            carry = n & 1;
        }
        let mut above = half;
        above[63] += 1;
        assert_eq!(LowS::new(Fixed(half)).sign_digest(&[0; 32]), Ok(half));
        assert_eq!(LowS::new(Fixed(above)).sign_digest(&[0; 32]), Ok(half));
    }
}
