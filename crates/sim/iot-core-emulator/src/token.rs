//! Verifies the tokens: ES256, strictly, with ring's ECDSA. ("Using JSON Web Tokens")

use core::fmt;
use core::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Credential, Profile, Settings, Timestamp};

/// What a verified token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// `iat`.
    pub issued: Timestamp,
    /// `exp`.
    pub expires: Timestamp,
}

/// Says why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenError {
    /// The CONNECT has no password, or an empty one.
    Missing,
    /// Not three parts in base64url, or a part that is not the JSON it must be.
    Malformed(&'static str),
    /// The header's `alg` is not ES256.
    Algorithm(String),
    /// The header's `typ` is not JWT.
    Type,
    /// The header has a field beside `alg` and `typ`.
    HeaderField(String),
    /// `aud` is not the project.
    Audience(String),
    /// `iat` lies more than the skew after now.
    IssuedInFuture(Timestamp),
    /// `exp` lies more than the skew before now.
    Expired(Timestamp),
    /// `exp` lies before `iat`, or further after it than 24 h.
    Lifetime,
    /// The device has no key that is still used.
    NoKey,
    /// No key of the device made this signature.
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    #[serde(flatten)]
    other: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    iat: u64,
    exp: u64,
}

/// Verifies `password` as a token for `project` at `now`, made with one of `credentials`.
///
/// # Errors
/// Says why the token was refused.
pub(crate) fn verify(
    password: &[u8],
    project: &str,
    credentials: &[Credential],
    settings: &Settings,
    now: Timestamp,
) -> Result<Token, TokenError> {
    if password.is_empty() {
        return Err(TokenError::Missing);
    }
    let text = core::str::from_utf8(password).map_err(|_| TokenError::Malformed("not ASCII"))?;
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(TokenError::Malformed("not three parts"));
    };
    let signing_input = &text[..header.len() + 1 + claims.len()];
    check_header(&json::<Header>(header, settings.profile, "header")?, settings)?;
    let claims: Claims = json(claims, settings.profile, "claims")?;
    let token = check_claims(&claims, project, settings, now)?;
    let signature =
        decode(signature, settings.profile).ok_or(TokenError::Malformed("signature is not base64url"))?;
    check_signature(signing_input.as_bytes(), &signature, credentials, now)?;
    Ok(token)
}

fn check_header(header: &Header, settings: &Settings) -> Result<(), TokenError> {
    if header.alg != "ES256" {
        return Err(TokenError::Algorithm(header.alg.clone()));
    }
    if header.typ != "JWT" {
        return Err(TokenError::Type);
    }
    match header.other.keys().next() {
        Some(field) if settings.rules.strict_token_header => Err(TokenError::HeaderField(field.clone())),
        _ => Ok(()),
    }
}

fn check_claims(
    claims: &Claims,
    project: &str,
    settings: &Settings,
    now: Timestamp,
) -> Result<Token, TokenError> {
    let token = Token { issued: Timestamp::from_unix(claims.iat), expires: Timestamp::from_unix(claims.exp) };
    if claims.aud != project {
        return Err(TokenError::Audience(claims.aud.clone()));
    }
    if token.issued > now + settings.limits.clock_skew {
        return Err(TokenError::IssuedInFuture(token.issued));
    }
    if token.expires + settings.limits.clock_skew < now {
        return Err(TokenError::Expired(token.expires));
    }
    match claims.exp.checked_sub(claims.iat) {
        Some(lifetime) if Duration::from_secs(lifetime) <= settings.token_lifetime() => Ok(token),
        _ => Err(TokenError::Lifetime),
    }
}

fn check_signature(
    message: &[u8],
    signature: &[u8],
    credentials: &[Credential],
    now: Timestamp,
) -> Result<(), TokenError> {
    let mut used =
        credentials.iter().filter(|credential| credential.expires.is_none_or(|at| now < at)).peekable();
    if used.peek().is_none() {
        return Err(TokenError::NoKey);
    }
    if used.any(|credential| credential.key.verifies(message, signature)) {
        Ok(())
    } else {
        Err(TokenError::Signature)
    }
}

fn json<T: DeserializeOwned>(part: &str, profile: Profile, what: &'static str) -> Result<T, TokenError> {
    let bytes = decode(part, profile).ok_or(TokenError::Malformed(what))?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed(what))
}

