//! Control packets as the bridge sees them: a thin face over mqtt-protocol-core for both protocol levels.

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event};
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait as _, MaximumQos, Packet, Qos, RetainAvailable, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, MqttError, SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
};
use mqtt_protocol_core::mqtt::{Connection, Version, role};

/// What the bridge understands of a packet.
#[derive(Debug)]
pub(crate) enum Incoming {
    Connect(Connect),
    Publish(Publish),
    Puback(u16),
    Subscribe {
        packet_id: u16,
        filters: Vec<(String, u8)>,
    },
    Unsubscribe {
        packet_id: u16,
        filters: Vec<String>,
    },
    Pingreq,
    Disconnect,
    /// A packet that belongs to QoS 2, or to MQTT 5's AUTH.
    Unsupported(&'static str),
}

#[derive(Debug)]
pub(crate) struct Connect {
    pub(crate) client_id: String,
    pub(crate) keep_alive: u16,
    pub(crate) will: bool,
    pub(crate) password: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: u8,
    pub(crate) packet_id: Option<u16>,
    pub(crate) duplicate: bool,
}

/// What the bridge says of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    Qos(u8),
    Refused,
}

/// CONNACK return codes of MQTT 3.1.1. (table 3.1)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReturnCode {
    UnacceptableProtocolVersion = 1,
    IdentifierRejected = 2,
    ServerUnavailable = 3,
    BadUserNameOrPassword = 4,
    NotAuthorized = 5,
}

/// Decodes and encodes the packets of one connection.
pub(crate) struct Codec {
    connection: Connection<role::Server>,
    mqtt5: bool,
}

impl core::fmt::Debug for Codec {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Codec").field("mqtt5", &self.mqtt5).finish_non_exhaustive()
    }
}

impl Codec {
    /// Makes a codec for packets of at most `limit` bytes.
    pub(crate) fn new(mqtt5: bool, limit: usize) -> Self {
        let version = if mqtt5 { Version::V5_0 } else { Version::V3_1_1 };
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let options = ConnectionOptions::new().maximum_packet_size_recv(limit);
        Self { connection: Connection::with_options(version, options), mqtt5 }
    }

    pub(crate) const fn mqtt5(&self) -> bool {
        self.mqtt5
    }

    /// Decodes one whole packet.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<Incoming, MqttError> {
        let mut received = None;
        for event in self.connection.recv(&mut Cursor::new(packet)) {
            match event {
                Event::NotifyPacketReceived(packet) => received = Some(packet),
                Event::NotifyError(error) => return Err(error),
                // Timers are the session's own; what the library would answer to an error is not sent.
                _ => {}
            }
        }
        received.map(understand).ok_or(MqttError::MalformedPacket)
    }

    /// CONNACK that accepts. Session Present is 0: the bridge keeps no session.
    pub(crate) fn accept(&mut self) -> Vec<u8> {
        if !self.mqtt5 {
            let connack = v3_1_1::Connack::builder()
                .session_present(false)
                .return_code(ConnectReturnCode::Accepted)
                .build();
            return self.send(connack.map(Packet::from));
        }
        let limits = MaximumQos::new(1)
            .map(Into::into)
            .and_then(|qos| Ok(vec![qos, RetainAvailable::new(0)?.into()]))
            .unwrap_or_default();
        let connack = v5_0::Connack::builder()
            .session_present(false)
            .reason_code(ConnectReasonCode::Success)
            .props(limits)
            .build();
        self.send(connack.map(Packet::from))
    }

    /// CONNACK that refuses.
    pub(crate) fn refuse(&mut self, code: ReturnCode) -> Vec<u8> {
        if !self.mqtt5 {
            let code = match code {
                ReturnCode::UnacceptableProtocolVersion => ConnectReturnCode::UnacceptableProtocolVersion,
                ReturnCode::IdentifierRejected => ConnectReturnCode::IdentifierRejected,
                ReturnCode::ServerUnavailable => ConnectReturnCode::ServerUnavailable,
                ReturnCode::BadUserNameOrPassword => ConnectReturnCode::BadUserNameOrPassword,
                ReturnCode::NotAuthorized => ConnectReturnCode::NotAuthorized,
            };
            let connack = v3_1_1::Connack::builder().session_present(false).return_code(code).build();
            return self.send(connack.map(Packet::from));
        }
        let code = match code {
            ReturnCode::UnacceptableProtocolVersion => ConnectReasonCode::UnsupportedProtocolVersion,
            ReturnCode::IdentifierRejected => ConnectReasonCode::ClientIdentifierNotValid,
            ReturnCode::ServerUnavailable => ConnectReasonCode::ServerUnavailable,
            ReturnCode::BadUserNameOrPassword => ConnectReasonCode::BadUserNameOrPassword,
            ReturnCode::NotAuthorized => ConnectReasonCode::NotAuthorized,
        };
        let connack = v5_0::Connack::builder().session_present(false).reason_code(code).build();
        self.send(connack.map(Packet::from))
    }

    pub(crate) fn suback(&mut self, packet_id: u16, granted: &[Granted]) -> Vec<u8> {
        if self.mqtt5 {
            let code = |granted: &Granted| match granted {
                Granted::Qos(0) => SubackReasonCode::GrantedQos0,
                Granted::Qos(_) => SubackReasonCode::GrantedQos1,
                Granted::Refused => SubackReasonCode::NotAuthorized,
            };
            let codes = granted.iter().map(code).collect();
            let suback = v5_0::Suback::builder().packet_id(packet_id).reason_codes(codes).build();
            self.send(suback.map(Packet::from))
        } else {
            let code = |granted: &Granted| match granted {
                Granted::Qos(0) => SubackReturnCode::SuccessMaximumQos0,
                Granted::Qos(_) => SubackReturnCode::SuccessMaximumQos1,
                Granted::Refused => SubackReturnCode::Failure,
            };
            let codes = granted.iter().map(code).collect();
            let suback = v3_1_1::Suback::builder().packet_id(packet_id).return_codes(codes).build();
            self.send(suback.map(Packet::from))
        }
    }

    pub(crate) fn unsuback(&mut self, packet_id: u16, filters: usize) -> Vec<u8> {
        if self.mqtt5 {
            let codes = vec![UnsubackReasonCode::Success; filters];
            let unsuback = v5_0::Unsuback::builder().packet_id(packet_id).reason_codes(codes).build();
            self.send(unsuback.map(Packet::from))
        } else {
            self.send(v3_1_1::Unsuback::builder().packet_id(packet_id).build().map(Packet::from))
        }
    }

    pub(crate) fn puback(&mut self, packet_id: u16) -> Vec<u8> {
        if self.mqtt5 {
            self.send(v5_0::Puback::builder().packet_id(packet_id).build().map(Packet::from))
        } else {
            self.send(v3_1_1::Puback::builder().packet_id(packet_id).build().map(Packet::from))
        }
    }

    pub(crate) fn pingresp(&mut self) -> Vec<u8> {
        if self.mqtt5 {
            self.send(Ok(v5_0::Pingresp::new().into()))
        } else {
            self.send(Ok(v3_1_1::Pingresp::new().into()))
        }
    }

    /// PUBLISH with QoS 0, or with QoS 1 where there is a packet identifier.
    pub(crate) fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        packet_id: Option<u16>,
        duplicate: bool,
    ) -> Vec<u8> {
        let qos = if packet_id.is_some() { Qos::AtLeastOnce } else { Qos::AtMostOnce };
        let packet = if self.mqtt5 {
            v5_0::Publish::builder().topic_name(topic).and_then(|builder| {
                builder
                    .qos(qos)
                    .dup(duplicate)
                    .packet_id(packet_id)
                    .payload(payload)
                    .build()
                    .map(Packet::from)
            })
        } else {
            v3_1_1::Publish::builder().topic_name(topic).and_then(|builder| {
                builder
                    .qos(qos)
                    .dup(duplicate)
                    .packet_id(packet_id)
                    .payload(payload)
                    .build()
                    .map(Packet::from)
            })
        };
        self.send(packet)
    }

    /// Takes a packet identifier that is free; `None` when all are in use.
    pub(crate) fn acquire_packet_id(&mut self) -> Option<u16> {
        self.connection.acquire_packet_id().ok()
    }

    /// Encodes what may be sent now; an error of the library yields nothing.
    fn send(&mut self, packet: Result<Packet, MqttError>) -> Vec<u8> {
        let Ok(packet) = packet else { return Vec::new() };
        let mut bytes = Vec::new();
        for event in self.connection.send(packet) {
            if let Event::RequestSendPacket { packet, .. } = event {
                bytes.extend(packet.to_continuous_buffer());
            }
        }
        bytes
    }
}

