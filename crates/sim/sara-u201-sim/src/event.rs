//! What the world does to the module of its own accord.

use crate::modem::ModemCore;

use core::time::Duration;

/// Something that happens outside; see `Simulation::happen`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A short message arrives.
    Message {
        /// Who sends it.
        from: String,
        /// What it says.
        text: String,
    },
    /// Somebody calls.
    Ring {
        /// Who.
        from: String,
    },
    /// The far end of the call hangs up.
    HangUp,
    /// The far end of the call presses a key.
    Tone(char),
    /// The network ends a data context.
    ContextLost {
        /// The profile.
        profile: usize,
    },
    /// The network is lost; the search begins again after the time.
    RegistrationLost(Duration),
    /// The network's signal changes, as AT+CSQ tells it.
    Signal(u8),
}

impl ModemCore {
    pub(crate) fn happen(&mut self, event: Event, now: Duration) {
        use crate::fault::Effect;
        match event {
            Event::Message { from, text } => self.deliver_message(&from, &text, now),
            Event::Ring { from } => self.ring(&from, now),
            Event::HangUp => self.far_end_hangs_up(),
            Event::Tone(tone) => self.hear_tone(tone),
            Event::ContextLost { profile } => self.lose_context(profile, now, true),
            Event::RegistrationLost(span) => {
                let ms = u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
                self.strike(Effect::RegistrationLost { ms }, 1, now);
            }
            Event::Signal(signal) => self.profile.network.signal = signal,
        }
    }
}
