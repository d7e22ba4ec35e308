//! Registration with the network.

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};
use crate::registration::{Domain, Registration};

/// `AT+CREG?` or `AT+CGREG?`: how is the modem registered?
#[derive(Clone, Copy, Debug)]
pub struct QueryRegistration(pub Domain);

impl Command for QueryRegistration {
    type Response = Registration;

    fn spec(&self) -> &'static Spec {
        match self.0 {
            Domain::CircuitSwitched => {
                const { &Spec::new("+CREG?").reply(Reply::Registration).within(Spec::SOCKET) }
            }
            Domain::PacketSwitched => {
                const { &Spec::new("+CGREG?").reply(Reply::Registration).within(Spec::SOCKET) }
            }
        }
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

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CGATT=").within(Spec::NETWORK).abortable() }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(u8::from(self.0));
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}
