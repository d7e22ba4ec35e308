//! Vectors of RFC 7515, RFC 6979 and of Microchip's cryptoauthlib, and IoT Core's token byte by byte.

mod verifier;

use jwt_signer::{
    Es256Signer, Header, IotCoreClaims, Jwk, KeyId, LowS, Payload, PublicKey, PublicKeyPem, SIGNATURE_LENGTH,
    Sha256Engine, SignError, SoftwareSha256, SoftwareSigner, Thumbprint, Token,
};
use p256::ecdsa::{SigningKey, VerifyingKey};
use verifier::{base64url, verify};

/// RFC 6979 appendix A.2.5.
const RFC_6979_KEY: [u8; 32] = [
    0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21, 0x57, 0x67, 0xB1, 0xD6, 0x93, 0x4E,
    0x50, 0xC3, 0xDB, 0x36, 0xE8, 0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21,
];

fn rfc_6979_signer() -> SoftwareSigner {
    SoftwareSigner::new(SigningKey::from_slice(&RFC_6979_KEY).unwrap())
}

/// RFC 7515 appendix A.3.
fn rfc_7515_signer() -> SoftwareSigner {
    let d = base64url("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    SoftwareSigner::new(SigningKey::from_slice(&d).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const RFC_7515_SIGNING_INPUT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog\
                                      Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn rfc_7515_a_3_with_the_deterministic_signature() {
    let payload = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    let token = Token::new(payload).with_header(Header::JWS);
    let mut buffer = [0; 256];
    let text = token.sign(&mut rfc_7515_signer(), &mut buffer).unwrap();
    // The key and the input are those of A.3, whose own signature has a random k.
    let signature = "e4ZrhZdbFQ7630Tq51E6RQiJaae9bFNGJszIhtusEwzvO21rzH76Wer6yRn2Zb34VjIm3cVRl0iQctbf4uBY3w";
    assert_eq!(text, format!("{RFC_7515_SIGNING_INPUT}.{signature}"));
}

#[test]
fn rfc_7515_a_3_itself_verifies_with_the_same_key() {
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let token = format!("{RFC_7515_SIGNING_INPUT}.{signature}");
    let signer = rfc_7515_signer();
    assert_eq!(
        signer.public_key().as_bytes()[..],
        [
            base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        ]
        .concat()
    );
    assert_eq!(verify(&token, signer.into_inner().verifying_key()).unwrap().header, r#"{"alg":"ES256"}"#);
}

#[test]
fn the_golden_token_of_iot_core() {
    let claims = IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 86_400);
    let payload: Payload = Payload::new(&claims).unwrap();
    let token = Token::new(payload.as_bytes());
    assert_eq!((token.len(), token.signing_input_len()), (204, 117));
    assert_eq!(token.len(), token.signing_input_len() + 1 + SIGNATURE_LENGTH);

    let golden = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJta3ItZ2NwLXR1dG9yaWFsIiwiaWF0IjoxNTUyNjAwMDAw\
                  LCJleHAiOjE1NTI2ODY0MDB9.htZVLA-AW6Nl5CCYexq-ggbrwsveLJKY0Brc5d4ZFkmAYVWCgDKEUxZC8T7AZXj4-GQXhx\
                  htX84Egx9Tq3oOHA";
    let mut buffer = [0; 204];
    assert_eq!(token.sign(&mut rfc_6979_signer(), &mut buffer).unwrap(), golden);

    let digest = token.write_signing_input(|_| Ok::<(), ()>(()), &mut SoftwareSha256::new()).unwrap();
    assert_eq!(hex(&digest), "4d8da47c885326e6a7f381b3941be756c48099c29fb9f41607a0f93d6e843d7b");
}

#[test]
fn the_golden_token_leaves_in_small_pieces() {
    let payload: Payload =
        Payload::new(&IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 86_400)).unwrap();
    let token = Token::new(payload.as_bytes());
    let mut whole = [0; 204];
    let whole = token.sign(&mut rfc_6979_signer(), &mut whole).unwrap();

    let mut pieces = Vec::new();
    let put = |piece: &[u8]| {
        assert!(!piece.is_empty() && piece.len() <= 32);
        pieces.extend_from_slice(piece);
        Ok::<(), ()>(())
    };
    token.write(put, &mut SoftwareSha256::new(), &mut rfc_6979_signer()).unwrap();
    assert_eq!(pieces, whole.as_bytes());

    let mut steps = Vec::new();
    let mut put = |piece: &[u8]| {
        steps.extend_from_slice(piece);
        Ok::<(), ()>(())
    };
    let digest = token.write_signing_input(&mut put, &mut SoftwareSha256::new()).unwrap();
    let signature = rfc_6979_signer().sign_digest(&digest).unwrap();
    Token::write_signature(&signature, &mut put).unwrap();
    assert_eq!(steps, whole.as_bytes());
}

