//! CONNECT (section 3.1).

use core::convert::Infallible;

use crate::error::{ConnectError, Misuse};
use crate::outbound::Outbound;
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::is_topic_name;
use crate::wire::copy;

/// Protocol Name and Protocol Level of MQTT 3.1.1 (sections 3.1.2.1 and 3.1.2.2).
const PROTOCOL: [u8; 7] = [0, 4, b'M', b'Q', b'T', b'T', 4];

/// Connect Flags (section 3.1.2.3).
mod flag {
    pub(super) const CLEAN_SESSION: u8 = 1 << 1;
    pub(super) const WILL: u8 = 1 << 2;
    pub(super) const WILL_QOS_SHIFT: u32 = 3;
    pub(super) const WILL_RETAIN: u8 = 1 << 5;
    pub(super) const PASSWORD: u8 = 1 << 6;
    pub(super) const USER_NAME: u8 = 1 << 7;
}

/// How to log in: the contents of CONNECT.
///
/// The Client Identifier is given in parts that are put together in the packet only:
///
/// ```
/// use mqtt_lite::Connect;
///
/// let connect = Connect::new(&["projects/", "mkr-gcp-tutorial", "/devices/", "MyMKRGSM1400"])
///     .keep_alive(60)
///     .login("unused", "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9");
/// ```
#[derive(Clone, Debug)]
pub struct Connect<'a, P = &'a str> {
    pub(crate) client_id: &'a [&'a str],
    pub(crate) keep_alive: u16,
    pub(crate) clean_session: bool,
    pub(crate) will: Option<Will<'a>>,
    pub(crate) user_name: Option<&'a str>,
    pub(crate) password: Option<P>,
}

/// The message that the server publishes when the client vanishes (section 3.1.2.5).
#[derive(Clone, Copy, Debug)]
pub struct Will<'a> {
    /// Where it is published.
    pub topic: &'a str,
    /// What is published.
    pub payload: &'a [u8],
    /// How hard the server tries.
    pub qos: QoS,
    /// Whether the server keeps it for later subscribers.
    pub retain: bool,
}

impl<'a> Connect<'a> {
    /// Starts a clean session without keep-alive, will and login.
    ///
    /// The Client Identifier is the concatenation of `client_id`.
    #[must_use]
    pub const fn new(client_id: &'a [&'a str]) -> Self {
        Self { client_id, keep_alive: 0, clean_session: true, will: None, user_name: None, password: None }
    }

    /// Gives a user name without a password.
    #[must_use]
    pub const fn user_name(mut self, user_name: &'a str) -> Self {
        self.user_name = Some(user_name);
        self
    }

    /// Gives user name and password: MQTT 3.1.1 has no password without a user name [MQTT-3.1.2-22].
    #[must_use]
    pub fn login<P: Password>(self, user_name: &'a str, password: P) -> Connect<'a, P> {
        let Self { client_id, keep_alive, clean_session, will, .. } = self;
        Connect {
            client_id,
            keep_alive,
            clean_session,
            will,
            user_name: Some(user_name),
            password: Some(password),
        }
    }
}

impl<'a, P> Connect<'a, P> {
    /// Promises the server a packet at least every `seconds`; zero, the default, turns this off.
    #[must_use]
    pub const fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Asks for a new session (`true`, the default) or to resume the one before (section 3.1.2.4).
    #[must_use]
    pub const fn clean_session(mut self, clean: bool) -> Self {
        self.clean_session = clean;
        self
    }

    /// Leaves a will.
    #[must_use]
    pub const fn will(mut self, will: Will<'a>) -> Self {
        self.will = Some(will);
        self
    }
}

impl<P: Password> Connect<'_, P> {
    /// Encodes the packet.
    pub(crate) fn encode(self, out: &mut Outbound<'_>) -> Result<(), ConnectError<Infallible, P::Error>> {
        out.begin();
        out.bytes(&PROTOCOL);
        out.byte(self.flags());
        out.integer(self.keep_alive);
        self.encode_identity(out);
        if let Some(password) = self.password {
            let length = password.length();
            out.length_of(length);
            let space = out.space(length);
            if space.len() == length {
                password.write(space).map_err(ConnectError::Password)?;
            }
        }
        Ok(out.finish(first_byte::CONNECT, 0)?)
    }
}

impl<P> Connect<'_, P> {
    /// Encodes the payload up to the password.
    fn encode_identity(&self, out: &mut Outbound<'_>) {
        if !self.clean_session && self.client_id.iter().all(|part| part.is_empty()) {
            out.refuse(Misuse::PersistentSessionWithoutClientId);
        }
        out.text(self.client_id, null_character(self.client_id));
        if let Some(will) = &self.will {
            let topic = [will.topic];
            out.text(&topic, if is_topic_name(&topic) { None } else { Some(Misuse::TopicName) });
            out.length_of(will.payload.len());
            out.bytes(will.payload);
        }
        if let Some(name) = self.user_name {
            out.text(&[name], null_character(&[name]));
        }
    }

    const fn flags(&self) -> u8 {
        let mut flags = 0;
        if self.clean_session {
            flags |= flag::CLEAN_SESSION;
        }
        if let Some(will) = &self.will {
            flags |= flag::WILL | will.qos.bits() << flag::WILL_QOS_SHIFT;
            if will.retain {
                flags |= flag::WILL_RETAIN;
            }
        }
        if self.user_name.is_some() {
            flags |= flag::USER_NAME;
        }
        if self.password.is_some() {
            flags |= flag::PASSWORD;
        }
        flags
    }
}

