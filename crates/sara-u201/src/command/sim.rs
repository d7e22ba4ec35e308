//! The SIM and its PIN.

use monoclock::Millis;

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};

/// What the SIM waits for, the answer to `AT+CPIN?`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinState {
    /// Nothing: the SIM is ready.
    Ready,
    /// `SIM PIN`.
    Pin,
    /// `SIM PUK`: the PIN was wrong three times.
    Puk,
    /// Another lock: PIN2, PUK2, or the device is bound to a network or SIM.
    Other,
}

/// `AT+CPIN?`: what does the SIM wait for?
#[derive(Clone, Copy, Debug)]
pub struct QueryPin;

impl Command for QueryPin {
    type Response = PinState;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CPIN?").reply(Reply::Line).within(Millis::from_secs(10)) }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<PinState> {
        Some(match answer.bytes()? {
            b"READY" => PinState::Ready,
            b"SIM PIN" => PinState::Pin,
            b"SIM PUK" => PinState::Puk,
            b"" => return None,
            _ => PinState::Other,
        })
    }
}

/// `AT+CPIN="pin"`: unlocks the SIM. Three wrong ones lock it.
#[derive(Clone, Copy)]
pub struct EnterPin<'p>(pub &'p str);

impl core::fmt::Debug for EnterPin<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EnterPin(..)")
    }
}

impl Command for EnterPin<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CPIN=").within(Millis::from_secs(10)) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.text(self.0);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// How many tries are left before something locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriesLeft {
    /// Of the PIN, before the PUK is needed.
    pub pin: u8,
    /// Of the PUK, before the SIM is lost for good.
    pub puk: u8,
}

/// `AT+UPINCNT`: how many tries are left?
#[derive(Clone, Copy, Debug)]
pub struct PinAttempts;

impl Command for PinAttempts {
    type Response = TriesLeft;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPINCNT").reply(Reply::Line).within(Millis::from_secs(10)) }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<TriesLeft> {
        let pin = answer.number()?;
        let _pin2 = answer.raw()?;
        Some(TriesLeft { pin, puk: answer.number()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pin_states_are_read() {
        for (line, state) in [
            (&b" READY"[..], PinState::Ready),
            (b" SIM PIN", PinState::Pin),
            (b" SIM PUK", PinState::Puk),
            (b" PH-NET PIN", PinState::Other),
        ] {
            assert_eq!(QueryPin.decode(Fields::new(line)), Some(state));
        }
        assert_eq!(QueryPin.decode(Fields::new(b"")), None);
    }

    #[test]
    fn tries_are_counted_for_pin_and_puk() {
        assert_eq!(PinAttempts.decode(Fields::new(b" 2,3,10,10")), Some(TriesLeft { pin: 2, puk: 10 }));
    }

    #[test]
    fn the_pin_is_never_shown() {
        assert_eq!(std::format!("{:?}", EnterPin("1234")), "EnterPin(..)");
    }
}
