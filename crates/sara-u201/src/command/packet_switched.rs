//! Packet data: the PSD profiles of the modem's own IP stack.

use core::net::Ipv4Addr;

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};

/// `AT+UPSD=profile,tag,"text"`.
#[derive(Clone, Copy)]
pub struct PsdText<'t> {
    /// The profile, 0 to 6.
    pub profile: u8,
    /// Which parameter.
    pub tag: u8,
    /// Its value.
    pub text: &'t str,
}

impl PsdText<'_> {
    /// Tag of the access point's name.
    pub const APN: u8 = 1;
    /// Tag of the user name.
    pub const USER: u8 = 2;
    /// Tag of the password.
    pub const PASSWORD: u8 = 3;
    /// Tag of the IP address; `0.0.0.0` asks the network for one.
    pub const ADDRESS: u8 = 7;
}

impl core::fmt::Debug for PsdText<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PsdText {{ profile: {}, tag: {}, .. }}", self.profile, self.tag)
    }
}

impl Command for PsdText<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPSD=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.profile).number(self.tag).text(self.text);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+UPSD=profile,tag,number`.
#[derive(Clone, Copy, Debug)]
pub struct PsdNumber {
    /// The profile, 0 to 6.
    pub profile: u8,
    /// Which parameter.
    pub tag: u8,
    /// Its value.
    pub number: u8,
}

impl PsdNumber {
    /// Tag of the authentication: 0 none, 1 PAP, 2 CHAP, 3 chosen by the modem.
    pub const AUTHENTICATION: u8 = 6;
}

impl Command for PsdNumber {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPSD=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.profile).number(self.tag).number(self.number);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// What [`PsdCommand`] does to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PsdAction {
    /// 0: sets its parameters back.
    Reset,
    /// 3: activates the context.
    Activate,
    /// 4: deactivates the context.
    Deactivate,
}

/// `AT+UPSDA`: acts on a profile.
#[derive(Clone, Copy, Debug)]
pub struct PsdCommand {
    /// The profile, 0 to 6.
    pub profile: u8,
    /// What to do.
    pub action: PsdAction,
}

impl Command for PsdCommand {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPSDA=").within(Spec::NETWORK).abortable() }
    }

    fn encode(&self, line: &mut CommandLine) {
        let action: u8 = match self.action {
            PsdAction::Reset => 0,
            PsdAction::Activate => 3,
            PsdAction::Deactivate => 4,
        };
        line.number(self.profile).number(action);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+UPSND=profile,8`: is the profile active?
#[derive(Clone, Copy, Debug)]
pub struct PsdActive(pub u8);

impl Command for PsdActive {
    type Response = bool;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPSND=").reply(Reply::Line).within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0).number(8u8);
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<bool> {
        let (_profile, _tag) = (answer.raw()?, answer.raw()?);
        Some(answer.number::<u8>()? == 1)
    }
}

/// `AT+UPSND=profile,0`: which address did the network give?
#[derive(Clone, Copy, Debug)]
pub struct PsdAddress(pub u8);

impl Command for PsdAddress {
    type Response = Ipv4Addr;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UPSND=").reply(Reply::Line).within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0).number(0u8);
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<Ipv4Addr> {
        let (_profile, _tag) = (answer.raw()?, answer.raw()?);
        answer.text()?.parse().ok()
    }
}
