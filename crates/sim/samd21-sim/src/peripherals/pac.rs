//! PAC: write protection. The locks are kept and can be read; they protect nothing here.

use crate::fabric::Fabric;
use crate::peripheral::Peripheral;
use crate::peripherals::registers::{Entry, Registers, by_registers};

const WPCLR: u32 = 0x00;
const WPSET: u32 = 0x04;

/// One of the three access controllers.
#[derive(Debug)]
pub struct Pac {
    name: &'static str,
    protected: u32,
}

impl Pac {
    /// Makes the block.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, protected: 0 }
    }
}

impl Peripheral for Pac {
    fn name(&self) -> &'static str {
        self.name
    }

    by_registers!();

    fn reset(&mut self, _fabric: &mut Fabric) {
        self.protected = 0;
    }
}

impl Registers for Pac {
    fn map(&self) -> &'static [Entry] {
        &[(WPCLR, 4), (WPSET, 4)]
    }

    fn get(&mut self, _register: u32, _fabric: &mut Fabric) -> u32 {
        self.protected
    }

    fn put(&mut self, register: u32, value: u32, _mask: u32, fabric: &mut Fabric) {
        if register == WPCLR {
            self.protected &= !value;
        } else {
            self.protected |= value;
            fabric.warn_once(format_args!("{}: write protection is kept, not enforced", self.name));
        }
    }
}