/// Looks for U+0000, which no text may have [MQTT-1.5.3-2].
fn null_character(parts: &[&str]) -> Option<Misuse> {
    let found = parts.iter().any(|part| part.bytes().any(|byte| byte == 0));
    found.then_some(Misuse::NullCharacter)
}

/// A password that is written straight into the CONNECT packet.
///
/// A token of some 200 bytes needs no buffer of its own that way. Byte strings and strings are
/// passwords too.
pub trait Password {
    /// Why the password could not be made.
    type Error;

    /// Tells how many bytes [`Password::write`] fills.
    fn length(&self) -> usize;

    /// Writes the password; `space` has exactly [`Password::length`] bytes.
    ///
    /// # Errors
    /// When the password cannot be made; nothing is sent then.
    fn write(self, space: &mut [u8]) -> Result<(), Self::Error>;
}

impl Password for &[u8] {
    type Error = Infallible;

    fn length(&self) -> usize {
        self.len()
    }

    fn write(self, space: &mut [u8]) -> Result<(), Infallible> {
        copy(space, self);
        Ok(())
    }
}

impl Password for &str {
    type Error = Infallible;

    fn length(&self) -> usize {
        self.len()
    }

    fn write(self, space: &mut [u8]) -> Result<(), Infallible> {
        self.as_bytes().write(space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ResourceError};

    fn encode<P: Password<Error = Infallible>>(connect: Connect<'_, P>) -> std::vec::Vec<u8> {
        let mut buffer = [0; 512];
        let mut out = Outbound::new(&mut buffer);
        connect.encode(&mut out).unwrap();
        out.pending().to_vec()
    }

    #[test]
    fn the_example_of_figure_3_6_is_reproduced() {
        // Variable header of the non normative example in section 3.1.2.11: user name, password, will
        // with QoS 1, clean session, keep alive of 10 s.
        let will = Will { topic: "w", payload: b"m", qos: QoS::AtLeastOnce, retain: false };
        let packet = encode(Connect::new(&["c"]).keep_alive(10).will(will).login("u", "p"));
        let expected = [
            0x10, 0x19, 0x00, 0x04, b'M', b'Q', b'T', b'T', 0x04, 0xCE, 0x00, 0x0A, // variable header
            0x00, 0x01, b'c', 0x00, 0x01, b'w', 0x00, 0x01, b'm', 0x00, 0x01, b'u', 0x00, 0x01, b'p',
        ];
        assert_eq!(packet, expected);
    }

    #[test]
    fn the_tutorials_login_has_a_96_byte_identifier_and_a_204_byte_token() {
        let client_id = [
            "projects/",
            "mkr-gcp-tutorial",
            "/locations/",
            "us-central1",
            "/registries/",
            "MKR_GCP_Tutorial",
            "/devices/",
            "MyMKRGSM1400",
        ];
        assert_eq!(client_id.concat().len(), 96);
        let token = "t".repeat(204);
        let packet = encode(Connect::new(&client_id).keep_alive(60).login("unused", token.as_str()));
        // 317 bytes of ArduinoMqttClient 0.1.8, and 8 of the user name.
        assert_eq!(packet.len(), 325);
        assert_eq!(packet[..15], [0x10, 0xC2, 0x02, 0, 4, b'M', b'Q', b'T', b'T', 4, 0xC2, 0, 60, 0, 96]);
    }

    #[test]
    fn an_anonymous_login_is_fourteen_bytes_and_the_name() {
        assert_eq!(encode(Connect::new(&[])), [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn what_would_break_the_rules_is_refused() {
        fn refused<P: Password<Error = Infallible>>(connect: Connect<'_, P>) -> Error {
            let mut buffer = [0; 32];
            match connect.encode(&mut Outbound::new(&mut buffer)) {
                Err(ConnectError::Link(error)) => error,
                other => panic!("{other:?}"),
            }
        }
        let error = refused(Connect::new(&["", ""]).clean_session(false));
        assert_eq!(error, Misuse::PersistentSessionWithoutClientId.into());
        let will = Will { topic: "a/#", payload: b"", qos: QoS::AtMostOnce, retain: false };
        assert_eq!(refused(Connect::new(&["c"]).will(will)), Misuse::TopicName.into());
        let long = "x".repeat(65_536);
        assert_eq!(refused(Connect::new(&["c"]).login(&long, "")), Misuse::FieldTooLong.into());
        assert_eq!(refused(Connect::new(&["c"]).login("u", long.as_str())), Misuse::FieldTooLong.into());
        let (part, rest) = long.split_at(40_000);
        assert_eq!(refused(Connect::new(&[part, rest])), Misuse::FieldTooLong.into());
        assert_eq!(refused(Connect::new(&["c", "\0"])), Misuse::NullCharacter.into());
        assert_eq!(refused(Connect::new(&["c"]).user_name("u\0")), Misuse::NullCharacter.into());
        let needed = ResourceError::TransmitBuffer { needed: 42 };
        assert_eq!(refused(Connect::new(&["a client with a long name"])), needed.into());
    }

    #[test]
    fn a_password_is_not_made_for_a_packet_that_will_not_be_sent() {
        struct Never;
        impl Password for Never {
            type Error = Infallible;
            fn length(&self) -> usize {
                4
            }
            fn write(self, _: &mut [u8]) -> Result<(), Infallible> {
                panic!("signed for nothing")
            }
        }
        let mut buffer = [0; 32];
        let mut out = Outbound::new(&mut buffer);
        assert!(Connect::new(&["c\0"]).login("u", Never).encode(&mut out).is_err());
        assert!(Connect::new(&["fits but for the password"]).login("u", Never).encode(&mut out).is_err());
    }
}
