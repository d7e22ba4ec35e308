//! What an endpoint says is what goes over the wire.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gcp_iot_core::{ClientId, ConnectError, Endpoint, KeyId, MqttLite, Session, TokenError};
use support::{DEVICE, World};

/// Client id, user name and password of the CONNECT that a login at `endpoint` begins with.
fn login(endpoint: Endpoint<'_>) -> [String; 3] {
    let world = World::new();
    let (mut receive, mut transmit) = ([0; 512], [0; 1024]);
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(DEVICE, endpoint, link, &world);
    // The emulator knows the bridge's own logins alone; what it makes of this one is not asked.
    let _ = session.connect(world.open(), &mut world.signer.clone(), world.unix_now());
    let writes = world.writes.borrow();
    let connect = &writes[0];
    // Two bytes of fixed header at least, then the protocol name.
    let start = 10 + connect[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 2;
    let mut rest = &connect[start..];
    [(); 3].map(|()| {
        let (length, more) = rest.split_first_chunk::<2>().unwrap();
        let (field, more) = more.split_at(usize::from(u16::from_be_bytes(*length)));
        rest = more;
        String::from_utf8(field.to_vec()).unwrap()
    })
}

/// Header and claims of a token.
fn parts(token: &str) -> [String; 2] {
    let mut parts = token.split('.');
    [(); 2].map(|()| String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap())
}

#[test]
fn google_and_clearblade_want_the_path_and_three_claims() {
    for endpoint in [Endpoint::GOOGLE, Endpoint::clearblade("us-central1-mqtt.clearblade.com")] {
        let [client_id, user_name, token] = login(endpoint);
        assert_eq!(client_id, DEVICE.to_string());
        assert_eq!(user_name, "unused");
        assert_eq!(
            parts(&token),
            [
                r#"{"alg":"ES256","typ":"JWT"}"#,
                r#"{"aud":"mkr-gcp-tutorial","iat":1552600000,"exp":1552603600}"#
            ]
        );
    }
}

#[test]
fn every_field_can_be_another() {
    const KEY: KeyId<'static> = match KeyId::new("key-7") {
        Ok(key_id) => key_id,
        Err(_) => panic!("malformed"),
    };
    let [client_id, user_name, token] = login(Endpoint {
        client_id: ClientId::Text("me"),
        user_name: "someone",
        claims: &[("scope", "a \"b\""), ("sub", "MyMKRGSM1400")],
        key_id: Some(KEY),
        ..Endpoint::emqx("broker", "root")
    });
    assert_eq!((client_id.as_str(), user_name.as_str()), ("me", "someone"));
    let [header, claims] = parts(&token);
    assert_eq!(header, r#"{"alg":"ES256","typ":"JWT","kid":"key-7"}"#);
    let expected = r#""exp":1552603600,"scope":"a \"b\"","sub":"MyMKRGSM1400"}"#;
    assert!(claims.ends_with(expected), "{claims}");
}

#[test]
fn brokers_have_a_host_and_a_root_of_their_own() {
    for (endpoint, by_path) in [
        (Endpoint::rabbitmq("broker", "root"), true),
        (Endpoint::mosquitto("broker", "root"), false),
        (Endpoint::emqx("broker", "root"), false),
    ] {
        assert_eq!((endpoint.host, endpoint.port, endpoint.root), ("broker", 8883, "root"));
        let [client_id, ..] = login(endpoint);
        assert_eq!(client_id, if by_path { DEVICE.to_string() } else { DEVICE.device().to_owned() });
    }
    assert_eq!(Endpoint::GOOGLE_LTS.host, "mqtt.2030.ltsapis.goog");
}

#[test]
fn claims_that_are_too_long_are_named_and_nothing_is_sent() {
    let world = World::new();
    let (mut receive, mut transmit) = ([0; 512], [0; 512]);
    let text = "x".repeat(200);
    let claims: [(&str, &str); 1] = [("scope", &text)];
    let endpoint = Endpoint { claims: &claims, ..Endpoint::GOOGLE };
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(DEVICE, endpoint, link, &world);
    let error = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap_err();
    assert!(matches!(error, ConnectError::Token(TokenError::Claims(_))), "{error:?}");
    assert!(world.writes.borrow().is_empty());
}