/// Google took padding and the standard alphabet too; ClearBlade wants base64url without padding.
fn decode(part: &str, profile: Profile) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const URL_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    match profile {
        Profile::ClearBlade => URL_SAFE_NO_PAD.decode(part).ok(),
        Profile::Google => URL_LENIENT.decode(part.replace('+', "-").replace('/', "_")).ok(),
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no token"),
            Self::Malformed(what) => write!(f, "malformed token: {what}"),
            Self::Algorithm(alg) => write!(f, "algorithm {alg:?} instead of ES256"),
            Self::Type => f.write_str("type is not JWT"),
            Self::HeaderField(field) => write!(f, "header field {field:?} beside alg and typ"),
            Self::Audience(aud) => write!(f, "audience {aud:?} is not the project"),
            Self::IssuedInFuture(at) => write!(f, "issued in the future, at {at}"),
            Self::Expired(at) => write!(f, "expired at {at}"),
            Self::Lifetime => f.write_str("exp - iat is negative or longer than 24 h"),
            Self::NoKey => f.write_str("the device has no key in use"),
            Self::Signature => f.write_str("the signature does not fit any key of the device"),
        }
    }
}

impl core::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::RFC_6979_PEM;

    /// The golden token: RFC 6979 key A.2.5, project mkr-gcp-tutorial, 1552600000 to 1552686400.
    const GOLDEN: &str = concat!(
        "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9",
        ".eyJhdWQiOiJta3ItZ2NwLXR1dG9yaWFsIiwiaWF0IjoxNTUyNjAwMDAwLCJleHAiOjE1NTI2ODY0MDB9",
        ".htZVLA-AW6Nl5CCYexq-ggbrwsveLJKY0Brc5d4ZFkmAYVWCgDKEUxZC8T7AZXj4-GQXhxhtX84Egx9Tq3oOHA",
    );
    const PROJECT: &str = "mkr-gcp-tutorial";
    const ISSUED: u64 = 1_552_600_000;
    const EXPIRES: u64 = 1_552_686_400;

    fn verify_at(token: &str, project: &str, settings: &Settings, unix: u64) -> Result<Token, TokenError> {
        let keys = [Credential::from_pem(RFC_6979_PEM).unwrap()];
        verify(token.as_bytes(), project, &keys, settings, Timestamp::from_unix(unix))
    }

    fn google() -> Settings {
        Settings::google(Timestamp::from_unix(ISSUED))
    }

    #[test]
    fn the_golden_token_verifies_from_ten_minutes_before_to_ten_minutes_after() {
        let token = Token { issued: Timestamp::from_unix(ISSUED), expires: Timestamp::from_unix(EXPIRES) };
        let at = |unix| verify_at(GOLDEN, PROJECT, &google(), unix);
        for unix in [ISSUED - 600, ISSUED, EXPIRES, EXPIRES + 600] {
            assert_eq!(at(unix), Ok(token), "{unix}");
        }
        assert_eq!(at(ISSUED - 601), Err(TokenError::IssuedInFuture(token.issued)));
        assert_eq!(at(EXPIRES + 601), Err(TokenError::Expired(token.expires)));
    }

    #[test]
    fn another_audience_is_refused() {
        assert_eq!(verify_at(GOLDEN, "other", &google(), ISSUED), Err(TokenError::Audience(PROJECT.into())));
    }

    #[test]
    fn every_changed_character_is_refused() {
        for at in 0..GOLDEN.len() {
            let mut changed = GOLDEN.as_bytes().to_vec();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(verify_at(&changed, PROJECT, &google(), ISSUED).is_err(), "character {at}");
        }
    }

    #[test]
    fn padding_and_the_standard_alphabet_are_for_google_only() {
        let padded = format!("{GOLDEN}==");
        let standard = GOLDEN.replace('-', "+").replace('_', "/");
        let clearblade = Settings::clearblade(Timestamp::from_unix(ISSUED));
        assert!(verify_at(GOLDEN, PROJECT, &clearblade, ISSUED).is_ok());
        for lenient in [padded, standard] {
            assert!(verify_at(&lenient, PROJECT, &google(), ISSUED).is_ok(), "{lenient}");
            assert!(
                matches!(verify_at(&lenient, PROJECT, &clearblade, ISSUED), Err(TokenError::Malformed(_))),
                "{lenient}"
            );
        }
    }

    #[test]
    fn without_a_key_in_use_nothing_verifies() {
        let now = Timestamp::from_unix(ISSUED);
        assert_eq!(verify(GOLDEN.as_bytes(), PROJECT, &[], &google(), now), Err(TokenError::NoKey));
        let mut key = Credential::from_pem(RFC_6979_PEM).unwrap();
        key.expires = Some(now);
        let expired = [key.clone()];
        assert_eq!(verify(GOLDEN.as_bytes(), PROJECT, &expired, &google(), now), Err(TokenError::NoKey));
        key.expires = Some(now + Duration::from_secs(1));
        assert!(verify(GOLDEN.as_bytes(), PROJECT, &[key], &google(), now).is_ok());
    }

    #[test]
    fn what_is_not_a_token_is_named() {
        let refused = |token: &str| verify_at(token, PROJECT, &google(), ISSUED).unwrap_err();
        assert_eq!(refused(""), TokenError::Missing);
        for (token, what) in [("a.b", "not three parts"), ("a.b.c.d", "not three parts"), ("!.b.c", "header")]
        {
            assert_eq!(refused(token), TokenError::Malformed(what), "{token}");
        }
    }

    #[test]
    fn the_header_is_pinned() {
        let refused = |header: &str| {
            let rest = GOLDEN.split_once('.').unwrap().1;
            let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            verify_at(&token, PROJECT, &google(), ISSUED).unwrap_err()
        };
        assert_eq!(refused(r#"{"alg":"none","typ":"JWT"}"#), TokenError::Algorithm("none".into()));
        assert_eq!(refused(r#"{"alg":"HS256","typ":"JWT"}"#), TokenError::Algorithm("HS256".into()));
        assert_eq!(refused(r#"{"alg":"RS256","typ":"JWT"}"#), TokenError::Algorithm("RS256".into()));
        assert_eq!(refused(r#"{"alg":"ES256","typ":"jwt"}"#), TokenError::Type);
        assert_eq!(refused(r#"{"alg":"ES256"}"#), TokenError::Malformed("header"));
        assert_eq!(refused(r#"{"alg":"ES256","alg":"ES256","typ":"JWT"}"#), TokenError::Malformed("header"));
        assert_eq!(
            refused(r#"{"alg":"ES256","typ":"JWT","kid":"1"}"#),
            TokenError::HeaderField("kid".into())
        );
    }

    #[test]
    fn the_claims_have_the_types_of_the_manual() {
        let refused = |claims: &str| {
            let (header, signature) = (GOLDEN.split('.').next().unwrap(), GOLDEN.split('.').nth(2).unwrap());
            let token = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims));
            verify_at(&token, PROJECT, &google(), ISSUED).unwrap_err()
        };
        for malformed in [
            r#"{"aud":["mkr-gcp-tutorial"],"iat":1552600000,"exp":1552686400}"#,
            r#"{"aud":"mkr-gcp-tutorial","iat":1552600000.5,"exp":1552686400}"#,
            r#"{"aud":"mkr-gcp-tutorial","iat":"1552600000","exp":1552686400}"#,
            r#"{"aud":"mkr-gcp-tutorial","iat":-1,"exp":1552686400}"#,
            r#"{"aud":"mkr-gcp-tutorial","iat":1552600000}"#,
            r#"{"aud":"mkr-gcp-tutorial","exp":1552686400}"#,
            r#"{"iat":1552600000,"exp":1552686400}"#,
            "",
        ] {
            assert_eq!(refused(malformed), TokenError::Malformed("claims"), "{malformed}");
        }
        let lifetime = |exp: u64| refused(&format!(r#"{{"aud":"{PROJECT}","iat":{ISSUED},"exp":{exp}}}"#));
        assert_eq!(lifetime(EXPIRES + 1), TokenError::Lifetime);
        assert_eq!(lifetime(ISSUED - 1), TokenError::Lifetime);
        // Everything but the signature is in order, also with claims that are not looked at.
        assert_eq!(lifetime(EXPIRES - 1), TokenError::Signature);
        let more =
            format!(r#"{{"aud":"{PROJECT}","iat":{ISSUED},"exp":{EXPIRES},"nbf":9999999999,"sub":"x"}}"#);
        assert_eq!(refused(&more), TokenError::Signature);
    }

    #[test]
    fn clearblade_allows_the_skew_on_top_of_24_hours() {
        let clearblade = Settings::clearblade(Timestamp::from_unix(ISSUED));
        let with_lifetime = |lifetime: u64| {
            let claims = Claims { aud: PROJECT.into(), iat: ISSUED, exp: ISSUED + lifetime };
            check_claims(&claims, PROJECT, &clearblade, Timestamp::from_unix(ISSUED))
        };
        assert!(with_lifetime(86_400 + 600).is_ok());
        assert_eq!(with_lifetime(86_400 + 601), Err(TokenError::Lifetime));
    }
}
