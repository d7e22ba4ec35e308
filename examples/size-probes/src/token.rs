//! The token that the probes sign.

use core::convert::Infallible;

use jwt_signer::{Es256Signer, IotCoreClaims, Payload, SoftwareSha256, Token};

use crate::devices::{keep, unknown_word};

/// Signs the tutorial's token with `signer` and sends it out; tells whether that went well.
pub fn sign_token<S: Es256Signer>(signer: &mut S) -> bool {
    let claims = IotCoreClaims::new("mkr-gcp-tutorial", unknown_word(), 3600);
    let Ok(payload) = Payload::<128>::new(&claims) else { return false };
    let send = |piece: &[u8]| {
        keep(piece);
        Ok::<(), Infallible>(())
    };
    Token::new(payload.as_bytes()).write(send, &mut SoftwareSha256::new(), signer).is_ok()
}
