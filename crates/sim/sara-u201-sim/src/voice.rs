//! Voice calls: one at a time.

use core::time::Duration;

use crate::modem::{ModemCore, Timer};

/// How often an incoming call rings.
const RING_PERIOD: Duration = Duration::from_secs(5);

/// Where a call stands, numbered as in AT+CLCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallState {
    Active = 0,
    Dialling = 2,
    Alerting = 3,
    Incoming = 4,
}

/// The call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) state: CallState,
    pub(crate) number: String,
    pub(crate) outgoing: bool,
    /// How often it has rung.
    pub(crate) rings: u32,
    /// Tells this call from earlier ones.
    pub(crate) generation: u64,
}

impl ModemCore {
    /// Tells a change of the call where AT+UCALLSTAT asks for it.
    pub(crate) fn tell_call(&mut self, status: u8) {
        if self.settings.remembered.get("+UCALLSTAT").is_some_and(|mode| mode.starts_with(['1', '2'])) {
            self.announce(format!("+UCALLSTAT: 1,{status}"));
        }
    }

    /// An outgoing call begins.
    pub(crate) fn dial(&mut self, number: &str, now: Duration) {
        self.call_generation += 1;
        let generation = self.call_generation;
        let call = Call {
            state: CallState::Dialling,
            number: number.to_owned(),
            outgoing: true,
            rings: 0,
            generation,
        };
        self.call = Some(call);
        self.tell_call(2);
        let answer = self.profile.latencies.call.draw(&mut self.rng);
        self.schedule(now + answer / 2, Timer::Call { generation });
        self.schedule(now + answer, Timer::Call { generation });
    }

    /// Somebody calls.
    pub(crate) fn ring(&mut self, number: &str, now: Duration) {
        if self.call.is_some() {
            return;
        }
        self.call_generation += 1;
        let generation = self.call_generation;
        let call = Call {
            state: CallState::Incoming,
            number: number.to_owned(),
            outgoing: false,
            rings: 0,
            generation,
        };
        self.call = Some(call);
        self.tell_call(4);
        self.call_moves(generation, now);
    }

    /// A call takes its next step by itself.
    pub(crate) fn call_moves(&mut self, generation: u64, now: Duration) {
        let Some(call) = self.call.as_mut().filter(|call| call.generation == generation) else { return };
        match call.state {
            CallState::Dialling => {
                call.state = CallState::Alerting;
                self.tell_call(3);
            }
            CallState::Alerting => {
                call.state = CallState::Active;
                self.tell_call(7);
                self.tell_call(0);
            }
            CallState::Incoming => {
                let number = call.number.clone();
                let extended = self.settings.remembered.get("+CRC").is_some_and(|mode| mode == "1");
                self.announce(if extended { "+CRING: VOICE".into() } else { "RING".into() });
                if self.settings.remembered.get("+CLIP").is_some_and(|mode| mode == "1") {
                    self.announce(format!("+CLIP: \"{number}\",145"));
                }
                self.schedule(now + RING_PERIOD, Timer::Call { generation });
                self.answer_by_itself();
            }
            CallState::Active => {}
        }
    }

    /// S0: the call is taken after so many rings.
    fn answer_by_itself(&mut self) {
        let limit = self.settings.register(0);
        let Some(call) = &mut self.call else { return };
        call.rings += 1;
        if limit > 0 && call.rings >= limit {
            call.state = CallState::Active;
            self.tell_call(7);
            self.tell_call(0);
        }
    }

    /// The far end ends the call.
    pub(crate) fn far_end_hangs_up(&mut self) {
        if self.call.take().is_some() {
            self.tell_call(6);
            self.announce("NO CARRIER".into());
        }
    }
}
