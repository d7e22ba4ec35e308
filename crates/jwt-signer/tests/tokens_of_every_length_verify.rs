//! Tokens whose signing input ends anywhere in a SHA-256 block; outputs, engines and signers that fail.

mod verifier;

use core::fmt;

use jwt_signer::{
    Es256Signer, Header, IotCoreClaims, KeyId, Payload, Sha256Engine, SignError, SoftwareSha256,
    SoftwareSigner, Token, WriteError,
};
use p256::ecdsa::SigningKey;
use proptest::prelude::*;
use verifier::verify;

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// The Arduino library signs garbage whenever the length is a multiple of 64.
#[test]
fn signing_inputs_at_the_ends_of_blocks() {
    let mut seen = Vec::new();
    // With key ids, since one base64url text alone is never 4n + 1 characters long.
    let key_ids = ["", "1", "12", "123"].map(|key_id| KeyId::new(key_id).unwrap());
    let headers = key_ids.into_iter().map(|key_id| Header::JWS.with_key_id(key_id));
    for header in headers.chain([Header::JWT, Header::JWS]) {
        for payload in 0..=80 {
            let payload = vec![b' '; payload];
            let token = Token::new(&payload).with_header(header);
            let mut buffer = [0; 256];
            let text = token.sign(&mut SoftwareSigner::new(key()), &mut buffer).unwrap();
            assert_eq!(text.len(), token.len());
            assert_eq!(text.rfind('.'), Some(token.signing_input_len()));
            assert_eq!(verify(text, key().verifying_key()).unwrap().payload, payload);
            seen.push(token.signing_input_len());
        }
    }
    for length in (62..=66).chain(126..=130) {
        assert!(seen.contains(&length), "no signing input of {length} bytes");
    }
}

#[test]
fn project_ids_of_every_length() {
    for length in 1..=30 {
        let project_id = "a".repeat(length);
        let claims = IotCoreClaims::new(&project_id, 2_147_483_648, 3600);
        let payload: Payload = Payload::new(&claims).unwrap();
        let token = Token::new(payload.as_bytes());
        let mut buffer = [0; 256];
        let text = token.sign(&mut SoftwareSigner::new(key()), &mut buffer).unwrap();
        let parts = verify(text, key().verifying_key()).unwrap();
        assert_eq!(parts.header, r#"{"alg":"ES256","typ":"JWT"}"#);
        let claims: serde_json::Value = serde_json::from_slice(&parts.payload).unwrap();
        assert_eq!(claims["aud"], project_id);
        assert_eq!(claims["iat"], 2_147_483_648_u32);
        assert_eq!(claims["exp"], 2_147_487_248_u32);
        assert!(text.len() <= 223);
    }
}

/// Gives back what it was made of.
struct Fixed([u8; 64]);

impl Es256Signer for Fixed {
    type Error = core::convert::Infallible;
    fn sign_digest(&mut self, _: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
        Ok(self.0)
    }
}

#[test]
fn leading_zeros_of_r_and_s_stay() {
    let mut signature = [0; 64];
    signature[31] = 1;
    signature[63] = 2;
    let mut buffer = [0; 256];
    let text = Token::new(b"{}").sign(&mut Fixed(signature), &mut buffer).unwrap();
    assert_eq!(verifier::base64url(text.rsplit_once('.').unwrap().1), signature);
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken")
    }
}

impl core::error::Error for Broken {}

impl Es256Signer for Broken {
    type Error = Self;
    fn sign_digest(&mut self, _: &[u8; 32]) -> Result<[u8; 64], Self> {
        Err(Self)
    }
}

/// Fails after some calls.
struct BrokenEngine(usize);

impl BrokenEngine {
    fn work(&mut self) -> Result<(), Broken> {
        self.0 = self.0.checked_sub(1).ok_or(Broken)?;
        Ok(())
    }
}

impl Sha256Engine for BrokenEngine {
    type Error = Broken;
    fn update(&mut self, _: &[u8]) -> Result<(), Broken> {
        self.work()
    }
    fn finish(&mut self) -> Result<[u8; 32], Broken> {
        self.work().map(|()| [0; 32])
    }
}

#[test]
fn a_failure_keeps_its_cause_and_its_blame() {
    use core::error::Error;

    let token = Token::new(b"{}");
    let mut buffer = [0; 256];
    let error = token.sign(&mut Broken, &mut buffer).unwrap_err();
    assert_eq!(error, SignError::Signer(Broken));
    assert_eq!(error.source().unwrap().to_string(), "broken");

    // Header in two pieces, dot, payload, digest.
    for calls in 0..5 {
        let result =
            token.write(|_| Ok::<(), Broken>(()), &mut BrokenEngine(calls), &mut SoftwareSigner::new(key()));
        let error = result.unwrap_err();
        assert!(matches!(error, WriteError::Hash(Broken)), "after {calls} calls");
        assert_eq!(error.source().unwrap().to_string(), "broken");
    }

    for room in 0..token.len() {
        let mut room = room;
        let put = |piece: &[u8]| {
            room = room.checked_sub(piece.len()).ok_or(Broken)?;
            Ok(())
        };
        let result = token.write(put, &mut SoftwareSha256::new(), &mut SoftwareSigner::new(key()));
        assert!(matches!(result, Err(WriteError::Output(Broken))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_payload_survives(payload in proptest::collection::vec(any::<u8>(), 0..300), seed in 1..=u8::MAX) {
        let key = SigningKey::from_slice(&[seed; 32]).unwrap_or_else(|_| key());
        let mut buffer = [0; 1024];
        let text = Token::new(&payload).sign(&mut SoftwareSigner::new(key.clone()), &mut buffer).unwrap();
        prop_assert_eq!(verify(text, key.verifying_key()).unwrap().payload, payload);
    }

    #[test]
    fn any_claims_are_json(aud in ".{0,40}", iat: u32, lifetime in 0..=86_400_u32) {
        let payload = Payload::<512>::new(&IotCoreClaims::new(&aud, iat, lifetime)).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(payload.as_bytes()).unwrap();
        prop_assert_eq!(&claims["aud"], &aud);
        prop_assert_eq!(&claims["iat"], iat);
        prop_assert_eq!(&claims["exp"], iat.saturating_add(lifetime));
    }
}
