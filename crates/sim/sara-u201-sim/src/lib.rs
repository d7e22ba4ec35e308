#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod asynch;
mod at;
mod card;
mod clock;
mod command;
mod event;
mod fault;
mod http;
mod latency;
mod message;
mod modem;
mod network;
mod packet;
mod profile;
mod quirks;
mod registration;
mod result;
mod rtc;
mod secrecy;
mod security;
mod serial;
mod settings;
mod simulation;
mod sockets;
mod statistics;
mod tls;
mod transcript;
mod uart;
mod voice;
mod wire;

pub use asynch::{AsyncDelay, AsyncSerial};
pub use clock::SimClock;
pub use event::Event;
pub use fault::{
    CardFault, ClockFault, Effect, Fault, FaultError, Moment, NoiseKind, PromptFault, StoreFault, Trigger,
    Wire, WriteFault, adversarial_payload, scenario,
};
pub use latency::{Latencies, Span};
pub use message::SentMessage;
pub use modem::ModemCore;
pub use network::{
    ConnectionState, DatagramPeer, Handle, HostNetwork, MemoryNetwork, Network, NetworkError, Peer,
    PeerConnection,
};
pub use profile::{
    AccessPoint, CellularNetwork, Identity, Nitz, Position, PowerAtStart, Profile, ProfileError,
    RegistrationOutcome, SimCard, UartProfile,
};
pub use quirks::{EarlyData, EmptyRead, Quirks, RateChange, Refusal, TypedAhead};
pub use serial::{DtrLine, ResetLine, Serial, SerialError};
pub use simulation::Simulation;
pub use statistics::{CommandRecord, Statistics};
pub use tls::HandshakeFailure;
pub use transcript::{Chunk, Direction, Redactor, Replay, Transcript, TranscriptError};
pub use wire::SerialWire;
