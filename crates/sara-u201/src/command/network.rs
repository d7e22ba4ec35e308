//! Registration with the network.

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};
use crate::registration::{Domain, Registration};

/// `AT+CREG=2` or `AT+CGREG=2`: URCs on every change, with area, cell and technology.
#[derive(Clone, Copy, Debug)]
pub struct RegistrationUrcs(pub Domain);

impl Command for RegistrationUrcs {
    type Response = ();

    fn spec(&self) -> Spec {
        Spec::new(match self.0 {
            Domain::CircuitSwitched => "+CREG=2",
            Domain::PacketSwitched => "+CGREG=2",
        })
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+CREG?` or `AT+CGREG?`: how is the modem registered?
#[derive(Clone, Copy, Debug)]
pub struct QueryRegistration(pub Domain);

impl Command for QueryRegistration {
    type Response = Registration;

    fn spec(&self) -> Spec {
        match self.0 {
            Domain::CircuitSwitched => Spec::new("+CREG?").reply(Reply::Registration),
            Domain::PacketSwitched => Spec::new("+CGREG?").reply(Reply::Registration),
        }
        .within(Spec::SOCKET)
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<Registration> {
        let _mode = answer.raw()?;
        Registration::parse(answer)
    }
}

/// `AT+CGATT`: attaches to the packet service, or detaches.
#[derive(Clone, Copy, Debug)]
pub struct PacketService(pub bool);

impl Command for PacketService {
    type Response = ();

    fn spec(&self) -> Spec {
        Spec::new("+CGATT=").within(Spec::NETWORK).abortable()
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(u8::from(self.0));
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+CTZU`: sets the clock from the network; takes effect at the next registration.
#[derive(Clone, Copy, Debug)]
pub struct TimeZoneUpdate(pub bool);

impl Command for TimeZoneUpdate {
    type Response = ();

    fn spec(&self) -> Spec {
        Spec::new("+CTZU=")
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(u8::from(self.0));
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}
