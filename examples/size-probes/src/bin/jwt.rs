//! A token signed by a signer that costs nothing: claims, base64url, SHA-256.

#![no_std]
#![no_main]

use jwt_signer::{IotCoreClaims, Payload, Token};
use size_probes::{Signer, keep, unknown_word};

#[cortex_m_rt::entry]
fn main() -> ! {
    loop {
        let claims = IotCoreClaims::new("mkr-gcp-tutorial", unknown_word(), 3600);
        let Ok(payload) = Payload::<128>::new(&claims) else { continue };
        let mut buffer = [0; 256];
        if let Ok(token) = Token::new(payload.as_bytes()).sign(&mut Signer, &mut buffer) {
            keep(token.as_bytes());
        }
    }
}
