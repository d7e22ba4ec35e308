//! CONNECT (section 3.1).

use core::convert::Infallible;

use crate::error::{EncodeError, Misuse, ResourceError};
use crate::packet::first_byte;
use crate::qos::QoS;
use crate::topic::is_topic_name;
use crate::wire::{Writer, parts_length};

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
    /// Encodes the packet into `buffer`; tells its length.
    pub(crate) fn encode(self, buffer: &mut [u8]) -> Result<usize, EncodeError<P::Error>> {
        let password = self.password.as_ref().map(Password::length);
        self.check(password)?;
        let mut remaining = PROTOCOL.len() + 3 + 2 + parts_length(self.client_id);
        if let Some(will) = &self.will {
            remaining += 4 + will.topic.len() + will.payload.len();
        }
        remaining +=
            self.user_name.map_or(0, |name| 2 + name.len()) + password.map_or(0, |length| 2 + length);

        let mut writer = Writer::new(buffer);
        writer.fixed_header(first_byte::CONNECT, remaining);
        writer.bytes(&PROTOCOL);
        writer.byte(self.flags());
        writer.integer(self.keep_alive);
        writer.string(self.client_id);
        if let Some(will) = &self.will {
            writer.string(&[will.topic]);
            writer.length_of(will.payload.len());
            writer.bytes(will.payload);
        }
        if let Some(name) = self.user_name {
            writer.string(&[name]);
        }
        if let (Some(password), Some(length)) = (self.password, password) {
            writer.length_of(length);
            let space = writer.space(length);
            if space.len() == length {
                password.write(space).map_err(EncodeError::Password)?;
            }
        }
        writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed }.into())
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

    fn check(&self, password: Option<usize>) -> Result<(), Misuse> {
        let will_length = self.will.as_ref().map_or(0, |will| will.payload.len());
        let name_length = self.user_name.map_or(0, str::len);
        let id_length = parts_length(self.client_id);
        let longest = id_length.max(will_length).max(name_length).max(password.unwrap_or(0));
        if longest > usize::from(u16::MAX) {
            return Err(Misuse::FieldTooLong);
        }
        let mut names = self.client_id.iter().chain(&self.user_name);
        if names.any(|name| name.bytes().any(|byte| byte == 0)) {
            return Err(Misuse::NullCharacter);
        }
        if id_length == 0 && !self.clean_session {
            return Err(Misuse::PersistentSessionWithoutClientId);
        }
        match &self.will {
            Some(will) if !is_topic_name(&[will.topic]) => Err(Misuse::TopicName),
            _ => Ok(()),
        }
    }
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
        for (to, from) in space.iter_mut().zip(self) {
            *to = *from;
        }
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

    fn encode<P: Password<Error = Infallible>>(connect: Connect<'_, P>) -> std::vec::Vec<u8> {
        let mut buffer = [0; 512];
        let length = connect.encode(&mut buffer).unwrap();
        buffer[..length].to_vec()
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
        assert_eq!(parts_length(&client_id), 96);
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
        let mut buffer = [0; 32];
        let error = Connect::new(&[]).clean_session(false).encode(&mut buffer);
        assert_eq!(error, Err(EncodeError::Misuse(Misuse::PersistentSessionWithoutClientId)));
        let will = Will { topic: "a/#", payload: b"", qos: QoS::AtMostOnce, retain: false };
        let error = Connect::new(&["c"]).will(will).encode(&mut buffer);
        assert_eq!(error, Err(EncodeError::Misuse(Misuse::TopicName)));
        let long = "x".repeat(65_536);
        let error = Connect::new(&["c"]).login(&long, "").encode(&mut buffer);
        assert_eq!(error, Err(EncodeError::Misuse(Misuse::FieldTooLong)));
        let null = EncodeError::Misuse(Misuse::NullCharacter);
        assert_eq!(Connect::new(&["c", "\0"]).encode(&mut buffer), Err(null));
        assert_eq!(Connect::new(&["c"]).user_name("u\0").encode(&mut buffer), Err(null));
        let error = Connect::new(&["a client with a long name"]).encode(&mut buffer);
        assert_eq!(error, Err(EncodeError::Resource(ResourceError::TransmitBuffer { needed: 39 })));
    }
}
