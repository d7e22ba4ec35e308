//! The LED on PA20.

use core::cell::RefCell;
use std::rc::Rc;

use crate::fabric::pins::{Pin, Pins};
use crate::plug::PinWatcher;
use crate::time::Time;

/// LED_BUILTIN, active high.
const PIN: Pin = Pin::a(20);

/// What the LED has done; clones are handles to the same one.
#[derive(Clone, Debug, Default)]
pub struct Led(Rc<RefCell<State>>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    lit: bool,
    changes: u64,
}

impl Led {
    /// Tells whether it is lit.
    #[must_use]
    pub fn is_lit(&self) -> bool {
        self.0.borrow().lit
    }

    /// Counts how often it has changed.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.0.borrow().changes
    }
}

impl PinWatcher for Led {
    fn pins_changed(&mut self, pins: &mut Pins, _now: Time) {
        let mut state = self.0.borrow_mut();
        let lit = pins.driven_by_chip(PIN) == Some(true);
        if lit != state.lit {
            state.lit = lit;
            state.changes += 1;
        }
    }
}