/// RFC 6979 appendix A.2.5, SHA-256.
#[test]
fn rfc_6979_a_2_5() {
    let mut engine = SoftwareSha256::new();
    for (message, signature) in [
        (
            "sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
             f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            "test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367\
             019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ] {
        engine.update(message.as_bytes()).unwrap();
        let digest = engine.finish().unwrap();
        assert_eq!(hex(&rfc_6979_signer().sign_digest(&digest).unwrap()), signature);
    }
}

/// cryptoauthlib test/jwt/atca_jwt_test.c: made by a chip; the second signature there is a wrong one.
#[test]
fn the_token_that_cryptoauthlib_tests_with() {
    let key = "013195B2304DC77EC0946A02E04EDC51EDF7E8779D44C92B90B8F7C34B729BD8\
               11746E88319AE5C9EF683451347FABF9C22C81378AA2F36EB9544C5AF962F6ED";
    let mut point = vec![4];
    point.extend((0..64).map(|index| u8::from_str_radix(&key[2 * index..2 * index + 2], 16).unwrap()));
    let key = VerifyingKey::from_sec1_bytes(&point).unwrap();

    let payload = br#"{"iat":123456789,"exp":234567890,"aud":"audience"}"#;
    let mut text = Vec::new();
    let put = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok::<(), ()>(())
    };
    Token::new(payload).write_signing_input(put, &mut SoftwareSha256::new()).unwrap();
    let signing_input = String::from_utf8(text).unwrap();

    let good = "0v-QYqmt2Zc0gqVaK0IY2bRWGgTZ4S3DVF2rsZFPXVu1UM9F_ACuin0HkpqNIsjYH6IXXnzMi_xBVdY4ILOrkQ";
    let bad = "OgnwEMP1l7x67pYNgGxHAIyHZkAwRT3cbWHKCrH4Zi5fOrxXLwFUpnF_0FdPGz3WakETEeWYg79h36tZG_Q_uw";
    assert_eq!(verify(&format!("{signing_input}.{good}"), &key).unwrap().payload, payload);
    assert!(verify(&format!("{signing_input}.{bad}"), &key).is_err());
}

/// RFC 7518 section 6.2 for the members, RFC 7638 section 3.1 for the thumbprint's rules; the
/// key is that of RFC 7515 appendix A.3.
#[test]
fn the_key_of_rfc_7515_as_a_json_web_key() {
    let jwk = Jwk::from(&rfc_7515_signer().public_key());
    assert_eq!(
        jwk.as_str(),
        r#"{"crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#.to_owned()
            + r#""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#
    );
    assert_eq!(jwk.to_string(), jwk.as_str());
    assert_eq!(jwk.thumbprint().as_str(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    assert_eq!(jwk.thumbprint().to_string(), jwk.thumbprint().as_str());
}

#[test]
fn a_key_id_follows_the_type() {
    let thumbprint = Jwk::from(&rfc_7515_signer().public_key()).thumbprint();
    let token = Token::new(b"{}").with_header(Header::JWT.with_key_id(thumbprint.key_id()));
    let mut buffer = [0; 256];
    let text = token.sign(&mut rfc_6979_signer(), &mut buffer).unwrap();
    assert_eq!(text.len(), token.len());
    let parts = verify(text, rfc_6979_signer().into_inner().verifying_key()).unwrap();
    assert_eq!(
        parts.header,
        r#"{"alg":"ES256","typ":"JWT","kid":"oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"}"#
    );
}

#[test]
fn a_key_id_that_needs_escapes_is_refused() {
    for key_id in ["a\"b", "a\\b", "a\nb", "\0"] {
        assert!(KeyId::new(key_id).is_err(), "{key_id:?}");
    }
    for key_id in ["", "key 1", "schl\u{fc}ssel"] {
        assert!(KeyId::new(key_id).is_ok(), "{key_id:?}");
    }
}

#[test]
fn a_buffer_one_byte_short_is_refused_before_anything_is_signed() {
    struct NeverAsked;
    impl Es256Signer for NeverAsked {
        type Error = core::convert::Infallible;
        fn sign_digest(&mut self, _: &[u8; 32]) -> Result<[u8; 64], Self::Error> {
            panic!("asked to sign")
        }
    }
    let token = Token::new(b"{}");
    let mut buffer = [0; 126];
    assert_eq!(token.len(), 127);
    assert_eq!(token.sign(&mut NeverAsked, &mut buffer), Err(SignError::BufferTooSmall { needed: 127 }));
}

#[test]
fn lengths_are_known_at_compile_time() {
    let key = rfc_6979_signer().public_key();
    let jwk = Jwk::from(&key);
    assert_eq!((PublicKey::SPKI_LENGTH, key.to_spki_der().len()), (91, 91));
    assert_eq!((PublicKeyPem::LENGTH, key.to_pem().as_str().len()), (178, 178));
    assert_eq!((Jwk::LENGTH, jwk.as_str().len()), (126, 126));
    assert_eq!((Thumbprint::LENGTH, jwk.thumbprint().as_str().len()), (43, 43));
}

/// The s of RFC 6979's "sample" is a large one; the order less it begins with 0834E36A.
#[test]
fn a_low_s_signer_gives_the_other_signature() {
    let mut engine = SoftwareSha256::new();
    engine.update(b"sample").unwrap();
    let digest = engine.finish().unwrap();
    let mut signer = LowS::new(rfc_6979_signer());
    let low = signer.sign_digest(&digest).unwrap();
    let high = signer.into_inner().sign_digest(&digest).unwrap();
    assert_eq!(low[..32], high[..32]);
    assert_eq!((&low[32..36], high[32]), (&[0x08, 0x34, 0xE3, 0x6A][..], 0xF7));
}