fn understand(packet: Packet) -> Incoming {
    match packet {
        Packet::V3_1_1Connect(packet) => Incoming::Connect(Connect {
            client_id: packet.client_id().into(),
            keep_alive: packet.keep_alive(),
            will: packet.will_flag(),
            password: packet.password().unwrap_or_default().into(),
        }),
        Packet::V5_0Connect(packet) => Incoming::Connect(Connect {
            client_id: packet.client_id().into(),
            keep_alive: packet.keep_alive(),
            will: packet.will_flag(),
            password: packet.password().unwrap_or_default().into(),
        }),
        Packet::V3_1_1Publish(packet) => Incoming::Publish(Publish {
            topic: packet.topic_name().into(),
            payload: packet.payload().as_slice().into(),
            qos: packet.qos() as u8,
            packet_id: packet.packet_id(),
            duplicate: packet.dup(),
        }),
        Packet::V5_0Publish(packet) => Incoming::Publish(Publish {
            topic: packet.topic_name().into(),
            payload: packet.payload().as_slice().into(),
            qos: packet.qos() as u8,
            packet_id: packet.packet_id(),
            duplicate: packet.dup(),
        }),
        Packet::V3_1_1Puback(packet) => Incoming::Puback(packet.packet_id()),
        Packet::V5_0Puback(packet) => Incoming::Puback(packet.packet_id()),
        Packet::V3_1_1Subscribe(packet) => Incoming::Subscribe {
            packet_id: packet.packet_id(),
            filters: packet
                .entries()
                .iter()
                .map(|entry| (entry.topic_filter().into(), entry.sub_opts().qos() as u8))
                .collect(),
        },
        Packet::V5_0Subscribe(packet) => Incoming::Subscribe {
            packet_id: packet.packet_id(),
            filters: packet
                .entries()
                .iter()
                .map(|entry| (entry.topic_filter().into(), entry.sub_opts().qos() as u8))
                .collect(),
        },
        Packet::V3_1_1Unsubscribe(packet) => Incoming::Unsubscribe {
            packet_id: packet.packet_id(),
            filters: packet.entries().iter().map(|entry| entry.as_str().into()).collect(),
        },
        Packet::V5_0Unsubscribe(packet) => Incoming::Unsubscribe {
            packet_id: packet.packet_id(),
            filters: packet.entries().iter().map(|entry| entry.as_str().into()).collect(),
        },
        Packet::V3_1_1Pingreq(_) | Packet::V5_0Pingreq(_) => Incoming::Pingreq,
        Packet::V3_1_1Disconnect(_) | Packet::V5_0Disconnect(_) => Incoming::Disconnect,
        Packet::V5_0Auth(_) => Incoming::Unsupported("AUTH"),
        _ => Incoming::Unsupported("a packet of QoS 2"),
    }
}
