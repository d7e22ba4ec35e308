//! General commands: the link to the modem itself.

use monoclock::Millis;

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};

/// `AT`: fixes the modem's baud rate (one-shot autobaud) and shows that it listens.
#[derive(Clone, Copy, Debug)]
pub struct Attention;

impl Command for Attention {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        // A modem that is there answers within milliseconds; one that boots never will.
        const { &Spec::new("").within(Millis(250)) }
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// A command that is its name alone and answers OK: settings such as `+CTZU=1`.
#[derive(Clone, Copy, Debug)]
pub struct Plain(pub &'static Spec);

impl Command for Plain {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        self.0
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+CMEE?`: a question with an answer that no other command gives. It resynchronises the exchange
/// after a late answer, and tells a modem that has restarted (0) from one that was set up (1).
#[derive(Clone, Copy, Debug)]
pub struct ProbeErrorNumbers;

impl Command for ProbeErrorNumbers {
    type Response = u8;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CMEE?").reply(Reply::Line).within(Millis(1000)) }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u8> {
        answer.number()
    }
}

/// `AT+IPR`: the modem's baud rate. The OK still comes at the old rate; wait 100 ms after it.
#[derive(Clone, Copy, Debug)]
pub struct SetBaudRate(pub u32);

impl Command for SetBaudRate {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+IPR=") }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+CFUN`: 0 minimum, 1 full, 4 airplane, 16 restart of modem and SIM.
#[derive(Clone, Copy, Debug)]
pub struct SetFunctionality(pub u8);

impl SetFunctionality {
    /// Restarts the modem and the SIM; parameters in NVM are saved first.
    pub const RESTART: Self = Self(16);
}

impl Command for SetFunctionality {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const CHANGE: Spec = Spec::new("+CFUN=").within(Spec::NETWORK);
        if self.0 >= 15 { const { &CHANGE.within(Millis::from_secs(10)) } } else { &CHANGE }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+CPWROFF`: switches the modem off after it has detached.
#[derive(Clone, Copy, Debug)]
pub struct PowerOff;

impl Command for PowerOff {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CPWROFF").within(Millis::from_secs(40)) }
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}
