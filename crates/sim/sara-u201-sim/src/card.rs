//! The SIM card: its lock, its tries.

use crate::profile::SimCard;
use crate::result::{
    FinalResult, INCORRECT_PASSWORD, NOT_ALLOWED, SIM_BUSY, SIM_NOT_INSERTED, SIM_PIN_REQUIRED,
    SIM_PUK_REQUIRED,
};

/// What the card asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardState {
    Absent,
    Busy,
    PinRequired,
    PukRequired,
    /// The PUK tries are used up.
    Blocked,
    Ready,
}

/// The card in its holder.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) state: CardState,
    profile: SimCard,
    /// The PIN and whether it is asked for.
    pin: String,
    lock: bool,
    pub(crate) pin_tries: u8,
    pub(crate) puk_tries: u8,
    pub(crate) rejected: u64,
}

/// Tries after a success.
const TRIES: u8 = 3;

impl Card {
    pub(crate) fn new(profile: &SimCard) -> Self {
        Self {
            state: if profile.present { CardState::Busy } else { CardState::Absent },
            pin: profile.pin.clone().unwrap_or_else(|| "0000".into()),
            lock: profile.pin.is_some(),
            pin_tries: profile.pin_tries,
            puk_tries: profile.puk_tries,
            rejected: 0,
            profile: profile.clone(),
        }
    }

    /// The module has been reset: the card starts anew, its counters stay.
    pub(crate) fn restart(&mut self) {
        self.state = if self.profile.present { CardState::Busy } else { CardState::Absent };
    }

    /// The card has finished its own start.
    pub(crate) fn become_ready(&mut self) {
        if self.state == CardState::Busy {
            self.state = match (self.lock, self.pin_tries, self.puk_tries) {
                (_, 0, 0) => CardState::Blocked,
                (_, 0, _) => CardState::PukRequired,
                (true, ..) => CardState::PinRequired,
                (false, ..) => CardState::Ready,
            };
        }
    }

    /// The error of a command that needs the card, unless it is ready.
    pub(crate) const fn refusal(&self) -> Option<FinalResult> {
        Some(match self.state {
            CardState::Ready => return None,
            CardState::Absent => SIM_NOT_INSERTED,
            CardState::Busy => SIM_BUSY,
            CardState::PinRequired => SIM_PIN_REQUIRED,
            CardState::PukRequired => SIM_PUK_REQUIRED,
            CardState::Blocked => FinalResult::Cme(15),
        })
    }

    /// What AT+CPIN? tells.
    pub(crate) const fn answer(&self) -> Result<&'static str, FinalResult> {
        match self.state {
            CardState::Ready => Ok("READY"),
            CardState::PinRequired => Ok("SIM PIN"),
            CardState::PukRequired | CardState::Blocked => Ok("SIM PUK"),
            CardState::Absent => Err(SIM_NOT_INSERTED),
            CardState::Busy => Err(SIM_BUSY),
        }
    }

    /// AT+CPIN=pin, or AT+CPIN=puk,pin.
    pub(crate) fn enter(&mut self, first: &str, new_pin: Option<&str>) -> FinalResult {
        match (self.state, new_pin) {
            (CardState::PinRequired, None) => {
                let result = self.check(first);
                if result == FinalResult::Ok {
                    self.state = CardState::Ready;
                }
                result
            }
            (CardState::PukRequired, Some(pin)) => self.unblock(first, pin),
            (CardState::PukRequired, None) => SIM_PUK_REQUIRED,
            (CardState::Absent, _) => SIM_NOT_INSERTED,
            (CardState::Busy, _) => SIM_BUSY,
            _ => NOT_ALLOWED,
        }
    }

    /// Compares a PIN and counts.
    fn check(&mut self, pin: &str) -> FinalResult {
        if pin == self.pin {
            self.pin_tries = TRIES;
            return FinalResult::Ok;
        }
        self.rejected += 1;
        self.pin_tries = self.pin_tries.saturating_sub(1);
        if self.pin_tries == 0 {
            self.state = CardState::PukRequired;
            return SIM_PUK_REQUIRED;
        }
        INCORRECT_PASSWORD
    }

    fn unblock(&mut self, puk: &str, pin: &str) -> FinalResult {
        if puk != self.profile.puk {
            self.puk_tries = self.puk_tries.saturating_sub(1);
            if self.puk_tries == 0 {
                self.state = CardState::Blocked;
            }
            return INCORRECT_PASSWORD;
        }
        pin.clone_into(&mut self.pin);
        self.pin_tries = TRIES;
        self.puk_tries = 10;
        self.state = CardState::Ready;
        FinalResult::Ok
    }

    /// Whether the PIN is asked for at start (AT+CLCK="SC",2).
    pub(crate) const fn is_locked(&self) -> bool {
        self.lock
    }

    /// AT+CLCK="SC",0|1,"pin".
    pub(crate) fn set_lock(&mut self, lock: bool, pin: &str) -> FinalResult {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        let result = self.check(pin);
        if result == FinalResult::Ok {
            self.lock = lock;
        }
        result
    }

    /// AT+CPWD="SC","old","new".
    pub(crate) fn change(&mut self, old: &str, new: &str) -> FinalResult {
        if let Some(refusal) = self.refusal() {
            return refusal;
        }
        if !self.lock {
            return NOT_ALLOWED;
        }
        let result = self.check(old);
        if result == FinalResult::Ok {
            new.clone_into(&mut self.pin);
        }
        result
    }

    pub(crate) fn iccid(&self) -> &str {
        &self.profile.iccid
    }

    pub(crate) fn imsi(&self) -> &str {
        &self.profile.imsi
    }
}

#[cfg(test)]
mod tests {
    use super::{Card, CardState, FinalResult, INCORRECT_PASSWORD, SIM_PUK_REQUIRED, SimCard};

    #[test]
    fn three_wrong_pins_ask_for_the_puk() {
        let mut card = Card::new(&SimCard { pin: Some("1111".into()), ..SimCard::default() });
        card.become_ready();
        assert_eq!(card.answer(), Ok("SIM PIN"));
        assert_eq!(card.enter("2222", None), INCORRECT_PASSWORD);
        assert_eq!(card.enter("2222", None), INCORRECT_PASSWORD);
        assert_eq!(card.enter("2222", None), SIM_PUK_REQUIRED);
        assert_eq!(card.enter("1111", None), SIM_PUK_REQUIRED);
        assert_eq!(card.enter("00000000", Some("3333")), INCORRECT_PASSWORD);
        assert_eq!((card.pin_tries, card.puk_tries), (0, 9));
        assert_eq!(card.enter("12345678", Some("3333")), FinalResult::Ok);
        card.restart();
        card.become_ready();
        assert_eq!(card.state, CardState::PinRequired);
        assert_eq!(card.enter("3333", None), FinalResult::Ok);
    }
}
