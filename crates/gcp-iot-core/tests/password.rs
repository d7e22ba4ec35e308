//! The token in CONNECT's password is whole and well signed.

mod support;

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, SigningKey};
use support::World;

#[test]
fn the_password_is_the_token_that_the_signer_would_write_into_a_buffer() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let connect = world.writes.borrow()[0].clone();
    let password = str::from_utf8(&connect[connect.len() - 204..]).unwrap();

    let claims = jwt_signer::IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 3600);
    let claims: jwt_signer::Payload = jwt_signer::Payload::new(&claims).unwrap();
    let mut buffer = [0; 256];
    let token =
        jwt_signer::Token::new(claims.as_bytes()).sign(&mut world.signer.clone(), &mut buffer).unwrap();
    assert_eq!(password, token, "RFC 6979: the same key and text give the same signature");

    let (input, signature) = password.rsplit_once('.').unwrap();
    let signature = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, signature).unwrap();
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    key.verifying_key().verify(input.as_bytes(), &Signature::from_slice(&signature).unwrap()).unwrap();
}
